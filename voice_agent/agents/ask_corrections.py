"""Finds out which answer of a form is said anew: `no, I meant Ada`, `the age is 37`, `make it five people`. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from voice_agent.agents.answers import plain
from voice_agent.agents.ask_fields import read
from voice_agent.agents.ask_words import pattern
from voice_agent.bridge.forms import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from voice_agent.bridge.forms import Field

_LEAD = r"(?:yes|yeah|okay|ok|no|sorry|oh|actually|wait|and|but|please|change|make|set|put|i meant|i mean)"
_IS = r"(?:is|to|should be|must be|was|as|of|into|:|=)"
_TEXTS = frozenset({Kind.TEXT, Kind.URI})


def is_correction(text: str) -> bool:
    """Tell whether words can only mean an answer that was given before."""
    return pattern("instead").search(text) is not None and pattern("meant").search(text) is not None


def correction(
    text: str, known: Sequence[Field], current: Field | None, now: datetime, *, is_asked: bool = False
) -> tuple[Field, Any] | None:
    """Return the field that is answered anew, and its value; None where `text` is no correction.

    Args:
        text: The user's words.
        known: The fields that have been answered, in order.
        current: The field that is asked for; None when all has been read back.
        now: Aware, in the user's zone.
        is_asked: The user has been asked what to change.
    """
    if (named := _named(text, known, now)) is not None:
        return named
    meant, instead = pattern("meant").search(text), pattern("instead").search(text)
    if current is None:
        rest = text[meant.end() :] if meant is not None else pattern("instead").sub("", text)
        mentioned = _mentioned(rest, known, now)
        is_plain = meant is None and instead is None
        return mentioned or (_meant(rest, known, now) if is_asked or not is_plain else None)
    if instead is None and meant is None:
        return None
    if meant is None:
        rest = text[instead.end() :] if instead is not None else text
        kinds = {Kind.CHOICE, Kind.CHOICES} if current.kind in _TEXTS else set(Kind) - _TEXTS
        is_for_current = current.kind not in _TEXTS and read(current, rest, now).value is not None
        return None if is_for_current else _of([one for one in known[-1:] if one.kind in kinds], rest, now)
    # “Make it Friday” is an answer to what is asked now, “no, make it Friday” to what was asked before.
    is_before = re.match(r"\W*(?:no|sorry|oh|wait|actually|i |what i|change)", text, re.IGNORECASE)
    return _of(known[-1:], text[meant.end() :], now) if is_before else None


def _named(text: str, known: Sequence[Field], now: datetime) -> tuple[Field, Any] | None:
    """Take `the age is 37`, `change the e-mail to …`, of the field of that title."""
    for one in sorted(known, key=lambda one: -len(one.title)):
        name = r"\W*".join(map(re.escape, plain(one.title).split())) or re.escape(one.title)
        match = re.match(rf"(?:\W*{_LEAD}\b)*\W*(?:the |my )?{name}\W*{_IS}?\s+(?P<value>.+)", text, re.IGNORECASE)
        if match is not None and (found := _of([one], re.sub(rf"^{_IS} ", "", match["value"]), now)) is not None:
            return found
    return None


def _mentioned(rest: str, known: Sequence[Field], now: datetime) -> tuple[Field, Any] | None:
    """Take `five people`, `the window seat`: the one field whose title ends in a word that is said, and its value."""
    found: list[tuple[Field, Any]] = []
    for one in known:
        last = (plain(one.title).split() or [""])[-1]
        without = re.sub(rf"\b(?:for |as |of )?(?:the |my )?{re.escape(last)}\b", " ", rest, flags=re.IGNORECASE)
        if one.kind not in _TEXTS and last and without != rest and (value := _of([one], without, now)) is not None:
            found.append(value)
    return found[0] if len(found) == 1 else None


def _meant(rest: str, known: Sequence[Field], now: datetime) -> tuple[Field, Any] | None:
    """Take a value without a name: of the last answer where it fits, else of the only one where it does."""
    if (last := _of(known[-1:], rest, now)) is not None and last[0].kind not in _TEXTS:
        return last
    fitting = [found for one in known if one.kind not in _TEXTS and (found := _of([one], rest, now)) is not None]
    return fitting[0] if len(fitting) == 1 else last if not fitting else None


def _of(fields: Sequence[Field], words: str, now: datetime) -> tuple[Field, Any] | None:
    """Return the first of `fields`, and its value in `words`."""
    for one in fields:
        if words.strip() and (value := read(one, words, now).value) is not None:
            return one, value
    return None
