"""What the LiveKit server is told of a worker's load."""

from __future__ import annotations

from itertools import pairwise

import pytest

from voice_agent.worker.load import Load, told

pytestmark = pytest.mark.unit

TARGET = 0.7
"""`target_load` of the LiveKit server: it asks no worker that is told to be above."""


def test_a_worker_with_room_for_one_more_is_asked_and_a_full_one_is_not() -> None:
    assert told(0.0) == 0.0
    assert told(0.9) < TARGET
    assert told(1.0) == 1.0


def test_the_more_it_holds_the_less_likely_it_is_chosen() -> None:
    loads = [told(jobs / 10) for jobs in range(11)]
    assert all(less < more for less, more in pairwise(loads))
    # An idle worker is twice as likely as one with a single conversation.
    assert 1 - loads[0] > 2 * (1 - loads[1])


def test_it_is_full_by_its_capacity() -> None:
    load = Load(capacity=2, busy=100.0)
    assert [load.is_full(jobs) for jobs in (0, 1, 2)] == [False, False, True]


def test_busy_processors_keep_no_worker_from_its_first_conversation() -> None:
    load = Load(capacity=10, busy=1e-9)
    assert not load.is_full(0)
