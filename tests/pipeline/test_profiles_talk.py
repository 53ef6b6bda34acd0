"""Each profile from sound to sound: a recording in, a task in the store, an audible answer out, with real plugins."""

from __future__ import annotations

import asyncio
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.fakes.chat import Call, Turn
from tests.fakes.faults import Fault
from tests.fakes.server import KEY
from tests.fakes.stacks import cloud
from tests.support.program import Done, run, tasks
from tests.support.recordings import record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.stacks import CloudProfile

pytestmark = pytest.mark.pipeline

ADD = "Add buy milk for tomorrow."
ANSWER = "Milk is on your list. At https://example.org/a?b=1 it is 2.50 EUR until 2026-12-04."
ALOUD = "At a link to example.org it is 2 euros and 50 cents until December 4th"
ADDS: list[Turn] = [(Call("tasks_create_task", {"title": "buy milk", "due": "tomorrow"}),), ANSWER]


def loudness(path: Path) -> float:
    """Return the root mean square of a WAV file of 16 bits."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float64)
    return float(np.sqrt(np.mean(samples**2)))


async def spoken(tmp_path: Path, profile: str, *texts: str, env: dict[str, str] | None = None) -> Done:
    """Speak each text to the program as a recording."""
    files = [word for text in texts for word in ("--wav", str(record(tmp_path, text)))]
    out = str(tmp_path / "out")
    command = ("voice-agent", "talk", "--profile", profile, "--json", "--out", out, *files)
    return await asyncio.to_thread(run, *command, home=tmp_path, env=env)


def assert_heard_and_done(done: Done, tmp_path: Path) -> None:
    assert done.status == 0, done.err + done.out
    [user] = done.of("user")
    assert user["via"] == "speech"
    assert user["wav"].endswith(".wav")
    assert [line["tool"] for line in done.of("tool_call")] == ["create_task"]
    [task] = tasks(tmp_path)
    assert task["title"] == "buy milk"
    assert task["due"] is not None
    answers = [line for line in done.of("agent") if line["kind"] == "reply"]
    assert answers
    assert isinstance(answers[-1]["latency_ms"], int)
    written = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in written] == [f"{n:03}.wav" for n in range(1, len(done.of("agent")) + 1)]
    assert all(loudness(path) > 100 for path in written)


async def test_the_offline_profile_hears_does_and_answers(tmp_path: Path) -> None:
    done = await spoken(tmp_path, "offline", ADD)
    assert_heard_and_done(done, tmp_path)
    ready = done.lines[0]
    assert all(ready[part].startswith("offline") for part in ("stt", "llm", "tts"))
    # Where onnxruntime keeps what it reports to its maker.
    assert not (tmp_path / ".cache").exists()


@pytest.mark.parametrize("profile", ["quality", "budget"])
async def test_a_cloud_profile_hears_does_and_answers(tmp_path: Path, profile: CloudProfile) -> None:
    async with cloud(hears=[ADD], model=ADDS) as providers:
        done = await spoken(tmp_path, profile, ADD, env=providers.variables(profile))
        assert_heard_and_done(done, tmp_path)
        assert ANSWER in done.said
        assert ALOUD in (providers.cartesia.said if profile == "quality" else providers.deepgram.said)
        assert providers.deepgram.listened
        assert bool(providers.cartesia.requests) is (profile == "quality")
        assert bool(providers.deepgram.spoke) is (profile == "budget")
    assert KEY not in done.out + done.err


@pytest.mark.parametrize(
    ("part", "sentence", "remedy"),
    [
        ("deepgram", "speech recognition", "DEEPGRAM_API_KEY"),
        ("openai", "language model", "llm.api_key"),
        ("cartesia", "voice", "CARTESIA_API_KEY"),
    ],
)
async def test_a_refused_key_is_told_in_one_sentence_with_the_key_to_check(
    tmp_path: Path, part: str, sentence: str, remedy: str
) -> None:
    async with cloud(hears=[ADD], model=ADDS) as providers:
        env = providers.variables("quality")
        env[f"{part.upper()}_API_KEY"] = "sk-quite-wrong"
        done = await spoken(tmp_path, "quality", ADD, env=env)
    assert done.status == 1
    assert any(remedy in line["text"] for line in done.of("error")), done.out
    assert sentence in done.said
    assert "sk-quite-wrong" not in done.out + done.err
    assert done.lines[-1] == {"event": "end", "t": done.lines[-1]["t"], "reason": "error"}


async def test_a_model_that_is_down_is_apologised_for(tmp_path: Path) -> None:
    async with cloud(hears=[ADD], model=ADDS) as providers:
        providers.openai.fail_always(Fault(status=503))
        done = await spoken(tmp_path, "quality", ADD, env=providers.variables("quality"))
    assert "The language model" in "".join(line["text"] for line in done.of("agent") if line["kind"] == "apology")
    assert done.of("error")
    assert not tasks(tmp_path)
