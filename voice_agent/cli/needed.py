"""What a command needs that may not be installed."""

from __future__ import annotations

from importlib.util import find_spec

from voice_agent.errors import ExtraMissing


def need_voice(what: str) -> None:
    """Raise `ExtraMissing`, saying that `what` needs it, where the extra `voice` is not installed."""
    if find_spec("livekit") is None or find_spec("livekit.agents") is None:
        raise ExtraMissing("voice", what)
