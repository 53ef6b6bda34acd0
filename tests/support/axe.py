"""Pictures of the page to be looked at, and axe-core, which finds what keeps somebody from using it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import shoot

if TYPE_CHECKING:
    from playwright.async_api import Page

DESKTOP, PHONE = (1100, 820), (390, 844)
ON_ITS_SIDE = (740, 360)
_SOURCE = Path(__file__).parents[2] / "voice_agent/web/page/node_modules/axe-core/axe.min.js"
_RUN = """
async (rules) => (await axe.run(document, { resultTypes: ["violations"], ...rules })).violations
  .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`))
"""
_LOWEST = "Math.max(...['talk', 'mute', 'end'].map((id) => document.getElementById(id).getBoundingClientRect().bottom))"
"""How far down one must be able to reach."""
_COLOURS = {"runOnly": ["color-contrast"]}


@cache
def _source() -> str:
    if not _SOURCE.is_file():
        pytest.skip("axe-core is not installed; run: make needs")
    return _SOURCE.read_text("utf-8")


async def look(page: Page, name: str) -> None:
    """Keep pictures of the page, at both widths, light and dark; everybody must be able to use each.

    What does not depend on colours is the same in light and dark, and is looked for in one of them; what does is the
    same at both widths.
    """
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_source())
    for width, height in (DESKTOP, PHONE):
        await page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await shoot(page, f"page-{name}-{'desktop' if width == DESKTOP[0] else 'phone'}-{scheme}")
            if scheme == "light" or width == PHONE[0]:
                assert await page.evaluate(_RUN, {} if scheme == "light" else _COLOURS) == []
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} pixels too wide for {width}"
    await page.set_viewport_size({"width": ON_ITS_SIDE[0], "height": ON_ITS_SIDE[1]})
    await shoot(page, f"page-{name}-side-dark")
    lowest = await page.evaluate(_LOWEST)
    assert lowest <= ON_ITS_SIDE[1], f"{name} is {lowest} pixels high on a telephone on its side"
