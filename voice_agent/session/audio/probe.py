"""Run as a process of its own by `devices`: prints the default devices as one line of JSON."""

from __future__ import annotations

import importlib
import json
import sys
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from voice_agent.session.audio.backend import Backend


def load_backend() -> tuple[Backend | None, str | None]:
    """Import sounddevice, which starts PortAudio.

    Returns:
        The module, or what is missing: `sounddevice`, `portaudio`, or PortAudio's words.
    """
    try:
        return cast("Backend", importlib.import_module("sounddevice")), None
    except ImportError:
        return None, "sounddevice"
    except OSError:
        return None, "portaudio"
    except Exception as error:  # noqa: BLE001 - PortAudioError cannot be named before the import has worked
        return None, str(error)


def _default(backend: Backend, kind: str) -> str | None:
    """Name of the default device of a kind."""
    try:
        return str(backend.query_devices(kind=kind)["name"])
    except (backend.PortAudioError, ValueError):
        return None


def main() -> None:
    """Print what was found."""
    backend, missing = load_backend()
    found = {"missing": missing, "microphone": None, "speaker": None}
    if backend:
        found |= {"microphone": _default(backend, "input"), "speaker": _default(backend, "output")}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
