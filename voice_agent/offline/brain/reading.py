"""What servers hold beside tools: resources by their titles, and prompts as things to ask for.

Both come as tools like any other: one to read a resource, one to use a prompt, their titles the choices of `name`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from voice_agent.offline.brain.dialogue import Act, Call, Move, Say
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.results import read_output
from voice_agent.offline.brain.spoken import listing

if TYPE_CHECKING:
    from voice_agent.offline.brain.catalog import Ability, Catalog

_SAYS = load("reading")
_INSIDE, _SHOWN, _ASKS_WHICH = _SAYS.pattern("inside"), _SAYS.pattern("shown"), _SAYS.pattern("asks_which")
_MOST = 5
_SECTION = re.compile(r"^(?P<head>[^\n:]{2,60}):\n(?P<rows>(?:[-*] .+(?:\n|$))+)", re.MULTILINE)
_ID = re.compile(r" \((?:id|ID|#)[^)]*\)$")
_ARTICLE = re.compile(r"^(?:the|my|our|a|an) ", re.IGNORECASE)
_NOTHING = {"nothing", "none", "-", "(none)"}


def read_held(said: str, catalog: Catalog, *, is_about_tasks: bool) -> Move | None:
    """The resource that is to be read, or the prompt that is asked for; None where the words name neither.

    `is_about_tasks`: the words ask for tasks, which tools tell better than a resource unless it is named as one.
    """
    words = said.strip(" .,!?")
    reader, prompter = _tool(catalog, "read", "resource"), _tool(catalog, "use", "prompt")
    if prompter and _ASKS_WHICH.fullmatch(words):
        return Say(f"You can ask for {_titles(prompter)}.")
    if reader and re.search(r"\bresources?\b", words) and _ASKS_WHICH.fullmatch(words.replace("resource", "prompt")):
        return Say(f"I can read {_titles(reader)}.")
    if prompter and (title := _exact(prompter, words)):
        return Act(((prompter.key, {"name": title}),), then=_told)
    inside, shown = _INSIDE.match(words), None if is_about_tasks else _SHOWN.match(words)
    match = inside or shown
    if reader is None or match is None:
        return None
    return _read(reader, match["what"], is_plain=inside is not None)


def offered(catalog: Catalog) -> list[str]:
    """The titles of prompts, as things that can be said."""
    prompter = _tool(catalog, "use", "prompt")
    return [title[:1].lower() + title[1:] for title in _names(prompter)] if prompter else []


def _read(reader: Ability, what: str, *, is_plain: bool) -> Move | None:
    if title := _exact(reader, what):
        return Act(((reader.key, {"name": title}),))
    if not any(one.name == "about" for one in reader.parameters):
        return None
    bare = _ARTICLE.sub("", what)
    for title in _names(reader):
        noun = _ARTICLE.sub("", title).lower()
        if is_plain and bare.lower().startswith(f"{noun} ") and len(title.split()) <= len(bare.split()):
            return Act(((reader.key, {"name": title, "about": bare[len(noun) + 1 :]}),))
    return None


def _tool(catalog: Catalog, verb: str, noun: str) -> Ability | None:
    return next((one for one in catalog.abilities if one.key == f"{verb}_{noun}"), None)


def _names(ability: Ability) -> tuple[str, ...]:
    return next((one.enum for one in ability.parameters if one.name == "name"), ())


def _titles(ability: Ability) -> str:
    names = [f"“{name}”" for name in _names(ability)]
    return listing([*names[:_MOST], f"{len(names) - _MOST} more"] if len(names) > _MOST else names)


def _exact(ability: Ability, words: str) -> str | None:
    """The title that the words are, but for articles and case."""
    said = _plain(words)
    return next((title for title in _names(ability) if said and _plain(title) == said), None)


def _plain(words: str) -> str:
    return " ".join(
        word for word in re.findall(r"[^\W_]+", words.lower()) if word not in {"the", "my", "a", "an", "our"}
    )


def _told(calls: tuple[Call, ...]) -> Move | None:
    """What a prompt puts together, said: its lists. What it wants thought about needs a language model."""
    output = calls[-1].output or ""
    if calls[-1].is_error:
        return None
    prose = read_output(output).prose or output
    found = [(match["head"], _rows(match["rows"])) for match in _SECTION.finditer(prose)]
    if not found:
        return Say("That needs a language model to think about it, and I only go by rules.")
    return Say(" ".join(f"{head}: {listing(rows) if rows else 'nothing'}." for head, rows in found))


def _rows(text: str) -> list[str]:
    rows = [_ID.sub("", line[2:].strip()) for line in text.strip().splitlines()]
    kept = [row for row in rows if row.lower() not in _NOTHING]
    return [*kept[:_MOST], f"{len(kept) - _MOST} more"] if len(kept) > _MOST else kept
