"""The next few things of a list that was too long to be told at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from voice_agent.offline.brain.figures import in_words
from voice_agent.offline.brain.memory import remember
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.render import OFFER, render_items
from voice_agent.offline.brain.spoken import number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from voice_agent.offline.brain.dialogue import Turn

_LEFT = re.compile(rf" and ([\w,]+) more\. {re.escape(OFFER)}")
_MORE = load("small_talk").pattern("more")
_YES = load("small_talk").pattern("yes")


def go_on(said: str, turns: Sequence[Turn], now: datetime) -> str | None:
    """The next few things of the last list, where `said` asks for more of it; None where it does not."""
    words = said.strip(" .,!?")
    was_offered = bool(turns) and OFFER in turns[-1].reply
    if not _MORE.fullmatch(words) and not (was_offered and _YES.fullmatch(words)):
        return None
    memory = remember(turns)
    if not memory.groups:
        return None
    told, every = memory.groups[0], memory.whole[0]
    start = max((n for n, item in enumerate(every, start=1) if any(item is one for one in told)), default=0)
    total = _total(turns[-1].reply, start)
    if start < len(every):
        return render_items(every, now, start=start, total=total)
    return f"I was given no more than the first {number(len(every))}." if total > len(every) else "That was all."


def _total(reply: str, start: int) -> int:
    """How many things there are, by the last offer to go on after `start` of them."""
    left = _LEFT.search(reply)
    return start + in_words(left[1].replace(",", "")) if left else 0
