"""Checks the arguments of a call against the schema that the server itself sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft202012Validator, exceptions, validators
from referencing import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voice_agent.bridge.types import Json

_MOST_ERRORS = 4
_LONGEST_VALUE = 60
_LONGEST_LIST = 400
_MOST_NAMES = 30
_LONGEST_CHECKED = 2_000
_RISKY = re.compile(r"[)\]][*+{].*[)][*+{]|[)][*+{]|\\[1-9]|\(\?[<!=P]")
"""Patterns that a hostile server could make run for minutes; its own check stands behind ours."""


class Arguments:
    """Checks of one tool's arguments; made once for a schema, for making it takes longer than checking."""

    def __init__(self, schema: Json) -> None:
        self._schema = schema
        # Meta-schemas of other drafts than 2020-12 are bundled with jsonschema; nothing is ever fetched.
        base = cast("Any", validators.validator_for(schema, default=Draft202012Validator))
        careful = cast("Any", validators).extend(base, {"pattern": _pattern, "patternProperties": _pattern_properties})
        self._validator: Any = careful(schema, registry=cast("Any", Registry)())

    def mended(self, arguments: Json) -> Json:
        """Return `arguments` without those that are null where they may be left out and null is not taken.

        Models write null for what they leave out.
        """
        if None not in arguments.values() or self.problem(arguments) is None:
            return arguments
        required = self._schema.get("required")
        needed = cast("list[Any]", required) if isinstance(required, list) else []
        return {name: value for name, value in arguments.items() if value is not None or name in needed}

    def problem(self, arguments: Json) -> str | None:
        """Return what is wrong with `arguments`, in words that a model can act on, or None."""
        try:
            errors: list[Any] = sorted(self._validator.iter_errors(arguments), key=lambda error: list(error.path) == [])
        except Exception:  # noqa: BLE001 - a schema that is itself wrong must not keep its tool from being called
            return None
        if not errors:
            return None
        sentences = list(dict.fromkeys(_sentence(_deepest(error)) for error in errors))
        more = f" And {len(sentences) - _MOST_ERRORS} more." if len(sentences) > _MOST_ERRORS else ""
        return " ".join(sentences[:_MOST_ERRORS]) + more


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


def _shown(value: Any, limit: int = _LONGEST_VALUE) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _search(pattern: object, text: str) -> bool:
    """Tell whether `text` matches; also where that cannot be told safely."""
    if not isinstance(pattern, str) or len(text) > _LONGEST_CHECKED or _RISKY.search(pattern):
        return True
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return True


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
