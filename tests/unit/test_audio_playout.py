from __future__ import annotations

import numpy as np
import pytest

from voice_agent.session.audio.moment import Moment
from voice_agent.session.audio.playout import Playout

pytestmark = pytest.mark.unit

NOW = Moment(0.0, 0.0)


def ramp(start: int, count: int) -> np.ndarray:
    return np.arange(start, start + count, dtype=np.int16)


def test_blocks_run_across_the_pieces_that_were_pushed() -> None:
    playout = Playout()
    for start in (1, 4, 7):
        playout.push(ramp(start, 3))
    playout.end()
    pulled = [playout.pull(4, NOW) for _ in range(3)]
    assert [block.block.tolist() for block in pulled] == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 0, 0, 0]]
    assert [block.samples for block in pulled] == [4, 4, 1]
    assert [bool(block.started) for block in pulled] == [True, False, False]
    assert [bool(block.drained) for block in pulled] == [False, False, True]


def test_a_track_is_drained_once_even_if_its_end_comes_late() -> None:
    playout = Playout()
    playout.push(ramp(1, 4))
    assert playout.pull(4, NOW).drained is None
    assert not playout.runnable
    playout.end()
    assert playout.runnable
    drained = playout.pull(4, NOW).drained
    assert drained
    assert playout.pull(4, NOW).drained is None
    assert playout.finish(drained)
    assert not playout.finish(drained)


def test_an_empty_track_is_drained_without_being_started() -> None:
    playout = Playout()
    playout.push(ramp(0, 0))
    playout.end()
    pulled = playout.pull(4, NOW)
    assert pulled.drained
    assert pulled.started is None


def test_the_next_track_plays_while_the_last_one_is_still_heard() -> None:
    playout = Playout()
    for start in (1, 11):
        playout.push(ramp(start, 2))
        playout.end()
    first = playout.pull(2, NOW).drained
    assert playout.pull(2, NOW).block.tolist() == [11, 12]
    assert first
    assert playout.finish(first)


def test_a_pause_loses_nothing() -> None:
    playout = Playout()
    playout.push(ramp(1, 6))
    playout.pull(2, NOW)
    playout.pause()
    assert playout.pull(2, NOW).block.tolist() == [0, 0]
    playout.resume()
    assert playout.pull(2, NOW).block.tolist() == [3, 4]


def test_a_cleared_track_keeps_what_was_heard_and_swallows_the_rest() -> None:
    playout = Playout()
    playout.push(ramp(1, 6))
    playout.pull(2, NOW)
    (track,) = playout.clear()
    assert track.heard().tolist() == [1, 2]
    assert not track.drained
    playout.push(ramp(7, 6))
    assert not playout.runnable
    playout.end()
    playout.push(ramp(20, 2))
    assert playout.pull(2, NOW).block.tolist() == [20, 21]
