"""The libraries' own log: silent, or on standard error with the keys taken out."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voice_agent.config.settings import Settings

_HIDDEN = "•••"


class Redacting(logging.Formatter):
    """Formats records without any of the given secrets; LiveKit's plugins log what providers send, keys and all."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record, and its traceback, as text."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text


def set_up_logs(settings: Settings, *, is_verbose: bool) -> None:
    """Show the log on standard error, or nowhere at all."""
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    if not is_verbose:
        root.setLevel(logging.CRITICAL + 1)
        logging.lastResort = None
        return
    keys = (settings.openai_api_key, settings.deepgram_api_key, settings.cartesia_api_key)
    parts = (settings.stt.api_key, settings.llm.api_key, settings.tts.api_key)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacting(key.get_secret_value() for key in (*keys, *parts) if key is not None))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
