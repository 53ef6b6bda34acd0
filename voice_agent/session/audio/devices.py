"""Is there a microphone and a speaker, and if not, why not. A broken sound system never hangs the asker."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

_PORTAUDIO_REMEDY = "Install it with: sudo apt install libportaudio2 (Debian, Ubuntu), brew install portaudio (macOS)."


@dataclass(frozen=True, slots=True)
class Devices:
    """What this machine can hear and speak with."""

    microphone: str | None
    """Name of the default one."""
    speaker: str | None
    """Name of the default one."""
    why_not: str | None
    """Why voice is not possible, and the remedy, in a sentence or two; None where it is possible."""


def find_devices(timeout: float = 5.0) -> Devices:
    """Look, for at most `timeout` seconds, in a process of its own: drivers hang, crash and print.

    Blocks: call it from a thread where a loop is running.
    """
    # -P: a folder that the user happens to be in cannot stand in for any module.
    command = [sys.executable, "-P", "-m", "voice_agent.session.audio.probe"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL)
        found = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return _none(f"The sound system did not answer within {timeout:.0f} seconds. Restart it, or use typing.")
    except (OSError, ValueError, IndexError):
        return _none("The sound system crashed when it was asked for its devices. Restart it, or use typing.")
    return judge(found)


def judge(found: dict[str, str | None]) -> Devices:
    """Put what the probe found in words."""
    match found.get("missing"):
        case "sounddevice":
            return _none("The package sounddevice is not installed. Install it with: pip install 'voice-agent[voice]'")
        case "portaudio":
            return _none(f"PortAudio, which reaches the microphone, is not installed. {_PORTAUDIO_REMEDY}")
        case None:
            pass
        case other:
            return _none(f"The sound system cannot be used: {other}. Check it with another program.")
    microphone, speaker = found.get("microphone"), found.get("speaker")
    missing = [name for name, there in (("microphone", microphone), ("speaker", speaker)) if not there]
    why_not = f"No {' and no '.join(missing)} was found. Connect one and choose it in the system's sound settings."
    return Devices(microphone, speaker, why_not if missing else None)


def _none(why_not: str) -> Devices:
    return Devices(None, None, why_not)
