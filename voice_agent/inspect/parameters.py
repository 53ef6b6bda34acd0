"""Whether what a tool must be told can be said aloud (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from voice_agent.bridge.ids import is_id as told_by_name
from voice_agent.bridge.ids import lookups
from voice_agent.bridge.policy import is_read, words_of
from voice_agent.inspect.report import Area, Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voice_agent.bridge.types import Json, Tool

_BINARY = re.compile(r"\bbase ?64\b|\bbinary data\b|\bdata ?uri\b", re.IGNORECASE)
_JSON = re.compile(r"\bjson\b", re.IGNORECASE)
_BY_WORDS = re.compile(r"\b(?:or|and|by) (?:\w+ ){0,3}(?:name|title|words|label)", re.IGNORECASE)
_PATHS = (["path"], ["paths"], ["filepath"], ["filepaths"])
"""Last words of names of parameters that take a path."""
_FILES = frozenset(
    {"directories", "directory", "file", "files", "folder", "folders", "path", "paths", "repo", "repos", "repositories"}
    | {"root", "roots", "tree", "vault", "vaults", "workspace", "workspaces"}
)
"""Words of names of tools that tell of paths."""
_MOST_REQUIRED = 4
_UNSAYABLE = re.compile(r"(?=.*\d)(?=.*[A-Za-z_])[\w.-]{6,}|[a-z0-9]+(?:[_.:/-][a-z0-9]+){3,}")


def look_at_parameters(tools: Sequence[Tool]) -> list[Finding]:
    """Return the findings."""
    return [finding for tool in tools for finding in _of_tool(tool, tools)]


def _of_tool(tool: Tool, tools: Sequence[Tool]) -> Iterator[Finding]:
    properties = cast("dict[str, Json]", tool.input_schema.get("properties", {}))
    if not {"type", "properties", "$ref", "anyOf", "oneOf", "allOf"} & set(tool.original_schema):
        what = "Its schema says nothing of what it must be told."
        fix = "Describe its parameters; without that a model can only guess them."
        yield Finding(Area.PARAMETERS, Level.FAULT, tool.name, what, fix)
    required = [name for name in tool.input_schema.get("required", []) if name in properties]
    for name in required:
        yield from _of_required(tool, name, properties[name], tools)
    if len(required) > _MOST_REQUIRED:
        what = f"It must be told {len(required)} things before it does anything."
        fix = "Give defaults to what can be guessed, and let the rest be asked for (elicitation)."
        yield Finding(Area.PARAMETERS, Level.WARNING, tool.name, what, fix)
    bare = [name for name, node in properties.items() if not node.get("description") and len(words_of(name)) < 2]  # noqa: PLR2004 - a single word
    if bare:
        what = "It has parameters without a description."
        fix = "Say of each what it is, with an example of what people would say."
        yield Finding(Area.PARAMETERS, Level.NOTE, tool.name, what, fix)
    for node in properties.values():
        codes = [value for value in node.get("enum", []) if isinstance(value, str) and _UNSAYABLE.fullmatch(value)]
        if codes:
            what = f"It takes codes that nobody says, such as “{codes[0][:40]}”."
            fix = "Use words as values, or say in the description what people call them."
            yield Finding(Area.PARAMETERS, Level.NOTE, tool.name, what, fix)
            break


def _of_required(tool: Tool, name: str, node: Json, tools: Sequence[Tool]) -> Iterator[Finding]:
    said = str(node.get("description", ""))
    if is_binary(name, node):
        fix = "Take a link, a file that the server finds by itself, or plain text."
        what = f"It requires “{name}” as encoded data, which nobody can say."
        yield Finding(Area.PARAMETERS, Level.FAULT, tool.name, what, fix)
    elif _is_id_here(tool, name, node, tools):
        if lookups(tool, name, tools) or _BY_WORDS.search(said):
            what = "It requires an id, which has to be looked up by words first."
            fix = "Best is to take a name or words of it as well as the id."
            yield Finding(Area.PARAMETERS, Level.NOTE, tool.name, what, fix, name)
        else:
            what = "It requires an id, and no tool here finds one by words."
            fix = "Take a name or words of it as well as the id, or offer a list or search tool."
            yield Finding(Area.PARAMETERS, Level.WARNING, tool.name, what, fix, name)
    elif words_of(name)[-1:] in _PATHS:
        if any(_finds_files(other) for other in tools):
            what = "It requires a path, which nobody says and which has to be looked up first."
            fix = "Best is to take a file's name or words of it as well as its path."
            yield Finding(Area.PARAMETERS, Level.NOTE, tool.name, what, fix, name)
        else:
            what = "It requires a path, which nobody says, and no tool here finds one."
            fix = "Let it be set once when the server is started, or offer a tool that lists or searches what there is."
            yield Finding(Area.PARAMETERS, Level.WARNING, tool.name, what, fix, name)
    elif _is_nested(node):
        what, fix = "It requires an object in an object.", "Make its parts parameters of their own."
        if node.get("type") == "array":
            what = "It requires a list of objects, and people say one thing at a time."
            fix = "Take one at a time, its parts as parameters of their own, or a list of plain texts."
        yield Finding(Area.PARAMETERS, Level.WARNING, tool.name, what, fix, name)
    elif node.get("type") == "string" and not node.get("enum") and _JSON.search(f"{name} {said}"):
        what = "It requires JSON in a text."
        fix = "Describe it as parameters, so that a model is told what belongs in it."
        yield Finding(Area.PARAMETERS, Level.WARNING, tool.name, what, fix, name)


def is_id(name: str, node: Json) -> bool:
    """Tell whether a parameter takes what only a machine knows, as the bridge tells it, or a number that may be one."""
    parts = words_of(name)
    return told_by_name(name, node) or (len(parts) > 1 and parts[-1] == "number" and not node.get("enum"))


def _is_id_here(tool: Tool, name: str, node: Json, tools: Sequence[Tool]) -> bool:
    """Tell the same knowing the other tools: `issue_number` is an id where they are about issues, a count elsewhere."""
    parts = words_of(name)
    if told_by_name(name, node) or not is_id(name, node):
        return told_by_name(name, node)
    return any(parts[-2] in words_of(other.name) for other in tools if other is not tool)


def _finds_files(tool: Tool) -> bool:
    """Tell whether a tool that only reads tells of paths without being told one: the first step of any look-up."""
    required = [words_of(name)[-1:] for name in tool.input_schema.get("required", [])]
    return (
        not any(last in _PATHS for last in required)
        and any(word in _FILES for word in words_of(tool.name))
        and is_read(tool.name, tool.hints, trusted=False)
    )


def is_binary(name: str, node: Json) -> bool:
    """Tell whether a parameter takes encoded data."""
    return bool(_BINARY.search(f"{' '.join(words_of(name))} {node.get('description', '')}"))


def _is_nested(node: Json) -> bool:
    inner = cast("Json", node.get("items", {})) if node.get("type") == "array" else node
    return inner.get("type") == "object" or any(
        cast("Json", branch).get("type") == "object" for branch in inner.get("anyOf", [])
    )
