"""Whether a model can tell the tools of a server apart by their names and descriptions (pure).

Judged with the very index by which a conversation chooses tools: a tool must come first for its own description.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from voice_agent.bridge.catalog import DESCRIPTION_LIMIT
from voice_agent.bridge.find.text import stems, words
from voice_agent.inspect.report import Area, Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from voice_agent.bridge.find.finder import Finder
    from voice_agent.bridge.types import Tool

_SHORT, _ALIKE, _TAIL = 3, 93.0, 400
_SENTENCE = re.compile(r"(?<=[.!?])\s|\n")
_NEAR = 3
"""A tool that comes this far down for its own description is as good as lost."""
_MOST_COMPARED = 250


def look_at_names(tools: Sequence[Tool], sent: Mapping[str, str], finder: Finder) -> list[Finding]:
    """Return the findings; `sent`: descriptions as the server sent them, by tool; `finder`: an index of `tools`."""
    findings: list[Finding] = []
    for tool in tools:
        findings += _of_description(tool, sent.get(tool.name, ""))
        findings += _of_place(tool, tools, finder)
    return [*findings, *_of_pairs(tools)]


def _of_description(tool: Tool, sent: str) -> Iterator[Finding]:
    if not tool.description.strip():
        fix = "Say in a sentence what it does and when to use it, in words that people say."
        yield Finding(Area.NAMES, Level.FAULT, tool.name, "It has no description.", fix)
    elif (said := set(stems(tool.description))) <= set(stems(tool.name)) or len(said) <= _SHORT:
        fix = "Say what it does, to what, and what comes back."
        what = "says no more than its name" if said <= set(stems(tool.name)) else f"has no more than {_SHORT} words"
        yield Finding(Area.NAMES, Level.WARNING, tool.name, f"Its description {what}.", fix)
    if len(sent) > DESCRIPTION_LIMIT:
        what = f"Its description is longer than {DESCRIPTION_LIMIT:,} characters, which is all that a model is shown."
        fix = "Put what matters first, and manuals and examples into a resource."
        yield Finding(Area.NAMES, Level.WARNING, tool.name, what, fix)


def _of_place(tool: Tool, tools: Sequence[Tool], finder: Finder) -> Iterator[Finding]:
    said = _SENTENCE.split(tool.description.strip(), maxsplit=1)[0][:_TAIL]
    if not said or len(tools) == 1:
        return
    found = finder.find(said, len(tools)).tools
    place = found.index(tool) if tool in found else len(tools)
    if place:
        what = "For the first sentence of its description, another tool is found first."
        level = Level.FAULT if place >= _NEAR else Level.WARNING
        fix = "Begin its description with what it alone does, and name the thing it is about."
        yield Finding(Area.NAMES, level, tool.name, what, fix, found[0].name if found else "")


def _of_pairs(tools: Sequence[Tool]) -> Iterator[Finding]:
    texts = {tool: " ".join(words(tool.description))[:_TAIL] for tool in tools[:_MOST_COMPARED]}
    for one, other in combinations(texts, 2):
        if not texts[one] or not texts[other]:
            continue
        if texts[one] == texts[other] or fuzz.ratio(texts[one], texts[other], score_cutoff=_ALIKE):
            what = "Its description is nearly that of another tool."
            fix = "Say what sets the two apart, or make one tool of them with a parameter."
            yield Finding(Area.NAMES, Level.WARNING, other.name, what, fix, one.name)
