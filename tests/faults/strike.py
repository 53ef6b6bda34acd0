"""What the faulty server does when it strikes: one function for each fault, on whatever transport it is."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.server import Object, Out

Strike: TypeAlias = "Callable[[Out, Object, Object], None]"
NOTICE: dict[str, Any] = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}}


def spec() -> dict[str, Any]:
    return sys.modules["__main__"].SPEC


def hang(_out: Out, _answer: Object, _request: Object) -> None:
    time.sleep(3600)


def die(_out: Out, _answer: Object, _request: Object) -> None:
    os._exit(3)


def half(out: Out, answer: Object, _request: Object) -> None:
    data = out.frame(answer)
    out.raw(data[: len(data) // 2])
    time.sleep(3600)


def half_and_die(out: Out, answer: Object, _request: Object) -> None:
    data = out.frame(answer)
    out.raw(data[: len(data) // 2])
    os._exit(3)


def garbage(out: Out, answer: Object, _request: Object) -> None:
    out.raw(b'\x00\xff{]{ Starting up...\n\n{"jsonrpc": 7}\n\n')
    out.message(answer)


def wrong_id(out: Out, answer: Object, _request: Object) -> None:
    if spec()["transport"] == "http":
        body = json.dumps({**answer, "id": 987_654})
        out.status("200 OK\r\nContent-Type: application/json", body)
    else:
        out.message({**answer, "id": 987_654})


def twice(out: Out, answer: Object, _request: Object) -> None:
    out.message(answer)
    out.message(answer)


def unknown(out: Out, answer: Object, _request: Object) -> None:
    out.message({"jsonrpc": "2.0", "method": "notifications/no/such"})
    out.message({"jsonrpc": "2.0", "id": "q1", "method": "no/such", "params": {}})
    out.message(answer)


def flood(out: Out, answer: Object, _request: Object) -> None:
    many = out.frame(NOTICE) * 500
    out.message(answer) if spec()["transport"] == "stdio" else None
    with contextlib.suppress(OSError):
        while True:
            out.raw(many)


def flood_of_asks(out: Out, _answer: Object, request: Object) -> None:
    """Ask and tell without end: pings to be answered, progress to be told, lists that have changed."""
    token = request.get("params", {}).get("_meta", {}).get("progressToken", 1)
    progress = {"progressToken": token, "progress": 1, "message": "on the way"}
    with contextlib.suppress(OSError):
        for number in range(10**9):
            many = [
                {"jsonrpc": "2.0", "id": f"q{number}", "method": "ping"},
                {"jsonrpc": "2.0", "method": "notifications/progress", "params": {**progress, "progress": number}},
                {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"},
            ]
            out.raw(b"".join(map(out.frame, many)))


def flood_of_nothing(out: Out, _answer: Object, _request: Object) -> None:
    """Send lines and events without end that say nothing."""
    with contextlib.suppress(OSError):
        while True:
            out.raw(b"data:\n\n:\ndata: x\n\n" * 1000)


def dense(out: Out, answer: Object, _request: Object) -> None:
    """Answer with a million objects, which take ten times as long to read as text of that length."""
    answer["result"]["structuredContent"] = {"rows": "@"}
    out.raw(out.frame(answer).replace(b'"@"', b"[" + b"{}," * 1_000_000 + b"{}]"))


def huge(out: Out, answer: Object, _request: Object) -> None:
    before, _, after = out.frame({**answer, "result": {"content": [{"type": "text", "text": "@"}]}}).partition(b"@")
    out.raw(before)
    for _ in range(100):
        out.raw(b"x" * 1_000_000)
    out.raw(after)


def huge_json(out: Out, answer: Object, _request: Object) -> None:
    answer["result"]["content"][0]["text"] = "@"
    before, _, after = json.dumps(answer).encode().partition(b"@")
    length = len(before) + len(after) + 100_000_000
    out.head(f"200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}")
    out.raw(before)
    for _ in range(100):
        out.raw(b"x" * 1_000_000)
    out.raw(after)


def drip(out: Out, answer: Object, _request: Object) -> None:
    data = out.frame(answer)
    for place in range(len(data)):
        out.raw(data[place : place + 1])
        time.sleep(0.05)


def wrong_shape(out: Out, answer: Object, _request: Object) -> None:
    out.message({"jsonrpc": "2.0", "id": answer.get("id"), "result": {"content": "nonsense", "tools": 3}})


def refuse(out: Out, answer: Object, _request: Object) -> None:
    error = {"code": -32603, "message": "The disk is full."}
    out.message({"jsonrpc": "2.0", "id": answer.get("id"), "error": error})


def close(out: Out, _answer: Object, _request: Object) -> None:
    """End the output, and go on living."""
    if spec()["transport"] == "stdio":
        os.close(1)
        time.sleep(3600)
    del out


def wrong_type(out: Out, _answer: Object, _request: Object) -> None:
    out.status("200 OK\r\nContent-Type: text/html", "<html>Welcome</html>")


def accepted(out: Out, _answer: Object, _request: Object) -> None:
    """Say 202 where an answer is due."""
    out.status("202 Accepted")


def zipped(out: Out, _answer: Object, _request: Object) -> None:
    """Send what unpacks to more than fits anywhere, whatever was asked for."""
    import gzip

    data = (gzip.compress(b" " * 1_000_000) * 50).decode("latin-1")
    out.status("200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip", data)


def redirect(out: Out, _answer: Object, _request: Object) -> None:
    out.status(f"307 Temporary Redirect\r\nLocation: {spec()['elsewhere']}")


def expired(out: Out, _answer: Object, _request: Object) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Session not found"}})
    out.status("404 Not Found\r\nContent-Type: application/json", body)


def answers(line: str) -> Strike:
    def answer(out: Out, _answer: Object, _request: Object) -> None:
        out.status(line, "<html>secret page</html>")

    return answer


def skewed(out: Out, answer: Object, _request: Object) -> None:
    line = "200 OK\r\nMcp-Session-Id: s1\r\nContent-Type: application/json\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT"
    out.status(f"{line}\r\nExpires: Fri, 31 Dec 2199 23:59:59 GMT\r\nAge: -5", json.dumps(answer))


def stderr_flood(out: Out, answer: Object, _request: Object) -> None:
    line = ("\x1b[31mError: all is lost " * 40 + "\n").encode()

    def write() -> None:
        while True:
            os.write(2, line * 64)

    threading.Thread(target=write, daemon=True).start()
    if answer.get("id") is not None:
        out.message(answer)


def stubborn(out: Out, answer: Object, _request: Object) -> None:
    """Ignore SIGTERM, SIGINT and the end of the input."""
    del out, answer
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=time.sleep, args=(3600,)).start()


def breed(out: Out, answer: Object, _request: Object) -> None:
    """Leave a child behind that holds the pipes."""
    child = subprocess.Popen(["sleep", "3600"])
    with (Path(spec()["folder"]) / "pids").open("a") as pids:
        pids.write(f"{child.pid}\n")
    if answer.get("id") is not None:
        out.message(answer)


def breed_and_die(out: Out, answer: Object, request: Object) -> None:
    breed(out, {**answer, "id": None}, request)
    os._exit(3)


def gorge(out: Out, answer: Object, _request: Object) -> None:
    """Take ever more memory."""
    del out, answer
    hoard: list[bytes] = []
    while True:
        hoard.append(os.urandom(1_000_000) * 8)
        time.sleep(0.01)


def multiply(out: Out, answer: Object, _request: Object) -> None:
    """Start ever more processes."""
    del out, answer
    while True:
        child = subprocess.Popen(["sleep", "3600"])
        with (Path(spec()["folder"]) / "pids").open("a") as pids:
            pids.write(f"{child.pid}\n")
        time.sleep(0.005)


FAULTS: dict[str, Strike] = {
    **{one.__name__: one for one in (hang, die, half, half_and_die, garbage, wrong_id, twice, unknown, huge, dense)},
    **{one.__name__: one for one in (flood, flood_of_asks, flood_of_nothing)},
    **{one.__name__: one for one in (huge_json, drip, wrong_shape, refuse, close, wrong_type, accepted, zipped)},
    **{one.__name__: one for one in (redirect, expired, skewed, stderr_flood, stubborn, breed, breed_and_die)},
    **{one.__name__: one for one in (gorge, multiply)},
    "401": answers("401 Unauthorized\r\nWWW-Authenticate: Bearer"),
    "403": answers("403 Forbidden"),
    "404": answers("404 Not Found"),
    "429": answers("429 Too Many Requests\r\nRetry-After: 60"),
    "500": answers("500 Internal Server Error"),
    "503": answers("503 Service Unavailable"),
}
EARLY = {"redirect", "expired", "401", "403", "404", "429"}
"""Faults that strike before a call takes effect."""
BY_STATUS = {"redirect", "expired", "401", "403", "404", "429", "500", "503", "close", "zipped"}
"""Faults of the HTTP answer to a message, where the message itself goes by another way (SSE)."""
