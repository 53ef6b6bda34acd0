"""Every error this program raises on purpose.

    VoiceAgentError
    ├── ConfigError          a file, key or variable is wrong          (exit status 2)
    ├── ExtraMissing         a command needs an extra that is not installed (exit status 2)
    ├── PartMissing          a program, or the built page, is not there (exit status 2)
    ├── PartFailed           the LiveKit server, the worker or the web part (exit status 1)
    ├── AudioError           no microphone, no speaker, not a WAV file (exit status 1)
    ├── ServerError          one MCP server, never the session
    │   ├── ServerUnavailable   it could not be started, reached or listed
    │   ├── LoginNeeded         it refused our credentials
    │   └── OutcomeUnknown      a write was sent and its answer was lost
    ├── ToolUnknown          no server offers a tool of that name
    └── ProviderError        speech recognition, language model or voice
        └── KeyRefused          the provider refused our key

`code` is stable and meant for scripts; `is_permanent` says that trying again cannot help; `spoken` is said aloud.
"""

from __future__ import annotations

from typing import ClassVar


class VoiceAgentError(Exception):
    """Base of the tree. `str(error)` is one or two plain sentences for the person at the keyboard."""

    code: ClassVar[str] = "failed"
    is_permanent: ClassVar[bool] = False
    exit_status: ClassVar[int] = 1
    default_spoken: ClassVar[str] = "Something went wrong."

    def __init__(self, message: str, *, spoken: str | None = None) -> None:
        super().__init__(message)
        self.spoken = spoken or self.default_spoken


class ConfigError(VoiceAgentError):
    """A file, key, variable or argument is wrong; the message names it and the remedy."""

    code = "config"
    is_permanent = True
    exit_status = 2
    default_spoken = "Something in my configuration is wrong."


class ExtraMissing(VoiceAgentError):
    """A command needs packages of an extra that is not installed."""

    code = "extra_missing"
    is_permanent = True
    exit_status = 2
    default_spoken = "A part of me is not installed."

    def __init__(self, extra: str, what: str) -> None:
        super().__init__(f"{what} needs the extra “{extra}”. Install it with: pip install 'voice-agent[{extra}]'")
        self.extra = extra


class PartMissing(VoiceAgentError):
    """Something that a command starts is not there; the message names the ways to get it."""

    code = "part_missing"
    is_permanent = True
    exit_status = 2


class PartFailed(VoiceAgentError):
    """The LiveKit server, the worker or the web part could not start or did not go on."""

    code = "part_failed"


class AudioError(VoiceAgentError):
    """A microphone, a speaker or a sound file cannot be used."""

    code = "audio"
    default_spoken = "I cannot use the sound device."


class ServerError(VoiceAgentError):
    """Trouble with one MCP server; the others and the session go on."""

    code = "server"
    default_spoken = "One of my servers has a problem."

    def __init__(self, server: str, message: str, *, spoken: str | None = None) -> None:
        super().__init__(message, spoken=spoken)
        self.server = server


class ServerUnavailable(ServerError):
    """The server could not be started, reached or listed."""

    code = "server_unavailable"


class LoginNeeded(ServerError):
    """The server refused our credentials (HTTP 401 or 403)."""

    code = "needs_login"
    is_permanent = True


class OutcomeUnknown(ServerError):
    """A write was sent and no answer came back: it may or may not have taken effect."""

    code = "outcome_unknown"
    default_spoken = "I don't know whether that went through."


class ToolUnknown(VoiceAgentError):
    """No attached server offers that tool."""

    code = "tool_unknown"
    is_permanent = True
    default_spoken = "I have no such ability."


class ProviderError(VoiceAgentError):
    """Speech recognition, the language model or the voice failed."""

    code = "provider"
    default_spoken = "One of my services is not answering."


class KeyRefused(ProviderError):
    """The provider refused the key."""

    code = "key_refused"
    is_permanent = True
