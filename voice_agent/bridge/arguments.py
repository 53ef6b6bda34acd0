"""Checks the arguments of a call against the schema that the server itself sent."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft202012Validator, exceptions, validators
from referencing import Registry
from referencing.exceptions import Unresolvable

from voice_agent.bridge.cleaning import clean_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voice_agent.bridge.types import Json

_MOST_ERRORS = 4
_LONGEST_VALUE = 60
_LONGEST_LIST = 400
_MOST_NAMES = 30
_LONGEST_CHECKED = 2_000
_LONGEST_SEARCH = 5_000_000
"""Steps that a pattern may take at worst."""
_MOST_REFERENCES = 5_000
"""References that are followed in one check: a small schema can hold itself a million times."""
_RISKY = re.compile(r"[)\]][*+{].*[)][*+{]|[)][*+{]|\\[1-9]|\(\?[<!=P]")
"""Patterns that a hostile server could make run for minutes; its own check stands behind ours."""
_MANY = 60
_REPEATED = re.compile(r"(?<!\\)[*+{]")
_OPTIONAL, _OTHERWISE = re.compile(r"(?<![\\(*+])[?]"), re.compile(r"(?<!\\)[|]")


class _TooMuch(Exception):
    """The schema is endless, or as good as that."""


class Arguments:
    """Checks of one tool's arguments; made once for a schema, for making it takes longer than checking."""

    def __init__(self, schema: Json) -> None:
        self._schema = schema
        self._left = 0
        base = _draft(schema)
        follow = {word: self._following(base.VALIDATORS[word]) for word in _REFERENCES if word in base.VALIDATORS}
        ours = {"pattern": _pattern, "patternProperties": _pattern_properties, **follow}
        self._validator: Any = cast("Any", validators).extend(base, ours)(schema, registry=cast("Any", Registry)())

    def mended(self, arguments: Json) -> Json:
        """Return `arguments` as the server knows them.

        Without those that are null where they may be left out and null is not taken: models write null for what they
        leave out. With the server's own spelling of choices that a model was shown without what nobody sees.
        """
        errors = self._errors(arguments)
        if not errors:
            return arguments
        chosen = [change for error in errors for change in _respelled(error)]
        if chosen:
            arguments = copy.deepcopy(arguments)
            for path, value in chosen:
                _put(arguments, path, value)
        if None not in arguments.values() or not self._errors(arguments):
            return arguments
        required = self._schema.get("required")
        needed = cast("list[Any]", required) if isinstance(required, list) else []
        return {name: value for name, value in arguments.items() if value is not None or name in needed}

    def problem(self, arguments: Json) -> str | None:
        """Return what is wrong with `arguments`, in words that a model can act on, or None."""
        errors = self._errors(arguments)
        if not errors:
            return None
        sentences = list(dict.fromkeys(_sentence(_deepest(error)) for error in errors))
        more = f" And {len(sentences) - _MOST_ERRORS} more." if len(sentences) > _MOST_ERRORS else ""
        return " ".join(sentences[:_MOST_ERRORS]) + more

    def _errors(self, arguments: Json) -> list[Any]:
        self._left = _MOST_REFERENCES
        try:
            return sorted(self._validator.iter_errors(arguments), key=lambda error: list(error.path) == [])
        except Exception:  # noqa: BLE001 - a schema that is itself wrong must not keep its tool from being called
            return []

    def _following(self, base: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        """Return what follows a reference; one that leads nowhere is anything, and the rest is checked all the same."""

        def follow(validator: Any, reference: object, instance: object, schema: object) -> Iterator[Any]:
            self._left -= 1
            if self._left < 0:
                raise _TooMuch
            try:
                yield from base(validator, reference, instance, schema)
            except Unresolvable:
                return

        return follow


def _draft(schema: Json) -> Any:
    """Return the checker of the draft that a schema says it is of; all are bundled, nothing is ever fetched."""
    try:
        return cast("Any", validators.validator_for(schema, default=Draft202012Validator))
    except (TypeError, ValueError, AttributeError):
        return Draft202012Validator


_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


def _respelled(error: Any) -> Iterator[tuple[list[Any], Any]]:
    """Yield where a choice stands that its server spells otherwise, and how."""
    for one in (error, *(error.context or ())):
        if one is not error:
            yield from _respelled(one)
        elif one.validator in {"enum", "const"} and isinstance(one.instance, str):
            wanted = one.validator_value if one.validator == "enum" else [one.validator_value]
            same = [choice for choice in wanted if isinstance(choice, str) and clean_value(choice) == one.instance]
            if len(same) == 1:
                yield list(one.absolute_path), same[0]


def _put(value: Any, path: list[Any], new: Any) -> None:
    for part in path[:-1]:
        value = value[part]
    value[path[-1]] = new


def _deepest(error: Any) -> Any:
    """Of an error in one of several alternatives, return the one that says most."""
    return cast("Any", exceptions).best_match([error]) if error.context else error


def _sentence(error: Any) -> str:
    where = ".".join(str(part) for part in error.absolute_path)
    what = f"“{where}”" if where else "The call"
    wanted = error.validator_value
    match error.validator:
        case "required":
            missing = [name for name in wanted if name not in error.instance]
            inside = f" in “{where}”" if where else ""
            return " ".join(f"“{name}” is required{inside}." for name in missing[:_MOST_ERRORS])
        case "additionalProperties":
            known = ", ".join(list(error.schema.get("properties", {}))[:_MOST_NAMES])
            return f"{what} has parameters that are not known; it takes: {known or 'none'}."
        case "type":
            rule = f"of type {wanted if isinstance(wanted, str) else ' or '.join(map(str, wanted))}"
        case "anyOf" | "oneOf" if types := _types_of(error):
            rule = f"of type {' or '.join(types)}"
        case "enum":
            rule = f"one of {_shown(wanted, _LONGEST_LIST)[1:-1]}"
        case "minimum" | "minLength" | "minItems":
            rule = f"at least {wanted}"
        case "maximum" | "maxLength" | "maxItems":
            rule = f"at most {wanted}"
        case _:
            rule = f"right by {error.validator} {_shown(wanted)}"
    noun = {"L": "characters long", "I": "items long"}.get(error.validator[3:4])
    return f"{what} must be {rule}{f' {noun}' if noun else ''}, not {_shown(error.instance)}."


def _types_of(error: Any) -> list[str]:
    """Return the types of the alternatives where it is by these alone that a value is none of them."""
    types = [one.validator_value for one in error.context if one.validator == "type" and not one.relative_path]
    return [str(one) for one in types] if types and len(types) == len(error.context) else []


def _shown(value: Any, limit: int = _LONGEST_VALUE) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _search(pattern: object, text: str) -> bool:
    """Tell whether `text` matches; also where that cannot be told safely."""
    if not isinstance(pattern, str) or len(text) > _LONGEST_CHECKED or _RISKY.search(pattern):
        return True
    if _steps(pattern, len(text)) > _LONGEST_SEARCH:
        return True
    try:
        return re.search(pattern, text) is not None
    except (re.error, RecursionError, OverflowError):
        return True


def _steps(pattern: str, length: int) -> float:
    """Return how many steps a search may take: each repetition may end anywhere, each option may be taken or not."""
    groups = max(pattern.count("("), 1)
    ways = 2.0 ** min(len(_OPTIONAL.findall(pattern)), _MANY)
    ways *= (1 + len(_OTHERWISE.findall(pattern)) / groups) ** min(groups, _MANY)
    starts = 0 if pattern.startswith("^") else 1
    return ways * float(max(length, 2)) ** min(len(_REPEATED.findall(pattern)) + starts, _MANY)


def _pattern(validator: Any, pattern: object, instance: object, schema: object) -> Iterator[exceptions.ValidationError]:
    del validator, schema
    if isinstance(instance, str) and not _search(pattern, instance):
        yield exceptions.ValidationError(f"does not match {pattern!r}")


def _pattern_properties(
    validator: Any, patterns: dict[str, Any], instance: object, schema: object
) -> Iterator[exceptions.ValidationError]:
    del schema
    if isinstance(instance, dict):
        for pattern, inner in patterns.items():
            if _RISKY.search(pattern):
                continue
            for key, value in cast("Json", instance).items():
                if _search(pattern, key):
                    yield from validator.descend(value, inner, path=key, schema_path=pattern)
