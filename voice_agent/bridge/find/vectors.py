"""Directions of meaning, remembered from one run to the next: a catalog is worked through once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import zipfile
from typing import TYPE_CHECKING

import numpy as np

from voice_agent.bridge.find.encoder import DIMENSIONS, LONGEST, MODEL, Encoder, Floats, weights_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MOST = 20_000
"""Texts that are remembered; 800 bytes each."""
_MARK = f"{MODEL} {LONGEST}"


class Vectors:
    """The encoder with a memory. Holds only what tools and phrases mean, never what a person said."""

    def __init__(self, encoder: Encoder, file: Path | None) -> None:
        """Read what `file` remembers; one that is missing, broken or of another model is as good as empty."""
        self._encoder = encoder
        self._file = file
        self._known = _read(file) if file is not None else {}

    def of(self, texts: Sequence[str]) -> Floats:
        """Return a row for each text; those that are new take a few milliseconds each."""
        keys = [_key(text) for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if new:
            # As they are kept on disk, so that a second run finds exactly what the first one did.
            rows = self._encoder.encode(list(new.values())).astype(np.float16)
            self._known.update(zip(new, rows, strict=True))
            self._write()
        return np.stack([self._known[key] for key in keys]).astype(np.float32) if keys else _none()

    def of_request(self, text: str) -> Floats:
        """Return one row for what a person said; it is not remembered."""
        return self._encoder.encode([text])[0]

    def _write(self) -> None:
        """Replace the file as a whole; where that cannot be done, the next run works again."""
        if self._file is None:
            return
        kept = dict(list(self._known.items())[-_MOST:])
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._file.parent, suffix=".npz")
            try:
                with os.fdopen(handle, "wb") as stream:
                    keys = np.frombuffer(b"".join(kept), np.uint8).reshape(-1, hashlib.sha256().digest_size)
                    np.savez(stream, mark=np.array(_MARK), keys=keys, rows=np.stack(list(kept.values())))
                os.replace(name, self._file)  # noqa: PTH105 - a name, not a path
            except OSError:
                os.unlink(name)  # noqa: PTH108 - a name, not a path


def load_vectors(file: Path | None) -> Vectors | None:
    """Load the model and what `file` remembers; None where the weights are not installed or cannot be read."""
    folder = weights_folder()
    if folder is None:
        return None
    try:
        return Vectors(Encoder(folder), file)
    except (OSError, ValueError, KeyError):
        return None


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def _none() -> Floats:
    return np.zeros((0, DIMENSIONS), np.float32)


def _read(file: Path) -> dict[bytes, Floats]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            if str(stored["mark"]) != _MARK:
                return {}
            keys, rows = stored["keys"], stored["rows"]
            if keys.ndim != 2 or rows.shape != (len(keys), DIMENSIONS):  # noqa: PLR2004 - a table
                return {}
            return {key.tobytes(): row for key, row in zip(keys, rows, strict=True)}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}
