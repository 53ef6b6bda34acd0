"""Which jobs a worker takes, leaves to others, and refuses for good."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from livekit import api
from livekit.agents import JobRequest
from livekit.agents.job import JobAcceptArguments, RunningJobInfo

from voice_agent.config.load import load
from voice_agent.worker.admission import Admission
from voice_agent.worker.load import Load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

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
    admission = an_admission(tmp_path, [a_job(f"room {number}") for number in range(jobs)])
    assert await asked(admission, api.Job(metadata=metadata)) == answer


@pytest.mark.parametrize(("room", "age", "answer"), [("a", 1, "left to others"), ("a", 30, "taken"), ("b", 1, "taken")])
async def test_who_calls_again_for_a_slow_assistant_does_not_get_a_second_one_at_once(
    room: str, age: float, answer: str, tmp_path: Path
) -> None:
    admission = an_admission(tmp_path, [a_job("a", time.time() - age)])
    assert await asked(admission, api.Job(room=api.Room(name=room))) == answer


async def test_nor_while_the_first_one_waits_for_a_process(tmp_path: Path) -> None:
    admission, job = an_admission(tmp_path, []), api.Job(room=api.Room(name="a"))
    meanwhile: list[str] = []

    async def wait() -> None:
        meanwhile.append(await asked(admission, job))

    assert await asked(admission, job, accepted=wait) == "taken"
    assert meanwhile == ["left to others"]
    assert await asked(admission, job) == "taken"


def an_admission(home: Path, jobs: list[RunningJobInfo]) -> Admission:
    """That of a worker with the offline profile, which may hold three jobs."""

    async def tell() -> None:
        return

    environ = {"VOICE_AGENT_HOME": str(home), "VOICE_AGENT_PROFILE": "offline"}
    return Admission(load(environ=environ, cwd=home), Load(3, 100), lambda: jobs, tell)


def a_job(room: str, launched_at: float = 0.0) -> RunningJobInfo:
    """A job that is held."""
    arguments = JobAcceptArguments(name="", identity="", metadata="")
    job = api.Job(room=api.Room(name=room))
    return RunningJobInfo(arguments, job, url="", token="", worker_id="", fake_job=False, launched_at=launched_at)


async def asked(admission: Admission, job: api.Job, accepted: Callable[[], Awaitable[None]] | None = None) -> str:
    """Return what a worker answers; `accepted`: what is done until the job has a process."""
    answers: list[str] = []

    async def reject(is_final: bool) -> None:
        answers.append("refused" if is_final else "left to others")

    async def accept(_arguments: JobAcceptArguments) -> None:
        answers.append("taken")
        if accepted is not None:
            await accepted()

    await admission(JobRequest(job=job, on_reject=reject, on_accept=accept))
    (answer,) = answers
    return answer
