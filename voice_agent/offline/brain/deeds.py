"""One call of any server's tool: looked up, asked for and filled until it can be made."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from voice_agent.offline.brain.dialogue import Act, Ask, Call, Move, Say
from voice_agent.offline.brain.fill import read_answer, topic
from voice_agent.offline.brain.kinds import is_id, is_path, is_sayable
from voice_agent.offline.brain.lookup import finder_for, matching, root_finder
from voice_agent.offline.brain.results import read_output
from voice_agent.offline.brain.spoken import listing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from voice_agent.offline.brain.catalog import Ability, Catalog, Parameter

_ABSOLUTE = re.compile(r"^(?:[/~]|[A-Za-z]:)")
_ROOT = re.compile(r"(?m)(?:^|[\s\"])((?:/|[A-Za-z]:\\)[^\s\",\\]*)")
_ORDINAL = re.compile(r"\b(first|second|third|last)\b", re.IGNORECASE)
_POSITION = {"first": 0, "second": 1, "third": 2, "last": -1}
_QUESTIONS = {
    "query": "What should I look for?",
    "message": "What should the message say?",
    "path": "Which file or folder?",
    "url": "Which web address?",
}
_SAID_AT_ONCE = 4
"""How many choices are offered aloud."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A tool that is to be called, with what is known of its arguments."""

    ability: Ability
    arguments: dict[str, Any]
    request: str
    """The words that it was chosen by."""
    catalog: Catalog
    now: datetime

    def next(self) -> Move:
        """The call, if all is known; else what finds out what is not."""
        missing = [parameter for parameter in self.ability.required if parameter.name not in self.arguments]
        for parameter in missing:
            if is_id(parameter) and (
                finder := finder_for(self.ability, parameter, self.catalog, self.request, self.now)
            ):
                return Act((finder,), then=lambda calls, wanted=parameter: self._with_id(wanted, calls[-1]))
        if root := self._root_finder():
            return Act(((root, {}),), then=lambda calls: self._under_root(calls[-1]))
        if missing:
            return self._ask_for(missing[0])
        return Act(((self.ability.key, self.arguments),))

    def answered(self, asked: Ask, said: str) -> Move | None:
        """Go on with what the user said to a question; None where that is no answer to it."""
        if asked.options:
            value = _chosen(asked.options, said)
            return None if value is None else self._with(asked.missing, value).next()
        parameter = next((one for one in self.ability.parameters if one.name == asked.missing), None)
        if parameter is None:
            return None
        value = read_answer(parameter, said, self.now)
        if value is not None:
            return self._with(parameter.name, value).next()
        is_slip = len(said.split()) <= 2  # noqa: PLR2004 - a longer one is another request
        return asked if is_slip else None

    def _with(self, name: str, value: Any) -> Deed:
        return replace(self, arguments={**self.arguments, name: value})

    def _ask(self, text: str, missing: str, options: Sequence[tuple[str, Any]] = ()) -> Ask:
        return Ask(
            text,
            key=self.ability.key,
            arguments=self.arguments,
            missing=missing,
            request=self.request,
            options=tuple(options),
        )

    def _ask_for(self, parameter: Parameter) -> Move:
        if not is_sayable(parameter):
            return Say(f"To {' '.join(self.ability.words)}, I need more than can be said aloud. It takes a screen.")
        name = " ".join(word for word in parameter.words if word != "id") or "one"
        if parameter.enum:
            choices = [value.replace("_", " ") for value in parameter.enum[:_SAID_AT_ONCE]]
            return self._ask(f"Which {name}: {listing(choices, last='or')}?", parameter.name)
        if parameter.kind in {"integer", "number"}:
            return self._ask(f"What number for {name}?", parameter.name)
        if parameter.kind == "boolean":
            return self._ask(f"Should it be {name}, yes or no?", parameter.name)
        plain = f"Which {name}?" if is_id(parameter) else f"What is the {name}?"
        return self._ask(_QUESTIONS.get(name, plain), parameter.name)

    def _with_id(self, parameter: Parameter, call: Call) -> Move:
        """The id is among what the server listed: by the name that the request says."""
        items = read_output(call.output or "").items or []
        noun = " ".join(word for word in parameter.words if word not in {"id", "uuid"}) or "one"
        if call.is_error or not items:
            return Act(()) if call.is_error else Say(f"I couldn't find any {'match' if noun == 'one' else noun}.")
        every = [(item.name, item.id) for item in items]
        named = matching(topic(self.request, self.ability) or self.request, every)
        if not named and len(every) == 1 and re.search(r"\b(?:it|that|this|the)\b", self.request):
            named = every
        if len(named) == 1:
            value = named[0][1]
            return self._with(parameter.name, str(value) if parameter.kind == "string" else value).next()
        options = (named or every)[:_SAID_AT_ONCE]
        names = listing([name for name, _ in options], last="or")
        return self._ask(f"Which {noun}{'' if named else ' do you mean'}: {names}?", parameter.name, options)

    def _root_finder(self) -> str | None:
        """A tool that says which folders may be used, where a path is missing or does not say where it begins."""
        lists = bool(self.ability.classes & {"list", "search"})
        for parameter in filter(is_path, self.ability.parameters):
            value = self.arguments.get(parameter.name)
            is_relative = isinstance(value, str) and not _ABSOLUTE.match(value)
            if is_relative or (value is None and parameter.is_required and lists):
                return root_finder(self.ability, self.catalog)
        return None

    def _under_root(self, call: Call) -> Move:
        """All relative paths under the first folder that may be used; that folder itself where there is none."""
        roots = _ROOT.findall(call.output or "")
        if call.is_error or not roots:
            return Say("I don't know which folder to look in.")
        base = str(roots[0]).rstrip("/")
        rooted = dict(self.arguments)
        for parameter in filter(is_path, self.ability.parameters):
            given = rooted.get(parameter.name)
            if isinstance(given, str) and not _ABSOLUTE.match(given):
                rooted[parameter.name] = base if base.rsplit("/", 1)[-1] == given else f"{base}/{given}"
            elif given is None and parameter.is_required:
                rooted[parameter.name] = base or "/"
        return replace(self, arguments=rooted).next()


def _chosen(options: Sequence[tuple[str, Any]], said: str) -> Any:
    """What the one of `options` stands for that was said; None where it is not plain which."""
    if ordinal := _ORDINAL.search(said):
        return options[min(_POSITION[ordinal[1].lower()], len(options) - 1)][1]
    named = matching(said, options)
    return named[0][1] if len(named) == 1 else None
