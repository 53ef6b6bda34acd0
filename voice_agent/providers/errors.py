"""The one translator from what LiveKit's plugins raise to what people are told.

Nothing that a provider sent is repeated: its words are untrusted, and OpenAI's hold a part of the key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from livekit.agents import APIConnectionError, APIError, APIStatusError, APITimeoutError

from voice_agent.errors import VoiceAgentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voice_agent.config.profiles import PartName

Code: TypeAlias = Literal[
    "key_refused",
    "no_credit",
    "rate_limited",
    "not_found",
    "rejected",
    "timeout",
    "unreachable",
    "dropped",
    "server_error",
    "unreadable",
    "failed",
]

_NAMES: Mapping[PartName, str] = {
    "stt": "The speech recognition",
    "llm": "The language model",
    "tts": "The voice service",
}
_THEREFORE: Mapping[PartName, str] = {
    "stt": "I can't hear you right now",
    "llm": "I can't think right now",
    "tts": "I can't speak right now",
}
_SPOKEN: Mapping[Code, str] = {
    "key_refused": "{name} refused my key",
    "no_credit": "{name} says that my account has no credit left",
    "rate_limited": "{name} is getting too many requests",
    "not_found": "{name} does not know the model I was set to use",
    "rejected": "{name} did not accept what I sent",
    "timeout": "{name} took too long",
    "unreachable": "{name} cannot be reached",
    "dropped": "{name} hung up",
    "server_error": "{name} has a fault of its own",
    "unreadable": "{name} sent something that I can't read",
    "failed": "{name} failed",
}
_WRITTEN: Mapping[Code, str] = {
    "key_refused": "{name} refused the key",
    "no_credit": "{name} says that the account has no credit left",
    "not_found": "{name} does not know the model that it was asked for",
    "rejected": "{name} did not accept a request",
    "unreadable": "{name} sent something that cannot be read",
}
"""Where the eye is told otherwise than the ear."""
_REMEDIES: Mapping[Code, str] = {
    "key_refused": "Check {key}.",
    "no_credit": "Check the billing of the account that {key} belongs to.",
    "rate_limited": "Wait a little, or raise the limits of the account that {key} belongs to.",
    "not_found": "Check {part}.model and {part}.base_url.",
    "rejected": "Check {part}.model and the other settings of {part}.",
    "timeout": "Check the network; if it happens often, choose a faster {part}.model.",
    "unreachable": "Check the network and {part}.base_url.",
    "dropped": "Check the network.",
    "server_error": "Try again later, or choose another {part}.provider.",
    "unreadable": "Check that {part}.base_url leads to a server of that kind.",
    "failed": "Try again, or choose another {part}.provider.",
}
_PERMANENT: frozenset[Code] = frozenset({"key_refused", "no_credit", "not_found"})
"""A refused request is not among them: the next one may be another."""
_KEYS = (
    ("deepgram", "Deepgram", "DEEPGRAM_API_KEY"),
    ("cartesia", "Cartesia", "CARTESIA_API_KEY"),
    ("openai", "OpenAI", "OPENAI_API_KEY"),
)
_PARTS: Mapping[str, PartName] = {"stt_error": "stt", "llm_error": "llm", "tts_error": "tts"}
_STATUS_IN_WORDS = re.compile(r"'status_code': (\d{3})\b")
_FIRST_WEBSOCKET_CODE = 1000
_HUNG_UP = re.compile(r"\b(closed unexpectedly|lost)\b")
_DROPPED = frozenset(
    {"RemoteProtocolError", "ReadError", "WriteError", "ServerDisconnectedError", "ConnectionResetError"}
)
_LONGEST_CHAIN = 10


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed, for a script, for the ear and for the eye. Never holds a secret or a provider's own words."""

    part: PartName
    code: Code
    is_permanent: bool
    """Trying again cannot help."""
    what: str
    """A clause without its consequence, to be said: `The language model refused my key`."""
    spoken: str
    """One sentence, to be said."""
    text: str
    """What failed where, and the remedy; for a log or standard error."""


def translate(error: object, *, part: PartName = "llm") -> Failure:
    """Put a failure of the ears, the model or the voice into words.

    Args:
        error: LiveKit's `ErrorEvent`, its `STTError`, `LLMError` or `TTSError`, or what a plugin raised.
        part: the part that failed, where `error` does not say.
    """
    source = getattr(error, "source", None)
    inner = getattr(error, "error", error) if source is not None else error
    part = _PARTS.get(str(getattr(inner, "type", "")), part)
    label = str(getattr(inner, "label", ""))
    cause = getattr(inner, "error", inner)
    name = _NAMES[part]
    if isinstance(cause, VoiceAgentError):
        what = cause.spoken.rstrip(".")
        return Failure(part, "failed", cause.is_permanent, what, cause.spoken, str(cause))
    code = _code(cause)
    what = _SPOKEN[code].format(name=name)
    where, key = _provider(label, source, part)
    status = _status(cause)
    detail = "" if status is None else f" (HTTP {status})" if status < _FIRST_WEBSOCKET_CODE else f" (close {status})"
    told = _WRITTEN.get(code, _SPOKEN[code]).format(name=where)
    remedy = _REMEDIES[code].format(key=key, part=part)
    return Failure(
        part,
        code,
        code in _PERMANENT,
        what,
        f"{what}, so {_THEREFORE[part]}.",
        f"{told}{detail}. {remedy}",
    )


def _provider(label: str, source: object, part: PartName) -> tuple[str, str]:
    """How the provider is named in the text, and where its key is set."""
    host = str(getattr(source, "provider", "") or "")
    for word, title, variable in _KEYS:
        if f".{word}." in label or host.lower().startswith(word):
            if word == "openai" and host and host != "api.openai.com":
                return f"The model server at {host}", f"{part}.api_key"
            return f"{title} ({part})", variable
    return _NAMES[part], f"{part}.api_key"


def _code(error: object) -> Code:
    status = _status(error)
    if status is not None:
        return _code_of_status(status, error)
    if isinstance(error, APITimeoutError | TimeoutError):
        return "timeout"
    if isinstance(error, APIConnectionError):
        return _code_of_connection(error)
    if isinstance(error, ConnectionError | OSError):
        return "unreachable"
    return "failed"


def _code_of_status(status: int, error: object) -> Code:
    if status in (401, 403):
        return "key_refused"
    if status == 402 or (status == 429 and _is_out_of_credit(error)):  # noqa: PLR2004 - HTTP
        return "no_credit"
    if status >= _FIRST_WEBSOCKET_CODE:
        return "dropped"
    if status >= 500:  # noqa: PLR2004 - HTTP
        return "server_error"
    known: Mapping[int, Code] = {404: "not_found", 408: "timeout", 429: "rate_limited", 499: "timeout"}
    return known.get(status, "rejected")


def _is_out_of_credit(error: object) -> bool:
    """OpenAI says so in the body of a 429 (platform.openai.com/docs/guides/error-codes)."""
    body = getattr(error, "body", None)
    if not isinstance(body, dict):
        return False
    told = cast("dict[str, object]", body)
    return "insufficient_quota" in (told.get("code"), told.get("type"))


def _status(error: object) -> int | None:
    """HTTP status or WebSocket close code (RFC 6455, 7.4); plugins tell both as `status_code`."""
    if isinstance(error, APIStatusError):
        # -1 and 0: the socket went away without a code.
        return error.status_code if error.status_code > 0 else 1006
    if isinstance(error, APIError):
        found = _STATUS_IN_WORDS.search(error.message)
        return int(found[1]) if found else None
    return None


def _code_of_connection(error: BaseException) -> Code:
    """Plugins wrap all else in a connection error: the types down its chain decide, and what the plugin itself says."""
    kinds: list[type[BaseException]] = []
    cause = error.__cause__
    while cause is not None and len(kinds) < _LONGEST_CHAIN:
        kinds.append(type(cause))
        cause = cause.__cause__
    if any(issubclass(kind, TimeoutError) or "Timeout" in kind.__name__ for kind in kinds):
        return "timeout"
    if any(issubclass(kind, ValueError | KeyError | TypeError) for kind in kinds):
        return "unreadable"
    if any(kind.__name__ in _DROPPED for kind in kinds) or _HUNG_UP.search(getattr(error, "message", "")):
        return "dropped"
    if str(getattr(error, "message", "")).startswith("all "):
        # LiveKit's fall-back adapter: each of its providers has been told of already.
        return "failed"
    return "unreachable"
