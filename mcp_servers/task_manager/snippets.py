"""What to paste into which client, so that it finds this server. The keys are those of each client's documentation."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_servers.task_manager.errors import BadRequest
from mcp_servers.task_manager.options import arguments_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_servers.task_manager.options import Options

NAME = "tasks"
"""What clients call the server."""
TOKEN = "YOUR-TOKEN"  # noqa: S105 - stands where one is to be put
"""Stands for the person's own token, which is not ours to print."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a client starts or reaches the server."""

    command: str
    arguments: list[str]
    url: str | None
    """Over HTTP; else None."""
    needs_token: bool

    @property
    def headers(self) -> dict[str, str]:
        """What every HTTP request carries."""
        return {"Authorization": f"Bearer {TOKEN}"} if self.needs_token else {}

    @property
    def program(self) -> dict[str, Any]:
        """As nearly all clients write a command."""
        return {"command": self.command, "args": self.arguments}

    def remote(self, url_key: str = "url", **more: Any) -> dict[str, Any]:
        """As nearly all clients write an address."""
        headers = {"headers": self.headers} if self.headers else {}
        return {**more, url_key: self.url, **headers}


@dataclass(frozen=True, slots=True)
class Client:
    """A client and where its servers are written."""

    place: str
    snippet: Callable[[Launch], Any]
    """Its JSON; or text, for clients that want something else."""


def _servers(key: str, entry: Callable[[Launch], dict[str, Any]]) -> Callable[[Launch], dict[str, Any]]:
    return lambda launch: {key: {NAME: entry(launch)}}


def _either(remote: Callable[[Launch], dict[str, Any]], **program: Any) -> Callable[[Launch], dict[str, Any]]:
    return lambda launch: remote(launch) if launch.url else {**program, **launch.program}


def _claude_desktop(launch: Launch) -> dict[str, Any]:
    if not launch.url:
        return launch.program
    header = ["--header", f"Authorization: Bearer {TOKEN}"] if launch.needs_token else []
    return {"command": "npx", "args": ["-y", "mcp-remote", launch.url, "--allow-http", *header]}


def _zed(launch: Launch) -> dict[str, Any]:
    return launch.remote() if launch.url else {"source": "custom", **launch.program}


def _opencode(launch: Launch) -> dict[str, Any]:
    if launch.url:
        return launch.remote(type="remote")
    return {"type": "local", "command": [launch.command, *launch.arguments]}


def _codex(launch: Launch) -> str:
    if launch.url:
        token = '\nbearer_token_env_var = "TASK_MANAGER_TOKEN"' if launch.needs_token else ""
        return f"[mcp_servers.{NAME}]\nurl = {json.dumps(launch.url)}{token}"
    arguments = json.dumps(launch.arguments, ensure_ascii=False)
    return f"[mcp_servers.{NAME}]\ncommand = {json.dumps(launch.command, ensure_ascii=False)}\nargs = {arguments}"


def _goose(launch: Launch) -> str:
    lines = ["extensions:", f"  {NAME}:", "    enabled: true"]
    if launch.url:
        lines += ["    type: streamable_http", f"    uri: {json.dumps(launch.url)}"]
        lines += ["    headers:", f'      Authorization: "Bearer {TOKEN}"'] if launch.needs_token else []
    else:
        lines += ["    type: stdio", f"    cmd: {json.dumps(launch.command, ensure_ascii=False)}"]
        lines += [f"    args: {json.dumps(launch.arguments, ensure_ascii=False)}"]
    return "\n".join(lines)


_PLAIN = _servers("mcpServers", _either(Launch.remote))
_TYPED = _servers("mcpServers", _either(lambda launch: launch.remote(type="http"), type="stdio"))

CLIENTS = {
    "claude-code": Client(".mcp.json in the project", _TYPED),
    "claude-desktop": Client(
        "claude_desktop_config.json (Settings, Developer, Edit Config)", _servers("mcpServers", _claude_desktop)
    ),
    "cline": Client(
        "cline_mcp_settings.json (MCP Servers, Configure)",
        _servers("mcpServers", _either(lambda launch: launch.remote(type="streamableHttp"))),
    ),
    "codex": Client("~/.codex/config.toml", _codex),
    "cursor": Client("~/.cursor/mcp.json, or .cursor/mcp.json in the project", _PLAIN),
    "gemini-cli": Client(
        "~/.gemini/settings.json", _servers("mcpServers", _either(lambda launch: launch.remote("httpUrl")))
    ),
    "goose": Client("~/.config/goose/config.yaml", _goose),
    "opencode": Client("opencode.json", _servers("mcp", _opencode)),
    "roo-code": Client(
        ".roo/mcp.json in the project",
        _servers("mcpServers", _either(lambda launch: launch.remote(type="streamable-http"))),
    ),
    "vscode": Client(
        ".vscode/mcp.json in the workspace",
        _servers("servers", _either(lambda launch: launch.remote(type="http"), type="stdio")),
    ),
    "windsurf": Client(
        "~/.codeium/windsurf/mcp_config.json",
        _servers("mcpServers", _either(lambda launch: launch.remote("serverUrl"))),
    ),
    "zed": Client("settings.json (zed: open settings)", _servers("context_servers", _zed)),
}


def snippet(name: str, options: Options) -> tuple[str, str]:
    """What to paste, and where. Raises `BadRequest` for a client that is not known, naming those that are."""
    client = CLIENTS.get(name.strip().casefold().replace(" ", "-").replace("_", "-"))
    if client is None:
        raise BadRequest(f"--print-config: no client is called “{name}”. There are: {', '.join(CLIENTS)}.")
    made = client.snippet(_launch(options))
    text = made if isinstance(made, str) else json.dumps(made, indent=2, ensure_ascii=False)
    return text, client.place


def _launch(options: Options) -> Launch:
    """Clients start programs in folders and with a PATH of their own, so every path is written out."""
    url = _url(options) if options.transport == "http" else None
    command = shutil.which("task-manager-mcp", path=str(Path(sys.executable).parent)) or shutil.which(
        "task-manager-mcp"
    )
    if command:
        return Launch(command, arguments_of(options), url, options.is_authenticated)
    module = ["-m", "mcp_servers.task_manager", *arguments_of(options)]
    return Launch(sys.executable, module, url, options.is_authenticated)


def _url(options: Options) -> str:
    if options.public_url:
        return options.public_url.rstrip("/") + "/mcp"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)  # noqa: S104 - what is meant here is any
    if not options.port:
        raise BadRequest("--print-config: give the --port that the server will have; 0 is another one at each start.")
    return f"http://[{host}]:{options.port}/mcp" if ":" in host else f"http://{host}:{options.port}/mcp"
