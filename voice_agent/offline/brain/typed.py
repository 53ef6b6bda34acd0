"""Values that can be told by their form: choices, numbers, places, times, paths, addresses."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from voice_agent.offline.brain import addresses, figures, moments
from voice_agent.offline.brain.catalog import split_name
from voice_agent.offline.brain.kinds import cast_value, is_id, is_path, is_place, item_schema
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.stems import STOP, stem

if TYPE_CHECKING:
    from voice_agent.offline.brain.catalog import Parameter

_SAYS = load("tools")
_LIMIT = _SAYS.words("limit")
_FILLERS = _SAYS.words("fillers")
_FILE = re.compile(r"[\w-]+\.\w{1,5}")
"""A bare file name, which no folder has."""
_POWER = frozenset({"on", "enabled", "enable", "power", "powered", "state", "active"})
_SWITCHED = re.compile(r"\b(?:turn|switch|put|leave|set)(?:ed)?\b.{0,40}?\b(on|off)\b|\b(on|off)\b(?: please)?[.!]?$")
_SWITCH = frozenset({"include", "enable", "show", "is", "with", "use"})
_NUMBERED = re.compile(r"\b(?:id|number|no\.?|#) ?#?([\w-]*\d[\w-]*)\b|\b([0-9a-f]{8}-[0-9a-f-]{27})\b")
_SPOTS = frozenset({"city", "location", "place", "town", "country"})
_SPOT, _SPOT_FIRST = _SAYS.pattern("spot"), _SAYS.pattern("spot_first")
_NAMED_PATH = _SAYS.patterns("named_path")


class TypedValues:
    """The values of one request; each number and place is used once."""

    def __init__(self, request: str, now: datetime) -> None:
        """Take the words of a request, and the clock (aware, in the user's zone)."""
        self.request, self.now = request, now
        self.low = request.lower()
        self.numbers = figures.numbers(request)
        self.zones: list[tuple[str, int]] | None = None
        self.used: list[Any] = []

    def take(self, parameter: Parameter) -> Any:
        """The value for `parameter`; None where the words hold none."""
        value = self._value(parameter)
        if value is not None:
            self.used.append(value)
        return value

    def _value(self, parameter: Parameter) -> Any:
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
                return cast_value(value, parameter)
        heard = {stem(word) for word in re.findall(r"[a-z]+", self.low)}
        for value in parameter.enum:
            if (words := split_name(value)) and all(stem(word) in heard for word in words):
                return cast_value(value, parameter)
            if self._is_named(value, parameter.description):
                return cast_value(value, parameter)
        only_one = parameter.is_required and len(parameter.enum) == 1
        return cast_value(parameter.enum[0], parameter) if only_one else None

    def _is_named(self, value: str, description: str) -> bool:
        """Whether the words say the name that the description gives a value: “fr (French)”, “French (fr)”."""
        found = re.search(
            rf"\b{re.escape(value)}['\"`]? ?(?:\(|=|:|-) ?['\"`]?(\w+)|(\w+) \(['\"`]?{re.escape(value)}\b", description
        )
        return found is not None and bool(re.search(rf"\b{re.escape((found[1] or found[2]).lower())}\b", self.low))

    def _boolean(self, parameter: Parameter) -> bool | None:
        if _POWER & set(parameter.words) and (switched := _SWITCHED.search(self.low)):
            return (switched[1] or switched[2]) == "on"
        words = [re.escape(word) for word in parameter.words if word not in STOP and word not in _SWITCH]
        if not words or not all(re.search(rf"\b{word}\w*\b", self.low) for word in words):
            return None
        off = r"\b(?:no|not|without|don't|exclude|excluding|disable|off)\b"
        return not re.search(rf"{off}.{{0,20}}\b{words[0]}", self.low)

    def _number(self, parameter: Parameter) -> int | float | None:
        chosen = next((number for number in self.numbers if self._is_near(number, parameter)), None)
        if chosen is None and parameter.is_required and self.numbers and not is_id(parameter):
            chosen = self.numbers[0]
        if chosen is None:
            return None
        self.numbers.remove(chosen)
        return int(chosen.value) if parameter.kind == "integer" else chosen.value

    def _is_near(self, number: figures.Number, parameter: Parameter) -> bool:
        """Whether the words around a number say that it is for this parameter (“the last 3”, “page 2”)."""
        before, after = self.low[: number.start][-24:], self.low[number.end :][:24]
        if is_id(parameter):
            return bool(re.search(r"(?:number|no\.?|id|#) ?$", before))
        if _LIMIT & set(parameter.words) and re.search(
            r"\b(?:last|first|top|latest|next|recent|past|only|at most|up to)(?: \w+)? $", before
        ):
            return True
        names = [re.escape(word) for word in parameter.words if len(word) > 2]  # noqa: PLR2004 - “a” is near everything
        return any(
            re.search(rf"\b{name}\w*(?: (?:is|of|to|=|:))? ?$", before) or re.match(rf" ?{name}", after)
            for name in names
        )

    def _special(self, parameter: Parameter) -> str | None:
        words, about = set(parameter.words), parameter.description.lower()
        if words & {"timezone", "tz"} or "iana" in about:
            return self._zone(parameter)
        is_date = bool(words & {"date", "day", "deadline"}) and bool(re.search(r"yyyy|iso|date", about))
        if is_date or parameter.format in {"date", "date-time"}:
            return self._date(parameter)
        if words & _SPOTS:
            return self._spot()
        if is_path(parameter):
            return self._path(is_folder=is_place(parameter))
        return self._address(parameter, words, about)

    def _address(self, parameter: Parameter, words: set[str], about: str) -> str | None:
        found: str | None = None
        if words & {"time"} and re.search(r"hh:mm|24|time", about):
            found = moments.clock_time(self.request)
        elif words & {"url", "uri", "link", "website"} or parameter.format == "uri":
            found = addresses.url(self.request)
        elif words & {"email", "recipient"} or parameter.format == "email":
            found = addresses.email(self.request)
        elif is_id(parameter) and (match := _NUMBERED.search(self.request)):
            found = match[1] or match[2]
        return found

    def _zone(self, parameter: Parameter) -> str | None:
        if self.zones is None:
            self.zones = moments.zones(self.request)
        if not self.zones:
            here = getattr(self.now.tzinfo, "key", None)
            return here if parameter.is_required and not re.search(r"\b(?:in|at|for) [A-Z]", self.request) else None
        target = any(word in parameter.words for word in ("target", "to", "destination", "dest"))
        given = next(
            (
                one
                for one in self.zones
                if re.search(r"\b(?:when|if) it(?:'s| is)\b.*\bin (?:the )?$", self.low[: one[1]])
            ),
            None,
        )
        toward = [found for found in self.zones if re.search(r"\b(?:to|into|in) (?:the )?$", self.low[: found[1]])]
        source = any(word in parameter.words for word in ("source", "from"))
        if given and len(self.zones) > 1:
            chosen = next(one for one in self.zones if one != given) if target else given
        elif target:
            chosen = (toward or self.zones)[-1]
        else:
            chosen = next((found for found in self.zones if not source or found not in toward), self.zones[0])
        if len(self.zones) > 1:
            self.zones.remove(chosen)
        elif any(word in parameter.words for word in ("source", "target", "from", "to")):
            self.zones = []
        return chosen[0]

    def _date(self, parameter: Parameter) -> str | None:
        when = moments.day(self.request, self.now)
        if when is None:
            return None
        clock = moments.clock_time(self.request)
        if parameter.format == "date-time" or ("time" in parameter.words and clock):
            hour, _, minute = (clock or "09:00").partition(":")
            return datetime(when.year, when.month, when.day, int(hour), int(minute), tzinfo=self.now.tzinfo).isoformat()
        return when.isoformat()

    def _spot(self) -> str | None:
        """Where something is, by its name: “in New York”, “for Paris”."""
        from voice_agent.offline.brain import times

        plain = times.split(self.request)[0]
        match = _SPOT.search(plain) or _SPOT_FIRST.search(plain)
        return match["spot"].strip(" ,.?!") if match else None

    def _path(self, *, is_folder: bool) -> str | None:
        for path in addresses.paths(self.request):
            if path not in self.used and not (is_folder and _FILE.fullmatch(path)):
                return path
        for pattern in _NAMED_PATH:
            if (match := pattern.search(self.request)) is None:
                continue
            name = match[1].rstrip(".,?!")
            if name.lower() not in _FILLERS and name not in self.used:
                return name
        return None

    def _array(self, parameter: Parameter) -> Any:
        items = item_schema(parameter)
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
            return addresses.paths(self.request) or None
        return None
