"""A voice's ONNX file cut in two: from phonemes to a spectrum, and from there to sound, a stretch at a time.

Piper exports both as one graph, so that not a sample is to be had before the whole sentence is made. ONNX files are
protocol buffers (onnx.ai, `onnx.proto`): field 7 of a model is its graph, and of that 1 are the nodes, 5 the weights,
11 the inputs and 12 the outputs. They are read and written by hand: nothing else here would need the package `onnx`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from typing_extensions import Buffer

_DECODER = b"/dec/"
"""What Piper's export calls the nodes that make sound."""
_GRAPH = 7
_NODE, _WEIGHT, _INPUT, _OUTPUT = 1, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME = 1, 2, 3
_WEIGHT_NAME = 8
_BYTES = 2
_SIZES = {1: 8, 5: 4}
"""Bytes of the wire types that have always so many; 0 is a number, which tells its end itself."""
_FLOATS = b"\x12\x04\x0a\x02\x08\x01"
"""The type of an input or output: a tensor of 32 bit floats of any shape."""


class Halves(NamedTuple):
    """Two ONNX models; what the first puts out the second takes."""

    spectrum: bytes
    """Takes what the whole takes; gives columns, shape (1, height, n)."""
    sound: bytes
    """Takes columns; gives the samples, from -1 to 1, shape (1, 1, m): so many for each column."""


def halves(model: Buffer) -> Halves:
    """Cut a Piper voice in two.

    Raises:
        ValueError: It is no ONNX file, or not built as Piper builds them.
        IndexError: It is cut off.
    """
    head: list[memoryview] = []
    graph = memoryview(b"")
    for number, value, record in _fields(memoryview(model)):
        if number == _GRAPH:
            graph = value
        else:
            head.append(record)
    parts = [(number, value, record) for number, value, record in _fields(graph)]
    weights = {_all(value, _WEIGHT_NAME)[0]: record for number, value, record in parts if number == _WEIGHT}
    inputs = [record for number, _, record in parts if number == _INPUT]
    early, late = list[tuple[memoryview, memoryview]](), list[tuple[memoryview, memoryview]]()
    for number, value, record in parts:
        if number == _NODE:
            is_late = any(name.startswith(_DECODER) for name in _all(value, _NODE_NAME))
            (late if is_late else early).append((value, record))
    taken = {name for value, _ in late for name in _all(value, _NODE_INPUT)}
    made = {name for value, _ in late for name in _all(value, _NODE_OUTPUT)}
    between, out = taken - made - weights.keys(), made - taken
    if len(between) != 1 or len(out) != 1:
        raise ValueError("no Piper voice")
    columns, samples = _float_tensor(between.pop()), _float_tensor(*out)
    return Halves(
        _model(
            head,
            [record for value, record in early if not out & set(_all(value, _NODE_INPUT))],
            [record for name, record in weights.items() if name not in taken],
            [*inputs, _field(_OUTPUT, columns)],
        ),
        _model(
            head,
            [record for _, record in late],
            [record for name, record in weights.items() if name in taken],
            [_field(_INPUT, columns), _field(_OUTPUT, samples)],
        ),
    )


def _model(head: Sequence[memoryview], *graph: Sequence[memoryview | bytes]) -> bytes:
    records = [record for part in graph for record in part]
    return b"".join((*head, _head(_GRAPH, sum(map(len, records))), *records))


def _float_tensor(name: bytes) -> bytes:
    return _field(1, name) + _FLOATS


def _field(number: int, value: bytes) -> bytes:
    return _head(number, len(value)) + value


def _head(number: int, size: int) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(size)


def _varint(number: int) -> bytes:
    done = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        done.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*done, number])


def _all(message: memoryview, wanted: int) -> list[bytes]:
    return [bytes(value) for number, value, _ in _fields(message) if number == wanted]


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """Yield number, value and whole record of each field."""
    start = 0
    while start < len(message):
        key, at = _read_varint(message, start)
        kind = key & 7
        if kind == _BYTES:
            size, at = _read_varint(message, at)
        elif kind in _SIZES:
            size = _SIZES[kind]
        elif kind == 0:
            size = _read_varint(message, at)[1] - at
        else:
            raise ValueError("no protocol buffer")
        yield key >> 3, message[at : at + size], message[start : at + size]
        start = at + size


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the number and where it ends."""
    number = shift = 0
    while True:
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the last one's high bit is not set
            return number, at
