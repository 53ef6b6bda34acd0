"""Puts into words how a call went wrong, and judges whether it may have taken effect all the same (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from voice_agent.bridge.cleaning import clean
from voice_agent.bridge.policy import READS, WRITES, is_read, words_of
from voice_agent.bridge.results import ERROR_LIMIT
from voice_agent.bridge.types import Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from voice_agent.bridge.credentials.refusal import Challenge
    from voice_agent.bridge.types import Json, Tool

_TIMED_OUT, _CLOSED, _INVALID = -32001, -32000, -32600
_SAYS_NOTHING = ("Server returned an error response", "Not Found")
_NOT_GIVEN = {
    "Sampling not supported": "{say} wants to use a language model of mine for that, which it is not given.",
    "List roots not supported": "{say} wants to know in which folders it may work, which it is not told.",
}
"""What the SDK answers where a server asks for what is not declared (client/sampling, client/roots)."""
_LOGIN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@dataclass(slots=True)
class Trace:
    """What one call met on its way, beside the error that it ended with."""

    http_status: int | None = None
    """Of the last HTTP answer to it."""
    is_unsent: bool = False
    """Nobody took the request: it can be sent again, whatever it does."""
    is_lost: bool = False
    """The connection broke while it was being sent or answered."""
    is_session_gone: bool = False
    """The server has forgotten the session, and so did not take the request."""
    is_too_long: bool = False
    """The answer was longer than what is read."""
    is_unreadable: bool = False
    """The answer came in a form that is not read."""
    challenge: Challenge | None = None
    """How the server refused it for want of a sign-in, where its person can sign in."""


class CallFailed(Exception):
    """A call was not answered as it should be; `__cause__` is what the library said."""

    def __init__(self, error: Exception, trace: Trace) -> None:
        super().__init__("the call failed")
        self.error, self.trace = error, trace


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that was not answered as it should be."""

    sentence: str
    """What is said where it certainly changed nothing, or only reads."""
    is_dropped: bool = False
    """The connection is of no more use."""
    was_refused: bool = False
    """The server did not even take the request, so that it can be sent again whatever it does."""
    was_answered: bool = False
    """The server itself said no."""
    challenge: Challenge | None = None
    """What the person has to sign in for; then it can be sent again whatever it does."""


def failure(error: Exception, trace: Trace, *, say: str, seconds: float, has_ended: bool) -> Failure:
    """Return what became of a call.

    Args:
        error: What the library raised.
        trace: What was seen of the call on its way.
        say: The server's spoken name.
        seconds: How long an answer was waited for.
        has_ended: The connection is gone.
    """
    code: Any = getattr(error, "code", None)
    message = str(getattr(error, "message", "") or "")
    if trace.challenge is not None:
        # With too narrow a token the connection goes on.
        more = trace.challenge.wants_more
        return Failure(
            f"{say} needs you to sign in.", is_dropped=not more, was_answered=True, challenge=trace.challenge
        )
    if (found := _of_trace(trace, say, message, has_ended=has_ended)) is not None:
        return found
    if code == _TIMED_OUT and message.startswith("Request"):
        return Failure(f"{say} did not answer within {seconds:g} seconds.")
    if _is_unreadable(error, code, message):
        return Failure(f"{say} answered in a way that cannot be read.")
    if code is None or has_ended or (code == _CLOSED and ("stream" in message or "closed" in message)):
        return Failure(f"The connection to {say} was lost.", is_dropped=True)
    told = _NOT_GIVEN.get(message, "").format(say=say) if code == _INVALID else ""
    return Failure(told or clean(message, ERROR_LIMIT) or f"{say} refused the call.", was_answered=True)


def way_to_check(tool: Tool, arguments: Json, tools: Iterable[Tool], *, trusted: bool) -> Tool | None:
    """Return the tool of the same server that can show whether a call of `tool` went through, if there is one.

    It only reads, may be used without being asked about, is about the same thing by its name, and needs nothing that
    the call did not have.
    """
    things = _things(tool.name)
    found: list[tuple[tuple[int, int, int, int], Tool]] = []
    for other in tools:
        if other.server != tool.server or other.broken or other.held or other.decision is not Decision.ALLOW:
            continue
        shared = things & _things(other.name)
        needed = set(other.input_schema.get("required", ()))
        if not shared or not needed <= set(arguments) or not is_read(other.name, other.hints, trusted=trusted):
            continue
        is_list = int("list" in words_of(other.name))
        found.append(((len(shared), -len(_things(other.name) - shared), len(needed), is_list), other))
    return max(found, key=lambda item: item[0])[1] if found else None


def doubt(sentence: str, say: str, check: Tool | None, *, is_safe: bool, redact: Callable[[str], str]) -> str:
    """Return what is said of a write whose answer was lost.

    `is_safe`: sent again, it cannot take effect twice.
    """
    words = [sentence, "I don't know whether it went through."]
    if is_safe:
        words.append("It can safely be tried again.")
    if check is not None:
        words.append(f"I can check with “{redact(check.title)}” of {say}.")
    return " ".join(words)


def _of_trace(trace: Trace, say: str, message: str, *, has_ended: bool) -> Failure | None:
    """Return what follows from what was seen on the way, if anything does."""
    found: Failure | None = None
    if trace.is_too_long:
        found = Failure(f"{say} answered with more than can be read at once; ask for less.", is_dropped=has_ended)
    elif trace.is_session_gone:
        found = Failure(f"{say} has forgotten this conversation.", is_dropped=True, was_refused=True)
    elif trace.is_unsent:
        found = Failure(f"{say} cannot be reached.", is_dropped=True, was_refused=True)
    elif trace.is_unreadable:
        found = Failure(f"{say} answered in a way that cannot be read.")
    elif trace.is_lost:
        found = Failure(f"The connection to {say} was lost.", is_dropped=True)
    elif trace.http_status is not None and trace.http_status >= HTTPStatus.MULTIPLE_CHOICES:
        found = _of_status(say, trace.http_status, message)
    return found


def _of_status(say: str, status: int, message: str) -> Failure:
    if status < HTTPStatus.BAD_REQUEST:
        return Failure(f"{say} has moved to another address.", was_answered=True)
    if status in _LOGIN:
        return Failure(f"{say} asks for a login.", is_dropped=True, was_answered=True)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Failure(f"{say} asks to be left alone for a while.", was_answered=True)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # A gateway's word, or that of a server which broke off: the request may have been done.
        return Failure(f"{say} has an error of its own ({status}).")
    told = clean(message, ERROR_LIMIT) if message not in _SAYS_NOTHING else ""
    return Failure(told or f"{say} refused the call ({status}).", was_answered=True)


def _is_unreadable(error: Exception, code: Any, message: str) -> bool:
    if code is None:
        return type(error).__name__ == "ValidationError"
    return message.startswith(("Failed to parse", "Unexpected content type", "server answered a request with 202"))


def _things(name: str) -> set[str]:
    """Return the words of a tool's name that are no verbs, in the singular: `complete_tasks` is about {task}."""
    words = words_of(name)
    rest = {word for place, word in enumerate(words) if place or word not in READS | WRITES}
    return {_singular(word) for word in (rest - READS - WRITES) or rest}


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
