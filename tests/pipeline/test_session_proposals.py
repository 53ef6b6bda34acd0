"""What another agent of the user wants done is read aloud, and done after the same yes; real hub, real clients."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mcp_types
import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from tests.support.bridges import lines_of, raw_entry
from tests.support.hubs import running_hub
from tests.support.talk import Talk, a_talk
from voice_agent.bridge.hub.attached import HubBridge, Place
from voice_agent.config.types import VoiceOptions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tests.fakes.chat import Turn
    from tests.support.hubs import RunningHub

pytestmark = pytest.mark.pipeline

DELETES = "raw_write_slowly", {"seconds": 0}
READ_BACK = "Let Desk Top write slowly, with seconds 0? Shall I go ahead?"


@dataclass
class Both:
    """A voice conversation and a text client of one user, on one hub."""

    hub: RunningHub
    talk: Talk
    client: Client[Any]
    calls: Path

    def propose(self) -> asyncio.Task[Any]:
        return asyncio.create_task(self.client.call_tool_mcp(*DELETES))

    async def asked(self) -> str:
        await self.talk.until(lambda: self.talk.of("confirm"))
        await self.talk.conversation.settle()
        return str(self.talk.of("confirm")[-1]["text"])


@contextlib.asynccontextmanager
async def both(tmp_path: Path, script: list[Turn], era: Any = "auto") -> AsyncGenerator[Both]:
    calls = tmp_path / "calls"
    async with (
        running_hub(tmp_path, raw_entry(calls=str(calls))) as hub,
        a_client(hub, era) as client,
        a_talk(tmp_path, script, {}, bridge=bridge_to(hub)) as talk,
    ):
        yield Both(hub, talk, client, calls)


@contextlib.asynccontextmanager
async def a_client(hub: RunningHub, era: Any = "auto") -> AsyncGenerator[Client[Any]]:
    info = mcp_types.Implementation(name="desk-top", version="1", title="Desk Top")
    async with (
        hub.http() as url,
        Client(StreamableHttpTransport(url, auth=hub.token), mode=era, client_info=info) as client,
    ):
        yield client


def bridge_to(hub: RunningHub, subject: str | None = None) -> HubBridge:
    permit = hub.hub.permits.give(subject) if hub.hub.permits is not None else None
    return HubBridge(Place(hub.address, hub.token, permit, None), hub.config.servers)


@pytest.mark.parametrize("era", ["legacy", "auto"])
async def test_it_is_read_aloud_with_the_clients_name_and_runs_after_the_users_yes(tmp_path: Path, era: str) -> None:
    async with both(tmp_path, ["That is done."], era) as two:
        proposed = two.propose()
        assert await two.asked() == READ_BACK
        assert lines_of(two.calls) == []
        assert await two.talk.say("yes") == "That is done."
        answer = await proposed
        assert not answer.is_error
        assert len(lines_of(two.calls)) == 1


async def test_after_a_no_nothing_is_done_and_the_client_is_told(tmp_path: Path) -> None:
    async with both(tmp_path, []) as two:
        proposed = two.propose()
        await two.asked()
        await two.talk.say("no")
        answer = await proposed
        assert answer.is_error
        assert "did not agree" in answer.content[0].text
        assert lines_of(two.calls) == []


async def test_what_the_client_gives_up_waiting_for_is_not_done_by_a_later_yes(tmp_path: Path) -> None:
    async with both(tmp_path, ["Yes what?"]) as two:
        proposed = two.propose()
        await two.asked()
        proposed.cancel()
        await asyncio.wait({proposed})
        await two.talk.until(lambda: two.talk.of("answered"))
        await two.talk.say("yes")
        assert lines_of(two.calls) == []


async def test_it_is_refused_at_once_when_the_conversation_has_ended(tmp_path: Path) -> None:
    async with both(tmp_path, []) as two:
        await two.talk.conversation.aclose()
        answer = await two.propose()
        assert answer.is_error
        assert "no conversation is open" in answer.content[0].text
        assert lines_of(two.calls) == []


async def test_where_the_hub_holds_it_it_waits_for_the_users_next_conversation_and_for_nobody_elses(
    tmp_path: Path,
) -> None:
    calls = tmp_path / "calls"
    entry = raw_entry(calls=str(calls), voice=VoiceOptions(scope="shared"))
    async with running_hub(tmp_path, entry) as hub, a_client(hub) as client:
        hub.hub.conversations.hold = 120
        proposed = asyncio.create_task(client.call_tool_mcp(*DELETES))
        async with a_talk(tmp_path / "anna", [], {}, bridge=bridge_to(hub, "anna")) as other:
            await client.list_tools()
            assert not proposed.done()
            async with a_talk(tmp_path / "own", ["That is done."], {}, bridge=bridge_to(hub)) as talk:
                await talk.until(lambda: talk.of("confirm"))
                await talk.conversation.settle()
                assert str(talk.of("confirm")[-1]["text"]) == READ_BACK
                assert await talk.say("yes") == "That is done."
                assert not (await proposed).is_error
            assert other.of("confirm") == []
    assert len(lines_of(calls)) == 1
