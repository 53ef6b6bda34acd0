"""What the LiveKit server is told of a worker's load."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest

from voice_agent.worker.load import Load, told

pytestmark = pytest.mark.unit

TARGET = 0.7
"""`target_load` of the LiveKit server: it asks no worker that is told to be above."""


def single(number: float) -> float:
    """As the LiveKit server keeps it."""
    return float(struct.unpack("f", struct.pack("f", number))[0])


def test_a_worker_with_room_for_one_more_is_asked_and_a_full_one_is_not() -> None:
    assert told(0.9) < TARGET
    assert told(0.98) < TARGET
    assert told(1.0) == 1.0


def test_one_conversation_less_makes_it_as_good_as_certain_that_a_worker_is_chosen() -> None:
    weights = [single(1 - told(jobs / 10)) for jobs in range(10)]
    assert all(less > 900 * more for less, more in pairwise(weights))
    assert single(sum(weights) * 100) < float("inf")


def test_a_job_that_is_on_its_way_counts() -> None:
    load = Load(capacity=2, busy=100.0)
    with load.one_more():
        assert [load.is_full(jobs) for jobs in (0, 1)] == [False, True]
    assert not load.is_full(1)


def test_it_is_full_by_its_capacity() -> None:
    load = Load(capacity=2, busy=100.0)
    assert [load.is_full(jobs) for jobs in (0, 1, 2)] == [False, False, True]


def test_busy_processors_keep_no_worker_from_its_first_conversation() -> None:
    load = Load(capacity=10, busy=1e-9)
    assert not load.is_full(0)
