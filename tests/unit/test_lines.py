from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from voice_agent.session.lines import LONGEST, TooLong, read_lines

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = pytest.mark.unit


@contextmanager
def pipe() -> Generator[tuple[int, int]]:
    reader, writer = os.pipe()
    try:
        yield reader, writer
    finally:
        os.close(reader)


async def everything(given: bytes) -> list[str | TooLong]:
    with pipe() as (reader, writer):
        os.write(writer, given)
        os.close(writer)
        return [line async for line in read_lines(reader)]


async def test_each_line_is_a_turn_and_blank_ones_are_none() -> None:
    assert await everything(b"one\n\n  two \r\n\t\nthree") == ["one", "two", "three"]


async def test_nothing_at_all_is_no_turn() -> None:
    assert await everything(b"") == []


async def test_a_line_that_is_too_long_is_counted_and_the_next_one_is_read() -> None:
    longest = b"x" * LONGEST
    given = longest + b"\n" + longest + b"y\nlast\n"
    assert await everything(given) == [longest.decode(), TooLong(2, LONGEST + 1), "last"]


async def test_bytes_that_are_not_utf_8_are_replaced() -> None:
    assert await everything(b"caf\xc3\xa9 \xff\n") == ["café \N{REPLACEMENT CHARACTER}"]


async def test_a_line_is_read_before_the_next_one_is_written() -> None:
    with pipe() as (reader, writer):
        lines = read_lines(reader)
        os.write(writer, b"one\n")
        assert await anext(lines) == "one"
        os.write(writer, b"two\n")
        assert await anext(lines) == "two"
        os.close(writer)
        assert await anext(lines, None) is None
