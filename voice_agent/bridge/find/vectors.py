"""Directions of meaning, remembered from one run to the next: a catalog is worked through once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from voice_agent.bridge.find.encoder import DIMENSIONS, LONGEST, MODEL, Encoder, Floats, weights_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = NDArray[np.int8]
"""A direction in 384 bytes."""

BUNDLED = Path(__file__).with_name("spoken.npz")
"""What the lines of `spoken.txt` mean; made by `tools/encode_spoken.py`."""

_MOST = 20_000
"""Texts that are remembered; 420 bytes each."""
_MARK = f"{MODEL} {LONGEST}"
_SCALE = 500
"""Of a number in a direction, which is rarely above 0.2: kept to 1 %."""
_AT_ONCE = 64
_ASKED = 4
"""Requests whose directions are kept: each is asked for again in every step of a turn, and in the next turn."""
_KEY = hashlib.sha256().digest_size


class Stopped(Exception):
    """Nobody waits for the vectors any more."""


class Vectors:
    """The encoder with a memory. Its file holds only what tools and phrases mean, never what a person said."""

    def __init__(self, encoder: Encoder, file: Path | None) -> None:
        """Read what `file` remembers; one that is missing, broken or of another model is as good as empty."""
        self._encoder = encoder
        self._file = file
        self._asked: dict[str, Floats] = {}
        self._bundled = _read(BUNDLED)
        self._known = _read(file) if file is not None else {}
        self.stopped = False
        """Set to have `of` give up soon."""

    def of(self, texts: Sequence[str]) -> Floats:
        """Return a row for each text; those that are new take a few milliseconds each.

        Raises:
            Stopped: It was stopped; what was done until then is remembered.
        """
        keys = [_key(text) for text in texts]
        new = {
            key: text
            for key, text in zip(keys, texts, strict=True)
            if key not in self._known and key not in self._bundled
        }
        if new:
            try:
                self._learn(new)
            finally:
                self._write()
        if not keys:
            return np.zeros((0, DIMENSIONS), np.float32)
        rows = np.stack([self._known[key] if key in self._known else self._bundled[key] for key in keys])
        rows = rows.astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def of_request(self, text: str) -> Floats:
        """Return one row for what a person said; it is not remembered for long, and in no file."""
        asked = self._asked
        if (known := asked.get(text)) is not None:
            return known
        row = self._encoder.encode([text])[0]
        # Another object each time: other threads may be looking.
        self._asked = {**dict(list(asked.items())[1 - _ASKED :]), text: row}
        return row

    def _learn(self, new: dict[bytes, str]) -> None:
        # Texts of like length together: the encoder fills up the shorter ones of a batch.
        keys = sorted(new, key=lambda key: len(new[key]))
        for start in range(0, len(keys), _AT_ONCE):
            if self.stopped:
                raise Stopped
            some = keys[start : start + _AT_ONCE]
            rows = self._encoder.encode([new[key] for key in some])
            self._known.update(zip(some, np.clip(np.rint(rows * _SCALE), -127, 127).astype(np.int8), strict=True))

    def _write(self) -> None:
        """Replace the file as a whole; where that cannot be done, the next run works again."""
        if self._file is None or not self._known:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._file.parent, suffix=".npz")
            temporary = Path(name)
            try:
                with os.fdopen(handle, "wb") as stream:
                    write_rows(stream, dict(list(self._known.items())[-_MOST:]))
                temporary.replace(self._file)
            except OSError:
                temporary.unlink()


def load_vectors(file: Path | None) -> Vectors | None:
    """Load the model and what `file` remembers; None where the weights are not installed or cannot be read."""
    folder = weights_folder()
    if folder is None:
        return None
    try:
        return Vectors(_encoder(folder), file)
    except (OSError, ValueError, KeyError):
        return None


@cache
def _encoder(folder: Path) -> Encoder:
    """The one of this process, or of the one that it was forked from."""
    return Encoder(folder)


def write_rows(stream: Any, rows: dict[bytes, Row]) -> None:
    """Write directions by the key of their text."""
    keys = np.frombuffer(b"".join(rows), np.uint8).reshape(-1, _KEY)
    np.savez(stream, mark=np.array(_MARK), keys=keys, rows=np.stack(list(rows.values())))


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def _read(file: Path) -> dict[bytes, Row]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            keys, rows = stored["keys"], stored["rows"]
            if (
                str(stored["mark"]) != _MARK
                or keys.shape != (len(rows), _KEY)
                or keys.dtype != np.uint8
                or rows.shape != (len(rows), DIMENSIONS)
                or rows.dtype != np.int8
            ):
                return {}
            return {key.tobytes(): row for key, row in zip(keys, rows, strict=True)}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}
