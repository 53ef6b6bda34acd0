"""A configuration as it may be shown to anybody: plain data without any secret."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from voice_agent.config.mask import HIDDEN, masked_args, masked_url
from voice_agent.config.types import StdioEntry

if TYPE_CHECKING:
    from voice_agent.config.load import Config
    from voice_agent.config.types import Problem, ServerEntry


def shown_config(config: Config) -> dict[str, Any]:
    """`settings` (value and origin of each), `servers`, `disabled`, `problems`, `home`, `mcp_file`, `settings_file`."""
    return {
        "settings": {
            name: {"value": _shown(_value(config, name)), "origin": origin} for name, origin in config.origins.items()
        },
        "servers": [shown_server(entry) for entry in config.servers],
        "disabled": list(config.disabled),
        "problems": [shown_problem(problem) for problem in config.problems],
        "home": str(config.home),
        "mcp_file": None if config.mcp_file is None else str(config.mcp_file),
        "settings_file": None if config.settings_file is None else str(config.settings_file),
    }


def shown_server(entry: ServerEntry) -> dict[str, Any]:
    """One entry: where it is from, what it starts or reaches, and our options."""
    common = {"name": entry.name, "origin": entry.origin, "voice": asdict(entry.voice)}
    if isinstance(entry, StdioEntry):
        return {
            **common,
            "transport": "stdio",
            "command": masked_args([entry.command], entry.secrets)[0],
            "args": list(masked_args(entry.args, {*entry.secrets, *_telling(entry.env.values())})),
            "env": dict.fromkeys(entry.env, HIDDEN),
            "cwd": None if entry.cwd is None else masked_args([str(entry.cwd)], entry.secrets)[0],
        }
    return {
        **common,
        "transport": entry.transport or "http, else sse",
        "url": masked_url(entry.url, entry.secrets),
        "headers": dict.fromkeys(entry.headers, HIDDEN),
        "auth": entry.auth if entry.auth in (None, "oauth") else HIDDEN,
    }


def shown_problem(problem: Problem) -> dict[str, Any]:
    """One problem; `server` is the entry that was left out, or null."""
    return asdict(problem)


def _telling(values: Any) -> set[str]:
    """Values of an `env` that can be told from ordinary words, so that hiding them hides nothing else."""
    return {value for value in values if len(value) >= 6}  # noqa: PLR2004 - shorter ones are words such as "info"


def _value(config: Config, name: str) -> Any:
    value: Any = config.settings
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return HIDDEN
    return masked_url(value) if isinstance(value, str) and "://" in value else value
