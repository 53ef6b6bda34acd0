"""Servers that are still starting: who waits for them, and who does not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import FastMCP
from fastmcp.client.transports import FastMCPTransport

from mcp_servers.task_manager.server import build_server
from tests.fakes.chat import Call
from tests.support.talk import PATIENCE, a_talk
from tests.support.task_manager import BERLIN
from voice_agent.config.settings import Limits

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pipeline

STARTING = "One moment, my tools are still starting."


class Late(FastMCPTransport):
    """A transport whose server takes until it is let go to start."""

    def __init__(self, server: FastMCP[Any]) -> None:
        super().__init__(server)
        self.go = asyncio.Event()

    def connect_session(self, **options: Any) -> Any:
        return _Late(self.go, super().connect_session(**options))


class _Late:
    def __init__(self, go: asyncio.Event, inner: Any) -> None:
        self._go, self._inner = go, inner

    async def __aenter__(self) -> Any:
        await self._go.wait()
        return await self._inner.__aenter__()

    async def __aexit__(self, *error: object) -> Any:
        return await self._inner.__aexit__(*error)


def reporting() -> FastMCP[Any]:
    server: FastMCP[Any] = FastMCP("reports")

    @server.tool(annotations={"readOnlyHint": True})
    def get_report() -> str:
        """Get the report."""
        return "The report is ready."

    _ = get_report
    return server


async def test_a_model_waits_for_servers_that_start_if_it_wants_to(tmp_path: Path) -> None:
    late = Late(reporting())
    script = [Call("wait_for_servers"), Call("slow_get_report"), "Ready."]
    async with a_talk(tmp_path, script, {"slow": late}, settle=False) as talk:
        turn = asyncio.create_task(talk.say("get the report"))
        await talk.until(lambda: STARTING in str(talk.of("agent")))
        assert [chat.tools for chat in talk.openai.chats] == [("wait_for_servers",)]
        late.go.set()
        assert "Ready." in await turn
        assert talk.openai.chats[1].results == ("All are there now.",)
        assert talk.openai.chats[1].tools == ("slow_get_report",)
        assert [line["tool"] for line in talk.of("tool_call")] == ["get_report"]


async def test_a_request_that_names_a_server_waits_until_it_has_started(tmp_path: Path) -> None:
    late = Late(reporting())
    servers = {"my-reports": late, "hung": Late(reporting())}
    async with a_talk(tmp_path, [Call("my-reports_get_report"), "Ready."], servers, settle=False) as talk:
        turn = asyncio.create_task(talk.say("get me the newest report"))
        await talk.until(lambda: STARTING in str(talk.of("agent")))
        assert not talk.openai.chats
        late.go.set()
        assert "Ready." in await turn


async def test_a_request_that_does_not_need_a_server_that_hangs_never_waits_for_it(tmp_path: Path) -> None:
    servers = {"good": reporting(), "hung": Late(reporting())}
    async with a_talk(tmp_path, [Call("good_get_report"), "Ready."], servers, settle=False) as talk:
        await talk.conversation.bridge.settle(PATIENCE, {"good"})
        assert "Ready." in await talk.say("get the report")
        assert STARTING not in str(talk.of("agent"))
        assert talk.openai.chats[0].tools == ("good_get_report", "wait_for_servers")


async def test_the_wait_for_servers_is_bounded(tmp_path: Path) -> None:
    servers = {"slow": Late(reporting())}
    script = [Call("wait_for_servers"), "I can't do that."]
    async with a_talk(tmp_path, script, servers, settle=False, limits=Limits(wait_for_servers=0.6)) as talk:
        assert "I can't do that." in await talk.say("get the report")
        assert talk.openai.chats[1].results == ("Still not there: slow. All others are.",)
        assert talk.openai.chats[1].tools == ()


@pytest.mark.parametrize(("words", "waits"), [("get the report", True), ("what can you do", True), ("hello", False)])
async def test_the_brain_of_rules_waits_for_servers_where_nothing_fits(
    tmp_path: Path, words: str, *, waits: bool
) -> None:
    late = Late(reporting())
    async with a_talk(tmp_path, (), {"slow": late}, settle=False, profile="offline") as talk:
        turn = asyncio.create_task(talk.say(words))
        if waits:
            await talk.until(lambda: STARTING in str(talk.of("agent")))
            late.go.set()
        said = await turn
        assert ("report is ready" in said or "help you with slow" in said) is waits
        assert len(talk.of("tool_call")) == (words == "get the report")


async def test_the_brain_of_rules_waits_for_a_task_manager_and_for_no_server_that_hangs(tmp_path: Path) -> None:
    late = Late(build_server(tmp_path / "tasks.db", BERLIN))
    servers = {"good": reporting(), "todo": late, "hung": Late(reporting())}
    async with a_talk(tmp_path, (), servers, settle=False, profile="offline") as talk:
        await talk.conversation.bridge.settle(PATIENCE, {"good"})
        await talk.say("get the report")
        assert STARTING not in str(talk.of("agent"))
        turn = asyncio.create_task(talk.say("add buy milk to my list"))
        await talk.until(lambda: STARTING in str(talk.of("agent")))
        late.go.set()
        assert "milk" in await turn
        assert [line["tool"] for line in talk.of("tool_call")] == ["get_report", "create_task"]
