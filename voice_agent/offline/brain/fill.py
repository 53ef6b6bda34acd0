"""A tool's arguments out of the words of a request, by what its schema says of each parameter."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from voice_agent.offline.brain import times, values
from voice_agent.offline.brain.catalog import CLASS_OF, Ability, Parameter, simple_schema, split_name
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.stems import STOP, stem
from voice_agent.offline.brain.words import strip_courtesy

if TYPE_CHECKING:
    from datetime import datetime

_SAYS = load("tools")
_FREE = _SAYS.words("free")
_LIMIT = _SAYS.words("limit")
_ID = re.compile(r"(?:^|_)(?:id|ids|uuid|uid)$|[a-z](?:Id|ID|Ids|IDs|Uuid)$")
_PATHLIKE = _SAYS.words("pathlike")
_CUES = {
    "name": r"(?:called|named|titled|by the name of|name(?: is)?)",
    "title": r"(?:called|named|titled|title(?: is)?)",
    "content": r"(?:saying|that says|which says|with the (?:text|content|words)|containing|content(?: is)?|:)",
    "message": r"(?:saying|that says|with the message|message(?: is)?|:)",
    "query": r"(?:about|for|on|regarding|containing|matching|named|called)",
    "body": r"(?:saying|that says|:)",
    "subject": r"(?:about|subject(?: is)?|regarding)",
}


@dataclass(frozen=True, slots=True)
class Filled:
    """What could be told from the words."""

    arguments: dict[str, Any]
    missing: tuple[Parameter, ...]
    """Required, and not in the words."""
    typed: int = 0
    """How many required parameters were filled by something that fits only there (a number, a path, a place)."""
    unfillable: bool = False
    """A required parameter is of a shape that cannot be said."""
    ids: tuple[Parameter, ...] = field(default=())
    """Of the missing ones, those that are ids and can be looked up."""


def is_id(parameter: Parameter) -> bool:
    """Whether the parameter wants an id that nobody says aloud."""
    return bool(_ID.search(parameter.name)) and parameter.kind in ("string", "integer", "number")


def is_path(parameter: Parameter) -> bool:
    """Whether the parameter is a path of files or folders."""
    return parameter.kind == "string" and bool(set(parameter.words) & _PATHLIKE)


def is_place(parameter: Parameter) -> bool:
    """Whether the parameter says where: a folder or repository, a project, an account; it holds until another is named."""
    return bool(
        set(parameter.words)
        & {
            "repo",
            "repository",
            "root",
            "cwd",
            "workspace",
            "project",
            "owner",
            "account",
            "database",
            "board",
            "vault",
            "channel",
            "site",
            "calendar",
        }
    ) and parameter.kind in ("string", "integer")


def topic(request: str, ability: Ability) -> str:
    """What the request is about: its words without those that choose the tool (“search the notes for …”)."""
    text = strip_courtesy(request)
    own = {
        stem(word)
        for word in (
            *ability.words,
            *split_name(ability.server),
            *re.findall(r"[a-z]+", ability.description.lower())[:12],
        )
    } - {""}
    leading = (
        STOP
        | set(CLASS_OF)
        | {
            "me",
            "up",
            "out",
            "called",
            "named",
            "about",
            "new",
            "one",
            "first",
            "last",
            "latest",
            "next",
            "saying",
            "says",
        }
    )
    words = text.split()
    while words:
        plain = re.sub(r"\W", "", words[0].lower())
        if plain and plain not in leading and stem(plain) not in own and not (len(words) > 1 and plain in ("look",)):
            break
        words.pop(0)
    return without_place(" ".join(words), ability).strip(' ,.;:?!"')


def without_place(rest: str, ability: Ability) -> str:
    """`rest` without a last “in my notes” that only says which tool is meant."""
    own = {stem(word) for word in (*ability.words, *split_name(ability.server))}
    ending = re.search(
        r" (?:in|on|from|with|using|via) (?:the |my |our )?(?P<where>[\w-]+(?: [\w-]+)?)$", rest.strip(" ,.;:?!")
    )
    if ending and all(stem(word) in own for word in ending["where"].lower().split()):
        rest = rest[: ending.start()]
    return rest


def fill(ability: Ability, request: str, now: datetime) -> Filled:
    """Fill what `request` tells of the parameters of `ability`."""
    return _Filler(ability, request, now).run()


class _Filler:
    """Fills one tool's parameters; each number, place or stretch of text is used once."""

    def __init__(self, ability: Ability, request: str, now: datetime) -> None:
        self.ability, self.request, self.now = ability, request, now
        self.low = request.lower()
        self.numbers = values.numbers(request)
        self.zones: list[tuple[str, int]] | None = None
        self.arguments: dict[str, Any] = {}
        self.typed = 0

    def run(self) -> Filled:
        parameters = sorted(self.ability.parameters, key=lambda parameter: not parameter.is_required)
        later: list[Parameter] = []
        for parameter in parameters:
            value = self._typed_value(parameter)
            if value is not None:
                self.arguments[parameter.name] = value
                self.typed += parameter.is_required
            else:
                later.append(parameter)
        for parameter in later:
            value = self._text(parameter, alone=sum(self._is_free(one) and one.is_required for one in later) <= 1)
            if value is not None:
                self.arguments[parameter.name] = value
        missing = tuple(one for one in self.ability.required if one.name not in self.arguments)
        return Filled(
            self.arguments,
            missing,
            self.typed,
            any(one.kind == "object" or (one.kind == "array" and not _items_are_plain(one)) for one in missing),
            tuple(one for one in missing if is_id(one)),
        )

    def _typed_value(self, parameter: Parameter) -> Any:
        if parameter.enum:
            return self._enum(parameter)
        if parameter.kind == "boolean":
            return self._boolean(parameter)
        if parameter.kind in ("integer", "number"):
            return self._number(parameter)
        if parameter.kind == "string":
            return self._special(parameter)
        if parameter.kind == "array":
            return self._array(parameter)
        return None

    def _enum(self, parameter: Parameter) -> Any:
        for value in sorted(parameter.enum, key=len, reverse=True):
            said = " ".join(split_name(value)) or value.lower()
            if re.search(rf"\b{re.escape(said)}s?\b", self.low):
                return _cast(value, parameter)
        stems_said = {stem(word) for word in re.findall(r"[a-z]+", self.low)}
        fitting = [
            value
            for value in parameter.enum
            if split_name(value) and all(stem(word) in stems_said for word in split_name(value))
        ]
        return (
            _cast(fitting[0], parameter)
            if fitting
            else _cast(parameter.enum[0], parameter)
            if parameter.is_required and len(parameter.enum) == 1
            else None
        )

    def _boolean(self, parameter: Parameter) -> bool | None:
        words = [
            word
            for word in parameter.words
            if word not in STOP and word not in {"include", "enable", "show", "is", "with", "use"}
        ]
        if not words or not all(re.search(rf"\b{re.escape(word)}\w*\b", self.low) for word in words):
            return None
        return not re.search(
            rf"\b(?:no|not|without|don't|exclude|excluding|disable|off)\b.{{0,20}}\b{re.escape(words[0])}", self.low
        )

    def _number(self, parameter: Parameter) -> int | float | None:
        words = parameter.words
        chosen = None
        for number in self.numbers:
            before, after = self.low[: number.start][-24:], self.low[number.end :][:24]
            near = any(
                re.search(rf"\b{re.escape(word)}\w*(?: (?:is|of|to|=|:))? ?$", before)
                or re.match(rf" ?{re.escape(word)}", after)
                for word in words
                if len(word) > 2
            )
            if near or (
                set(words) & _LIMIT
                and re.search(r"\b(?:last|first|top|latest|next|recent|past|only|at most|up to)(?: \w+)? $", before)
            ):
                chosen = number
                break
        if chosen is None and parameter.is_required and self.numbers and not is_id(parameter):
            chosen = self.numbers[0]
        if chosen is None and parameter.is_required and is_id(parameter):
            chosen = next(
                (number for number in self.numbers if re.search(r"(?:number|no\.?|id|#) ?$", self.low[: number.start])),
                None,
            )
        if chosen is None:
            return None
        self.numbers.remove(chosen)
        return int(chosen.value) if parameter.kind == "integer" else chosen.value

    def _special(self, parameter: Parameter) -> str | None:
        words = set(parameter.words)
        about = parameter.description.lower()
        if words & {"timezone", "tz"} or "iana" in about:
            return self._zone(parameter)
        if parameter.format in ("date", "date-time") or (
            words & {"date", "day", "deadline"} and re.search(r"yyyy|iso|date", about)
        ):
            return self._date(parameter)
        if words & {"time"} and re.search(r"hh:mm|24|time", about):
            return values.clock_time(self.request)
        if words & {"url", "uri", "link", "website"} or parameter.format == "uri":
            return values.url(self.request)
        if words & {"email", "recipient"} or parameter.format == "email":
            return values.email(self.request)
        if words & _PATHLIKE:
            return self._path(parameter)
        if is_id(parameter):
            match = re.search(
                r"\b(?:id|number|no\.?|#) ?#?([\w-]*\d[\w-]*)\b|\b([0-9a-f]{8}-[0-9a-f-]{27})\b", self.request
            )
            return (match[1] or match[2]) if match else None
        return None

    def _zone(self, parameter: Parameter) -> str | None:
        if self.zones is None:
            self.zones = values.zones(self.request)
        if not self.zones:
            here = getattr(self.now.tzinfo, "key", None)
            return here if parameter.is_required and not re.search(r"\b(?:in|at|for) [A-Z]", self.request) else None
        target = any(word in parameter.words for word in ("target", "to", "destination", "dest"))
        toward = [found for found in self.zones if re.search(r"\b(?:to|into|in) (?:the )?$", self.low[: found[1]])]
        if target:
            chosen = (toward or self.zones)[-1]
        else:
            chosen = next((found for found in self.zones if found not in toward), self.zones[0])
        if len(self.zones) > 1:
            self.zones.remove(chosen)
        elif any(word in parameter.words for word in ("source", "target", "from", "to")):
            self.zones = []
        return chosen[0]

    def _date(self, parameter: Parameter) -> str | None:
        when = values.day(self.request, self.now)
        if when is None:
            return None
        clock = values.clock_time(self.request)
        if parameter.format == "date-time" or ("time" in parameter.words and clock):
            hour, _, minute = (clock or "09:00").partition(":")
            from datetime import datetime as moment

            return moment(when.year, when.month, when.day, int(hour), int(minute), tzinfo=self.now.tzinfo).isoformat()
        return when.isoformat()

    def _path(self, parameter: Parameter) -> str | None:
        paths = _paths(self.request)
        used = [value for value in self.arguments.values() if isinstance(value, str)]
        left = [path for path in paths if path not in used]
        if left:
            return left[0]
        match = re.search(
            r"\b(?:files?|folder|director(?:y|ies)|repo(?:sitory)?|contents?)(?: (?:called|named|of|in|at|from|inside|under|on|the|my|folder|directory|repo|repository))+ (?!(?:it|this|that|the|my|a)\b)([\w./-]+)",
            self.request,
            re.IGNORECASE,
        ) or re.search(
            r"\b(?:in|inside|under|of|from) (?:the |my )?([\w.-]+) (?:folder|directory|repo|repository)\b",
            self.request,
            re.IGNORECASE,
        )
        return match[1].rstrip(".,?!") if match and match[1] not in used else None

    def _array(self, parameter: Parameter) -> Any:
        items = _item_schema(parameter)
        if items.get("enum"):
            found = [
                value
                for value in cast("list[Any]", items["enum"])
                if re.search(rf"\b{re.escape(str(value).lower())}\b", self.low)
            ]
            return found or None
        if items.get("type") in ("integer", "number") and self.numbers and parameter.is_required:
            taken, self.numbers = self.numbers, []
            return [number.value for number in taken]
        if items.get("type", "string") == "string" and set(parameter.words) & {"path", "paths", "files", "file"}:
            return _paths(self.request) or None
        return None

    def _is_free(self, parameter: Parameter) -> bool:
        return (parameter.kind == "string" and not parameter.enum and not is_id(parameter)) or (
            parameter.kind == "array" and _items_are_plain(parameter)
        )

    def _text(self, parameter: Parameter, *, alone: bool) -> Any:
        if (
            not self._is_free(parameter)
            or set(parameter.words) & (_PATHLIKE - {"source"})
            or set(parameter.words) & {"timezone", "tz", "url", "uri", "date", "time", "email"}
        ):
            return None
        found = self._cued(parameter)
        if (
            found is None
            and parameter.is_required
            and (
                (alone and (set(parameter.words) & _FREE or len(self.ability.required) == 1))
                or set(parameter.words) & {"query", "message", "text"}
            )
        ):
            found = values.quoted(self.request) or self._left_over() or None
        if found is None or found in self.arguments.values():
            return None
        if parameter.kind == "array":
            return [part for part in re.split(r"\s*,\s*(?:and )?|\s+and\s+", found) if part]
        return found

    def _left_over(self) -> str:
        """The words that no other parameter has taken."""
        rest = self.request
        for value in self.arguments.values():
            if isinstance(value, str) and value in rest:
                rest = re.sub(
                    rf"(?: (?:to|in|into|on|from|of|at|for|called|named))*(?: (?:the|a|my))?(?: (?:file|folder|directory|repo|repository|branch|channel))? ?{re.escape(value)}",
                    "",
                    rest,
                )
        return topic(rest, self.ability)

    def _cued(self, parameter: Parameter) -> str | None:
        """Text after a word that announces it: “called …”, “saying …”, or the parameter's own name."""
        words = parameter.words
        cue = next((_CUES[word] for word in words if word in _CUES), None)
        name = " ".join(words)
        own = rf"(?:{re.escape(name)})(?: is| of|:| =)?" if len(name) > 2 else None  # noqa: PLR2004 - “to” is no name
        for pattern in (
            cue if parameter.is_required or (cue and "called" in cue) or (cue and "saying" in cue) else None,
            own,
        ):
            if pattern and (
                match := re.search(
                    rf"(?<!\w){pattern} (?P<value>[^,;]+?)(?=(?: (?:and|with) (?:the )?(?:content|message|text|saying|title|name|body))\b| saying\b| that says\b|[,;]|$)",
                    self.request,
                    re.IGNORECASE,
                )
            ):
                value = without_place(match["value"].strip(" .?!\"'"), self.ability)
                if value and not (
                    pattern == own
                    and not re.search(r"(?:is|:|=)\s*$", match[0][: -len(match["value"])])
                    and not parameter.is_required
                ):
                    return value
        return None


def _paths(text: str) -> list[str]:
    found: list[str] = []
    rest = text
    while path := values.path(rest):
        found.append(path)
        index = rest.find(path)
        if index < 0:
            break
        rest = rest[index + len(path) :]
    return found


def _item_schema(parameter: Parameter) -> dict[str, Any]:
    schema = parameter.schema or {}
    return simple_schema(schema.get("items") or {}, schema)


def _items_are_plain(parameter: Parameter) -> bool:
    return _item_schema(parameter).get("type", "string") in (
        "string",
        "integer",
        "number",
    ) and "properties" not in _item_schema(parameter)


def _cast(value: str, parameter: Parameter) -> Any:
    try:
        return int(value) if parameter.kind == "integer" else float(value) if parameter.kind == "number" else value
    except ValueError:
        return value


def read_answer(parameter: Parameter, said: str, now: datetime) -> Any:
    """The value that `said` gives when it was asked for; None where it gives none."""
    words = said.strip(" .?!")
    alone = Parameter(
        parameter.name,
        parameter.kind,
        parameter.description,
        is_required=True,
        enum=parameter.enum,
        format=parameter.format,
        schema=parameter.schema,
    )
    typed = _Filler(Ability("", "", "", "", (alone,)), words, now)._typed_value(alone)  # noqa: SLF001 - the same module
    if typed is not None:
        return typed
    if parameter.enum or parameter.kind in ("integer", "number"):
        return None
    if parameter.kind == "boolean":
        return (
            True
            if re.match(r"^(?:y|sure|true|on)", words.lower())
            else False
            if re.match(r"^(?:n|false|off)", words.lower())
            else None
        )
    if parameter.kind == "array":
        return [part for part in re.split(r"\s*,\s*(?:and )?|\s+and\s+", words) if part]
    if parameter.kind != "string":
        return None
    if is_path(parameter) and len(words.split()) > 3:  # noqa: PLR2004 - a longer answer is none
        return None
    plain = re.sub(
        r"^(?:it's|it is|call it|name it|to|the (?:name|title|path|message|query) is)\s+",
        "",
        words,
        flags=re.IGNORECASE,
    )
    return (times.split(plain)[0] or plain) if "title" in parameter.words else plain or None
