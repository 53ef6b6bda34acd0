"""Opens this machine's microphone and speaker, watches them, and closes them."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from voice_agent.errors import AudioError
from voice_agent.session.audio.backend import Stream, StreamTime
from voice_agent.session.audio.devices import judge
from voice_agent.session.audio.echo import EchoCanceller
from voice_agent.session.audio.microphone import RATE, Microphone
from voice_agent.session.audio.probe import load_backend
from voice_agent.session.audio.speaker import Speaker

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.session.audio.backend import Backend
    from voice_agent.session.audio.segments import Segment

T = TypeVar("T")
_log = logging.getLogger(__name__)

_RATE = 48_000
"""Hz that sound servers mix at. Through ALSA's plugins other rates underrun, and then play too fast."""
_BLOCK_S = 0.02
_LATENCY_S = 0.04
"""Asked of the device: less stutters when the interpreter is busy with something else."""
_OPEN_S = 8.0
_CLOSE_S = 2.0
_STEADY_BLOCKS = 10
_STEADY_AGE_S = 0.12
_NONSENSE_S = 10.0
_STEADY_S = 2.5
"""Sound servers may begin with a gap and a backlog of old sound, which no echo canceller follows: this many blocks in a
row must come, from a microphone no later than that, before anything is played; or so many seconds pass."""
_SILENT_S = 5.0
"""A device whose callback was not called for so long is gone."""


class _Format(NamedTuple):
    rate: int
    channels: int


class SoundCard:
    """The microphone and the speaker of a conversation, the one's echo taken out of the other."""

    def __init__(self, microphone: Microphone, speaker: Speaker, on_failure: Callable[[AudioError], None]) -> None:
        """Use `open_sound_card`."""
        self.microphone = microphone
        self.speaker = speaker
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._streams: dict[str, Stream] = {}
        self._called: dict[str, float] = {}
        self._unsteady = {"microphone": _STEADY_BLOCKS, "speaker": _STEADY_BLOCKS}
        """Blocks still to come from each device."""
        self._steady = asyncio.Event()
        self._in_use = False
        """Before, the microphone is not listened to: the canceller goes by the delay of the very first block."""
        self._closing = False
        self._watch: asyncio.Task[None] | None = None

    async def aclose(self) -> None:
        """Fall silent and give the devices back. May be called twice."""
        self._end()
        if self._watch:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        streams, self._streams = list(self._streams.values()), {}
        for stream in streams:
            with contextlib.suppress(Exception):
                await _in_thread(lambda stream=stream: (stream.abort(), stream.close()), _CLOSE_S)

    def open_streams(self, backend: Backend, heard: _Format, played: _Format) -> None:
        """Open and start both devices. Blocks; may be called from any thread."""
        for name, (make, form, work) in {
            "microphone": (backend.RawInputStream, heard, self._hear),
            "speaker": (backend.RawOutputStream, played, self._play),
        }.items():
            stream = make(
                samplerate=form.rate,
                blocksize=round(form.rate * _BLOCK_S),
                channels=form.channels,
                dtype="int16",
                latency=_LATENCY_S,
                callback=self._guarded(name, work),
                finished_callback=lambda name=name: self._report(name),
            )
            self._streams[name] = stream
            stream.start()

    async def settle(self) -> None:
        """Wait until both devices run; then begin to notice if one falls silent without a word."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STEADY_S):
                await self._steady.wait()
        self._in_use = True
        self._called = dict.fromkeys(self._streams, time.monotonic())
        self._watch = asyncio.create_task(self._watching())

    async def _watching(self) -> None:
        while not self._closing:
            await asyncio.sleep(_SILENT_S / 6)
            late = [name for name, called in self._called.items() if time.monotonic() - called > _SILENT_S]
            if late:
                self._failed(late[0])

    def _hear(self, block: Any, _frames: int, when: StreamTime) -> None:
        self.microphone.heard(bytes(block), when, self._latency("microphone"))

    def _play(self, block: Any, frames: int, when: StreamTime) -> None:
        self.speaker.fill(memoryview(block), frames, when, self._latency("speaker"))

    def _latency(self, name: str) -> float:
        stream = self._streams.get(name)
        return stream.latency if stream else _LATENCY_S

    def _guarded(self, name: str, work: Callable[[Any, int, StreamTime], None]) -> Callable[[Any, int, Any, Any], None]:
        """A callback for the device's thread: what goes wrong in it is a failure of the device, never a traceback."""

        def callback(block: Any, frames: int, when: Any, status: Any) -> None:
            self._called[name] = time.monotonic()
            try:
                if status.output_underflow:
                    self.speaker.starved()
                times = StreamTime(when)
                if self._in_use:
                    work(block, frames, times)
                else:
                    self._warm_up(name, block, times.input_age)
            except Exception:  # noqa: BLE001 - nothing above this but C
                _log.debug("The %s's callback failed.", name, exc_info=True)
                self._report(name)

        return callback

    def _warm_up(self, name: str, block: Any, age: float) -> None:
        """Silence to the speaker, nothing from the microphone, until both run steadily."""
        if name == "speaker":
            silence = memoryview(block)
            silence[:] = bytes(silence.nbytes)
        late = name == "microphone" and _STEADY_AGE_S < age < _NONSENSE_S
        self._unsteady[name] = _STEADY_BLOCKS if late else self._unsteady[name] - 1
        if max(self._unsteady.values()) <= 0:
            self._loop.call_soon_threadsafe(self._steady.set)

    def _report(self, name: str) -> None:
        """Called by the device's thread when a stream ended by itself, or by us."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(self._failed, name)

    def _failed(self, name: str) -> None:
        if self._closing:
            return
        self._end()
        self._on_failure(AudioError(f"The {name} stopped working. Connect it again, then start a new conversation."))

    def _end(self) -> None:
        if not self._closing:
            self._closing = True
            self.microphone.end()
            self.speaker.end()


async def open_sound_card(
    on_failure: Callable[[AudioError], None],
    *,
    on_segment: Callable[[Segment], None] | None = None,
    backend: Backend | None = None,
    cancel_echo: bool = True,
) -> SoundCard:
    """Open the default microphone and speaker.

    Args:
        on_failure: Called once, on the loop, when a device fails later. The microphone has ended by then, and nothing
            waits for the speaker. `aclose` is still to be called.
        on_segment: Given each stretch of speech that was heard, on the loop, in order.
        backend: The module sounddevice, or a stand-in.
        cancel_echo: False leaves the agent's own voice in the microphone.

    Raises:
        AudioError: There is none, or it cannot be opened; with the remedy.
    """
    backend = backend or await _load_backend()
    heard, played = await _opening(
        lambda: (_choose(backend, "input"), _choose(backend, "output")), backend.PortAudioError
    )
    echo = EchoCanceller(speaker_rate=played.rate, microphone_rate=RATE, cancel=cancel_echo)
    card = SoundCard(
        Microphone(echo, device_rate=heard.rate, channels=heard.channels),
        Speaker(echo, device_rate=played.rate, channels=played.channels, on_segment=on_segment),
        on_failure,
    )
    try:
        await _opening(lambda: card.open_streams(backend, heard, played), backend.PortAudioError)
    except BaseException:
        await card.aclose()
        raise
    await card.settle()
    return card


async def _load_backend() -> Backend:
    backend, missing = await _opening(load_backend)
    if not backend:
        raise AudioError(judge({"missing": missing}).why_not or "")
    _silence_alsa()
    return backend


def _choose(backend: Backend, kind: str) -> _Format:
    """Our rate where the device takes it, else its own; one channel, or two where it insists."""
    info = backend.query_devices(kind=kind)
    check = backend.check_input_settings if kind == "input" else backend.check_output_settings
    own = int(info["default_samplerate"])
    for form in (_Format(_RATE, 1), _Format(own, 1), _Format(own, min(2, int(info[f"max_{kind}_channels"])))):
        with contextlib.suppress(backend.PortAudioError):
            check(channels=form.channels, dtype="int16", samplerate=form.rate)
            return form
    name = "microphone" if kind == "input" else "speaker"
    raise AudioError(f"The {name} “{info['name']}” takes none of our formats. Choose another in the sound settings.")


async def _opening(work: Callable[[], T], failure: type[Exception] = OSError) -> T:
    """Do it in a thread, for a bounded time; what goes wrong becomes an AudioError."""
    try:
        return await _in_thread(work, _OPEN_S)
    except TimeoutError as error:
        raise AudioError(f"The sound system did not answer within {_OPEN_S:.0f} seconds. Restart it.") from error
    except (failure, ValueError) as error:
        raise AudioError(
            f"The microphone or the speaker cannot be opened: {error}. Close other programs that use it, "
            "or choose another in the system's sound settings."
        ) from error


async def _in_thread(work: Callable[[], T], timeout: float) -> T:  # noqa: ASYNC109 - the thread goes on, forgotten
    """A daemon thread, since a hung driver must not keep the program from ending."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error:
            answer.set_exception(error)
        else:
            answer.set_result(result)  # pyright: ignore[reportArgumentType] - None only with an error

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - handed over
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, daemon=True, name="sound").start()
    async with asyncio.timeout(timeout):
        return await answer


_ALSA_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)
_silent = _ALSA_HANDLER(lambda *_: None)


def _silence_alsa() -> None:
    """Keep ALSA's remarks on every device that it tries off standard error."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_silent)
