"""A folder in which a configuration is read, with an environment that is all the test's own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voice_agent.config.load import Config, load
from voice_agent.config.types import HttpEntry, ServerEntry, StdioEntry

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class ConfigFolder:
    """`here` is the current folder, `home` is VOICE_AGENT_HOME; both are empty at first."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        self.here = self.root / "here"
        self.home = self.root / "home"
        self.here.mkdir(parents=True)
        self.home.mkdir()
        usual = {
            "VOICE_AGENT_HOME": str(self.home),
            "VOICE_AGENT_SECRETS_DIR": str(self.root / "secrets"),
            "HOME": str(self.root),
            "PATH": "",
        }
        self.environ = usual | self.environ

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def write_servers(self, entries: dict[str, Any], name: str = "mcp.json") -> Path:
        return self.write(name, json.dumps({"mcpServers": entries}))

    def load(self, **arguments: Any) -> Config:
        return load(environ=self.environ, cwd=self.here, **arguments)

    def entry(self, raw: dict[str, Any]) -> ServerEntry:
        """The entry that is made of `raw`, which must be without a mistake."""
        self.write_servers({"x": raw})
        config = self.load()
        assert config.problems == ()
        return named(config, "x")

    def stdio(self, raw: dict[str, Any]) -> StdioEntry:
        entry = self.entry(raw)
        assert isinstance(entry, StdioEntry)
        return entry

    def http(self, raw: dict[str, Any]) -> HttpEntry:
        entry = self.entry(raw)
        assert isinstance(entry, HttpEntry)
        return entry

    def problem(self, raw: Any) -> str:
        """The one problem of an entry, which is left out for it."""
        self.write_servers({"x": raw})
        config = self.load()
        assert [problem.server for problem in config.problems] == ["x"]
        assert [entry.name for entry in config.servers] == ["tasks"]
        return str(config.problems[0])


def named(config: Config, name: str) -> ServerEntry:
    found = [entry for entry in config.servers if entry.name == name]
    assert len(found) == 1
    return found[0]
