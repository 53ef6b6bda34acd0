"""Rules that hold for every test: a category per module, nothing left running, no silent skip in CI."""

from __future__ import annotations

import asyncio
import inspect
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator

pytest_plugins = ["tests.support.livekit", "tests.support.browser"]

CATEGORIES = {"unit", "contract", "interop", "pipeline", "e2e"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        marks = {mark.name for mark in item.iter_markers()} & CATEGORIES
        if len(marks) != 1:
            raise pytest.UsageError(f"{item.nodeid}: set pytestmark to exactly one of {sorted(CATEGORIES)}")
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.fixturenames.insert(0, "no_task_left_behind")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    # What tests send and servers log may be no Unicode, which reports between processes must be.
    report.sections = [(name, _escaped(text)) for name, text in report.sections]
    if report.longrepr is not None and (told := str(report.longrepr)) != _escaped(told):
        report.longrepr = _escaped(told)
    return report


def _escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@pytest.fixture
async def no_task_left_behind() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:
        _, left = await asyncio.wait(left, timeout=5)
    assert not left, f"tasks left running: {left}"
