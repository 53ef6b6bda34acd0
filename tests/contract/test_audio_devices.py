"""Looking for devices, with stand-ins for sounddevice in the place that the child process imports from."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from voice_agent.session.audio.devices import find_devices

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.contract

TWO = """
class PortAudioError(Exception): pass
def query_devices(device=None, kind=None):
    return {"name": "USB headset"}
"""
NONE = """
class PortAudioError(Exception): pass
def query_devices(device=None, kind=None):
    raise PortAudioError("Error querying device -1")
"""
NO_MICROPHONE = """
class PortAudioError(Exception): pass
def query_devices(device=None, kind=None):
    if kind == "input": raise PortAudioError("Error querying device -1")
    return {"name": "HDMI"}
"""
HANGS = "import threading; threading.Event().wait()"


@pytest.mark.parametrize(
    ("module", "why_not"),
    [
        (TWO, None),
        (NONE, "No microphone and no speaker was found. Connect one"),
        (NO_MICROPHONE, "No microphone was found. Connect one"),
        ("raise OSError('PortAudio library not found')", "sudo apt install libportaudio2"),
        ("raise ImportError('no module')", "pip install 'voice-agent"),
        ("raise RuntimeError('Error initializing PortAudio')", "cannot be used: Error initializing PortAudio."),
        ("import os; os.abort()", "The sound system crashed"),
        (HANGS, "did not answer within 2 seconds"),
        ("print('noise')" + TWO, None),
    ],
)
def test_why_voice_is_not_possible_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, why_not: str | None
) -> None:
    (tmp_path / "sounddevice.py").write_text(module)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    devices = find_devices(timeout=2 if module == HANGS else 60)
    assert (devices.why_not is None) == (why_not is None)
    assert (why_not or "") in (devices.why_not or "")
    assert (devices.speaker is None) == (module not in {TWO, NO_MICROPHONE, "print('noise')" + TWO})


def test_what_the_driver_prints_reaches_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    noisy = "import os; os.write(1, b'ALSA lib\\n'); os.write(2, b'jack server is not running\\n')\n" + TWO
    (tmp_path / "sounddevice.py").write_text(noisy)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert find_devices().microphone == "USB headset"
    assert capfd.readouterr() == ("", "")


def test_the_modules_are_imported_without_sounddevice() -> None:
    program = "import sys, voice_agent.session.audio.card, voice_agent.session.audio.devices as d\n"
    program += "sys.exit('sounddevice' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
