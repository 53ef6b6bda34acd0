"""`--server URL|COMMAND`: a server without any file.

`[NAME=][VARIABLE=value …]COMMAND` or `[NAME=]URL`. What stands before the first `=` is the name, unless it is in
capitals: then it is a variable for the server, as in a shell. Placeholders such as `${TOKEN}` are known here too, so
that a secret need not stand in the list of processes.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from voice_agent.config.entry import Surroundings, read_entry
from voice_agent.config.mcp_file import unused_name
from voice_agent.config.mistake import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voice_agent.config.types import ServerEntry

_PREFIX = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)=")
_VARIABLE = re.compile(r"(?P<name>[A-Z_][A-Z0-9_]*)=(?P<value>.*)", re.DOTALL)
_RUNNERS: dict[str, frozenset[str]] = {
    "npx": frozenset({"-p", "--package", "-c", "--call", "-w", "--workspace"}),
    "bunx": frozenset({"-p", "--package"}),
    "pnpm": frozenset({"--package", "-C", "--dir"}),
    "yarn": frozenset({"-p", "--package", "--cwd"}),
    "npm": frozenset({"-p", "--package", "--prefix"}),
    "uvx": frozenset(
        {"--from", "--with", "--python", "-p", "--index-url", "--default-index", "--index", "--directory"}
    ),
    "uv": frozenset({"--from", "--with", "--python", "-p", "--directory", "--project", "--index-url", "--index"}),
    "pipx": frozenset({"--spec", "--python", "--pip-args", "--index-url"}),
    "docker": frozenset(
        {"-e", "--env", "--env-file", "-v", "--volume", "--mount", "--name", "--network", "--net", "-p", "--publish"}
        | {"-u", "--user", "-w", "--workdir", "--entrypoint", "--platform", "--pull", "-l", "--label", "--add-host"}
    ),
}
"""Programs that start others, and those of their options that take a value."""
_ALIASES = {"podman": "docker", "nerdctl": "docker", "pnpx": "npx"}
_SUBCOMMANDS = frozenset({"run", "exec", "dlx", "tool", "x"})
_INTERPRETERS = re.compile(r"(?:python|pypy|node|deno|bun|ruby|php|java|sh|bash|env)[\d.]*w?")
_NOT_A_NAME = {"mcp", "api", "www", "sse", "app", "server", "servers"}
_SECOND_LEVEL = {"co", "com", "org", "net", "gov", "ac", "edu"}


def read_server_argument(text: str, around: Surroundings, used: Iterable[str]) -> ServerEntry:
    """The server that one `--server` describes, under a name that is not in `used`.

    Raises:
        Mistake: it is neither a URL nor a command line, or a placeholder in it has no value.
    """
    rest = text.strip()
    name = ""
    if (prefix := _PREFIX.match(rest)) and not _VARIABLE.match(rest):
        name, rest = prefix["name"], rest[prefix.end() :].strip()
    raw: dict[str, Any]
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", rest):
        raw = {"url": rest}
        name = name or name_of_url(rest)
    else:
        words, env = _words(rest)
        raw = {"command": words[0], "args": words[1:], "env": env}
        name = name or name_of_command(words)
    entry, _ = read_entry(unused_name(name, used), raw, around, "--server")
    return entry


def _words(line: str) -> tuple[list[str], dict[str, str]]:
    try:
        words = shlex.split(line, posix=os.name != "nt")
    except ValueError:
        raise Mistake("A quote is not closed.", "Close it, or quote the whole argument with the other kind.") from None
    env: dict[str, str] = {}
    while words and (variable := _VARIABLE.fullmatch(words[0])):
        env[variable["name"]] = variable["value"]
        words = words[1:]
    if not words:
        raise Mistake("There is no command in it.", "Write a URL, or a command such as 'uvx mcp-server-time'.")
    return words, env


def name_of_url(url: str) -> str:
    """`https://mcp.example.com/mcp` is `example`."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        host = ""
    if not host or host == "localhost" or ":" in host or re.fullmatch(r"[\d.]+", host):
        return "local"
    labels = host.split(".")
    if len(labels) > 1:
        labels.pop()
        if len(labels) > 1 and labels[-1] in _SECOND_LEVEL:
            labels.pop()
    telling = [label for label in labels if label not in _NOT_A_NAME]
    return (telling or labels)[-1]


def name_of_command(words: Sequence[str]) -> str:
    """`npx -y @modelcontextprotocol/server-memory` is `memory`; `uvx mcp-server-time` is `time`."""
    program = _program(words[0])
    return _bare(_started(program, list(words[1:])) or program)


def _program(word: str) -> str:
    return re.sub(r"(?i)\.(?:exe|cmd|bat)$", "", PurePath(word.replace("\\", "/")).name)


def _started(program: str, args: list[str]) -> str | None:
    """The word that says what is started, where `program` only starts it."""
    program = _ALIASES.get(program, program)
    with_value = _RUNNERS.get(program)
    if with_value is None and not _INTERPRETERS.fullmatch(program):
        return None
    rest = iter(args)
    for word in rest:
        if with_value is None and word == "-m":
            return next(rest, None)
        if with_value and word in with_value:
            next(rest, None)
        elif not (word.startswith("-") or (with_value and word in _SUBCOMMANDS) or (program == "env" and "=" in word)):
            inner = _program(word)
            is_runner = inner in _RUNNERS or (inner != program and _INTERPRETERS.fullmatch(inner))
            return (_started(inner, list(rest)) or inner) if is_runner else word
    return None


def _bare(word: str) -> str:
    """A package, module, image or path without what all of them have in common."""
    last = re.split(r"[/\\]", word.rstrip("/\\"))[-1]
    last = re.sub(r"\.(?:py|m?js|cjs|ts|sh|rb|jar)$", "", last)
    last = re.split(r"[@:\[=<>~!]", last)[0] if not last.startswith("@") else last[1:]
    if re.fullmatch(r"\w+(?:\.\w+)+", last):
        last = last.split(".")[-1]
    last = last.replace("_", "-").strip("-.")
    for pattern in (r"^(?:mcp-)?server-", r"^mcp-", r"-(?:mcp-server|mcp|server)$"):
        last = re.sub(pattern, "", last) or last
    return last or "server"
