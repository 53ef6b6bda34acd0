"""A sound card in a room: what its speaker plays comes back into its microphone, late, coloured and with an echo.

Takes the place of the module `sounddevice`; a thread of its own calls the callbacks at the pace of real time.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

OUTPUT_DELAY = 0.06
"""Seconds from the speaker's callback to the air."""
INPUT_DELAY = 0.02
"""Seconds from the air to the microphone's callback."""
DISTANCE = 0.003
"""Seconds from the speaker to the microphone: one metre."""


class FakePortAudioError(Exception):
    """As sounddevice's."""


@dataclass(eq=False)
class FakeStream:
    """As sounddevice's raw streams."""

    card: FakeSoundCard
    kind: str
    rate: int
    size: int
    channels: int
    callback: Callable[[Any, int, Any, Any], None]
    finished: Callable[[], None]
    latency: float
    active: bool = field(default=False)

    def start(self) -> None:
        self.active = True
        self.card.run()

    def abort(self) -> None:
        if self.active:
            self.active = False
            self.finished()

    def close(self) -> None:
        self.abort()
        self.card.close(self)


class FakeSoundCard:
    """A stand-in whose speaker and microphone share one clock: a busy machine holds up both by the same blocks.

    Args:
        rates: Those that it takes, in Hz; it works at the first.
        level: That of the echo at the microphone, relative to what is played.
        speed: How many seconds of sound it takes and gives in one.
    """

    PortAudioError = FakePortAudioError

    def __init__(
        self, *, rates: tuple[int, ...] = (48_000,), channels: int = 1, level: float = 0.5, speed: float = 1.0
    ) -> None:
        self.rates = rates
        self.channels = channels
        self.busy = False
        """Whether another program holds it."""
        self.streams: list[FakeStream] = []
        self.played: list[NDArray[np.int16]] = []
        """What came to the speaker, a block each."""
        rng = np.random.default_rng(7)
        tail = rng.normal(size=rates[0] // 5) * np.exp(-np.arange(rates[0] // 5) / (0.04 * rates[0]))
        self._speed = speed
        self._late = 0.0
        """Seconds by which what is played comes later to the air than at first."""
        self._gap: tuple[float, float] | None = None
        self._room = level * np.concatenate([[1.0], 0.5 * tail / np.linalg.norm(tail)])
        self._air = np.zeros(rates[0])
        self._voice: NDArray[np.float64] = np.zeros(0)
        self._noise = rng
        self._frozen: set[str] = set()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def query_devices(self, device: int | str | None = None, kind: str | None = None) -> Mapping[str, Any]:
        del device
        return {"name": f"fake {kind}", "default_samplerate": float(self.rates[0]), f"max_{kind}_channels": 2}

    def check_input_settings(self, *, channels: int, dtype: str, samplerate: int) -> None:
        if samplerate not in self.rates or channels != self.channels or dtype != "int16":
            raise FakePortAudioError("Invalid sample rate")

    check_output_settings = check_input_settings

    def RawInputStream(self, **options: Any) -> FakeStream:  # noqa: N802 - sounddevice's spelling
        return self._open("input", **options)

    def RawOutputStream(self, **options: Any) -> FakeStream:  # noqa: N802 - sounddevice's spelling
        return self._open("output", **options)

    def say(self, samples: NDArray[np.int16]) -> None:
        """Somebody in the room speaks; one channel at `rates[0]`."""
        self._voice = np.concatenate([self._voice, samples.astype(np.float64)])

    def unplug(self, kind: str) -> None:
        """The driver notices that the device (`input`, `output`) is gone."""
        next(stream for stream in self.streams if stream.kind == kind).abort()

    def freeze(self, kind: str) -> None:
        """The driver does not notice."""
        self._frozen.add(kind)

    def starve(self, at: float, length: float) -> None:
        """The speaker will have had `at` seconds of sound when the driver lacks `length` seconds of it, and says so."""
        self._gap = at, length

    def run(self) -> None:
        if not self._thread:
            self._thread = threading.Thread(target=self._clock, daemon=True, name="fake sound card")
            self._thread.start()

    def close(self, stream: FakeStream) -> None:
        self.streams.remove(stream)
        if not self.streams:
            self._stopped.set()

    def _open(self, kind: str, **options: Any) -> FakeStream:
        if self.busy:
            raise FakePortAudioError("Device unavailable [PaErrorCode -9985]")
        stream = FakeStream(
            self,
            kind,
            options["samplerate"],
            options["blocksize"],
            options["channels"],
            options["callback"],
            options["finished_callback"],
            options["latency"],
        )
        self.streams.append(stream)
        return stream

    def _clock(self) -> None:
        due = time.perf_counter()
        while not self._stopped.is_set():
            for stream in list(self.streams):
                if stream.active and stream.kind not in self._frozen:
                    (self._play if stream.kind == "output" else self._hear)(stream)
            due += (self.streams[0].size / self.streams[0].rate if self.streams else 0.02) / self._speed
            self._stopped.wait(max(0.0, due - time.perf_counter()))

    def _play(self, stream: FakeStream) -> None:
        block = bytearray(2 * stream.size * stream.channels)
        status = SimpleNamespace(output_underflow=self._starved(stream))
        now = time.perf_counter()
        delay = OUTPUT_DELAY + self._late
        times = SimpleNamespace(currentTime=now, outputBufferDacTime=now + delay, inputBufferAdcTime=0.0)
        stream.callback(block, stream.size, times, status)
        samples = np.frombuffer(block, np.int16).reshape(-1, stream.channels)[:, 0]
        self.played.append(samples.copy())
        small_speaker = 20_000 * np.tanh(samples / 20_000)
        echo = np.convolve(small_speaker, self._room)
        start = round((delay + DISTANCE + INPUT_DELAY) * stream.rate)
        self._air[start : start + echo.size] += echo

    def _starved(self, stream: FakeStream) -> bool:
        if not self._gap or sum(block.any() for block in self.played) * stream.size < self._gap[0] * stream.rate:
            return False
        self._late, self._gap = self._late + self._gap[1], None
        return True

    def _hear(self, stream: FakeStream) -> None:
        sound = self._air[: stream.size] + self._noise.normal(size=stream.size) * 12
        self._air = np.concatenate([self._air[stream.size :], np.zeros(stream.size)])
        voice, self._voice = self._voice[: stream.size], self._voice[stream.size :]
        sound[: voice.size] += voice
        block = np.clip(sound, -32768, 32767).astype(np.int16).repeat(stream.channels).tobytes()
        now = time.perf_counter()
        times = SimpleNamespace(currentTime=now, outputBufferDacTime=0.0, inputBufferAdcTime=now - INPUT_DELAY)
        stream.callback(block, stream.size, times, SimpleNamespace(output_underflow=False))
