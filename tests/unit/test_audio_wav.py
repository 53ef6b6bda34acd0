from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest

from voice_agent.errors import AudioError
from voice_agent.session.audio.wav import read_wav, write_wav

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

pytestmark = pytest.mark.unit

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE


def tone(rate: int, seconds: float = 0.5) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)


def wav(data: bytes, *, form: int = PCM, channels: int = 1, rate: int = 16_000, bits: int = 16) -> bytes:
    align = channels * bits // 8
    fmt = struct.pack("<HHIIHH", form, channels, rate, rate * align, align, bits)
    if form == EXTENSIBLE:
        guid = struct.pack("<H", PCM) + bytes.fromhex("000000001000800000aa00389b71")
        fmt += struct.pack("<HHI", 22, bits, 0) + guid
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def encode(sound: NDArray[np.float64], bits: int, *, floats: bool = False) -> bytes:
    if floats:
        return sound.astype("<f4" if bits == 32 else "<f8").tobytes()
    if bits == 8:
        return (sound * 127 + 128).astype(np.uint8).tobytes()
    if bits == 24:
        return b"".join(int(value * 8388607).to_bytes(3, "little", signed=True) for value in sound)
    return (sound * (2 ** (bits - 1) - 1)).astype(f"<i{bits // 8}").tobytes()


@pytest.mark.parametrize(
    ("bits", "form"),
    [(8, PCM), (16, PCM), (24, PCM), (32, PCM), (32, FLOAT), (64, FLOAT), (16, EXTENSIBLE), (24, EXTENSIBLE)],
)
def test_every_sample_format_gives_the_same_sound(tmp_path: Path, bits: int, form: int) -> None:
    path = tmp_path / "tone.wav"
    path.write_bytes(wav(encode(tone(16_000), bits, floats=form == FLOAT), form=form, bits=bits))
    assert np.abs(read_wav(path) / 32768 - tone(16_000)).max() < 0.02


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000])
def test_every_rate_becomes_the_one_asked_for(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "tone.wav"
    path.write_bytes(wav(encode(tone(rate), 16), rate=rate))
    sound = read_wav(path, 24_000)
    assert abs(sound.size - 12_000) < 10
    assert int(np.argmax(np.abs(np.fft.rfft(sound)))) * 24_000 / sound.size == pytest.approx(440, abs=3)


def test_channels_are_mixed_to_one(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    left = tone(16_000)
    path.write_bytes(wav(encode(np.column_stack([left, np.zeros_like(left)]).ravel(), 16), channels=2))
    assert np.abs(read_wav(path) / 32768 - left / 2).max() < 0.001


def test_what_is_written_is_read_back_bit_for_bit(tmp_path: Path) -> None:
    pcm = np.array([0, 1, -1, 32767, -32768, 12345], np.int16)
    write_wav(tmp_path / "new" / "001.wav", pcm, 16_000)
    assert read_wav(tmp_path / "new" / "001.wav").tolist() == pcm.tolist()


def test_a_stream_of_unknown_length_is_read_to_its_end(tmp_path: Path) -> None:
    """As programs write it that cannot go back to fill in the sizes."""
    path = tmp_path / "piped.wav"
    whole = bytearray(wav(encode(tone(16_000), 16)))
    whole[4:8] = whole[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(whole)
    assert read_wav(path).size == 8_000


GOOD = wav(encode(tone(16_000), 16))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"This is not sound at all, it is a letter.", "is not a WAV file"),
        (b"\xff\xfb\x90d" + bytes(4000), "is not a WAV file"),
        (b"RIFF\x00\x10\x00\x00AVI " + bytes(100), "is not a WAV file"),
        (GOOD[:9000], "is cut off: it has 9000 of 16044 bytes"),
        (GOOD[:20], "is cut off"),
        (wav(b""), "without any sound"),
        (wav(bytes(100), form=0x9999), "sound cannot be read"),
        (wav(bytes(100), rate=1), "1 samples a second"),
        (wav(bytes(100), channels=0), "cannot be read"),
    ],
)
def test_what_is_no_sound_is_refused_with_its_name_and_a_remedy(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "answer.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=says) as refused:
        read_wav(path)
    assert str(refused.value).startswith(str(path))
    assert str(refused.value).count(".") >= 2


def test_a_missing_file_and_a_folder_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"nowhere\.wav does not exist\."):
        read_wav(tmp_path / "nowhere.wav")
    with pytest.raises(AudioError, match=r"is a folder\."):
        read_wav(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match=r"is not a file\."):
        read_wav(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match="cannot be read"):
        read_wav(tmp_path / "nul\0.wav")


def test_a_recording_longer_than_ten_minutes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(wav(bytes(8000 * 601), rate=8000, bits=8))
    with pytest.raises(AudioError, match="longer than 10 minutes"):
        read_wav(path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AudioError, match=r"001\.wav cannot be written: .+\. Choose another folder"):
        write_wav(tmp_path / "file" / "001.wav", np.zeros(10, np.int16), 16_000)


def test_a_full_disk_is_told_and_leaves_what_was_there(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk, in a process of its own."""
    path = tmp_path / "001.wav"
    write_wav(path, np.ones(10, np.int16), 16_000)
    program = (
        "import resource, signal, sys, numpy, pathlib\n"
        "from voice_agent.errors import AudioError\n"
        "from voice_agent.session.audio.wav import write_wav\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try: write_wav(pathlib.Path(sys.argv[1]), numpy.zeros(100_000, numpy.int16), 16_000)\n"
        "except AudioError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert "001.wav cannot be written: File too large." in done.stdout
    assert read_wav(path).tolist() == [1] * 10
    assert list(tmp_path.iterdir()) == [path]


def test_the_written_file_is_a_plain_wav_for_other_programs(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.arange(100, dtype=np.int16), 22_050)
    with wave.open(io.BytesIO((tmp_path / "a.wav").read_bytes())) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (1, 2, 22_050, 100)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
