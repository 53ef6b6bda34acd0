"""Tells whether a call says only what the user has said, so that no other server can have brought it about (pure).

A model reads what every server writes: descriptions, results, errors. Where another server is attached, or has been, a
call that writes runs unasked only if

- no other server has answered since the user spoke;
- the user's own words name the deed, in no question and with no “not”;
- each word that it writes was said by the user lately, or comes from what the very server that it goes to has told of a
  thing that the user named, or pointed to (“the second one”);
- a time is computed only where the user spoke of time; a choice or a yes that is not the tool's own default was said
  too; and nothing is done twice on the same words.

What the user answered to a server's question is no word of theirs. Anything else is read back first, and costs the user
a yes.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any, cast

from voice_agent.agents.asked_for import Turn, is_asked_for, is_chosen
from voice_agent.bridge.find.text import spaced, stem, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from livekit.agents.llm import ChatItem

    from voice_agent.bridge.types import Json, Tool

_TURNS = 2
"""Turns of the user whose words count as said lately."""
_STEM = 4
"""Letters in which two forms of a word agree."""
_SHARE = 0.6
"""How much of the longer of two forms that is at least."""


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENDINGS = _split("s es ies y ed d ing e er ers ly n en em es te st t r") | {""}
"""What two forms of one word may end in where they differ."""
_IRREGULAR = dict(
    pair.split("/")
    for pair in _split(
        """
        ate/eat bought/buy brought/bring built/build caught/catch chose/choose did/do done/do drew/draw drove/drive
        driven/drive fed/feed felt/feel flew/fly forgot/forget found/find gave/give given/give got/get held/hold
        kept/keep left/leave lent/lend lost/lose made/make met/meet paid/pay ran/run rang/ring rode/ride sang/sing
        sent/send sold/sell spent/spend spoke/speak swam/swim swept/sweep taught/teach thought/think threw/throw
        told/tell took/take taken/take went/go gone/go woke/wake won/win wore/wear written/write wrote/write
        """
    )
)
"""Forms of verbs that are no form of their other forms by their letters: “I've paid the rent” is “pay the rent”."""
_LITTLE = _split(
    """
    a about after all am an and any are as at be been before but by can could did do does for from get go had has have
    he her him his how i if in into is it its just let may me my no not of off on once one or our out over re she so
    some than that the their them then there these they this those to too under up us via was we were when where which
    while who will with would you your
    """
)
"""Words that carry nothing by themselves; a model sets them as its language wants it."""
_CALENDAR = _split(
    """
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun day
    days week weeks month months year years today tonight tomorrow yesterday morning noon afternoon evening night
    midnight next last this every daily weekly monthly yearly hour hours minute minutes seconds before after ago now the
    and for freq interval byday until count none on at in by am pm t z
    """
)
"""Words that a model computes: they say when, not what."""
_VAGUE = _split("the and for freq interval byday until count none on at in by t z now may before after ago this last")
"""Words of `_CALENDAR` that are said of other things too."""
_OF_TIME = re.compile(
    rf"\b(?:{'|'.join(sorted(_CALENDAR - _VAGUE))}|later|soon|o ?clock|(?:half|quarter) (?:past|to)|weekends?|weekdays?"
    r"|lunch(?:time)?|breakfast|dinner|christmas|easter|\w+(?:day|noon|evening|night|morning)s|fortnight|in may"
    r"|(?:at|by|from|until|till|before|after|around|past) \d+|(?:the )?\d+(?:st|nd|rd|th)|\d+ (?:\d\d|oclock)"
    r"|(?:on|by|until|till|before|after) the \w+(?:st|nd|rd|th))\b"
)
"""How the user speaks of time, in plain words, numbers as digits."""
_COUNTED = words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
)
_NUMBERS = {word: str(number) for number, word in enumerate(_COUNTED)} | {"thirty": "30", "forty": "40", "fifty": "50"}
_PLACES = {word: place for place, word in enumerate(words("first second third fourth fifth sixth"))} | {
    word: place for place, word in enumerate(words("1st 2nd 3rd 4th 5th 6th"))
}
_PLACES["last"] = -1
_EVERY, _THAT = _split("all both them these those everything"), _split("it that this")
_UNSENT = "Not done yet"
"""Begins what a model is told of a call that its server has not seen: its words are those of the call."""
_TOKEN = re.compile(r"[^\W_]+")
_DAY = r"(?:19|20)\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?"
_MOMENT = re.compile(
    rf"{_DAY}(?:[T ]{_TIME})?(?: ?(?:Z|[+-]\d\d:?\d\d))?|{_DAY}T\d{{6}}Z?|{_TIME}|\d{{1,2}}(?::\d\d)? ?[ap]\.?m\.?"
    r"|P(?:\d+[YMWD])*(?:T(?:\d+[HMS])+)?"
)
"""A date, a time or a span, as a model computes them (ISO 8601)."""
_SENTENCE = 200
"""Characters of a result that tells of one thing."""
_WHOLE = re.compile(r"(\d+)\.0+")


@dataclass(frozen=True, slots=True)
class _Words:
    """What may be written without asking."""

    known: frozenset[str]
    """Said by the user, or told by the server itself of what they named."""
    said: Sequence[str]
    """By the user, lately."""
    speaks_of_time: bool


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
    if _has_another_answered(items, tool, servers) or not is_asked_for(tool.name, _turns(items, tool)):
        return False
    said = _said(items)
    heard = _tokens(" ".join(said))
    known = heard | _told_by(tool, items, servers, heard)
    plain = " ".join(_NUMBERS.get(word, word) for one in said for word in words(one))
    known |= {_NUMBERS[word] for word in heard if word in _NUMBERS}
    is_timed = _OF_TIME.search(plain) is not None
    return _accounts(arguments, tool.original_schema, _Words(frozenset(known), said, is_timed))


def _accounts(arguments: Json, schema: Json, heard: _Words) -> bool:
    """Tell whether what was said accounts for every argument."""
    properties = _object(schema.get("properties"))
    for name, value in arguments.items():
        node = _object(properties.get(name))
        if value is None or ("default" in node and _canonical(node["default"]) == _canonical(value)):
            continue
        if not (name in properties or _is_said(name, heard)) or not _accounts_for(name, value, node, heard):
            return False
    return True


def _accounts_for(name: str, value: Any, node: Json, heard: _Words) -> bool:
    match value:
        case bool():
            return any(_is_among(word, heard.known) for word in _tokens(spaced(name)) - _LITTLE)
        case dict():
            return _accounts(cast("Json", value), node, heard)
        case list():
            items = _object(node.get("items"))
            return all(_accounts_for(name, one, items, heard) for one in cast("list[Any]", value))
        case _:
            return _is_said(str(value), heard, is_choice=isinstance(value, str) and value in _choices(node))


def _is_said(text: str, heard: _Words, *, is_choice: bool = False) -> bool:
    """Tell whether every word of a text was said; of a choice, another word for it will do."""
    if is_choice and is_chosen(text, heard.said):
        return True
    text = _WHOLE.sub(r"\1", text) if _WHOLE.fullmatch(text) else text
    if heard.speaks_of_time and _MOMENT.fullmatch(text):
        return True
    free = _LITTLE | _CALENDAR if heard.speaks_of_time else _LITTLE
    return all(_is_among(word, heard.known) for word in _tokens(text) - free)


def _choices(node: Json) -> list[Any]:
    branches = [node, *(_object(one) for word in ("anyOf", "oneOf") for one in node.get(word) or ())]
    return [choice for branch in branches for choice in branch.get("enum") or ()]


def _said(items: Sequence[ChatItem]) -> list[str]:
    said = [item.text_content or "" for item in items if item.type == "message" and item.role == "user"]
    return said[-_TURNS:]


def _turns(items: Sequence[ChatItem], tool: Tool) -> list[Turn]:
    """Return what the user said, newest first."""
    found: list[Turn] = []
    is_served = False
    for item in reversed(items):
        if item.type == "function_call_output" and item.name == tool.key:
            is_served = is_served or not (item.is_error or item.output.startswith(_UNSENT))
        elif item.type == "message" and item.role == "user":
            found.append(Turn(item.text_content or "", is_served))
    return found


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


def _told_by(tool: Tool, items: Sequence[ChatItem], servers: Mapping[str, str], heard: set[str]) -> set[str]:
    """Return the words of what a server itself has told of the things that the user named, or pointed to."""
    results = [item for item in items if item.type == "function_call_output" and servers.get(item.name) == tool.server]
    told = [
        [_tokens(" ".join(_leaves(record))) for record in _records(item.output)]
        for item in results
        if not item.output.startswith(_UNSENT)
    ]
    named = [
        one for records in told for one in records if any(len(word) >= _STEM and _is_among(word, heard) for word in one)
    ]
    return set[str]().union(*named, *(_pointed_to(told[-1], heard) if told else ()))


def _pointed_to(records: list[set[str]], heard: set[str]) -> list[set[str]]:
    """Return those of the things that were told last which “the second one”, “it” or “all” mean."""
    places = [place for word, place in _PLACES.items() if word in heard and -len(records) <= place < len(records)]
    if not _EVERY.isdisjoint(heard) or (len(records) == 1 and not _THAT.isdisjoint(heard)):
        return records
    return [records[place] for place in places]


def _records(output: str) -> Iterator[Json]:
    """Yield the innermost objects of the data that a result ends with, in order; of a short text, that text."""
    try:
        data: Any = json.loads(output.rsplit("\n", 1)[-1])
    except ValueError:
        if len(output) <= _SENTENCE:
            yield {"": output}
        return
    yield from _innermost(data)


def _innermost(value: Any) -> Iterator[Json]:
    found = False
    for one in _inside(value):
        for record in _innermost(one):
            found = True
            yield record
    if isinstance(value, dict) and not found:
        yield cast("Json", value)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).values()
    return cast("list[Any]", value) if isinstance(value, list) else ()


def _leaves(value: Any) -> Iterator[str]:
    """Yield texts and numbers as text."""
    if isinstance(value, str) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        yield str(value)
    for one in _inside(value):
        yield from _leaves(one)


def _tokens(text: str) -> set[str]:
    """Return the words of a text without accents, and each sign that is a picture."""
    plain = unicodedata.normalize("NFKD", text.replace("'", "").replace("\u2019", "").casefold())
    found = set(_TOKEN.findall("".join(one for one in plain if not unicodedata.combining(one))))
    return found | {one for one in text if unicodedata.category(one) in {"So", "Sc", "Sk", "Co", "Cf"}}


def _is_among(word: str, known: Collection[str]) -> bool:
    """Tell whether a word, or another form of it, is known."""
    if word in known or not word.isalpha():
        return word in known
    return any(_is_form(word, other) for other in known)


def _is_form(one: str, other: str) -> bool:
    """Tell whether two words are forms of one, in English or not: “milk” and “milks”, “plan” and “planning”."""
    one, other = _IRREGULAR.get(one, one), _IRREGULAR.get(other, other)
    if stem(one) == stem(other):
        return True
    length = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    if length < max(_STEM, _SHARE * max(len(one), len(other))):
        return False
    rests = one[length:], other[length:]
    # “planning” is “plan”, an “n” more, and an ending.
    return all(rest in _ENDINGS or (rest[0] == one[length - 1] and rest[1:] in _ENDINGS) for rest in rests)


def _object(value: Any) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
