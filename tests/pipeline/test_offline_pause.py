"""Somebody who stops to think: whether the pause was taken for the end or not, the task becomes what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support.program import run, tasks
from tests.support.speech import SAMPLE_RATE, silence, speak
from voice_agent.session.audio.wav import write_wav

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(240)]


@pytest.mark.parametrize("pause", [0.4, 0.8])
def test_a_day_said_after_a_pause_is_the_day_of_the_task_before_it(tmp_path: Path, pause: float) -> None:
    said = tmp_path / "said.wav"
    sounds = [silence(0.3), speak("Add buy milk,"), silence(pause), speak("for tomorrow."), silence(0.3)]
    write_wav(said, np.concatenate(sounds), SAMPLE_RATE)
    done = run("voice-agent", "talk", "--profile", "offline", "--json", "--wav", str(said), home=tmp_path)
    assert done.status == 0, done.err
    [task] = tasks(tmp_path)
    assert "milk" in task["title"].lower()
    assert "tomorrow" not in task["title"].lower()
    assert task["due"]
