"""An MCP server in plain Python over stdio, streamable HTTP or SSE, with one fault that is given to it as data.

Run as a script with one argument, a JSON object:
    transport   "stdio" (default), "http" (streamable HTTP) or "sse"
    era         "legacy" (default) or "modern"
    fault       a name of `FAULTS` in this folder's `strike.py`; none: it is well
    at          the steps at which it strikes: "start", "server/discover", "initialize", "tools/list", "read", "write"
    times       how often it strikes (0: each time)
    folder      gets `effects` (a line for each call that took effect), `struck`, `pids`
    tls         a file with certificate and key: it serves HTTPS
Its tools are `read_thing` and `write_thing`. By HTTP it prints its port first.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import ssl
import sys
import threading
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

Object: TypeAlias = dict[str, Any]

SPEC: Object = {}
LOCK = threading.Lock()
TLS = b"\x16"
"""How a client begins that expects HTTPS."""
TOOLS: list[Object] = [
    {"name": "read_thing", "description": "Reads.", "inputSchema": {"type": "object"}},
    {"name": "write_thing", "description": "Writes.", "inputSchema": {"type": "object"}},
]


class Out(Protocol):
    """Where the answer to one request goes."""

    def message(self, message: Object) -> None:
        """Send one message as it should be."""

    def raw(self, data: bytes) -> None:
        """Send bytes as they are, where messages go."""

    def frame(self, message: Object) -> bytes:
        """Return the bytes of one message."""
        ...

    def status(self, line: str, body: str = "") -> None:
        """Answer by HTTP with this status line (and headers)."""

    def head(self, line: str) -> None:
        """Begin an answer by HTTP with this status line and headers."""


def note(file: str, line: str) -> None:
    with LOCK, (Path(SPEC["folder"]) / file).open("a") as out:
        out.write(line + "\n")


def strikes(step: str) -> bool:
    """Tell whether the fault strikes now, and count it."""
    if not SPEC.get("fault") or step not in SPEC.get("at", ()):
        return False
    with LOCK:
        counted = Path(SPEC["folder"]) / "struck"
        before = len(counted.read_text().splitlines()) if counted.exists() else 0
        if SPEC.get("times", 0) and before >= SPEC["times"]:
            return False
        with counted.open("a") as out:
            out.write(step + "\n")
    return True


def step_of(request: Object) -> str:
    if request.get("method") == "tools/call":
        return str(request["params"]["name"]).partition("_")[0]
    return str(request.get("method"))


def answer_to(request: Object) -> Object:
    """Return what a well server answers."""
    modern = {"resultType": "complete"} if SPEC.get("era") == "modern" else {}
    cached = {**modern, "ttlMs": 0, "cacheScope": "private"} if modern else {}
    info: Object = {"capabilities": {"tools": {"listChanged": False}}, "serverInfo": {"name": "faulty", "version": "1"}}
    result: Object | None = None
    match request.get("method"):
        case "initialize" if not modern:
            result = {"protocolVersion": "2025-06-18", **info}
        case "server/discover" if modern:
            result = {**cached, **info, "supportedVersions": ["2026-07-28"]}
        case "tools/list":
            result = {**cached, "tools": TOOLS}
        case "tools/call":
            result = {**modern, "content": [{"type": "text", "text": f"{step_of(request)} done"}]}
        case "ping":
            result = {}
        case _:
            pass
    if result is None:
        error = {"code": -32601, "message": "Method not found"}
        return {"jsonrpc": "2.0", "id": request.get("id"), "error": error}
    return {"jsonrpc": "2.0", "id": request["id"], "result": result}


def serve(request: Object, out: Out) -> None:
    """Answer one request, or strike."""
    from strike import EARLY, FAULTS  # pyright: ignore[reportMissingImports] - beside this script

    if "method" not in request or "id" not in request:
        return
    step, answer = step_of(request), answer_to(request)
    has_struck = strikes(step)
    if not (has_struck and SPEC["fault"] in EARLY):
        note_call(request)
    if has_struck:
        cast("Any", FAULTS)[SPEC["fault"]](out, answer, request)
    else:
        out.message(answer)


def note_call(request: Object) -> None:
    if request["method"] == "tools/call":
        note("effects", step_of(request))


class Pipe:
    """Standard output."""

    def message(self, message: Object) -> None:
        self.raw(self.frame(message))

    def raw(self, data: bytes) -> None:
        with LOCK:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def frame(self, message: Object) -> bytes:
        return json.dumps(message).encode() + b"\n"

    def status(self, line: str, body: str = "") -> None:
        pass

    def head(self, line: str) -> None:
        pass


class Stream:
    """Server-sent events: the one stream of SSE, or the answer to one request of streamable HTTP."""

    def __init__(self, connection: socket.socket, *, is_begun: bool) -> None:
        self._connection, self._is_begun = connection, is_begun

    def message(self, message: Object) -> None:
        if self._is_begun or SPEC.get("fault"):
            self.raw(self.frame(message))
            return
        body = json.dumps(message)
        more = "Mcp-Session-Id: s1\r\n" if "protocolVersion" in message.get("result", {}) else ""
        self.status(f"200 OK\r\n{more}Content-Type: application/json", body)

    def raw(self, data: bytes) -> None:
        self.begin()
        with LOCK:
            self._connection.sendall(data)

    def frame(self, message: Object) -> bytes:
        return b"event: message\ndata: " + json.dumps(message).encode() + b"\n\n"

    def begin(self) -> None:
        if not self._is_begun:
            self.head("200 OK\r\nMcp-Session-Id: s1\r\nContent-Type: text/event-stream")

    def head(self, line: str) -> None:
        self._is_begun = True
        self._connection.sendall(f"HTTP/1.1 {line}\r\nConnection: close\r\n\r\n".encode())

    def status(self, line: str, body: str = "") -> None:
        data = body.encode("latin-1")
        head = f"HTTP/1.1 {line}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
        self._connection.sendall(head.encode() + data)


STREAMS: dict[str, Stream] = {}


def take(connection: socket.socket) -> None:
    """Serve one HTTP request; the connection is closed after it."""
    if not SPEC.get("tls") and connection.recv(1, socket.MSG_PEEK) == TLS:
        Stream(connection, is_begun=False).status("400 Bad Request")
        connection.close()
        return
    with connection, connection.makefile("rb") as lines:
        head = [line.decode("latin-1").strip() for line in iter(lines.readline, b"\r\n") if line]
        if not head:
            return
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = lines.read(int(headers.get("content-length", 0)))
        if method == "GET" and SPEC["transport"] == "sse":
            hold(connection)
        elif method != "POST":
            Stream(connection, is_begun=False).status("405 Method Not Allowed")
        else:
            post(connection, path, json.loads(body))


def hold(connection: socket.socket) -> None:
    """Keep an SSE stream open until the client leaves."""
    out = Stream(connection, is_begun=False)
    if strikes("start"):
        from strike import FAULTS  # pyright: ignore[reportMissingImports] - beside this script

        cast("Any", FAULTS)[SPEC["fault"]](out, {"jsonrpc": "2.0", "method": "x"}, {"method": "start", "id": 0})
        return
    with LOCK:
        name = str(len(STREAMS) + 1)
        STREAMS[name] = out
    out.raw(f"event: endpoint\ndata: /messages/{name}\n\n".encode())
    connection.recv(1)


def post(connection: socket.socket, path: str, request: Object) -> None:
    own = Stream(connection, is_begun=False)
    if "id" not in request or "method" not in request:
        own.status("202 Accepted")
        return
    if SPEC["transport"] == "http":
        serve(request, own)
        return
    from strike import BY_STATUS, EARLY, FAULTS  # pyright: ignore[reportMissingImports] - beside this script

    stream = STREAMS[path.rpartition("/")[2]]
    if SPEC.get("fault") in BY_STATUS:
        if strikes(step_of(request)):
            if SPEC["fault"] not in EARLY:
                note_call(request)
            cast("Any", FAULTS)[SPEC["fault"]](own, answer_to(request), request)
            return
        note_call(request)
        stream.message(answer_to(request))
        own.status("202 Accepted")
        return
    own.status("202 Accepted")
    serve(request, stream)


def listen() -> None:
    context = None
    if SPEC.get("tls"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(SPEC["tls"])
    with socket.create_server(("127.0.0.1", SPEC.get("port", 0))) as server:
        print(server.getsockname()[1], flush=True)  # noqa: T201 - tells the test its port
        waiting: queue.SimpleQueue[socket.socket] = queue.SimpleQueue()
        while True:
            connection, _ = server.accept()
            waiting.put(connection)
            threading.Thread(target=take_safely, args=(waiting.get(), context), daemon=True).start()


def take_safely(connection: socket.socket, context: ssl.SSLContext | None) -> None:
    try:
        if context is not None:
            connection = context.wrap_socket(connection, server_side=True)
        take(connection)
    except (OSError, ValueError):
        connection.close()


def main() -> None:
    SPEC.update(cast("Object", json.loads(sys.argv[1])))
    sys.path.insert(0, str(Path(__file__).parent))
    note("pids", str(os.getpid()))
    if SPEC.get("transport", "stdio") != "stdio":
        listen()
    pipe = Pipe()
    if strikes("start"):
        from strike import FAULTS  # pyright: ignore[reportMissingImports] - beside this script

        cast("Any", FAULTS)[SPEC["fault"]](pipe, {"jsonrpc": "2.0", "method": "x"}, {"method": "start", "id": 0})
    for line in sys.stdin:
        threading.Thread(target=serve, args=(json.loads(line), pipe), daemon=True).start()


if __name__ == "__main__":
    main()
