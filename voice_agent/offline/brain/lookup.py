"""From words to ids: which tool of the same server lists the things, and which of them is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voice_agent.offline.brain.stems import STOP, stem, stems

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from voice_agent.offline.brain.catalog import Ability, Catalog, Parameter

_CLOSE = 82.0
_MARGIN = 4.0
_LONG = 4
"""Letters from which on a name counts that is only a part of the words."""


def finder_for(
    ability: Ability, parameter: Parameter, catalog: Catalog, request: str, now: datetime
) -> tuple[str, dict[str, Any]] | None:
    """A call of the same server's list or search tool that shows the things the id is of; None where there is none."""
    from voice_agent.offline.brain.fill import fill

    wanted = {stem(word) for word in parameter.words if word not in ("id", "ids", "uuid", "uid")}
    if not wanted:
        wanted = {stem(word) for word in ability.words[1:]} or {stem(word) for word in ability.words}
    best: tuple[float, str, dict[str, Any]] | None = None
    for other in catalog.servers.get(ability.server, []):
        if other is ability or not other.classes & {"list", "search", "get"}:
            continue
        nouns = {stem(word) for word in other.words} - STOP
        overlap = len(wanted & nouns) / len(wanted)
        if not overlap:
            continue
        filled = fill(other, request, now)
        if filled.missing:
            continue
        score = (
            overlap
            + (0.5 if "list" in other.classes else 0.2 if "search" in other.classes else 0.0)
            - 0.2 * len(other.required)
        )
        if best is None or score > best[0]:
            best = (
                score,
                other.key,
                {
                    name: filled.arguments[name]
                    for name in filled.arguments
                    if any(one.name == name for one in other.required)
                },
            )
    return (best[1], best[2]) if best else None


def root_finder(ability: Ability, catalog: Catalog) -> str | None:
    """The key of a tool of the same server that says which folders may be used; None where there is none."""
    for other in catalog.servers.get(ability.server, []):
        if not other.required and {"allowed", "directories"} <= set(other.words):
            return other.key
    return None


def matching(words: str, named: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Those of `named` that the words mean: the best, or several that fit alike; empty where none does."""
    from rapidfuzz import fuzz

    said = set(stems(words))
    scored: list[tuple[float, tuple[str, Any]]] = []
    for pair in named:
        title = set(stems(pair[0])) or {pair[0].lower()}
        shared = len(said & title) / max(len(title), 1)
        alike = max(
            fuzz.token_set_ratio(" ".join(sorted(said)), " ".join(sorted(title))),
            fuzz.partial_ratio(pair[0].lower(), words.lower()) if len(pair[0]) >= _LONG else 0.0,
        )
        scored.append((alike + 15 * shared, pair))
    scored.sort(key=lambda entry: -entry[0])
    if not scored or scored[0][0] < _CLOSE:
        return []
    return [pair for score, pair in scored if score >= scored[0][0] - _MARGIN]
