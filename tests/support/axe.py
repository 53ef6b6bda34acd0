"""axe-core, in the page that is being looked at."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Page

_SOURCE = Path(__file__).parents[2] / "voice_agent/web/page/node_modules/axe-core/axe.min.js"
_RUN = """
async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`))
"""


@cache
def _source() -> str:
    if not _SOURCE.is_file():
        pytest.skip("axe-core is not installed; run: make needs")
    return _SOURCE.read_text("utf-8")


async def violations(page: Page) -> list[str]:
    """What keeps somebody from using the page as it is shown: rule, element, and what to mend."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_source())
    return await page.evaluate(_RUN)
