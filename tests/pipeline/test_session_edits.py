"""Editing `mcp.json` while a conversation goes on, at a moment that could be missed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.bridges import raw_entry
from tests.support.talk import a_talk
from voice_agent.config.load import Config, load
from voice_agent.session.servers import follow_edits

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pipeline


async def test_an_edit_that_comes_while_the_one_before_is_read_is_not_lost(tmp_path: Path) -> None:
    file, entry = tmp_path / "mcp.json", raw_entry()
    server = {"command": entry.command, "args": list(entry.args)}

    def write(*names: str) -> None:
        servers = {"tasks": {"disabled": True}, **dict.fromkeys(names, server)}
        file.write_text(json.dumps({"mcpServers": servers}))

    def read() -> Config:
        config = load(config=file, environ={"VOICE_AGENT_HOME": str(tmp_path / "home")}, cwd=tmp_path)
        if [one.name for one in config.servers] == ["one"]:
            write("one", "two")
        return config

    write()
    async with a_talk(tmp_path, [], {}) as talk:
        follow_edits(talk.conversation, read(), read)
        write("one")
        await talk.until(lambda: [line for line in talk.of("server") if line["name"] == "two"])
