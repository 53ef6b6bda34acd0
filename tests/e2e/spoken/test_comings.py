"""Servers come and go while somebody talks: what each side notices, and what is said of it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import FastMCP
from playwright.async_api import expect

from tests.fakes.chat import Call, Chat, Turn
from tests.support.bridges import lines_of, raw_entry
from tests.support.pages import card, said, sees

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.everything import Everything, Talker

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="package")]

BROKEN = "There is a mistake in your servers' file, so I keep what I had."


def lamps(folder: Path, **voice: Any) -> dict[str, Any]:
    """The entry of a server that writes down when it starts, and cannot while `folder / "away"` is there."""
    entry = raw_entry(starts=str(folder / "starts"), away=str(folder / "away"))
    return {"command": entry.command, "args": list(entry.args), "voice": {"confirm": "never", **voice}}


def tides() -> FastMCP[Any]:
    server: FastMCP[Any] = FastMCP("tides")

    @server.tool(annotations={"readOnlyHint": True})
    def get_tide() -> str:
        """Tell when the water is high."""
        return "High at noon."

    _ = get_tide
    return server


def model(chat: Chat) -> Turn:
    """One that calls what it is asked for, where it is offered, and says what came of it."""
    if chat.results:
        return "The lamps answered." if chat.results[-1] == "{}" else f"It says: {chat.results[-1]}"
    wanted = "tides_get_tide" if "tide" in chat.user else "lamps_echo"
    return Call(wanted, {}) if wanted in chat.tools else "I can't do that."


async def test_a_server_that_dies_is_told_of_where_it_is_missed_and_said_to_be_back_when_it_is(
    whole: Everything, tmp_path: Path
) -> None:
    async with whole.talk(model, {"lamps": lamps(tmp_path)}) as talker:
        await talker.speak("Ask the lamps for an echo")
        await talker.hears("The lamps answered.")
        offered = lamps_of(talker.chats[0])

        (tmp_path / "away").touch()
        os.kill(int(lines_of(tmp_path / "starts")[-1]), signal.SIGKILL)
        await talker.in_state("lamps", "reconnecting")
        # At first it is away for having been killed, and then for what the next tries to start it come to.
        await expect(talker.page.locator("[data-server=lamps]")).to_contain_text("nded with status 1")
        assert talker.aloud.endswith("The lamps answered.")

        await talker.speak("Ask the lamps for another echo")
        await talker.hears("Lamps is not available: it ended with status 1.")
        assert "lamps_echo" not in talker.chats[-1].tools

        (tmp_path / "away").unlink()
        await talker.hears("Lamps is back.")
        await talker.in_state("lamps", "ready")
        await talker.type("Ask the lamps for one more echo")
        await sees(card(talker.page, "lamps.echo", "ok").nth(1))
        assert lamps_of(talker.chats[-1]) == offered
        assert len(lines_of(tmp_path / "starts")) == 2


async def test_edits_of_the_file_attach_change_and_detach_servers_and_a_mistake_keeps_them(
    whole: Everything, tmp_path: Path
) -> None:
    async with whole.talk(model, {"lamps": lamps(tmp_path)}) as talker, whole.served({"tides": tides()}) as more:
        whole.write({**talker.entries, **more})
        await talker.in_state("tides", "ready")
        await talker.type("When is the tide high?")
        await talker.hears("It says: High at noon.")

        whole.config.write_text('{"mcpServers": {"lamps": ')
        await talker.hears(BROKEN)
        await sees(talker.page.get_by_role("log").get_by_text("mcp.json:1"))
        assert await states(talker) == {"tasks": "ready", "lamps": "ready", "tides": "ready"}
        # One entry alone is wrong: the others follow the edit, and it stays as it was.
        whole.write({"lamps": {"args": ["neither command nor url"]}, **more})
        await expect(said(talker.page, "agent", BROKEN)).to_have_count(2)
        assert await states(talker) == {"tasks": "ready", "lamps": "ready", "tides": "ready"}

        # Its tool is denied, without a new start; the other server is taken out.
        whole.write({"lamps": lamps(tmp_path, deny=["echo"])})
        await talker.in_state("tides", "disabled")
        await talker.speak("Ask the lamps for an echo")
        await talker.hears("I can't do that.")
        assert not {"lamps_echo", "tides_get_tide"} & {*talker.chats[-1].tools}
        assert len(lines_of(tmp_path / "starts")) == 1


async def states(talker: Talker) -> dict[str, str]:
    """How the page shows each server."""
    rows = await talker.page.locator("[data-server]").all()
    return {str(await row.get_attribute("data-server")): str(await row.get_attribute("data-state")) for row in rows}


def lamps_of(chat: Chat) -> set[str]:
    """What the model was offered of that server."""
    return {tool for tool in chat.tools if tool.startswith("lamps_")}
