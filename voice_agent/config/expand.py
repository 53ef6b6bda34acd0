"""Placeholders such as `${VAR}` in an `mcp.json`, as the clients that invented them mean them.

Known: `${VAR}`, `${VAR:-default}` (also used where VAR is empty, as in a shell), `${env:VAR}`, `${input:id}`,
`${userHome}`, `${workspaceFolder}`, `${workspaceFolderBasename}`, `${pathSeparator}` and `${/}`. A default may hold
placeholders of its own. What a placeholder stands for is never expanded again. A bare `$VAR` stays as it is.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from voice_agent.config.mask import is_secret_name
from voice_agent.config.mistake import Mistake

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.()-]*")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where placeholders find their values."""

    environ: Mapping[str, str]
    secret_file: Callable[[str], str | None]
    """The text of the secret file of a variable that the environment lacks."""
    inputs: Mapping[str, str | None]
    """The `inputs` that the file declares, with their defaults."""
    folder: Path
    """The workspace: what relative paths and `${workspaceFolder}` mean."""
    home: Path
    secrets: set[str] = field(default_factory=set[str], repr=False)
    """Collects what placeholders stood for that were inputs, came from secret files or are named as secrets are."""

    def within(self, env: Mapping[str, str]) -> Scope:
        """This scope with an entry's own `env` before all other variables."""
        return replace(self, environ={**self.environ, **env})

    def variable(self, name: str) -> str | None:
        """The value of a variable, noted if it is a secret."""
        if name in self.environ:
            value = self.environ[name]
            return self.noted(value) if is_secret_name(name) else value
        value = self.secret_file(name)
        return value if value is None else self.noted(value)

    def noted(self, value: str) -> str:
        """`value`, which is a secret."""
        self.secrets.add(value)
        return value


def expand(text: str, scope: Scope) -> str:
    """`text` with its placeholders replaced.

    Raises:
        Mistake: a placeholder has no value and no default, or is of an unknown kind.
    """
    parts: list[str] = []
    at = 0
    while (start := text.find("${", at)) >= 0:
        end = _closing(text, start + 2)
        if end < 0:
            break
        parts += (text[at:start], _value(text[start + 2 : end], scope))
        at = end + 1
    return "".join([*parts, text[at:]])


def input_variable(identifier: str) -> str:
    """The environment variable that gives an input its value."""
    return "MCP_INPUT_" + re.sub(r"\W", "_", identifier).upper()


def _closing(text: str, at: int) -> int:
    depth = 1
    for mark in re.finditer(r"\$\{|\}", text[at:]):
        depth += 1 if mark[0] == "${" else -1
        if depth == 0:
            return at + mark.start()
    return -1


def _value(body: str, scope: Scope) -> str:
    fixed = {
        "userHome": str(scope.home),
        "workspaceFolder": str(scope.folder),
        "workspaceFolderBasename": scope.folder.name,
        "pathSeparator": os.sep,
        "/": os.sep,
    }
    if body in fixed:
        return fixed[body]
    name, has_default, default = body.partition(":-")
    kind, colon, rest = name.partition(":")
    if colon and kind == "input":
        return _input(rest, scope, expand(default, scope) if has_default else None)
    if colon and kind == "env":
        name = rest
    elif colon:
        raise Mistake(
            f"“${{{kind}:…}}” is a placeholder of another program that has no value here.",
            "Write the value itself, or a variable as in ${VAR}.",
        )
    if not _NAME.fullmatch(name):
        return f"${{{body}}}"
    found = scope.variable(name)
    if not found and has_default:
        found = expand(default, scope)
    if found is None:
        raise Mistake(
            f"The variable {name} is not set.",
            f"Set it (export {name}=…), put it into a secret file called {name.lower()},"
            f" or give it a default: ${{{name}:-…}}",
        )
    return found


def _input(identifier: str, scope: Scope, default: str | None) -> str:
    name = input_variable(identifier)
    found = scope.variable(name)
    if found is None:
        found = default if default is not None else scope.inputs.get(identifier)
    if found is None:
        raise Mistake(
            f"The input “{identifier}” has no value.",
            f"Set {name}, or put it into a secret file called {name.lower()}.",
        )
    return scope.noted(found)
