"""`voice-agent up`, `worker` and `web` as commands: what they say, and what is left when they have ended."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from tests.support.livekit import a_livekit
from tests.support.program import BIN, PATIENCE, environment, run, tasks
from tests.support.up import up
from voice_agent.cli.livekit_server import find_livekit_server
from voice_agent.errors import PartMissing

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.cli.livekit_server import Address

pytestmark = pytest.mark.e2e


def variables(livekit: Address) -> dict[str, str]:
    return {
        "LIVEKIT_URL": livekit.url,
        "LIVEKIT_API_KEY": livekit.api_key,
        "LIVEKIT_API_SECRET": livekit.api_secret,
    }


async def test_it_uses_the_livekit_server_that_is_configured_and_lets_text_clients_in(
    livekit: Address, tmp_path: Path
) -> None:
    with up(tmp_path, "--clients-port", "0", variables=variables(livekit), by_make=True) as everything:
        assert everything.livekit == livekit.url
        assert not [one for one in everything.processes() if one.name() == "livekit-server"]
        assert everything.clients is not None
        async with httpx.AsyncClient() as web:
            origin = {"origin": everything.page[:-1]}
            answer = await web.post(everything.page + "api/token", json={}, headers=origin)
            assert answer.json()["url"] == livekit.url
            assert (await web.get(everything.page + "healthz")).text == "OK"
            # Browsers that sign in at a server come back to the page: a hub that knew of none would listen itself.
            assert psutil.Process(everything.hub).environ()["VOICE_AGENT_WEB__URL"] == everything.page[:-1]
            strayed = await web.get(everything.page + "callback?code=1&state=2")
            assert "belongs to no sign-in" in strayed.text
            assert (await web.post(everything.clients, json={})).status_code == 401
        token = (tmp_path / "voice-agent" / "hub-token").read_text().strip()
        async with Client(StreamableHttpTransport(everything.clients, auth=token)) as client:
            await client.call_tool("tasks_create_task", {"title": "buy milk"})
            assert "buy milk" in str(await client.read_resource("tasks://open"))
        assert [task["title"] for task in tasks(tmp_path)] == ["buy milk"]

        hub = psutil.Process(everything.hub)
        hub.kill()
        hub.wait(PATIENCE)
        async with httpx.AsyncClient() as web, asyncio.timeout(PATIENCE):
            while not await answers(web, everything.clients):
                pass


async def answers(web: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await web.post(url, json={})).status_code == 401
    except httpx.TransportError:
        return False


def test_a_second_one_on_the_same_port_says_so_and_leaves_the_first_alone(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("voice-agent", "up", "--profile", "offline", "--port", str(port), home=tmp_path)
    assert done.status == 1
    assert f"Port {port} cannot be used" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("command", ["worker", "web"])
def test_a_part_alone_without_a_livekit_server_says_what_to_set(tmp_path: Path, command: str) -> None:
    done = run("voice-agent", command, home=tmp_path)
    assert done.status == 2
    assert "LIVEKIT_URL" in done.err
    assert "Traceback" not in done.err


def test_a_livekit_server_without_its_key_is_a_mistake(tmp_path: Path) -> None:
    done = run("voice-agent", "up", home=tmp_path, env={"LIVEKIT_URL": "ws://127.0.0.1:1"})
    assert done.status == 2
    assert "LIVEKIT_API_KEY" in done.err


def test_a_livekit_server_of_our_own_can_be_reached_from_this_machine_alone(tmp_path: Path) -> None:
    with a_livekit(tmp_path) as server:
        links = psutil.Process(server.process.pid).net_connections("inet")
    assert {link.laddr.ip for link in links if link.laddr} == {"127.0.0.1"}


def test_without_the_program_it_says_in_one_sentence_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(PartMissing, match="make livekit"):
        find_livekit_server(str(tmp_path))


def test_a_closed_terminal_and_ctrl_c_while_it_is_starting_leave_nothing(tmp_path: Path) -> None:
    command = [str(BIN / "voice-agent"), "up", "--json", "--profile", "offline", "--verbose"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(tmp_path), cwd=tmp_path
    ) as process:
        assert process.stderr is not None
        # The first word of the worker: it is running, and not ready.
        assert process.stderr.readline()
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    # Standard error is closed by the last process that holds it.
    assert process.returncode == 0
    assert out == b""
    assert b"Traceback" not in err
