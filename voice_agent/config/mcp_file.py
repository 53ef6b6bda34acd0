"""An `mcp.json`: all its entries, each mistake with its line, whatever client it was written for.

Names of servers may be any text. Control and invisible characters are taken out and runs of blanks become one; a name
that is empty then is a mistake, and one that is there already gets a number.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from voice_agent.config import jsonc
from voice_agent.config.entry import is_entry, is_off, read_entry
from voice_agent.config.files import read_text
from voice_agent.config.mistake import Mistake
from voice_agent.config.types import Problem, ServerEntry

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from voice_agent.config.entry import Surroundings

_SECTIONS: tuple[tuple[str, ...], ...] = (
    ("mcpServers",),
    ("servers",),
    ("context_servers",),
    ("mcp", "servers"),
    ("mcp",),
    (),
)
"""Where clients keep their entries; the last is a bare map."""
_EDITOR_FOLDERS = {".vscode", ".cursor", ".gemini", ".roo", ".windsurf"}


@dataclass(slots=True)
class McpFile:
    """What one file says."""

    servers: list[ServerEntry] = field(default_factory=list[ServerEntry])
    disabled: list[str] = field(default_factory=list[str])
    names: set[str] = field(default_factory=set[str])
    """Every name in it, also of what is switched off or broken."""
    problems: list[Problem] = field(default_factory=list[Problem])


def read_mcp_file(path: Path, label: str, around: Surroundings, *, starts_servers_in_its_folder: bool) -> McpFile:
    """All entries of the file, which is called `label` in messages.

    Raises:
        Mistake: the file as a whole cannot be used.
    """
    document = jsonc.parse(read_text(path))
    section, entries = _entries(document.value)
    folder = path.absolute().parent
    workspace = folder.parent if folder.name in _EDITOR_FOLDERS else folder
    around = replace(
        around,
        scope=replace(around.scope, inputs=_inputs(document.value), folder=workspace),
        folder=folder,
        cwd=workspace if starts_servers_in_its_folder else None,
    )
    found = McpFile()
    repeated = set(document.repeated)
    for key in document.repeated:
        if any(key[:depth] in repeated for depth in range(1, len(key))):
            continue  # what is in an object that is there twice is not itself there twice
        found.problems.append(
            Problem(
                f"{label}:{document.line(*key)}",
                f"“{key[-1]}” is there twice; the last one counts.",
                "Remove or rename one of them.",
            )
        )
    for raw_name, raw in entries.items():
        line = document.line(*section, raw_name)
        where = f"{label}:{line}"
        try:
            name = unused_name(cleaned_name(raw_name), found.names)
        except Mistake as mistake:
            found.problems.append(Problem(where, mistake.message, mistake.remedy))
            continue
        found.names.add(name)
        if isinstance(raw, dict) and is_off(cast("dict[str, Any]", raw)):
            found.disabled.append(name)
            continue
        try:
            entry, mistakes = read_entry(name, raw, around, where)
        except Mistake as mistake:
            exact = f"{label}:{document.line(*section, raw_name, *mistake.key)}"
            found.problems.append(
                Problem(exact, f"“{name}” is left out: {mistake.message}", mistake.remedy, server=name)
            )
            continue
        found.servers.append(entry)
        for mistake in mistakes:
            exact = f"{label}:{document.line(*section, raw_name, *mistake.key)}"
            found.problems.append(Problem(exact, f"“{name}”: {mistake.message}", mistake.remedy))
    return found


def cleaned_name(raw: str) -> str:
    """A name without characters that cannot be seen.

    Raises:
        Mistake: nothing is left of it.
    """
    seen = "".join(" " if c.isspace() else c for c in raw if c.isspace() or unicodedata.category(c)[0] != "C")
    name = " ".join(seen.split())
    if not name:
        raise Mistake("A server has an empty name.", "Give it a name.")
    return name


def unused_name(name: str, used: Iterable[str]) -> str:
    """`name`, with a number behind it if it is taken."""
    taken = set(used)
    number = 1
    candidate = name
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate


def _entries(root: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    if is_entry(root):
        raise Mistake(
            "This is one server's entry without a name.", 'Put it into {"mcpServers": {"some-name": …}}.', place="1"
        )
    for section in _SECTIONS:
        value = root
        for key in section:
            value = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
        if not isinstance(value, dict):
            continue
        entries = cast("dict[str, Any]", value)
        if section in (("mcpServers",), ("servers",), ("context_servers",)) or any(map(is_entry, entries.values())):
            return section, entries
    if root == {}:
        return (), {}
    raise Mistake('There is no "mcpServers" object in this file.', 'Write {"mcpServers": {…}} around the entries.')


def _inputs(root: Any) -> dict[str, str | None]:
    """The `inputs` of VS Code and their defaults; one without a default is None."""
    if not isinstance(root, dict):
        return {}
    holders = [cast("dict[str, Any]", root), cast("dict[str, Any]", root).get("mcp")]
    found: dict[str, str | None] = {}
    for holder in holders:
        listed = cast("dict[str, Any]", holder).get("inputs") if isinstance(holder, dict) else None
        for item in cast("list[Any]", listed) if isinstance(listed, list) else []:
            if isinstance(item, dict) and isinstance(identifier := cast("dict[str, Any]", item).get("id"), str):
                default = cast("dict[str, Any]", item).get("default")
                found[identifier] = default if isinstance(default, str) else None
    return found
