"""Text clients at the hub: any MCP client, in both protocol eras, by HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from mcp import MCPError

from tests.support.bridges import WITHIN, lines_of, raw_entry
from tests.support.hubs import running_hub
from voice_agent.bridge.hub.words import call_meta, person_meta
from voice_agent.config.types import VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

    from mcp_types import ServerNotification

pytestmark = pytest.mark.contract

NEVER_ASK = VoiceOptions(confirm="never")
ERAS = pytest.mark.parametrize("era", ["legacy", "auto"])


def client_of(url: str, token: str, era: Any, **options: Any) -> Client[Any]:
    return Client(StreamableHttpTransport(url, auth=token), mode=era, **options)


@ERAS
async def test_a_text_client_finds_all_servers_behind_one_endpoint(tmp_path: Path, era: str) -> None:
    entries = raw_entry("one", voice=NEVER_ASK), raw_entry("two", voice=VoiceOptions(confirm="never", deny=("fail",)))
    async with (
        running_hub(tmp_path, *entries) as running,
        running.http() as url,
        client_of(url, running.token, era) as client,
    ):
        names = {tool.name for tool in await client.list_tools()}
        assert {"one_echo", "two_echo", "one_fail"} <= names
        assert "two_fail" not in names
        answer = await client.call_tool_mcp("two_echo", {"word": "hello"})
        assert answer.structured_content == {"word": "hello"}
        failed = await client.call_tool_mcp("one_fail", {})
        assert failed.is_error


@ERAS
async def test_progress_and_cancellation_pass_through(tmp_path: Path, era: str) -> None:
    calls, heard = tmp_path / "calls", list[float]()

    async def note(progress: float, total: float | None, message: str | None) -> None:
        del total, message
        heard.append(progress)

    async with (
        running_hub(tmp_path, raw_entry(calls=str(calls), voice=NEVER_ASK)) as running,
        running.http() as url,
        client_of(url, running.token, era) as client,
    ):
        await client.call_tool_mcp("raw_count_up", {}, progress_handler=note)
        assert heard == [1, 2, 3]
        call = asyncio.create_task(client.call_tool_mcp("raw_read_slowly", {"seconds": 60}))
        async with asyncio.timeout(WITHIN):
            while "read_slowly" not in lines_of(calls):
                await asyncio.to_thread(calls.exists)
            call.cancel()
            while "cancelled" not in lines_of(calls):
                await asyncio.to_thread(calls.exists)


async def test_a_call_that_needs_the_users_yes_is_refused_with_a_sentence(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    async with (
        running_hub(tmp_path, raw_entry(calls=str(calls))) as running,
        running.http() as url,
        client_of(url, running.token, "auto") as client,
    ):
        answer = await client.call_tool_mcp("raw_write_slowly", {"seconds": 0})
        assert answer.is_error
        assert "needs the user's own yes" in answer.content[0].text  # type: ignore[union-attr]
        assert lines_of(calls) == []


async def test_a_handshake_client_is_told_when_the_tools_change(tmp_path: Path) -> None:
    changed = asyncio.Event()

    async def hear(message: ServerNotification | Exception) -> None:
        if getattr(message, "method", "") == "notifications/tools/list_changed":
            changed.set()

    async with (
        running_hub(tmp_path, raw_entry(voice=NEVER_ASK)) as running,
        running.http() as url,
        client_of(url, running.token, "legacy", message_handler=hear) as client,
        running.job() as other,
    ):
        await client.list_tools()
        await other.call(other.resolve("raw.add_tool"), {})
        await asyncio.wait_for(changed.wait(), WITHIN)
        assert "raw_list_added" in {tool.name for tool in await client.list_tools()}


async def test_strangers_and_pages_of_other_sites_are_kept_out(tmp_path: Path) -> None:
    async with running_hub(tmp_path, raw_entry()) as running, running.http() as url, httpx2.AsyncClient() as client:
        own = {"Authorization": f"Bearer {running.token}", "Accept": "application/json, text/event-stream"}
        asked: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        found = {
            "no token": await client.post(url, json=asked),
            "wrong token": await client.post(url, json=asked, headers={"Authorization": "Bearer x"}),
            "other page": await client.post(url, json=asked, headers={**own, "Origin": "https://evil.example"}),
            "other name": await client.post(url, json=asked, headers={**own, "Host": "evil.example"}),
            "other path": await client.get(url.removesuffix("/mcp") + "/else", headers=own),
        }
        statuses = {name: response.status_code for name, response in found.items()}
        assert statuses == {
            "no token": 401,
            "wrong token": 401,
            "other page": 403,
            "other name": 421,
            "other path": 404,
        }


async def test_an_unknown_tool_is_said_to_be_unknown(tmp_path: Path) -> None:
    async with (
        running_hub(tmp_path, raw_entry()) as running,
        running.http() as url,
        client_of(url, running.token, "auto") as client,
    ):
        with pytest.raises(MCPError, match="There is no tool"):
            await client.call_tool_mcp("raw_nothing", {})


async def test_what_a_client_that_is_no_job_says_of_a_yes_is_not_believed(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    async with (
        running_hub(tmp_path, raw_entry(calls=str(calls))) as running,
        running.job() as job,
        running.http() as url,
        client_of(url, running.token, "auto") as client,
    ):
        tool = job.resolve("raw.write_slowly")
        meta = {**person_meta(None), **call_meta("1", tool, confirmed=True, asks=False)}
        answer = await client.call_tool_mcp(tool.key, {"seconds": 0}, meta=meta)
        assert answer.is_error
        assert lines_of(calls) == []
