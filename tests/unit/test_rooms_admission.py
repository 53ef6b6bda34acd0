"""Which jobs a worker takes, leaves to others, and refuses for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from livekit import api
from livekit.agents import JobRequest

from voice_agent.config.load import load
from voice_agent.worker.admission import Admission
from voice_agent.worker.load import Load

if TYPE_CHECKING:
    from pathlib import Path

    from livekit.agents.job import JobAcceptArguments

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("metadata", "jobs", "answer"),
    [
        ("", 0, "taken"),
        ('{"profile": "offline", "language": "en-GB", "zone": "Asia/Tokyo"}', 0, "taken"),
        ("", 3, "left to others"),
        # Neither has this worker the keys, nor do its own ears know the language.
        ('{"profile": "quality"}', 0, "left to others"),
        ('{"language": "de"}', 0, "left to others"),
        ('{"profile": "none such"}', 0, "refused"),
        ('{"language": "what they speak"}', 0, "refused"),
        ('{"zone": "Mars/Base"}', 0, "refused"),
        ('{"groups": "root"}', 0, "refused"),
    ],
)
async def test_a_job_is_taken_where_there_is_room_and_everything_for_it(
    metadata: str, jobs: int, answer: str, tmp_path: Path
) -> None:
    home = {"VOICE_AGENT_HOME": str(tmp_path), "VOICE_AGENT_PROFILE": "offline"}
    answers: list[str] = []

    async def reject(is_final: bool) -> None:
        answers.append("refused" if is_final else "left to others")

    async def accept(_arguments: JobAcceptArguments) -> None:
        answers.append("taken")

    async def tell() -> None:
        return

    admission = Admission(load(environ=home, cwd=tmp_path), Load(3, 100), lambda: jobs, tell)
    await admission(JobRequest(job=api.Job(metadata=metadata), on_reject=reject, on_accept=accept))
    assert answers == [answer]
