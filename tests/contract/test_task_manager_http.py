"""The service over HTTP: who is let in by which name, how much may be asked for, and how it ends."""

from __future__ import annotations

import asyncio
import json
import socket
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastmcp import Client

from mcp_servers.task_manager.over_http import limits
from mcp_servers.task_manager.over_http import serving as serving_module
from tests.support.program import PATIENCE, run
from tests.support.task_service import (
    ALICE,
    BERLIN,
    HANDSHAKE,
    MODERN,
    application_on,
    authenticator_for,
    call,
    headers,
    options,
    post,
    request,
    said,
    serving,
    write_tokens,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

pytestmark = [pytest.mark.contract, pytest.mark.timeout(90)]

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is to be refused, or guarded


@pytest.mark.parametrize(("mode", "version"), [("auto", MODERN), ("legacy", HANDSHAKE)])
async def test_both_protocol_eras_create_list_and_complete(tmp_path: Path, mode: Any, version: str) -> None:
    with serving(tmp_path) as service:
        async with Client(service.url, mode=mode, timeout=PATIENCE) as client:
            assert client.protocol_version == version
            await client.call_tool("create_task", {"title": "buy milk"})
            assert "buy milk" in (await client.call_tool("list_tasks")).content[0].text  # type: ignore[union-attr]
            await client.call_tool("complete_task", {"task": "milk"})
            assert (await client.call_tool("list_tasks")).structured_content == {
                "tasks": [],
                "total": 0,
                "next_cursor": None,
            }


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "", "192.0.2.7", "example.com"])
def test_an_address_that_others_reach_is_refused_without_tokens(tmp_path: Path, host: str) -> None:
    done = run("task-manager-mcp", "http", "--host", host, "--port", "0", home=tmp_path)
    assert done.status == 2
    assert done.err.count("\n") == 1
    for flag in ("--host", "--tokens", "--jwks-url", "--public-key", "--issuer", "--audience"):
        assert flag in done.err


def test_with_tokens_it_listens_on_every_address(tmp_path: Path) -> None:
    file = write_tokens(tmp_path)
    with serving(tmp_path, "--host", EVERYWHERE, "--tokens", str(file)) as service:
        port = httpx.URL(service.url).port
        assert service.url == f"http://0.0.0.0:{port}/mcp"
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").json() == {"status": "ok"}
        assert httpx.post(f"http://127.0.0.1:{port}/mcp").status_code == 401


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--tokens", "nowhere.txt"), "--tokens: nowhere.txt cannot be read: no such file or directory."),
        (("--public-key", "nowhere.pem"), "JWTs need --issuer and --audience too"),
        (("--jwks-url", "https://x/k", "--public-key", "k.pem"), "Give --jwks-url or --public-key, not both."),
        (("--jwks-url", "keys.json", "--issuer", "i", "--audience", "a"), "--jwks-url: give a whole address"),
        (("--public-key", "no.pem", "--issuer", "i", "--audience", "a"), "--public-key: no.pem cannot be read"),
        (("--port", "none"), "--port: “none” is not a number from 0 to 65535."),
        (("--rate", "-1"), "--rate: “-1” is not a number from 0"),
        (("--log-level", "loud"), "--log-level: “loud” is none of debug, info, warning, error."),
    ],
)
def test_options_that_cannot_be_used_are_told_in_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    done = run("task-manager-mcp", "http", "--port", "0", *arguments, home=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert sentence in done.err
    assert done.err.count("\n") == 1


def test_every_option_can_come_from_the_environment(tmp_path: Path) -> None:
    file = write_tokens(tmp_path)
    variables = {"TASK_MANAGER_TOKENS": str(file), "TASK_MANAGER_HOST": "localhost", "TASK_MANAGER_MAX_BODY": "2000"}
    with serving(tmp_path, **variables) as service:
        assert service.url.startswith("http://localhost:")
        assert httpx.post(service.url).status_code == 401
        message = call("create_task", {"title": "x" * 2000})
        answer = httpx.post(service.url, json=message, headers=headers(message, ALICE))
    assert answer.status_code == 413
    assert said(answer) == "The request is too large: at most 2000 bytes."


def test_a_port_that_is_taken_is_told_with_status_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("task-manager-mcp", "http", "--port", port, home=tmp_path)
    assert done.status == 1
    assert done.err == (
        f"task-manager-mcp: 127.0.0.1, port {port}, cannot be listened on: address already in use. "
        "Choose another --port.\n"
    )


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8765", 200),
        ("localhost:1", 200),
        ("[::1]:8765", 200),
        ("LOCALHOST", 200),
        ("rebound.example.com:8765", 421),
        ("127.0.0.1.example.com", 421),
        ("192.0.2.7:8765", 421),
        ("", 421),
    ],
)
async def test_on_loopback_only_names_of_this_machine_are_its_own(tmp_path: Path, host: str, status: int) -> None:
    async with application_on(tmp_path / "tasks.db") as (_, client):
        answer = await post(client, call("list_tasks"), Host=host)
    assert answer.status_code == status
    assert status == 200 or "--allowed-host" in said(answer)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:5173", 200),
        ("http://127.0.0.1", 200),
        ("https://evil.example.com", 403),
        ("http://localhost.example.com", 403),
        ("null", 403),
        ("localhost", 403),
    ],
)
async def test_on_loopback_only_pages_of_this_machine_may_call(tmp_path: Path, origin: str, status: int) -> None:
    async with application_on(tmp_path / "tasks.db") as (_, client):
        answer = await post(client, call("list_tasks"), Origin=origin)
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers


async def test_named_hosts_and_origins_are_let_in_and_pages_may_read_the_answers(tmp_path: Path) -> None:
    given = {"allowed_host": ("tasks.example.com",), "allowed_origin": ("https://app.example.com",)}
    async with application_on(tmp_path / "tasks.db", **given) as (_, client):
        asked = {"Host": "tasks.example.com", "Origin": "https://app.example.com"}
        answer = await post(client, call("list_tasks"), **asked)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
        before = await client.options("/mcp", headers={**asked, "Access-Control-Request-Method": "POST"})
        assert before.status_code == 204
        assert "Authorization" in before.headers["access-control-allow-headers"]
        assert (await post(client, call("list_tasks"), Origin="http://app.example.com")).status_code == 403


async def test_open_to_others_addresses_in_figures_are_its_own_and_names_must_be_known(tmp_path: Path) -> None:
    given = {"host": EVERYWHERE, "tokens": str(write_tokens(tmp_path)), "public_url": "https://tasks.example.com/"}
    async with application_on(tmp_path / "tasks.db", **given) as (_, client):
        found = {
            host: (await post(client, call("list_tasks"), ALICE, Host=host)).status_code
            for host in ("192.0.2.7:8765", "[2001:db8::1]", "tasks.example.com", "rebound.example.com")
        }
    assert found == {"192.0.2.7:8765": 200, "[2001:db8::1]": 200, "tasks.example.com": 200, "rebound.example.com": 421}


async def test_other_paths_and_methods_are_refused_plainly(tmp_path: Path) -> None:
    async with application_on(tmp_path / "tasks.db") as (_, client):
        elsewhere, put = await client.get("/elsewhere"), await client.put("/mcp")
        assert (elsewhere.status_code, said(elsewhere)) == (404, "There is nothing here. The Task Manager is at /mcp.")
        assert (put.status_code, put.headers["allow"]) == (405, "GET, POST, DELETE")
        assert (await post(client, call("list_tasks"))).headers["x-request-id"]
        assert (await client.get("/healthz", headers={"X-Request-Id": "mine-1"})).headers["x-request-id"] == "mine-1"
        assert (await client.get("/healthz", headers={"X-Request-Id": "a b"})).headers["x-request-id"] != "a b"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"[[]]", b'"x"', b"[" * 100_000, b"\xff\xfe", b'{"method":{}}', b"1e999999"]
)
@pytest.mark.parametrize("version", [MODERN, HANDSHAKE])
async def test_bodies_that_are_no_requests_are_refused_without_a_fault(
    tmp_path: Path, body: bytes, version: str
) -> None:
    asked = headers(request("ping")) | {"MCP-Protocol-Version": version, "Content-Type": "application/json"}
    async with application_on(tmp_path / "tasks.db") as (_, client):
        answer = await client.post("/mcp", content=body, headers=asked)
    assert 400 <= answer.status_code < 500
    assert "Traceback" not in answer.text


async def test_too_many_requests_a_second_are_told_when_to_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_module, "Rate", partial(limits.Rate, clock=lambda: 0.0))
    async with application_on(tmp_path / "tasks.db", rate=0.5) as (_, client):
        first, second = await post(client, call("list_tasks")), await post(client, call("list_tasks"))
    assert first.status_code == 200
    assert (second.status_code, second.headers["retry-after"]) == (429, "2")
    assert said(second) == "Too many requests: at most 0.5 a second. Try again in 2 s."


async def test_too_many_requests_at_once_are_told_to_wait(tmp_path: Path) -> None:
    async with application_on(tmp_path / "tasks.db", max_concurrent=1) as (_, client):
        sent, go_on = asyncio.Event(), asyncio.Event()

        async def slowly() -> AsyncGenerator[bytes]:
            yield b"{"
            sent.set()
            await go_on.wait()
            yield json.dumps(call("list_tasks"))[1:].encode()

        asked = {**headers(call("list_tasks")), "Content-Type": "application/json"}
        running = asyncio.create_task(client.post("/mcp", content=slowly(), headers=asked))
        await asyncio.wait_for(sent.wait(), PATIENCE)
        answer = await post(client, call("list_tasks"))
        go_on.set()
        assert (await asyncio.wait_for(running, PATIENCE)).status_code == 200
        assert (await post(client, call("list_tasks"))).status_code == 200
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert said(answer) == "Too many requests at once: at most 1. Wait for the answer to one of them."


def test_too_many_sessions_are_refused_and_open_ones_go_on(tmp_path: Path) -> None:
    params = {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    opening = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    asked = {"Accept": "application/json, text/event-stream"}
    with serving(tmp_path, "--max-sessions", "1") as service, httpx.Client(timeout=PATIENCE) as client:
        first, second = [client.post(service.url, json=opening, headers=asked) for _ in range(2)]
        mine = {**asked, "Mcp-Session-Id": first.headers["mcp-session-id"]}
        assert client.delete(service.url, headers=mine).status_code == 200
        third = client.post(service.url, json=opening, headers=asked)
    assert [first.status_code, second.status_code, third.status_code] == [200, 503, 200]
    assert said(second) == "Too many open sessions"


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def never() -> Any:
        await asyncio.Event().wait()

    with pytest.raises(limits.Refused) as refused:
        await limits.read_body(never, 1000, None, within=0.01)
    assert refused.value.answer.status == 408


async def test_a_body_of_unknown_size_is_cut_at_the_limit() -> None:
    async def endless() -> Any:
        return {"type": "http.request", "body": b"x" * 600, "more_body": True}

    with pytest.raises(limits.Refused) as refused:
        await limits.read_body(endless, 1000, None)
    assert refused.value.answer.status == 413


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTT", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX"])
async def test_headers_that_do_not_come_are_not_waited_for(
    tmp_path: Path, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = options(port=0)
    app = serving_module.application(wanted, tmp_path / "tasks.db", BERLIN, authenticator_for(wanted))
    bound = serving_module.listen(wanted.host, 0)
    listening = asyncio.Event()
    server = serving_module.Server(serving_module.configured(app, wanted), listening.set, app.drain)
    async with app.run():
        running = asyncio.create_task(server.serve([bound]))
        await asyncio.wait_for(listening.wait(), PATIENCE)
        reader, writer = await asyncio.open_connection("127.0.0.1", bound.getsockname()[1])
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.wait_for(reader.readuntil(b'"ok"}'), PATIENCE)
        monkeypatch.setattr(serving_module, "HEADERS_WITHIN", 0.05)
        writer.write(sent)
        if not sent:
            reader, writer = await asyncio.open_connection("127.0.0.1", bound.getsockname()[1])
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        writer.close()
        server.should_exit = True
        await asyncio.wait_for(running, PATIENCE)


def test_headers_that_are_too_large_are_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        assert httpx.get(f"{service.base}/mcp", headers={"X": "x" * 40_000}).status_code == 431
        assert httpx.get(f"{service.base}/elsewhere", headers={"X": "x" * 10_000}).status_code == 404
