"""Says in words of people why a server is not ready (pure, but for one look at the file system)."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from voice_agent.bridge.cleaning import clean
from voice_agent.bridge.redaction import shown_url
from voice_agent.bridge.types import State
from voice_agent.config.inherited import child_environment
from voice_agent.config.types import StdioEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voice_agent.bridge.redaction import Redactor
    from voice_agent.config.types import HttpEntry, ServerEntry

_LONGEST_LINE = 160
_REMEDIES = {
    **dict.fromkeys(("npx", "npm", "node"), "install Node.js"),
    **dict.fromkeys(("uvx", "uv"), "install uv"),
    **dict.fromkeys(("python", "python3"), "install Python"),
    **dict.fromkeys(("docker", "podman"), "install Docker"),
    **dict.fromkeys(("deno", "bun", "bunx"), "install it"),
}
_NOISE = re.compile(
    r"^(Traceback \(|During handling|The above exception|File \"|at |\^|~|\||Node\.js v|npm (warn|notice)\b)"
    r"|^npm error (code|errno)\b"
    r"|complete log of this run|^[\W\d]*$"
)
"""Lines that say nothing of why a program ended: stack traces, hints of package runners."""
TOO_LONG = -32090
"""Our own error code for an answer that was longer than what is read."""
_TOO_LONG = "answered with more than can be read at once"
BROKEN_OFF = {"ReadError", "WriteError", "CloseError", "RemoteProtocolError"}
"""Names of errors of HTTP by which a connection that was made has ended."""
_LOGIN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a connection could not be made, or is gone."""

    state: State
    reason: str
    """A phrase that follows the server's name: “refused the connection at …”."""
    is_permanent: bool = False
    """Trying again soon cannot help."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen when a connection failed."""

    error: BaseException | None = None
    http_status: int | None = None
    """Of the last HTTP answer."""
    exit_status: int | None = None
    """Of the child, where it has ended."""
    last_words: Sequence[str] = ()
    """Last lines of the child's standard error."""
    waited: float | None = None
    """Seconds that were waited in vain."""
    network_error: Exception | None = None
    """What went wrong below HTTP at the last."""
    excess: str | None = None
    """What the child took too much of."""


def explain(entry: ServerEntry, evidence: Evidence, redact: Redactor) -> Trouble:
    """Return the state that follows from `evidence`, and why, without any secret of the entry."""
    trouble = _of_child(entry, evidence, redact) if isinstance(entry, StdioEntry) else _of_url(entry, evidence)
    return Trouble(trouble.state, redact(trouble.reason), trouble.is_permanent)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield `error` and everything inside and behind it, exception groups unpacked."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop(0)
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            waiting += list(current.exceptions)  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        waiting += [current.__cause__, current.__context__]


def last_sensible_line(lines: Sequence[str]) -> str | None:
    """Return the line that says most of why a program ended: the last one that is not part of a stack trace."""
    told = [text for line in lines if not _NOISE.search(text := clean(line, _LONGEST_LINE, one_line=True))]
    # npm says what is wrong first, and what could be done about it in many lines after.
    if by_npm := [line for line in told if line.startswith("npm error")]:
        return by_npm[0]
    marked = [line for line in told if "error" in line.lower() or "cannot" in line.lower()]
    return (marked or told or [None])[-1]


def _of_child(entry: StdioEntry, evidence: Evidence, redact: Redactor) -> Trouble:
    if evidence.excess is not None:
        return Trouble(State.QUARANTINED, evidence.excess, is_permanent=True)
    if (status := evidence.exit_status) is not None:
        how = f"was ended by {_signal_name(-status)}" if status < 0 else f"ended with status {status}"
        line = last_sensible_line([redact(line) for line in evidence.last_words])
        return Trouble(State.FAILED, f"{how}: {line}" if line else how)
    if evidence.waited is not None:
        return Trouble(State.FAILED, f"did not answer within {evidence.waited:g} s")
    if isinstance(evidence.error, OSError | ValueError):
        return _not_started(entry, evidence.error)
    return Trouble(State.FAILED, _of_protocol(evidence.error) or "closed the connection")


def _not_started(entry: StdioEntry, error: OSError | ValueError) -> Trouble:
    command, where = entry.command, entry.cwd
    path = child_environment(entry.env).get("PATH")
    is_there = shutil.which(command, path=path) is not None or Path(command).is_file()
    if isinstance(error, ValueError):
        why = "its command holds a character that cannot be"
    elif where is not None and not where.is_dir():
        why = f"there is no folder “{where}” to start it in"
    elif isinstance(error, PermissionError):
        why = f"“{command}” may not be run"
    elif not is_there:
        remedy = _REMEDIES.get(PurePath(command).name.lower(), "install it, or correct “command” in its entry")
        why = f"there is no command “{command}” on this machine — {remedy}"
    else:
        text = error.strerror or "the system refused"
        return Trouble(State.FAILED, f"could not be started: {text[0].lower()}{text[1:]}")
    return Trouble(State.FAILED, f"could not be started: {why}", is_permanent=True)


def _of_url(entry: HttpEntry, evidence: Evidence) -> Trouble:
    url = shown_url(entry.url)
    # What broke off first says more than that nobody is there any more, which follows from it.
    met = tuple(causes(evidence.network_error or evidence.error))
    for error in met:
        if (reason := _of_network(url, error)) is not None:
            return Trouble(State.FAILED, reason)
    status = evidence.http_status
    if status in _LOGIN:
        return Trouble(State.NEEDS_LOGIN, f"asked for a login ({status}) — {_login(entry)}", is_permanent=True)
    if status is not None and status >= HTTPStatus.MULTIPLE_CHOICES:
        return Trouble(State.FAILED, _of_status(url, status))
    if evidence.waited is not None:
        return Trouble(State.FAILED, f"did not answer within {evidence.waited:g} s")
    seen = {type(error).__name__ for error in met}
    if "ConnectError" in seen:
        reason = f"refused the connection at {url}"
    elif seen & BROKEN_OFF:
        reason = f"closed the connection at {url}"
    else:
        reason = _of_protocol(evidence.error) or f"closed the connection at {url}"
    return Trouble(State.FAILED, reason)


def _login(entry: HttpEntry) -> str:
    if entry.auth == "oauth":
        return f"sign in with: voice-agent servers login {entry.name}"
    if entry.auth or entry.headers:
        return "it does not take the token in its entry"
    return "put a token under “headers” in its entry"


def _of_network(url: str, error: BaseException) -> str | None:
    text = str(error)
    if type(error).__name__ in ("StreamError", "SSEError"):
        return _TOO_LONG
    if isinstance(error, socket.gaierror) or "Name or service not known" in text or "getaddrinfo" in text:
        return f"could not be found: the name in {url} is not known"
    if isinstance(error, ssl.SSLError) or "CERTIFICATE_VERIFY_FAILED" in text or "SSL" in text:
        return f"could not be reached safely: the certificate or TLS of {url} is not in order"
    if isinstance(error, ConnectionRefusedError) or "Connection refused" in text:
        return f"refused the connection at {url}"
    return None


def _of_status(url: str, status: int) -> str:
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE):
        return f"does not speak MCP at {url} ({status})"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "asks to be left alone for a while (429)"
    if status < HTTPStatus.BAD_REQUEST:
        return f"has moved away from {url} ({status}); write its new address"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"has an error of its own ({status})"
    return f"refused the request ({status})"


def _of_protocol(error: BaseException | None) -> str | None:
    for cause in causes(error):
        text = str(cause)
        if getattr(cause, "code", None) == TOO_LONG:
            return _TOO_LONG
        if "nsupported protocol version" in text or "No mutually supported" in text:
            return "speaks a version of MCP that is not known here"
        if type(cause).__name__ in ("MCPError", "ValidationError") and "Connection closed" not in text:
            return "answered in a way that is not MCP"
    return None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
