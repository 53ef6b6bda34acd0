from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest
from fastmcp import FastMCP
from fastmcp.server.auth.providers.jwt import StaticTokenVerifier

from tests.support.bridges import running, status_of, until_state
from tests.support.web_servers import answering, kept_port, served, silent, small_server
from voice_agent.bridge.supervisor import Pace
from voice_agent.bridge.types import State, Status
from voice_agent.config.types import HttpEntry, VoiceOptions

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("kind", ["http", "sse"])
@pytest.mark.parametrize("typed", [True, False])
async def test_a_server_by_url_is_found_out_and_called(kind: Any, typed: bool) -> None:
    transport = kind if typed else None
    async with served(small_server(), kind) as url, running(HttpEntry("web", url, transport=transport)) as bridge:
        assert status_of(bridge, "web").state is State.READY
        result = await bridge.call(bridge.resolve("web.get_sum"), {"a": 2, "b": 3})
        assert (result.status, result.text) == (Status.OK, "5")


@pytest.mark.parametrize(
    ("head", "state", "words"),
    [
        ("401 Unauthorized", State.NEEDS_LOGIN, "asked for a login (401)"),
        ("403 Forbidden", State.NEEDS_LOGIN, "asked for a login (403)"),
        ("404 Not Found", State.FAILED, "does not speak MCP at"),
        ("500 Internal Server Error", State.FAILED, "has an error of its own (500)"),
        ("429 Too Many Requests", State.FAILED, "asks to be left alone for a while (429)"),
        ("200 OK\r\nContent-Type: text/html", State.FAILED, "answered in a way that is not MCP"),
        ("301 Moved\r\nLocation: http://example.com/", State.FAILED, "has moved away from"),
    ],
)
async def test_a_server_that_refuses_is_one_sentence(head: str, state: State, words: str) -> None:
    entry_headers = {"X-Key": "tell-nobody"}
    async with (
        answering(head, "<html>s3cret</html>") as url,
        running(HttpEntry("web", url, headers=entry_headers)) as bridge,
    ):
        status = status_of(bridge, "web")
    assert status.state is state
    assert status.reason is not None
    assert words in status.reason
    assert "secret" not in status.reason
    assert "s3cret" not in status.reason


async def test_nobody_listening_is_one_sentence() -> None:
    with kept_port() as port:
        url = f"http://user:pass@127.0.0.1:{port}/mcp?key=abcdef"
        async with running(HttpEntry("web", url)) as bridge:
            reason = status_of(bridge, "web").reason
    assert reason == f"refused the connection at http://127.0.0.1:{port}/mcp"


async def test_a_name_that_is_not_known_is_one_sentence() -> None:
    async with running(HttpEntry("web", "http://no-such-host.invalid/mcp")) as bridge:
        reason = status_of(bridge, "web").reason
    assert reason == "could not be found: the name in http://no-such-host.invalid/mcp is not known"


async def test_a_server_that_never_answers_is_given_up() -> None:
    async with silent() as url, running(HttpEntry("web", url), pace=Pace(connect_url=0.4)) as bridge:
        status = status_of(bridge, "web")
    assert (status.state, status.reason) == (State.FAILED, "did not answer within 0.4 s")


async def test_a_bearer_token_opens_a_server_that_asks_for_one() -> None:
    server = small_server()
    server.auth = StaticTokenVerifier({"opensesame": {"client_id": "me", "scopes": []}})
    async with served(server) as url:
        with_token = HttpEntry("with", url, auth="opensesame")
        async with running(with_token, HttpEntry("without", url), HttpEntry("wrong", url, auth="x")) as bridge:
            assert status_of(bridge, "with").state is State.READY
            assert status_of(bridge, "without").state is State.NEEDS_LOGIN
            assert status_of(bridge, "wrong").state is State.NEEDS_LOGIN


@pytest.mark.parametrize("kind", ["http", "sse"])
async def test_a_server_that_restarts_is_in_use_again(kind: Any) -> None:
    async with contextlib.AsyncExitStack() as stack:
        port = stack.enter_context(kept_port())
        url = f"http://127.0.0.1:{port}/{'mcp' if kind == 'http' else 'sse'}"
        entry = HttpEntry("web", url, transport=kind, voice=VoiceOptions(timeout=1.0))
        async with served(small_server(), kind, port):
            bridge = await stack.enter_async_context(running(entry))
            before = bridge.tools
        tool = bridge.resolve("web.get_sum")
        lost = await bridge.call(tool, {"a": 1, "b": 1})
        assert lost.status is Status.ERROR
        await until_state(bridge, State.RECONNECTING, "web")
        await stack.enter_async_context(served(small_server(), kind, port))
        await until_state(bridge, State.READY, "web")
        assert len(before) == 2
        assert all(one is other for one, other in zip(before, bridge.tools, strict=True))
        await bridge.reconfigure([replace(entry, voice=VoiceOptions())])
        assert (await bridge.call(tool, {"a": 1, "b": 1})).text == "2"
        await bridge.aclose()


async def test_oauth_is_a_login_that_is_still_to_come() -> None:
    async with answering("401 Unauthorized") as url, running(HttpEntry("web", url, auth="oauth")) as bridge:
        status = status_of(bridge, "web")
    assert status.state is State.NEEDS_LOGIN
    assert status.reason is not None
    assert "sign in with: voice-agent servers login web" in status.reason


async def test_a_fastmcp_server_without_tools_is_ready() -> None:
    async with served(FastMCP("empty")) as url, running(HttpEntry("web", url)) as bridge:
        assert (status_of(bridge, "web").state, status_of(bridge, "web").tools) == (State.READY, 0)
