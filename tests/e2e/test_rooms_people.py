"""Two people who have logged in, in two real rooms, on one hub that is killed while they talk."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import jwt
import pytest
from livekit import rtc

from tests.contract.test_sign_in_bridge import notes
from tests.fakes.authority import Authority, browse, guarded
from tests.support.livekit import a_guest_with
from tests.support.up import up

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.support.livekit import Guest
    from tests.support.up import Up
    from voice_agent.cli.livekit_server import Address

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def running(livekit: Address, home: Path) -> Generator[Up]:
    args = ["-m", "tests.support.slow_server", str(home / "note")]
    slow = {"command": sys.executable, "args": args, "cwd": str(Path(__file__).parents[2])}
    config = home / "mcp.json"
    config.write_text(json.dumps({"mcpServers": {"slow": {**slow, "voice": {"trust": True, "scope": "shared"}}}}))
    variables = {
        "LIVEKIT_URL": livekit.url,
        "LIVEKIT_API_KEY": livekit.api_key,
        "LIVEKIT_API_SECRET": livekit.api_secret,
        "VOICE_AGENT_WEB__SUBJECT_HEADER": "X-User",
        "VOICE_AGENT_WEB__PROXIES": "127.0.0.1",
    }
    with up(home, "--config", str(config), variables=variables) as everything:
        yield everything


def token_of(running: Up, person: str) -> str:
    """What the web part gives to somebody of whom the proxy says who they are."""
    headers = {"origin": running.page.rstrip("/"), "x-user": person}
    with httpx.Client(trust_env=False) as client:
        assert (
            client.post(f"{running.page}api/token", json={}, headers={"origin": headers["origin"]}).status_code == 401
        )
        return client.post(f"{running.page}api/token", json={"subject": "owner"}, headers=headers).json()["token"]


def is_back(guest: Guest, server: str) -> bool:
    """Whether a server is there again, as the conversation was told."""
    states = [line["state"] for line in guest.of("server", name=server)]
    return "reconnecting" in states and states[-1] == "ready"


def results(guest: Guest) -> str:
    return json.dumps([line for line in guest.lines if line["event"] in ("tool_result", "agent")])


async def _ask(guest: Guest, text: str, count: int) -> dict[str, Any]:
    """Type a request and return the result of the call, which is the one of this number in this conversation."""
    await guest.type(text)
    await guest.until(lambda: len(guest.of("tool_result")) >= count)
    line = guest.of("tool_result")[-1]
    await guest.until(lambda: len(guest.of("agent", kind="reply")) >= count)
    return line


async def test_two_people_in_two_rooms_on_one_hub_never_see_each_others_tasks(running: Up) -> None:
    async with (
        a_guest_with(running.livekit, token_of(running, "anna")) as anna,
        a_guest_with(running.livekit, token_of(running, "ben")) as ben,
    ):
        for guest, own, other in ((anna, "call the surgeon", "ring"), (ben, "buy a ring", "surgeon")):
            await guest.follow()
            assert (await _ask(guest, f"add {own}", 1))["status"] == "ok", results(guest)[-1500:]
            assert (await _ask(guest, "list my tasks", 2))["status"] == "ok"
            assert own in results(guest)
            assert other not in results(guest)
            assert guest.of("ready")[-1]["approves"] is False
            with pytest.raises(rtc.RpcError, match="Only who runs this assistant"):
                await guest.command("va.approve", server="slow", held=[])
        # Neither by naming what is the other's.
        await anna.type("complete buy a ring")
        await anna.until(lambda: len(anna.of("agent")) > 3)
        assert (await _ask(ben, "list my tasks", 3))["status"] == "ok"
        assert "buy a ring" in json.dumps(ben.of("tool_result")[-1])


async def test_each_of_two_people_signs_in_for_themselves_and_neither_for_the_other(running: Up, home: Path) -> None:
    async def link(guest: Guest) -> str:
        await guest.until(lambda: any(line["login"] for line in guest.of("server", name="notes")))
        return guest.of("server", name="notes")[-1]["login"]

    def state(guest: Guest) -> str:
        return guest.of("server", name="notes")[-1]["state"]

    config = home / "mcp.json"
    before = config.read_text()
    async with (
        guarded(notes(), Authority()) as gate,
        a_guest_with(running.livekit, token_of(running, "anna")) as anna,
        a_guest_with(running.livekit, token_of(running, "ben")) as ben,
    ):
        for guest in (anna, ben):
            await guest.follow()
        entry = {"url": f"{gate.url}/mcp", "auth": "oauth", "voice": {"confirm": "never"}}
        config.write_text(json.dumps({"mcpServers": json.loads(before)["mcpServers"] | {"notes": entry}}))
        await browse(await link(anna))
        await anna.until(lambda: state(anna) == "ready")
        assert (await _ask(anna, "get count", 1))["status"] == "ok", results(anna)[-1500:]
        assert state(ben) == "needs_login"
        await browse(await link(ben))
        await ben.until(lambda: state(ben) == "ready")
        assert (await _ask(ben, "get count", 1))["status"] == "ok", results(ben)[-1500:]
        told = json.dumps([anna.lines, ben.lines])
    config.write_text(before)
    tokens = {given.removeprefix("Bearer ") for given in gate.seen if given}
    assert len(tokens) == 2
    assert not any(token in told for token in tokens)


async def test_a_hub_that_is_killed_under_a_write_is_started_again_and_conversations_go_on(
    running: Up, home: Path
) -> None:
    async with (
        a_guest_with(running.livekit, token_of(running, "anna")) as anna,
        a_guest_with(running.livekit, token_of(running, "ben")) as ben,
    ):
        for guest in (anna, ben):
            await guest.follow()
        assert (await _ask(ben, "add polish the boots", 1))["status"] == "ok"
        await anna.type("launch rocket")
        call = (await anna.line("tool_call", tool="launch_rocket"))["call"]
        await anna.line("progress", call=call)

        await asyncio.to_thread(os.kill, running.hub, signal.SIGKILL)

        assert (await anna.line("tool_result", call=call))["status"] == "unknown"
        for guest in (ben, anna):
            await guest.until(lambda guest=guest: is_back(guest, "tasks"))
        assert (await _ask(ben, "list my tasks", 2))["status"] == "ok", results(ben)[-1500:]
        assert "polish the boots" in results(ben)
        await anna.until(lambda: "know whether it went through" in results(anna))
        assert (await _ask(anna, "add sharpen the pencils", 2))["status"] == "ok"
    assert (home / "note").read_text() == "launched"


async def test_the_token_of_a_conversation_tells_the_person_and_nothing_that_they_could_change(running: Up) -> None:
    claims = jwt.decode(token_of(running, "anna"), options={"verify_signature": False})
    told = json.loads(claims["roomConfig"]["agents"][0]["metadata"])
    assert told["subject"] == "anna"
    assert claims["sub"] == told["identity"] != "anna"
    assert claims["video"]["canUpdateOwnMetadata"] is False
    assert "attributes" not in claims
