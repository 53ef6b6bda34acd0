"""WAV files in (any PCM, any rate) and out (16 bit, mono)."""

from __future__ import annotations

import io
import os
import wave
from typing import TYPE_CHECKING

import numpy as np

from voice_agent.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from numpy.typing import NDArray

LONGEST = 600.0
"""Seconds of sound that one file may hold."""

_SIZE_UNKNOWN = 0x7FFF0000
"""Programs that write to a pipe put a RIFF size from here up, since they cannot know it."""
_RATES = range(1_000, 768_001)
_REMEDY = "Make a plain one with: ffmpeg -i INPUT -ar 16000 -ac 1 OUTPUT.wav"


def read_wav(path: Path, sample_rate: int = 16_000) -> NDArray[np.int16]:
    """Read a WAV file of any PCM format, channels and rate.

    Returns:
        Samples of one channel at `sample_rate` Hz, shape (n,), n > 0.

    Raises:
        AudioError: The file is missing, no WAV, cut off, without sound or longer than `LONGEST`.
    """
    import av
    import soxr
    from av.error import FFmpegError

    _check_header(path)
    try:
        with av.open(str(path), format="wav") as container:
            rate = _rate(path, container)
            resampler = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32") if rate != sample_rate else None
            blocks: list[NDArray[np.float32]] = []
            length = 0
            for block in _mono(container):
                length += block.size
                if length > LONGEST * rate:
                    raise AudioError(f"{path} is longer than {LONGEST / 60:.0f} minutes. Cut it into shorter files.")
                blocks.append(resampler.resample_chunk(block) if resampler else block)
    except (FFmpegError, ValueError, IndexError) as error:
        raise AudioError(f"{path} is a WAV file whose sound cannot be read. {_REMEDY}") from error
    except OSError as error:
        raise AudioError(_unreadable(path, error)) from error
    if resampler:
        blocks.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    sound = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    if not sound.size:
        raise AudioError(f"{path} is a WAV file without any sound in it. Record it again.")
    return np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)


def write_wav(path: Path, pcm: NDArray[np.int16], sample_rate: int) -> None:
    """Write one channel of 16-bit samples, shape (n,); `path` holds the whole file or what it held before.

    A missing folder is made.

    Raises:
        AudioError: The folder cannot be made or written, or the disk is full.
    """
    memory = io.BytesIO()
    with wave.open(memory, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(pcm.astype("<i2", copy=False).tobytes())
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(memory.getbuffer())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or "it failed"
        raise AudioError(f"{path} cannot be written: {reason}. Choose another folder or make room.") from error


def _check_header(path: Path) -> None:
    """Refuse what is no WAV file, or one that ends before its own header says."""
    try:
        if path.is_dir():
            raise AudioError(f"{path} is a folder. Name a WAV file in it.")
        if path.exists() and not path.is_file():
            raise AudioError(f"{path} is not a file. Name a WAV file.")
        with path.open("rb") as file:
            head = file.read(12)
            size = os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as error:
        raise AudioError(_unreadable(path, error)) from error
    if not head:
        raise AudioError(f"{path} is empty. Record it again.")
    if head[:4] not in {b"RIFF", b"RF64"} or head[8:] != b"WAVE":
        raise AudioError(f"{path} is not a WAV file. {_REMEDY}")
    announced = 8 + int.from_bytes(head[4:8], "little")
    # Some programs count a last padding byte that they do not write.
    if head[:4] == b"RIFF" and announced < _SIZE_UNKNOWN and size < announced - 1:
        raise AudioError(f"{path} is cut off: it has {size} of {announced} bytes. Copy or record it again.")


def _unreadable(path: Path, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path} does not exist. Check the name of the WAV file."
    if isinstance(error, PermissionError):
        return f"{path} cannot be read: permission denied. Give yourself the right to read it."
    reason = getattr(error, "strerror", None) or "the name is not a file's"
    return f"{path} cannot be read: {reason}. Name another WAV file."


def _rate(path: Path, container: InputContainer) -> int:
    rate = getattr(container.streams.audio[0], "rate", None)
    if rate is None:
        raise ValueError("nothing decodes it")
    if rate not in _RATES:
        raise AudioError(f"{path} says it has {rate} samples a second, which no recording has. {_REMEDY}")
    return rate


def _mono(container: InputContainer) -> Iterator[NDArray[np.float32]]:
    """Blocks of one channel, the mean of all, full scale being 1.0."""
    import av

    to_float = av.AudioResampler(format="fltp")
    for decoded in container.decode(audio=0):
        for frame in to_float.resample(decoded):
            yield frame.to_ndarray().mean(axis=0, dtype=np.float32)
