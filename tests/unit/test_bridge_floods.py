"""What a server sends too much of: heavy messages are not read, and of much progress the newest is told."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, TypeAlias

import pytest
from mcp_types import JSONRPCError, JSONRPCResponse, jsonrpc_message_adapter
from pydantic import ValidationError

from voice_agent.bridge.output import MAX_LINE, LineTooLong, Output
from voice_agent.bridge.parsing import MAX_WEIGHT, read_message, read_quickly, weight
from voice_agent.bridge.steps import Steps
from voice_agent.bridge.types import Progress

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = pytest.mark.unit

Piped: TypeAlias = tuple[Output, asyncio.ReadTransport]


def test_a_message_is_read_as_the_library_reads_it() -> None:
    answer = read_message('{"jsonrpc":"2.0","id":"7","result":{"rows":[1.5,null,{"a":"é"}]}}', by_name=False)
    assert answer == JSONRPCResponse(jsonrpc="2.0", id="7", result={"rows": [1.5, None, {"a": "é"}]})
    refusal = read_message(b'{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"no"}}', by_name=False)
    assert isinstance(refusal, JSONRPCError)


@pytest.mark.parametrize("data", [b"", b"nonsense", b"[]", b'{"jsonrpc":"2.0","id":1.5,"result":{}}', b"\xff{}"])
def test_what_is_no_message_is_refused_as_the_library_refuses_it(data: bytes) -> None:
    with pytest.raises(ValidationError):
        read_message(data, by_name=False)


def test_the_library_reads_messages_in_the_quick_way() -> None:
    read_quickly()
    assert jsonrpc_message_adapter.validate_json is read_message


def test_many_small_parts_are_heavier_than_a_long_text() -> None:
    assert weight(b'"' + b"x" * 7_000_000 + b'"') < MAX_WEIGHT
    assert weight(b"[" + b"{}," * 200_000 + b"{}]") > MAX_WEIGHT


async def test_a_little_progress_is_told_of_whole() -> None:
    told: list[float] = []
    steps = Steps(lambda step: told.append(step.done))
    for done in range(5):
        steps.note(Progress(done, 5, None))
    steps.close()
    assert told == [0, 1, 2, 3, 4]


async def test_of_much_progress_the_newest_is_told_and_nothing_after_the_end() -> None:
    told: list[float] = []
    later = asyncio.Event()

    def tell(step: Progress) -> None:
        told.append(step.done)
        if step.done == 999:
            later.set()

    steps = Steps(tell)
    for done in range(1000):
        steps.note(Progress(done, 1000, None))
    await asyncio.wait_for(later.wait(), 45)
    assert len(told) < 50
    for done in range(1000, 2000):
        steps.note(Progress(done, 2000, None))
    steps.close()
    before = list(told)
    await asyncio.sleep(0)
    assert told == before
    assert 1999 not in told


@pytest.fixture
async def piped() -> AsyncGenerator[Piped]:
    """The output of a child that writes nothing by itself, and its pipe."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", 0) as source, os.fdopen(writing, "wb", 0):
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(asyncio.Protocol, source)
        output = Output()
        output.attach(transport)
        yield output, transport
        transport.close()


async def test_lines_are_put_together_from_parts_and_the_last_one_may_have_no_end(piped: Piped) -> None:
    output, _ = piped
    for part in (b"on", b"e\ntwo\n\nth", b"ree"):
        output.feed(part)
    output.end()
    output.feed(b"late\n")
    assert [await output.read_line() for _ in range(5)] == [b"one\n", b"two\n", b"\n", b"three", None]


async def test_no_more_is_read_than_is_used(piped: Piped) -> None:
    output, pipe = piped
    output.feed(b"x" * 200_000 + b"\n")
    assert pipe.is_reading()
    output.feed(b"\n" * 1000)
    assert not pipe.is_reading()
    await output.read_line()
    while not pipe.is_reading():
        assert await asyncio.wait_for(output.read_line(), 45) == b"\n"


async def test_a_line_that_is_too_long_is_skipped_and_told_by_its_ends(piped: Piped) -> None:
    output, pipe = piped
    output.feed(b'{"id":7,')
    for _ in range(MAX_LINE // 65_536 + 1):
        output.feed(b"x" * 65_536)
    assert not pipe.is_reading()
    output.die()
    assert pipe.is_reading()
    output.feed(b'"id":8}\nnext\n')
    with pytest.raises(LineTooLong) as told:
        await output.read_line()
    assert (told.value.head[:8], told.value.tail[-7:]) == (b'{"id":7,', b'"id":8}')
    assert await output.read_line() == b"next\n"
