"""What an operator sees of the service: health, an orderly end, and logs that keep secrets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
from typing import TYPE_CHECKING

import httpx
import httpx2
import pytest
from fastmcp import Client

from tests.support.program import PATIENCE
from tests.support.task_service import ALICE, application_on, call, headers, serving, write_tokens

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.contract, pytest.mark.timeout(90)]


async def test_ready_means_that_the_database_answers_and_alive_does_not(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with application_on(tmp_path / "file" / "tasks.db") as (_, client):
        ready, alive = await client.get("/readyz"), await client.get("/healthz")
        assert (ready.status_code, alive.status_code) == (503, 200)
        assert str(tmp_path) not in ready.text
    async with application_on(tmp_path / "tasks.db", tokens=str(write_tokens(tmp_path))) as (app, client):
        ready = await client.get("/readyz", headers={"Host": "10.1.2.3:8765"})
        assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
        assert (tmp_path / "tasks.db").exists()
        app.drain()
        assert (await client.get("/readyz")).status_code == 503


def half_a_call(url: str) -> tuple[socket.socket, bytes]:
    """A connection on which a call has begun, and the rest of it."""
    body = json.dumps(call("create_task", {"title": "buy milk"})).encode()
    asked = {**headers(call("create_task")), "Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in asked.items())
    parts = httpx.URL(url)
    connection = socket.create_connection((parts.host, parts.port or 0), PATIENCE)
    connection.sendall(f"POST /mcp HTTP/1.1\r\nHost: {parts.host}\r\n{head}\r\n".encode() + body[:10])
    return connection, body[10:]


def wait_until_it_drains(port: int) -> None:
    """Until nobody new is let in."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), PATIENCE).close()
        except OSError:
            return


def test_sigterm_lets_running_calls_finish_and_nobody_new_in(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        connection, rest = half_a_call(service.url)
        httpx.get(f"{service.base}/healthz")  # what was sent before it has been read
        service.process.send_signal(signal.SIGTERM)
        wait_until_it_drains(httpx.URL(service.url).port or 0)
        connection.sendall(rest)
        answer = connection.makefile("rb").read()
        assert b"Added" in answer
        assert service.ended() == 0
    assert [line["event"] for line in service.logged()][-1] == "ended"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_second_signal_ends_it_at_once(tmp_path: Path, number: signal.Signals, status: int) -> None:
    with serving(tmp_path, "--drain", "3600") as service:
        connection, _ = half_a_call(service.url)
        httpx.get(f"{service.base}/healthz")
        service.process.send_signal(number)
        wait_until_it_drains(httpx.URL(service.url).port or 0)
        service.process.send_signal(number)
        assert service.ended() == status
        connection.close()


def test_what_does_not_finish_is_given_up_after_the_limit(tmp_path: Path) -> None:
    with serving(tmp_path, "--drain", "1") as service:
        connection, _ = half_a_call(service.url)
        httpx.get(f"{service.base}/healthz")
        service.process.send_signal(signal.SIGTERM)
        assert service.ended() == 0
        connection.close()
    assert "Traceback" not in "".join(service.lines)


async def test_open_streams_do_not_hold_up_the_end_and_ctrl_c_is_quiet(tmp_path: Path) -> None:
    with serving(tmp_path, "--drain", "3600") as service:
        client = Client(service.url, mode="legacy", timeout=PATIENCE)  # keeps a stream open for what the server says
        await client.__aenter__()
        await client.call_tool("list_tasks")
        service.process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(service.ended) == 130
        with contextlib.suppress(httpx2.HTTPError):  # it finds nobody there
            await asyncio.wait_for(client.close(), PATIENCE)
    assert {line["level"] for line in service.logged()} == {"info"}


def test_the_log_tells_what_was_done_and_nothing_of_what_tasks_say(tmp_path: Path) -> None:
    file = write_tokens(tmp_path)
    with serving(tmp_path, "--tokens", str(file)) as service, httpx.Client(base_url=service.base) as client:
        for tool, arguments in (
            ("create_task", {"title": "Geheimnis", "notes": "Geheimnis", "tags": ["geheimnis"]}),
            ("complete_task", {"task": "Urlaub"}),
            ("create_task", {"titel": "Geheimnis"}),
            ("Geheimnis", {}),
        ):
            message = call(tool, arguments)
            client.post("/mcp", json=message, headers={**headers(message, ALICE), "X-Request-Id": f"id-{tool[:4]}"})
        message = call("list_tasks", {"query": "Geheimnis"})
        client.post("/mcp?q=Geheimnis", json=message, headers=headers(message, "Geheimnis"))
        service.process.send_signal(signal.SIGTERM)
        assert service.ended() == 0
    text = "".join(service.lines)
    assert "geheimnis" not in text.casefold()
    assert ALICE not in text
    assert "alice" not in text
    calls = [line for line in service.logged() if line["event"] == "call"]
    assert [(line["tool"], line["outcome"], line["request"]) for line in calls] == [
        ("create_task", "ok", "id-crea"),
        ("complete_task", "refused", "id-comp"),
        ("create_task", "refused", "id-crea"),
        ("unknown", "refused", calls[3]["request"]),
    ]
    assert len({line["subject"] for line in calls}) == 1
    assert all(line["ms"] >= 0 and line["method"] == "tools/call" for line in calls)
    assert [line["status"] for line in service.logged() if line["event"] == "request_refused"] == [401]
