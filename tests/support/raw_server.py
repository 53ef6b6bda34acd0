"""An MCP server over stdio in plain Python that can misbehave on purpose; it starts in a few milliseconds.

Run as a script with one argument, a JSON object:
    era           "legacy" (default) or "modern"
    tools         more tools, as they are listed
    hide_own      true: the own tools are not listed
    replace       tools listed in place of the own ones of the same name
    listed        a file with tools in JSON that is read at each listing; they come before the others
    page          tools on one page (0: all)
    loop          true: the last page points back to the first
    noise         lines to print to standard output before anything else
    stderr        lines to print to standard error at the start
    exit          end with this status at the start
    hang          a method that is never answered; "start": nothing is
    ignore_eof    true: stay when standard input closes, and when asked to end (SIGTERM)
    starts        a file that gets one line for each start
    calls         a file that gets one line for each call (with its idempotency key), and for each cancellation
    away          while this file is there: end at the start with status 1
    exit_from     end at the start with status 1 from this start on (counted in `starts`, from 1)
Its own tools: `echo`, `get_env`, `read_slowly`, `write_slowly`, `read_then_die`, `write_then_die`, `fail`, `add_tool`,
`change_tool`, `count_up` (reports progress), `read_big`, `list_rows`, `read_huge`. Others answer their arguments.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable

Object: TypeAlias = dict[str, Any]

OPTIONS: Object = {}
OUT = threading.Lock()
CANCELLED: dict[Any, threading.Event] = {}
KEY = "idempotency_key"
NO_PARAMETERS: Object = {"type": "object", "properties": {}}
TOOLS: list[Object] = []


def send(message: Object) -> None:
    with OUT:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()


def note(option: str, line: str) -> None:
    if OPTIONS.get(option):
        with Path(OPTIONS[option]).open("a") as file:
            file.write(line + "\n")


def result(text: str, **more: Any) -> Object:
    modern = {"resultType": "complete"} if OPTIONS.get("era") == "modern" else {}
    return {"content": [{"type": "text", "text": text}], **modern, **more}


def all_tools() -> list[Object]:
    if not OPTIONS.get("listed"):
        return TOOLS
    return [*cast("list[Object]", json.loads(Path(OPTIONS["listed"]).read_text())), *TOOLS]


def list_tools(params: Object) -> Object:
    tools = all_tools()
    page = OPTIONS.get("page") or len(tools)
    start = int(params.get("cursor") or 0)
    answer: Object = {"tools": tools[start : start + page]}
    if start + page < len(tools):
        answer["nextCursor"] = str(start + page)
    elif OPTIONS.get("loop"):
        answer["nextCursor"] = "0"
    if OPTIONS.get("era") == "modern":
        answer.update(resultType="complete", ttlMs=0, cacheScope="private")
    return answer


def echo(arguments: Object, _request: Object) -> Object:
    return result(json.dumps(arguments), structuredContent=arguments)


def get_env(arguments: Object, _request: Object) -> Object:
    return result(os.environ.get(arguments["name"], "(unset)"))


def take_time(arguments: Object, request: Object) -> Object | None:
    note("calls", request["params"]["name"])
    gone = CANCELLED.setdefault(request["id"], threading.Event())
    if gone.wait(arguments.get("seconds", 60)):
        note("calls", "cancelled")
        return None
    return result("ok")


def die(arguments: Object, request: Object) -> Object:
    note("calls", request["params"]["name"] + (" with " + arguments[KEY] if KEY in arguments else ""))
    flag = Path(arguments["flag"])
    if arguments.get("always") or not flag.exists():
        flag.write_text("dead")
        os._exit(3)
    return result("ok")


def fail(arguments: Object, _request: Object) -> Object:
    return result(arguments.get("text", "No such task. Try list_tasks."), isError=True)


def add_tool(_arguments: Object, _request: Object) -> Object:
    TOOLS.append({"name": "list_added", "inputSchema": NO_PARAMETERS})
    send({"method": "notifications/tools/list_changed"})
    return result("ok")


def change_tool(_arguments: Object, _request: Object) -> Object:
    TOOLS[0] = {**TOOLS[0], "description": "Changed."}
    send({"method": "notifications/tools/list_changed"})
    return result("ok")


def count_up(_arguments: Object, request: Object) -> Object:
    token = request["params"]["_meta"]["progressToken"]
    for step in (1, 2, 3):
        progress = {"progressToken": token, "progress": step, "total": 3, "message": f"step\x07 {step}"}
        send({"method": "notifications/progress", "params": progress})
        time.sleep(0.01)
    return result("ok")


def read_big(arguments: Object, _request: Object) -> Object:
    return result("x" * int(arguments["characters"]))


def list_rows(arguments: Object, _request: Object) -> Object:
    rows = [
        {"name": f"row {place}", "price": place + 0.5, "currency": "EUR"}
        for place in range(int(arguments.get("count", 20_000)))
    ]
    return result(json.dumps(rows), structuredContent={"rows": rows})


def read_huge(arguments: Object, request: Object) -> None:
    with OUT:
        sys.stdout.write(f'{{"jsonrpc":"2.0","id":{request["id"]},"result":{{"content":[{{"type":"text","text":"')
        for _ in range(int(arguments.get("megabytes", 100))):
            sys.stdout.write("x" * 1_000_000)
        sys.stdout.write('"}]}}\n')
        sys.stdout.flush()


OWN: dict[str, Callable[[Object, Object], Object | None]] = {
    "echo": echo,
    "get_env": get_env,
    "read_slowly": take_time,
    "write_slowly": take_time,
    "read_then_die": die,
    "write_then_die": die,
    "fail": fail,
    "add_tool": add_tool,
    "change_tool": change_tool,
    "count_up": count_up,
    "read_big": read_big,
    "list_rows": list_rows,
    "read_huge": read_huge,
}


def call(request: Object) -> None:
    own = OWN.get(request["params"]["name"])
    if own is None and request["params"]["name"] in {tool.get("name") for tool in all_tools()}:
        send({"id": request["id"], "result": result(json.dumps(request["params"].get("arguments") or {}))})
    elif own is None:
        send({"id": request["id"], "error": {"code": -32602, "message": "Unknown tool"}})
    elif (answer := own(request["params"].get("arguments") or {}, request)) is not None:
        send({"id": request["id"], "result": answer})


def answer(request: Object) -> None:
    method, identity = request["method"], request.get("id")
    modern = OPTIONS.get("era") == "modern"
    info = {"name": "raw", "version": "1"}
    capabilities = {"tools": {"listChanged": not modern}}
    if method in (OPTIONS.get("hang"), "notifications/initialized"):
        return
    if method == "notifications/cancelled":
        CANCELLED.setdefault(request["params"]["requestId"], threading.Event()).set()
    elif method == "initialize" and not modern:
        version = {"protocolVersion": "2025-06-18", "capabilities": capabilities, "serverInfo": info}
        send({"id": identity, "result": version})
    elif method == "server/discover" and modern:
        discovered = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private", "capabilities": capabilities}
        send({"id": identity, "result": {**discovered, "supportedVersions": ["2026-07-28"], "serverInfo": info}})
    elif method == "tools/list":
        send({"id": identity, "result": list_tools(request.get("params") or {})})
    elif method == "tools/call":
        threading.Thread(target=call, args=(request,), daemon=True).start()
    elif identity is not None:
        send({"id": identity, "error": {"code": -32601, "message": "Method not found"}})


def is_away() -> bool:
    return bool(OPTIONS.get("away")) and Path(OPTIONS["away"]).exists()


def main() -> None:
    OPTIONS.update(cast("Object", json.loads(sys.argv[1])) if len(sys.argv) > 1 else {})
    other = {tool["name"]: tool for tool in OPTIONS.get("replace", [])}
    names = [] if OPTIONS.get("hide_own") else list(OWN)
    own = [{"name": name, "description": f"Does {name}.", "inputSchema": NO_PARAMETERS} for name in names]
    TOOLS.extend(other.get(tool["name"], tool) for tool in own)
    TOOLS.extend(OPTIONS.get("tools", []))
    if OPTIONS.get("ignore_eof"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if is_away():
        raise SystemExit(1)
    note("starts", str(os.getpid()))
    for line in OPTIONS.get("noise", []):
        sys.stdout.write(line + "\n")
    for line in OPTIONS.get("stderr", []):
        sys.stderr.write(line + "\n")
    sys.stdout.flush()
    sys.stderr.flush()
    if "exit" in OPTIONS:
        raise SystemExit(OPTIONS["exit"])
    if "exit_from" in OPTIONS and len(Path(OPTIONS["starts"]).read_text().splitlines()) >= OPTIONS["exit_from"]:
        raise SystemExit(1)
    if OPTIONS.get("hang") == "start":
        time.sleep(3600)
    for line in sys.stdin:
        answer(json.loads(line))
    if OPTIONS.get("ignore_eof"):
        time.sleep(3600)


if __name__ == "__main__":
    main()
