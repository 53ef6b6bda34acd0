"""A tool's arguments out of the words of a request, by what its schema says of each parameter."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from voice_agent.offline.brain import addresses, times
from voice_agent.offline.brain.catalog import CLASS_OF, Ability, Parameter, split_name
from voice_agent.offline.brain.kinds import is_id, is_path, is_sayable, is_text
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.stems import STOP, stem
from voice_agent.offline.brain.typed import TypedValues
from voice_agent.offline.brain.words import strip_courtesy

if TYPE_CHECKING:
    from datetime import datetime

_SAYS = load("tools")
_FREE = _SAYS.words("free")
_LEADING = STOP | _SAYS.words("leading") | set(CLASS_OF)
_CUES = cast("dict[str, str]", _SAYS.table["cues"])
_CUED, _TAKEN = _SAYS.text("cued"), _SAYS.text("taken")
_ANSWERING = _SAYS.pattern("answering")
_FILLERS, _IN_THE_PLACE = _SAYS.words("fillers"), _SAYS.pattern("in_the_place")
_ANYTHING = frozenset({"message", "content", "text", "body"})
_LAST_PLACE = _SAYS.text("last_place")
_SEVERAL = re.compile(r"\s*,\s*(?:and )?|\s+and\s+")
_YES, _NO = re.compile(r"^(?:y|sure|true|on)", re.IGNORECASE), re.compile(r"^(?:n|false|off)", re.IGNORECASE)
_PATH_WORDS = 3
"""A longer answer is no path."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What could be told from the words."""

    arguments: dict[str, Any]
    missing: tuple[Parameter, ...]
    """Required, and not in the words."""
    typed: int = 0
    """How many required parameters were filled by something that fits only there (a number, a path, a place)."""
    is_sayable: bool = True
    """Whether all that is missing could be said aloud."""
    ids: tuple[Parameter, ...] = field(default=())
    """Of the missing ones, those that are ids and can be looked up."""

    def knowing(self, known: dict[str, Any]) -> Filled:
        """The same with some of the missing values from elsewhere."""
        return replace(
            self,
            arguments=self.arguments | known,
            missing=tuple(one for one in self.missing if one.name not in known),
            ids=tuple(one for one in self.ids if one.name not in known),
            typed=self.typed + len(known),
        )


def topic(request: str, ability: Ability) -> str:
    """What the request is about: its words without those that choose the tool (“search the notes for …”)."""
    described = re.findall(r"[a-z]+", ability.description.lower())[:12]
    own = {stem(word) for word in (*ability.words, *split_name(ability.server), *described)}
    words = strip_courtesy(request).split()
    while words:
        plain = re.sub(r"\W", "", words[0].lower())
        if plain and plain not in _LEADING and stem(plain) not in own:
            break
        words.pop(0)
    return without_place(" ".join(words), ability).strip(' ,.;:?!"')


def without_place(rest: str, ability: Ability) -> str:
    """`rest` without a last “in my notes” that only says which tool is meant."""
    own = {stem(word) for word in (*ability.words, *split_name(ability.server))}
    ending = re.search(
        r"(?:^| )(?:in|on|from|with|using|via|to) (?:the |my |our )?(?P<where>[\w-]+(?: [\w-]+)?)$",
        rest.strip(" ,.;:?!"),
    )
    if ending and all(stem(word) in own for word in ending["where"].lower().split()):
        return rest[: ending.start()]
    return rest


def fill(ability: Ability, request: str, now: datetime) -> Filled:
    """Fill what `request` tells of the parameters of `ability`, those first that are required."""
    typed = TypedValues(request, now)
    arguments: dict[str, Any] = {}
    certain = 0
    later: list[Parameter] = []
    for parameter in sorted(ability.parameters, key=lambda one: not one.is_required):
        if (value := typed.take(parameter)) is None:
            later.append(parameter)
        else:
            arguments[parameter.name] = value
            certain += parameter.is_required
    texts = [parameter for parameter in later if is_text(parameter)]
    is_alone = sum(one.is_required for one in texts) <= 1
    for parameter in texts:
        value = _text(parameter, ability, _without(request, arguments), arguments, is_alone=is_alone)
        if value is not None and value not in arguments.values():
            arguments[parameter.name] = _SEVERAL.split(value) if parameter.kind == "array" else value
    missing = tuple(one for one in ability.required if one.name not in arguments)
    return Filled(arguments, missing, certain, all(map(is_sayable, missing)), tuple(filter(is_id, missing)))


def _text(
    parameter: Parameter, ability: Ability, request: str, arguments: dict[str, Any], *, is_alone: bool
) -> str | None:
    """Words for a parameter that takes any: those announced for it, or what is left of the request."""
    found = _announced(parameter, ability, request)
    if found is not None or not parameter.is_required:
        return found
    words = set(parameter.words)
    takes_rest = is_alone and (words & _FREE or len(ability.required) == 1)
    if takes_rest or words & {"query", "message", "text"}:
        rest = addresses.quoted(request) or topic(_left_over(request, arguments), ability)
        return rest if rest and rest.lower() not in _FILLERS else None
    return None


def _without(request: str, arguments: dict[str, Any]) -> str:
    """The request without a path or an address at its end that is the value of another parameter."""
    for value in arguments.values():
        if isinstance(value, str) and re.search(r"[/\\@]", value):
            request = re.sub(rf"{_LAST_PLACE} {re.escape(value)}[.?!]*$", "", request)
    return request


def _left_over(request: str, arguments: dict[str, Any]) -> str:
    """The request without what other parameters have taken."""
    for value in arguments.values():
        if isinstance(value, str) and value in request:
            request = re.sub(rf"{_TAKEN}{re.escape(value)}", "", request)
    return request


def _announced(parameter: Parameter, ability: Ability, request: str) -> str | None:
    """Text after a word that announces it: “called …”, “saying …”, or the parameter's own name."""
    words = set(parameter.words)
    cue = next((_CUES[word] for word in parameter.words if word in _CUES), None)
    if cue and (parameter.is_required or re.search("called|saying", cue)) and (found := _after(cue, request)):
        if not words & _ANYTHING:
            found = _IN_THE_PLACE.sub("", found)
        return None if found.lower() in _FILLERS else without_place(found, ability)
    name = re.escape(" ".join(parameter.words))
    if len(name) < 3:  # noqa: PLR2004 - “to” announces too much
        return None
    link = "(?: is| of|:| =)?" if parameter.is_required else "(?: is|:| =)"
    found = _after(f"{name}{link}", request)
    return without_place(found, ability) if found and found.lower() not in _FILLERS else None


def _after(cue: str, request: str) -> str | None:
    match = re.search(rf"(?<!\w){cue} {_CUED}", request, re.IGNORECASE)
    return match["value"].strip(" .?!\"'") if match else None


def read_answer(parameter: Parameter, said: str, now: datetime) -> Any:
    """The value that `said` gives when it was asked for; None where it gives none."""
    words = said.strip(" .?!")
    value = TypedValues(words, now).take(replace(parameter, is_required=True))
    if value is not None or parameter.enum:
        return value
    if parameter.kind == "boolean":
        return True if _YES.match(words) else False if _NO.match(words) else None
    if parameter.kind == "array":
        return _SEVERAL.split(words)
    if parameter.kind != "string" or (is_path(parameter) and len(words.split()) > _PATH_WORDS):
        return None
    plain = _ANSWERING.sub("", words)
    return (times.split(plain)[0] if "title" in parameter.words else None) or plain or None
