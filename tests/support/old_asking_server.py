"""A server of the handshake era over stdio that asks its users, several at once: no question names its call.

Run with a file, it writes a line there whenever it is called or asks, and `rest` lasts until its `.go` is there. Each
call is logged to the client; `grow` adds a resource and a prompt.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

COLOUR = {"type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"]}
TOOLS = [
    {
        "name": name,
        "inputSchema": {"type": "object", "properties": {"wall": {"type": "string"}}},
        "annotations": {"readOnlyHint": name == "rest"},
    }
    for name in ("paint", "paint_together", "rest", "grow")
]
LOG = Path(sys.argv[1])
together = threading.Barrier(2)
offered: dict[str, list[dict[str, Any]]] = {"resources": [], "prompts": []}
answers: dict[str, dict[str, Any]] = {}
arrived = threading.Condition()
writing = threading.Lock()


def write(message: dict[str, Any]) -> None:
    with writing:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()


def note(text: str) -> None:
    with writing, LOG.open("a") as file:
        file.write(f"{text}\n")


def call(identity: Any, name: str, wall: str) -> None:
    write({"method": "notifications/message", "params": {"level": "info", "data": f"{name} {wall}"}})
    note(f"{name} {wall}")
    text = "rested"
    if name == "rest":
        while not LOG.with_suffix(".go").exists():
            threading.Event().wait(0.01)
    elif name == "grow":
        offered["resources"].append({"uri": "old://grown", "name": "grown"})
        offered["prompts"].append({"name": "grown"})
        for what in offered:
            write({"method": f"notifications/{what}/list_changed"})
    else:
        if name == "paint_together":
            together.wait(30)
        question = f"q{identity}"
        params = {"message": f"Which colour for the {wall}?", "requestedSchema": COLOUR}
        note(f"asks {wall}")
        write({"id": question, "method": "elicitation/create", "params": params})
        with arrived:
            arrived.wait_for(lambda: question in answers, 60)
        answer = answers[question]
        content: dict[str, str] = answer.get("content") or {}
        text = f"{wall}: {answer['action']} {content.get('colour', '')}".strip()
    write({"id": identity, "result": {"content": [{"type": "text", "text": text}]}})


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        identity, method, params = message.get("id"), message.get("method"), message.get("params", {})
        if method is None:
            with arrived:
                answers[str(identity)] = message.get("result", {"action": "cancel"})
                arrived.notify_all()
        elif method == "initialize":
            info = {"name": "old", "version": "1"}
            versions: dict[str, Any] = {
                "protocolVersion": "2025-06-18",
                "capabilities": {
                    "tools": {},
                    "logging": {},
                    "resources": {"listChanged": True},
                    "prompts": {"listChanged": True},
                },
                "serverInfo": info,
            }
            write({"id": identity, "result": versions})
        elif method == "tools/list":
            write({"id": identity, "result": {"tools": TOOLS}})
        elif method in ("resources/list", "prompts/list"):
            what = method.partition("/")[0]
            write({"id": identity, "result": {what: offered[what]}})
        elif method == "logging/setLevel":
            write({"id": identity, "result": {}})
        elif method == "tools/call":
            wall = params.get("arguments", {}).get("wall", "")
            threading.Thread(target=call, args=(identity, params["name"], wall), daemon=True).start()
        elif identity is not None:
            write({"id": identity, "error": {"code": -32601, "message": "unknown"}})


if __name__ == "__main__":
    main()
