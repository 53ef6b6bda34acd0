"""What is used of sounddevice, as types; a stand-in for tests offers the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BELIEVABLE_INPUT_S = 0.15
_BELIEVABLE_OUTPUT_S = 1.0
"""Some drivers give no times, or nonsense; a microphone that seems later is working off a backlog."""


class _CTime(Protocol):
    """PortAudio's PaStreamCallbackTimeInfo, in seconds of the stream's clock."""

    inputBufferAdcTime: float  # noqa: N815 - PortAudio's spelling
    outputBufferDacTime: float  # noqa: N815 - PortAudio's spelling
    currentTime: float  # noqa: N815 - PortAudio's spelling


class StreamTime:
    """How old or how far ahead a block is."""

    def __init__(self, time: _CTime) -> None:
        self._time = time

    @property
    def input_age(self) -> float:
        """Seconds since the first sample of the block was captured, as the driver says."""
        return self._time.currentTime - self._time.inputBufferAdcTime

    def input_delay(self, latency: float) -> float:
        """Seconds since the first sample of the block was captured; `latency` where the driver does not say."""
        delay = self.input_age
        return delay if 0.0 < delay < _BELIEVABLE_INPUT_S else latency

    def output_delay(self, latency: float) -> float:
        """Seconds until the first sample of the block is heard; `latency` where the driver does not say."""
        delay = self._time.outputBufferDacTime - self._time.currentTime
        return delay if 0.0 < delay < _BELIEVABLE_OUTPUT_S else latency


class Stream(Protocol):
    """An open sounddevice stream."""

    @property
    def latency(self) -> float:
        """Seconds."""
        ...

    @property
    def active(self) -> bool:
        """Whether its callback is being called."""
        ...

    def start(self) -> None:
        """Begin to call the callback."""

    def abort(self) -> None:
        """Stop at once."""

    def close(self) -> None:
        """Give the device back."""


class Backend(Protocol):
    """The module sounddevice."""

    @property
    def PortAudioError(self) -> type[Exception]:  # noqa: N802 - sounddevice's spelling
        """What it raises."""
        ...

    def query_devices(self, device: int | str | None = None, kind: str | None = None) -> Mapping[str, Any]:
        """The default device of a kind (`input`, `output`): name, default_samplerate, max_*_channels."""
        ...

    def check_input_settings(self, *, channels: int, dtype: str, samplerate: int) -> None:
        """Raise PortAudioError where the default device cannot do it."""

    def check_output_settings(self, *, channels: int, dtype: str, samplerate: int) -> None:
        """Raise PortAudioError where the default device cannot do it."""

    def RawInputStream(  # noqa: N802 - sounddevice's spelling
        self,
        *,
        samplerate: int,
        blocksize: int,
        channels: int,
        dtype: str,
        latency: float,
        callback: Callable[[Any, int, Any, Any], None],
        finished_callback: Callable[[], None],
    ) -> Stream:
        """Open the default microphone; the callback gets (bytes, frames, time, status)."""
        ...

    def RawOutputStream(  # noqa: N802 - sounddevice's spelling
        self,
        *,
        samplerate: int,
        blocksize: int,
        channels: int,
        dtype: str,
        latency: float,
        callback: Callable[[Any, int, Any, Any], None],
        finished_callback: Callable[[], None],
    ) -> Stream:
        """Open the default speaker; the callback fills the first of (buffer, frames, time, status)."""
        ...
