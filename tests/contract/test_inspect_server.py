"""An inspection of a server that runs: what is called, what is not, and what its behaviour says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.bridges import WITHIN, lines_of, raw_entry
from voice_agent.errors import ServerUnavailable, ToolUnknown
from voice_agent.inspect.look import inspect
from voice_agent.inspect.report import Area, Level

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.contract

QUERY = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
WAIT = {"type": "object", "properties": {"seconds": {"type": "number"}}}
BY_ID = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}


def listed(name: str, schema: dict[str, Any], **annotations: bool) -> dict[str, Any]:
    return {"name": name, "description": f"{name} of the shop.", "inputSchema": schema, "annotations": annotations}


async def test_only_what_reads_is_called_and_only_with_arguments_that_are_known(tmp_path: Path) -> None:
    more = [listed("search_shop", QUERY), listed("get_order", BY_ID), listed("write_slowly", WAIT)]
    entry = raw_entry(tools=more, calls=str(tmp_path / "calls"), hide_own=True, era="modern")
    report = await inspect(entry, within=WITHIN)
    assert [call.tool for call in report.calls] == ["search_shop"]
    assert report.not_called["write_slowly"] == "could change something (name it with --call to try it)"
    assert report.not_called["get_order"] == "needs “id”, which nobody here knows (give it with --call)"
    assert lines_of(tmp_path / "calls") == []
    assert report.protocol == "2026-07-28"


async def test_what_is_asked_for_is_called_though_it_could_change_something(tmp_path: Path) -> None:
    entry = raw_entry(tools=[listed("write_slowly", WAIT)], calls=str(tmp_path / "calls"), hide_own=True)
    report = await inspect(entry, within=WITHIN, call={"write_slowly": {"seconds": 0}})
    assert [(call.tool, call.arguments) for call in report.calls] == [("write_slowly", {"seconds": 0})]
    assert lines_of(tmp_path / "calls") == ["write_slowly"]


async def test_a_reader_that_takes_a_call_without_what_it_requires_is_told_of() -> None:
    report = await inspect(raw_entry(tools=[listed("search_shop", QUERY)], hide_own=True), within=WITHIN)
    told = [(one.tool, one.level) for one in report.findings if one.area is Area.ERRORS]
    assert told == [("search_shop", Level.WARNING)]
    assert not [one for one in report.findings if one.area is Area.CANCELLING]


async def test_a_server_that_does_not_come_up_or_lacks_the_tool_is_told_in_words() -> None:
    with pytest.raises(ServerUnavailable, match=r"The server “raw” ended with status 3"):
        await inspect(raw_entry(exit=3), within=WITHIN)
    with pytest.raises(ToolUnknown, match=r"no tool “raw\.nope”"):
        await inspect(raw_entry(), within=WITHIN, call={"nope": None})
