"""Tells whether a call says only what the user has said, so that no other server can have brought it about (pure).

A model reads what every server writes: descriptions, results, errors. Where another server is attached, or has been, a
call that writes runs unasked only if

- no other server has answered since the user spoke;
- the user's own words name the deed, in no question and with no “not”;
- each word that it writes was said by the user of this deed and of no other (`wishes.py`), or comes from what the very
  server that it goes to has told of a thing that they named so, or pointed to (“the second one”);
- where it takes several things, they were said in one breath, or it takes all that was said;
- a time is computed only where the user spoke of time with it; a choice or a yes that is not the tool's own default was
  said with it too; and nothing is done twice on the same words.

What the user answered to a server's question is no word of theirs. Anything else is read back first, and costs the user
a yes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from voice_agent.agents.asked_for import CHANGES, Turn, deed_of, is_chosen
from voice_agent.agents.time_words import CALENDAR, NUMBERS, is_moment, is_time, named_times, speaks_of_time
from voice_agent.agents.told import UNSENT, told_by
from voice_agent.agents.wishes import Wish, wishes_for
from voice_agent.agents.word_forms import LITTLE, is_among, tokens
from voice_agent.bridge.find.text import spaced

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from livekit.agents.llm import ChatItem

    from voice_agent.agents.told import Told
    from voice_agent.bridge.types import Json, Tool

_WHOLE = re.compile(r"(\d+)\.0+")
_INTO = re.compile(r"\b(?:to|into|as|with|by|say|says|saying|called|that)\b")
"""Words between the one and the other."""
_PAUSE = " , "
_ALIKE = re.compile(r"\b(?:too|also|as well|same|likewise)\b")
"""How a clause says that what was said of another is true of its things."""


@dataclass(frozen=True, slots=True)
class _Given:
    """One thing that a call is made with."""

    name: str
    text: str
    node: Json
    is_switch: bool = False

    @property
    def others(self) -> list[str]:
        """What else could have been chosen; empty where nothing is chosen."""
        choices = [one for one in _choices(self.node) if isinstance(one, str)]
        return [one for one in choices if one != self.text] if self.text in choices else []

    @property
    def is_quality(self) -> bool:
        """Whether it says how or when, not what."""
        return self.is_switch or bool(self.others) or is_time(self.text)

    def words(self, *, is_timed: bool) -> set[str]:
        text = _WHOLE.sub(r"\1", self.text) if _WHOLE.fullmatch(self.text) else self.text
        return tokens(text) - LITTLE - (CALENDAR if is_timed else frozenset()) or tokens(text)


@dataclass(frozen=True)
class _Heard:
    """One wish, and what the server itself has told of what is named in it."""

    wish: Wish
    told: Told

    def known(self, texts: Iterable[str]) -> set[str]:
        """Return what may be written where this was said."""
        said = tokens(" ".join(texts))
        heard = said | {NUMBERS[word] for word in said if word in NUMBERS}
        return heard.union(*self.told.named(heard), *self.told.pointed_to(tokens(" ".join(self.wish.clauses))))

    @cached_property
    def all_known(self) -> set[str]:
        return self.known([*self.wish.before, *self.wish.clauses])

    @cached_property
    def each(self) -> list[set[str]]:
        """What may be written where only one of the clauses was said."""
        return [self.known([*self.wish.before, clause]) for clause in self.wish.clauses]

    @cached_property
    def is_timed(self) -> bool:
        return any(map(speaks_of_time, (*self.wish.before, *self.wish.clauses, *self.wish.after)))


def is_users_own(
    tool: Tool,
    arguments: Json,
    items: Sequence[ChatItem],
    tools: Iterable[Tool],
    *,
    are_others: bool,
) -> bool:
    """Tell whether the user's own words account for this call, or nobody else is there to be behind it.

    Args:
        tool: What is called.
        arguments: What it is called with.
        items: The conversation, newest last; without what finding tools brought, and the answers to servers' questions.
        tools: All that can be called.
        are_others: Other servers are there, or have been in this conversation, or other people have been heard.
    """
    servers = {one.key: one.server for one in tools}
    if not are_others and _is_alone(items, tool, servers):
        return True
    if _has_another_answered(items, tool, servers):
        return False
    wishes = wishes_for(tool.name, {one.name for one in tools}, _turns(items, tool))
    given = list(_given(arguments, tool.original_schema))
    if wishes and len(given) == 1:
        # With a single thing nothing can be joined wrongly: “add milk and add eggs” may be one task.
        wishes.append(Wish(tuple(clause for one in wishes for clause in (*one.before, *one.clauses)), ()))
    told = told_by(tool, items, servers)
    return any(_accounts(tool, given, _Heard(wish, told)) for wish in wishes)


def _given(arguments: Json, schema: Json) -> Iterator[_Given]:
    """Yield what a call is made with beside what it would be anyway."""
    properties = _object(schema.get("properties"))
    for name, value in arguments.items():
        node = _object(properties.get(name))
        if value is None or ("default" in node and _canonical(node["default"]) == _canonical(value)):
            continue
        if name not in properties:
            yield _Given(name, name, {})
        yield from _given_in(name, value, node)


def _given_in(name: str, value: Any, node: Json) -> Iterator[_Given]:
    match value:
        case bool():
            yield _Given(name, spaced(name), node, is_switch=True)
        case dict():
            yield from _given(cast("Json", value), node)
        case list():
            for one in cast("list[Any]", value):
                yield from _given_in(name, one, _object(node.get("items")))
        case _:
            yield _Given(name, str(value), node)


def _accounts(tool: Tool, given: Sequence[_Given], heard: _Heard) -> bool:
    """Tell whether a wish accounts for all that a call is made with."""
    things = [one for one in given if not one.is_quality]
    said = {one.name: set[str]() for one in things}
    for one in things:
        said[one.name] |= one.words(is_timed=heard.is_timed)
    wanted = set[str]().union(*said.values())
    if not _are_among(wanted, heard.all_known):
        return False
    if len(said) > 1 and not (_is_together(said, heard) and _is_in_order(tool, said, heard)):
        return False
    used = [place for place, known in enumerate(heard.each) if any(is_among(word, known) for word in wanted)]
    return all(_is_with(one, used, heard) for one in given if one.is_quality)


def _is_together(said: Mapping[str, set[str]], heard: _Heard) -> bool:
    """Tell whether several things were said in one breath, or are all that was said.

    A clause that goes on with a list says nothing else: “and 30 to Bob”, not “Bob called about the 900”.
    """
    wanted = set[str]().union(*said.values())
    about = heard.wish.about
    if any(
        _are_among(wanted, known) and (place == 0 or _are_among(about[place] - about[0], wanted))
        for place, known in enumerate(heard.each)
    ):
        return True
    meant = wanted.union(*(one for one in heard.told.named(heard.all_known) if not one.isdisjoint(wanted)))
    return all(
        is_among(word, meant)
        for things, known in zip(about, heard.each, strict=True)
        if any(is_among(word, known) for word in wanted)
        for word in things
    )


def _is_in_order(tool: Tool, said: Mapping[str, set[str]], heard: _Heard) -> bool:
    """Tell whether what is changed was said before what it becomes; of other tools nothing is told by the order."""
    if CHANGES.isdisjoint(deed_of(tool.name)):
        return True
    required = [one for one in tool.original_schema.get("required") or () if one in said]
    first = next(iter(required or [one for one in _object(tool.original_schema.get("properties")) if one in said]), "")
    changed, new = said.get(first, set[str]()), set[str]().union(*(said[one] for one in said if one != first))
    spoken, added = _PAUSE.join(heard.wish.clauses), heard.wish.added
    halves = [("", spoken)] if heard.wish.before or heard.told.pointed_to(tokens(spoken)) else []
    halves += [(spoken[: at.start()], _as_far_as_one(spoken[at.end() :])) for at in _INTO.finditer(spoken)]
    if added:
        halves.append((_PAUSE.join(heard.wish.clauses[:-added]), _PAUSE.join(heard.wish.clauses[-added:])))
    return any(
        _are_among(changed, heard.known([*heard.wish.before, before])) and _are_among(new, heard.known([after]))
        for before, after in halves
    )


def _as_far_as_one(new: str) -> str:
    """Return what something becomes, without what is said of the next: “bread, and eggs to butter”."""
    first, _, more = new.partition(_PAUSE)
    return first if _INTO.search(more) else new


def _is_with(given: _Given, used: Sequence[int], heard: _Heard) -> bool:
    """Tell whether the user has said how or when of those things, and not of others.

    `used`: the clauses that say the things. Said at the end, it counts for all before it that have none of their own.
    """
    clauses = heard.wish.clauses
    is_said = [_says(given, clause, heard) for clause in clauses]
    if any(is_said[place] for place in used or range(len(clauses))):
        return True
    if any(_says_otherwise(given, clauses[place]) for place in used):
        return False
    if any(_says(given, clause, heard) for clause in (*heard.wish.before, *heard.wish.after)):
        return True
    last = max(used, default=0)
    return any(is_said[last:]) or (_ALIKE.search(clauses[last]) is not None and any(is_said))


def _says_otherwise(given: _Given, clause: str) -> bool:
    """Tell whether a clause that does not say this says something in its place."""
    if given.others:
        return any(is_chosen(one, [clause]) or _are_among(tokens(one), tokens(clause)) for one in given.others)
    return not given.is_switch and speaks_of_time(clause)


def _says(given: _Given, clause: str, heard: _Heard) -> bool:
    """Tell whether a clause says how or when."""
    if given.is_switch:
        return any(is_among(word, heard.known([clause])) for word in given.words(is_timed=False))
    if given.others:
        return is_chosen(given.text, [clause]) or _are_among(given.words(is_timed=False), heard.known([clause]))
    if not speaks_of_time(clause):
        return False
    wanted = given.words(is_timed=True)
    return is_moment(given.text) or (
        _are_among(wanted, heard.all_known) and _are_among(named_times(given.text), tokens(clause))
    )


def _are_among(wanted: Iterable[str], known: Collection[str]) -> bool:
    return all(is_among(word, known) for word in wanted)


def _choices(node: Json) -> list[Any]:
    branches = [node, *(_object(one) for word in ("anyOf", "oneOf") for one in node.get(word) or ())]
    return [choice for branch in branches for choice in branch.get("enum") or ()]


def _turns(items: Sequence[ChatItem], tool: Tool) -> list[Turn]:
    """Return what the user said, newest first."""
    found: list[Turn] = []
    is_served = False
    for place, item in reversed(list(enumerate(items))):
        if item.type == "function_call_output" and item.name == tool.key:
            is_served = is_served or not (item.is_error or item.output.startswith(UNSENT))
        elif item.type == "message" and item.role == "user":
            found.append(Turn(item.text_content or "", is_served, _is_asked(items[:place])))
    return found


def _is_asked(items: Sequence[ChatItem]) -> bool:
    """Tell whether the assistant has ended with a question since the user spoke."""
    last = next((one for one in reversed(items) if one.type == "message"), None)
    return last is not None and last.role == "assistant" and (last.text_content or "").rstrip().endswith("?")


def _is_alone(items: Sequence[ChatItem], tool: Tool, servers: Mapping[str, str]) -> bool:
    """Tell whether nothing in a conversation came from anywhere else."""
    return all(servers.get(item.name) == tool.server for item in items if item.type == "function_call_output")


def _has_another_answered(items: Sequence[ChatItem], tool: Tool, servers: Mapping[str, str]) -> bool:
    """Tell whether a result of another server came since the user spoke."""
    for item in reversed(items):
        if item.type == "message" and item.role == "user":
            return False
        if item.type == "function_call_output" and servers.get(item.name) != tool.server:
            return True
    return False


def _object(value: Any) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
