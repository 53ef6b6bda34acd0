"""The fault matrix as data: what goes wrong, on which transports, and what becomes of it.

`python -m tests.faults.table` writes docs/faults.md from it; tests/contract/test_fault_matrix.py runs every cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.cell import CALL, COLUMNS, HTTP, HTTP_2, SSE, STDIO, STDIO_2, Column

DOC = Path(__file__).parents[2] / "docs" / "faults.md"
DOUBT = "I don't know whether it went through. I can check with “read thing” of faulty."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a server with a fault, and what the user hears."""

    word: str
    """How it is called in the table."""
    state: str = "ready"
    reason: str | None = None
    """Why the server is not ready; URL stands for its address."""
    read: tuple[str, str] | None = None
    """Status and sentence of a call that reads; None where the server never comes up."""
    write: tuple[str, str] | None = None


def _of_calls(word: str, sentence: str, *, is_known: bool = False, write: str | None = None) -> Outcome:
    """The outcome of calls that fail: of a write it `is_known` that it did nothing, or it is in doubt."""
    written = ("error", write or sentence) if is_known else ("unknown", f"{sentence} {DOUBT}")
    return Outcome(word, read=("error", sentence), write=written)


FINE = Outcome("fine", read=("ok", "read done"), write=("ok", "write done"))
LATE = _of_calls("late", f"faulty did not answer within {CALL:g} seconds.")
LATER = Outcome("late after one", read=("ok", "read done"), write=LATE.write)
LOST = _of_calls("lost", "The connection to faulty was lost.")
LOST_AT_WRITE = Outcome("lost at the write", read=("ok", "read done"), write=LOST.write)
LONG = _of_calls("too long", "faulty answered with more than can be read at once; ask for less.")
UNREADABLE = _of_calls("unreadable", "faulty answered in a way that cannot be read.")
SAID_NO = _of_calls("said no", "The disk is full.", is_known=True)
BUSY = _of_calls("busy", "faulty asks to be left alone for a while.", is_known=True)
MOVED = _of_calls("moved", "faulty has moved to another address.", is_known=True)
NOT_HERE = _of_calls("refused", "faulty refused the call (404).", is_known=True)
FORGOTTEN = _of_calls("forgotten", "faulty has forgotten this conversation. Nothing was done.", is_known=True)


def _login_lost(status: int) -> Outcome:
    told = f"faulty is not ready: it {_login(status)}. Nothing was done."
    return _of_calls(f"login ({status})", "faulty asks for a login.", is_known=True, write=told)


def _own_error(status: int) -> Outcome:
    return _of_calls(f"own error ({status})", f"faulty has an error of its own ({status}).")


def _login(status: int) -> str:
    return f"asked for a login ({status}) — it does not take the token in its entry"


def _down(word: str, reason: str, state: str = "failed") -> Outcome:
    return Outcome(word, state, reason)


SILENT = _down("silent", "did not answer within 2.5 s")
ENDED = _down("ended", "ended with status 3")
OWN_ERROR = _down("broken (500)", "has an error of its own (500)")
CLOSED = _down("closed", "closed the connection at URL")
REFUSED = _down("not there", "refused the connection at URL")
TOO_MUCH = _down("too much", "answered with more than can be read at once")
NOT_MCP = _down("not MCP", "answered in a way that is not MCP")
NO_LIST = _down("no list", "has a list of tools that cannot be read", "degraded")
MOVED_AWAY = _down("moved away", "has moved away from URL (307); write its new address")
NO_COMMAND = _down(
    "no command",
    "could not be started: there is no command “no-such-command-here” on this machine — "
    "install it, or correct “command” in its entry",
)
NO_NAME = _down("no such name", "could not be found: the name in http://no-such-host.invalid/mcp is not known")
NO_TLS = _down("not safe", "could not be reached safely: the certificate or TLS of URL is not in order")
GREEDY = _down("greedy", "took more than 96 MB of memory and was ended", "quarantined")
MANY = _down("too many", "started more than 20 processes and was ended", "quarantined")

Cells = dict[tuple[Column, ...], Outcome]
PIPES, WEB, STREAMABLE = (STDIO, STDIO_2), (HTTP, HTTP_2, SSE), (HTTP, HTTP_2)
CALLS = ("read", "write")
_FIRST = ("server/discover",)
LISTING = ("tools/list",)
NEGOTIATION = ("server/discover", "initialize", "tools/list")


@dataclass(frozen=True, slots=True)
class Fault:
    """One row."""

    name: str
    does: str
    """A function of `strike.py`, or nothing where the entry itself is at fault."""
    at: tuple[str, ...]
    cells: Cells
    more: dict[str, Any] = field(default_factory=dict[str, Any])
    """More of the server's specification, or of the entry."""


def _silent(step: str, columns: tuple[Column, ...], fine: tuple[Column, ...] = ()) -> tuple[Fault, Fault]:
    pipes = tuple(column for column in columns if column.transport == "stdio")
    web = tuple(column for column in columns if column.transport != "stdio")
    own, others = [
        tuple(column for column in fine if (column.transport == "stdio") is is_own) for is_own in (True, False)
    ]
    at = "the start" if step == "start" else f"`{step}`"
    return (
        Fault(f"hangs at {at}", "hang", (step,), {fine: FINE, columns: SILENT}),
        Fault(f"dies at {at}", "die", (step,), {own: FINE, pipes: ENDED, (*others, *web): CLOSED}),
    )


FAULTS: tuple[Fault, ...] = (
    Fault("none", "", (), {COLUMNS: FINE}),
    # It does not come up
    Fault("is not installed", "", (), {PIPES: NO_COMMAND}, {"command": "no-such-command-here"}),
    Fault("refuses the connection", "", (), {WEB: REFUSED}, {"nobody": True}),
    Fault("name is not known (DNS)", "", (), {WEB: NO_NAME}, {"url": "http://no-such-host.invalid/mcp"}),
    Fault("speaks no TLS", "", (), {WEB: NO_TLS}, {"https": True}),
    Fault("certificate of nobody we know", "", (), {WEB: NO_TLS}, {"certificate": "valid"}),
    Fault("clock skew: certificate of tomorrow", "", (), {WEB: NO_TLS}, {"certificate": "tomorrow"}),
    *_silent("start", (STDIO, STDIO_2, SSE)),
    *_silent("server/discover", (STDIO_2, HTTP_2), fine=(STDIO, HTTP)),
    Fault("closes the connection at `server/discover`", "close", _FIRST, {(HTTP,): FINE, (HTTP_2,): CLOSED}),
    Fault("500 at `server/discover`", "500", _FIRST, {(HTTP,): FINE, (HTTP_2,): OWN_ERROR}),
    *_silent("initialize", (STDIO, HTTP, SSE)),
    *_silent("tools/list", COLUMNS),
    Fault("half a message at `tools/list`, then silence", "half", LISTING, {COLUMNS: SILENT}),
    Fault("100 MB at `tools/list`", "huge", LISTING, {COLUMNS: TOO_MUCH}),
    Fault("nonsense for a list", "wrong_shape", LISTING, {COLUMNS: NO_LIST}),
    Fault("401", "401", NEGOTIATION, {WEB: _down("asks for login (401)", _login(401), "needs_login")}),
    Fault("403", "403", NEGOTIATION, {WEB: _down("asks for login (403)", _login(403), "needs_login")}),
    Fault("404", "404", NEGOTIATION, {WEB: _down("no MCP (404)", "does not speak MCP at URL (404)")}),
    Fault("429", "429", NEGOTIATION, {WEB: _down("busy (429)", "asks to be left alone for a while (429)")}),
    Fault("500", "500", NEGOTIATION, {WEB: OWN_ERROR}),
    Fault("503", "503", NEGOTIATION, {WEB: _down("broken (503)", "has an error of its own (503)")}),
    Fault("redirects to another host", "redirect", NEGOTIATION, {WEB: MOVED_AWAY}),
    Fault("HTML for MCP", "wrong_type", NEGOTIATION, {STREAMABLE: NOT_MCP}),
    Fault("memory runs away", "gorge", ("start",), {PIPES: GREEDY}, {"greedy": True}),
    Fault("processes run away", "multiply", ("start",), {PIPES: MANY}, {"greedy": True}),
    Fault("dies and leaves a child with its pipes", "breed_and_die", ("start",), {PIPES: ENDED}),
    # It comes up, and its calls meet the fault
    Fault("prints garbage before it speaks", "garbage", ("start",), {PIPES: FINE}),
    Fault("garbage between messages", "garbage", CALLS, {COLUMNS: FINE}),
    Fault("floods standard error", "stderr_flood", ("start",), {PIPES: FINE}),
    Fault("ignores SIGTERM and the end of input", "stubborn", ("start",), {PIPES: FINE}),
    Fault("has a child of its own", "breed", ("start",), {PIPES: FINE}),
    Fault("clock skew: `Date` of 1970", "skewed", (*NEGOTIATION, *CALLS), {STREAMABLE: FINE}),
    Fault("never answers a call", "hang", CALLS, {COLUMNS: LATE}),
    Fault("half a message, then silence", "half", CALLS, {COLUMNS: LATE}),
    Fault("slow drip: a byte in 50 ms", "drip", CALLS, {COLUMNS: LATE}),
    Fault("answers with another id", "wrong_id", CALLS, {COLUMNS: LATE}),
    Fault("dies once at a read", "die", ("read",), {PIPES: FINE}, {"times": 1}),
    Fault("dies at a write, done", "die", ("write",), {COLUMNS: LOST_AT_WRITE}, {"times": 1}),
    Fault("half a message, then dies", "half_and_die", ("write",), {COLUMNS: LOST_AT_WRITE}, {"times": 1}),
    Fault("closes without an answer", "close", CALLS, {COLUMNS: LOST}),
    Fault("answers twice", "twice", CALLS, {COLUMNS: FINE}),
    Fault("asks and tells what nobody knows", "unknown", CALLS, {COLUMNS: FINE}),
    Fault("floods with notifications", "flood", CALLS, {PIPES: LATER, WEB: LATE}),
    Fault("answers with 100 MB", "huge", CALLS, {COLUMNS: LONG}),
    Fault("answers with a million objects", "dense", CALLS, {COLUMNS: LONG}),
    Fault("100 MB of plain JSON", "huge_json", CALLS, {STREAMABLE: LONG}),
    Fault("an answer that unpacks to 50 MB", "zipped", CALLS, {STREAMABLE: UNREADABLE}),
    Fault("nonsense for a result", "wrong_shape", CALLS, {COLUMNS: UNREADABLE}),
    Fault("an error of JSON-RPC", "refuse", CALLS, {COLUMNS: SAID_NO}),
    Fault("HTML for an answer", "wrong_type", CALLS, {STREAMABLE: UNREADABLE}),
    Fault("202 for an answer", "accepted", CALLS, {STREAMABLE: UNREADABLE}),
    Fault("redirects a call to another host", "redirect", CALLS, {WEB: MOVED}),
    Fault("401 at a call", "401", CALLS, {WEB: _login_lost(401)}),
    Fault("403 at a call", "403", CALLS, {WEB: _login_lost(403)}),
    Fault("404 at a call", "404", CALLS, {(HTTP, SSE): FORGOTTEN, (HTTP_2,): NOT_HERE}),
    Fault("429 at a call", "429", CALLS, {WEB: BUSY}),
    Fault("500 at a call, done", "500", CALLS, {WEB: _own_error(500)}),
    Fault("503 at a call, done", "503", CALLS, {WEB: _own_error(503)}),
    Fault("session expired, once", "expired", CALLS, {(HTTP, SSE): FINE}, {"times": 1}),
    Fault("session expires each time", "expired", CALLS, {(HTTP, SSE): FORGOTTEN}),
    Fault("leaves a child behind at a write", "breed_and_die", ("write",), {PIPES: LOST_AT_WRITE}, {"times": 1}),
)
CELLS = [(fault, column, outcome) for fault in FAULTS for columns, outcome in fault.cells.items() for column in columns]


def document() -> str:
    """Return docs/faults.md."""
    lines = [
        "# What can go wrong with a server, and what becomes of it",
        "",
        f"{len(CELLS)} cells, each run by `make test` against a real process or socket. Written from the table that",
        "the tests run (`python -m tests.faults.table`); a test fails where it is not up to date.",
        "",
        "In every cell also: the session lives; another server answers meanwhile; no write takes effect twice; no",
        "task, file, socket, process or part of a bridge in memory is left; no credential reaches another host.",
        "A write in doubt is said to be, and a reading tool of its server is offered to check it (here “read thing” of",
        "“faulty”). Times are short for the tests: a call has 30 s, a server that starts 30 s, one by URL 10 s.",
        "",
        f"| fault | {' | '.join(column.name for column in COLUMNS)} |",
        f"|---{'|---' * len(COLUMNS)}|",
    ]
    for fault in FAULTS:
        found = {column.name: outcome.word for columns, outcome in fault.cells.items() for column in columns}
        lines.append(f"| {fault.name} | {' | '.join(found.get(column.name, '-') for column in COLUMNS)} |")
    lines += ["", "| outcome | state of the server, and why | a read | a write |", "|---|---|---|---|"]
    for outcome in {outcome.word: outcome for _, _, outcome in CELLS}.values():
        state = f"{outcome.state}: it {outcome.reason}" if outcome.reason else outcome.state
        lines.append(f"| {outcome.word} | {state} | {_told(outcome.read)} | {_told(outcome.write)} |")
    return "\n".join([*lines, ""])


def _told(call: tuple[str, str] | None) -> str:
    return f"{call[0]}: {call[1]}" if call is not None else "-"


if __name__ == "__main__":
    DOC.write_text(document(), "utf-8")
