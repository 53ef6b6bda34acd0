"""What day and what time it is, where no tool tells it better."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from voice_agent.offline.brain import moments
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.spoken import clock, ordinal

if TYPE_CHECKING:
    from datetime import datetime

    from voice_agent.offline.brain.catalog import Catalog

_SAYS = load("small_talk")
_DATE, _TIME = _SAYS.pattern("asks_date"), _SAYS.pattern("asks_time")


def tell(said: str, catalog: Catalog, now: datetime) -> str | None:
    """The day or the time in words; None where that is not asked, or a tool for it is there."""
    words = said.strip(" .,!?")
    if _DATE.fullmatch(words):
        return f"It's {now:%A}, {now:%B} {ordinal(now.day)}, {now.year}."
    match = _TIME.fullmatch(words)
    if match is None or any("time" in one.words and one.parameter("timezone", "tz") for one in catalog.abilities):
        return None
    place = match["place"]
    if not place or re.fullmatch(r"here|my (?:city|place|town)", place):
        return f"It's {clock(now.time())}."
    zones = moments.zones(words)
    try:
        there = now.astimezone(ZoneInfo(zones[0][0])) if zones else None
    except (ZoneInfoNotFoundError, ValueError):
        there = None
    if there is None:
        return f"I don't know what time it is in {place}."
    return f"It's {clock(there.time())} on {there:%A} in {place}."
