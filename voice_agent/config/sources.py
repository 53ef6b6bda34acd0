"""Where settings come from: one layer a source, each value with its origin, then one validated `Settings`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from voice_agent.config import variables
from voice_agent.config.files import read_text
from voice_agent.config.mistake import Mistake, meant
from voice_agent.config.settings import Settings
from voice_agent.config.types import Problem
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from voice_agent.config.secret_files import SecretFiles


@dataclass(frozen=True, slots=True)
class Value:
    """One value of one setting."""

    name: str
    """Dotted."""
    value: Any
    origin: str


def from_overrides(overrides: Mapping[str, str]) -> list[Value]:
    """Values from the command line, where `stt.model` is `--stt-model`."""
    return [Value(name, value, "--" + name.replace(".", "-").replace("_", "-")) for name, value in overrides.items()]


def from_environment(environ: Mapping[str, str], problems: list[Problem]) -> list[Value]:
    """Values of variables; an empty one counts as not set. Unknown ones of ours are problems."""
    found = [
        Value(name, environ[variable], variable)
        for names in (variables.own(), variables.CONVENTIONAL)
        for variable, name in names.items()
        if environ.get(variable, "").strip()
    ]
    known = {*variables.own(), *variables.in_files(), *variables.PLACES}
    for variable in sorted(environ):
        if variable.startswith(variables.PREFIX) and variable not in known:
            guess = meant(variable, [name.lower() for name in known])
            remedy = f"Did you mean {guess.upper()}?" if guess else "Remove it; .env.example lists those that exist."
            problems.append(Problem(variable, "There is no setting of this name.", remedy))
    return found


def from_secret_files(environ: Mapping[str, str], secrets: SecretFiles) -> list[Value]:
    """Values of `NAME_FILE` variables, then of the files in the secrets folders."""
    found: list[Value] = []
    for variable, name in variables.in_files().items():
        if path := environ.get(variable, "").strip():
            value = secrets.read(Path(path), variable)
            found += [Value(name, value, f"secret file {path} ({variable})")] if value else []
    for names in (variables.own(), variables.CONVENTIONAL):
        for variable, name in names.items():
            if value := secrets.value(variable):
                found.append(Value(name, value, f"secret file {secrets.path(variable)}"))
    return found


def from_toml(path: Path, label: str, problems: list[Problem]) -> list[Value]:
    """Values of a `voice-agent.toml`; unknown keys are problems.

    Raises:
        Mistake: the file as a whole cannot be used.
    """
    text = read_text(path)
    try:
        root = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        raise Mistake(
            "This is not valid TOML.",
            "Correct that line: text stands in quotes, and each key once.",
            place=":".join(place.groups()) if place else str(text.count("\n") + 1),
        ) from None
    except RecursionError:
        raise Mistake("This is nested too deeply.", "Check the brackets.") from None
    lines = _lines(text)
    found: list[Value] = []

    def walk(table: Mapping[str, Any], path: tuple[str, ...]) -> None:
        for key, value in table.items():
            name = ".".join([*path, key])
            where = f"{label}:{_line(lines, (*path, key))}"
            if name in variables.leaves():
                found.append(Value(name, value, where))
            elif any(leaf.startswith(name + ".") for leaf in variables.leaves()):
                if isinstance(value, dict):
                    walk(cast("dict[str, Any]", value), (*path, key))
                else:
                    problems.append(Problem(where, f"“{name}” is a table.", f"Write [{name}] above its keys."))
            else:
                problems.append(_unknown(name, where))

    walk(root, ())
    return found


def settle(layers: Iterable[list[Value]], problems: list[Problem]) -> tuple[Settings, dict[str, str]]:
    """The settings, and the origin of each; `layers` from strong to weak. A bad value is a problem, its default stays.

    Raises:
        ConfigError: a value from the command line is bad.
    """
    chosen: dict[str, Value] = {}
    for layer in layers:
        for value in layer:
            chosen.setdefault(value.name, value)
    while True:
        try:
            settings = Settings.model_validate(_tree(chosen.values()))
            break
        except ValidationError as error:
            for detail in error.errors(include_input=False, include_url=False):
                name = ".".join(str(part) for part in detail["loc"])
                bad = next(value for key, value in chosen.items() if name == key or name.startswith(key + "."))
                message = reason(detail["type"], detail["msg"])
                if bad.origin.startswith("--"):
                    raise ConfigError(f"{bad.origin}: {message}") from None
                if bad.name in chosen:
                    problem = Problem(bad.origin, f"“{bad.name}” is not used: {message}", "Correct or remove it.")
                    problems.append(problem)
                    del chosen[bad.name]
    origins = {name: chosen[name].origin if name in chosen else "default" for name in variables.leaves()}
    return settings, origins


_KINDS = {"float": "a number", "int": "a whole number", "bool": "true or false", "string": "text", "model": "a table"}


def reason(kind: str, message: str) -> str:
    """A sentence from what pydantic says of a bad value: its error type and message."""
    wanted = _KINDS.get(kind.partition("_")[0])
    if wanted and kind.endswith(("_parsing", "_type", "_from_float")):
        return f"it must be {wanted}."
    plain = message.removeprefix("Value error, ").rstrip(".") + "."
    for theirs, ours in _WORDINGS:
        plain = plain.replace(theirs, ours)
    return plain


_WORDINGS = (
    ("Input should be", "it must be"),
    ("less than or equal to", "at most"),
    ("greater than or equal to", "at least"),
    ("greater than", "more than"),
)


def _tree(values: Iterable[Value]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for value in values:
        *parents, last = value.name.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value.value
    return tree


def _unknown(name: str, where: str) -> Problem:
    guess = meant(name, variables.leaves())
    known = ", ".join(sorted({leaf.partition(".")[0] for leaf in variables.leaves()}))
    remedy = f"Did you mean “{guess}”?" if guess else f"The file knows {known}."
    return Problem(where, f"There is no setting “{name}”.", remedy)


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """The line of each key and table header, near enough: a line of a longer text may look like one."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\[?([^\[\]]+)\]", line):
            table = _keys(header[1])
            found.setdefault(table, number)
        elif key := re.match(r"""\s*([\w"'. -]+?)\s*=""", line):
            found.setdefault((*table, *_keys(key[1])), number)
    return found


def _keys(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _line(lines: Mapping[tuple[str, ...], int], path: tuple[str, ...]) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
