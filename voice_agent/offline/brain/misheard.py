"""Second readings, for sentences that make no sense as they were written: words that sound alike, bare things to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from voice_agent.offline.brain.grammar_create import read_bare_task
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.words import strip_courtesy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voice_agent.offline.brain.wishes import Wish

_SAYS = load("misheard")
_AS_ORDER = _SAYS.replies("as_order")
_OWN_DEEDS = _SAYS.pattern("own_deeds")


def as_task(said: str) -> Iterator[tuple[tuple[Wish, ...], bool]]:
    """The task that `said` may have been meant as, and whether it is plain enough not to ask."""
    plain = strip_courtesy(said)
    for heard, meant in _AS_ORDER:
        if heard.match(plain) and (wish := read_bare_task(heard.sub(meant, plain, count=1))):
            yield (replace(wish, is_explicit=True),), True
    if wish := read_bare_task(plain):
        yield (wish,), _OWN_DEEDS.match(plain) is None
