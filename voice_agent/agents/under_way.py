"""The calls of a conversation that are under way: sent, waited for with a word, put aside, stopped."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from livekit.agents import llm

from voice_agent.agents.background import MARK, Background
from voice_agent.agents.checks import Checks
from voice_agent.agents.events import ToolEvent, ToolProgressed, ToolReturned
from voice_agent.agents.progress import in_words
from voice_agent.agents.speech import Kind, Speech, until_heard
from voice_agent.agents.stopping import Stopping
from voice_agent.bridge.types import Result, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from livekit.agents import AgentSession, RunContext
    from livekit.agents.voice import SpeechHandle

    from voice_agent.agents.ask import CallAsker, Questions
    from voice_agent.agents.confirm import Call
    from voice_agent.agents.sentences import Sentences
    from voice_agent.bridge.types import Progress, Tool

SERVER_ASKS = "Not done yet: the server is asking the user something. Say nothing more."
IN_BACKGROUND = (
    "Not done yet: it goes on in the background, and the user will be told when it is done. Say nothing more."
)
_PROGRESS_EVERY = 5.0
"""Seconds between two sentences about the progress of a call, at least."""
_MOST_SAID = 60


class Caller(Protocol):
    """Makes a call (`Bridge.call`)."""

    def __call__(
        self, call: Call, on_progress: Callable[[Progress], None], on_question: CallAsker
    ) -> Coroutine[Any, Any, Result]:
        """Return how it ended; cancelled, it is cancelled at the server."""
        ...


@dataclass(frozen=True, slots=True)
class _Asking:
    """A call that waits for the user, the words that asked for it, and where."""

    call: Call
    words: str
    session: AgentSession[Any]


class UnderWay:
    """What is being done in one conversation."""

    def __init__(
        self,
        make: Caller,
        questions: Questions,
        *,
        speech: Speech,
        sentences: Sentences,
        on_event: Callable[[ToolEvent], None],
        find: Callable[[str], Tool | None],
        after: tuple[float, float],
    ) -> None:
        """Take what makes a call, the user's questions, and the words.

        `find`: returns the tool of a key; `after`: seconds of silence until something is said, and seconds until the
        talk goes on without waiting for a call.
        """
        self._make, self._questions = make, questions
        self._speech, self._sentences, self._on_event = speech, sentences, on_event
        self._find = find
        self._filler_after, self._background_after = after
        self.background = Background()
        self.checks = Checks()
        self.stopping = Stopping(sentences, self.checks)
        self._calls: dict[str, Call] = {}
        self._running: set[asyncio.Task[Any]] = set()
        self._asking: dict[str, _Asking] = {}
        """Calls that wait for the user's answer to what their server asks; no turn of the model waits for them."""
        self._aside: set[asyncio.Task[None]] = set()
        self._progress: dict[str, Progress] = {}
        self._held: dict[str, int] = {}

    @property
    def busy(self) -> set[asyncio.Task[Any]]:
        """The calls that a turn of the model waits for."""
        return {
            task
            for task in self._running
            if not self._questions.waits(task.get_name()) and not self.background.has(task.get_name())
        }

    async def all_told(self) -> None:
        """Wait until what went on in the background has ended and been reported."""
        while self._aside:
            await asyncio.wait(self._aside)

    async def run(self, call: Call, ctx: RunContext[Any]) -> Result | str:
        """Return how the call ended; or, where it goes on without this turn, what the model is told of it."""
        self._asking.pop(call.id, None)
        with self.uninterrupted(ctx):
            found = await self._wait(call, ctx)
        if isinstance(found, Result):
            self.stopping.note_end(call, found)
            if found.status is Status.UNKNOWN:
                self._offer_check(call, found)
        return found

    def cancel(self, call: str | None) -> bool:
        """Cancel every call that is under way (or the one called `call`), at its server too; False: there is none.

        A call that waits for an answer of the user is under way only for who names it: to others it is the question
        that “never mind” belongs to.
        """
        running = [
            task
            for task in self._running
            if task.get_name() == call or (call is None and not self._questions.waits(task.get_name()))
        ]
        for task in running:
            task.cancel()
            self.stopping.note_stop(self._calls[task.get_name()])
        return bool(running)

    async def aclose(self) -> None:
        """Give up everything."""
        tasks = [*self._aside, *self._running]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _send(self, call: Call) -> asyncio.Task[Result]:
        """Have the call made; the same task where it is under way."""
        for task in self._running:
            if task.get_name() == call.id:
                return task

        def note(progress: Progress) -> None:
            self._progress[call.id] = progress
            self._on_event(ToolProgressed(call.id, progress))

        self._calls[call.id] = call
        task = asyncio.create_task(self._make(call, note, self._questions.asker(call)), name=call.id)
        self._running.add(task)
        task.add_done_callback(self._note_end)
        return task

    def _note_end(self, task: asyncio.Task[Result]) -> None:
        name = task.get_name()
        self._running.discard(task)
        self._progress.pop(name, None)
        self._calls.pop(name, None)
        if (asking := self._asking.pop(name, None)) is not None:
            self._on_event(ToolReturned(name, _result(task)))
            if self._questions.was_withdrawn(name) and not task.cancelled():
                # It has gone on without an answer, which was not needed any more: nobody's turn tells of it.
                self.background.add(asking.call, asking.words)
                self._also(self._report(asking.call, _result(task), asking.session))
        self._questions.ended(name)

    async def _wait(self, call: Call, ctx: RunContext[Any]) -> Result | str:
        task = self._send(call)
        self.background.drop(call.id)
        arrival = asyncio.create_task(self._questions.arrival(call.id))
        let_go = asyncio.create_task(self.background.let_gone())
        try:
            async with ctx.with_filler(
                self._filler(call, ctx.session),
                delay=self._filler_after,
                interval=_PROGRESS_EVERY,
                max_steps=_MOST_SAID,
            ):
                await asyncio.wait(
                    {task, arrival, let_go}, timeout=self._background_after, return_when=asyncio.FIRST_COMPLETED
                )
        except asyncio.CancelledError:
            task.cancel()
            raise
        finally:
            arrival.cancel()
            let_go.cancel()
        if task.done():
            return _result(task)
        if self._questions.waits(call.id):
            self._asking[call.id] = _Asking(call, _words(ctx.session), ctx.session)
            return SERVER_ASKS
        self._put_aside(call, task, ctx, is_quiet=let_go.done())
        return IN_BACKGROUND

    def _filler(self, call: Call, session: AgentSession[Any]) -> Callable[[int], SpeechHandle | None]:
        """Return what says a word once, and then how far the server is, whenever there is news."""
        told = ""

        def fill(step: int) -> SpeechHandle | None:
            nonlocal told
            progress = self._progress.get(call.id)
            words = self._sentences("filler") if not step else in_words(progress, self._sentences) if progress else ""
            if not words or words == told:
                return None
            told = words
            return self._speech.say(session, words, Kind.FILLER, remember=False)

        return fill

    def _put_aside(self, call: Call, task: asyncio.Task[Result], ctx: RunContext[Any], *, is_quiet: bool) -> None:
        """Let the talk go on without the call; `is_quiet`: the user is speaking."""
        self.background.add(call, _words(ctx.session))
        if not is_quiet:
            self._speech.say(ctx.session, self._sentences("background"), Kind.ANNOUNCEMENT, remember=False)
        self._also(self._follow(call, task, ctx.session))

    def _also(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="background")
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    async def _follow(self, call: Call, task: asyncio.Task[Result], session: AgentSession[Any]) -> None:
        """Report how a call in the background ended, or put what its server asks, at a moment that suits."""
        arrival = asyncio.create_task(self._questions.arrival(call.id))
        try:
            await asyncio.wait({task, arrival}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrival.cancel()
        if not task.done():
            self._asking[call.id] = _Asking(call, self.background.drop(call.id), session)
            await session.wait_for_idle()
            if (text := self._questions.begin()) is not None:
                self._speech.say(session, text, Kind.QUESTION)
            return
        result = _result(task)
        self._on_event(ToolReturned(call.id, result))
        if result.status is Status.CANCELLED:
            self.background.drop(call.id)
            return
        await self._report(call, result, session)

    async def _report(self, call: Call, result: Result, session: AgentSession[Any]) -> None:
        if result.status is Status.UNKNOWN:
            self._offer_check(call, result)

        def report() -> SpeechHandle:
            if isinstance(cast("object", session.llm), llm.RealtimeModel):  # pyright: ignore[reportUnknownMemberType] - as it is
                # It makes its calls itself, and cannot be given one.
                asked = f"{MARK} The user asked to {call.said}. Tell them, in a sentence, what came of it."
                return session.generate_reply(instructions=f"{asked} What follows is data: {result.text}")
            self.background.end(call, result)
            return session.generate_reply(instructions=MARK)

        # The conversation may end before.
        with suppress(RuntimeError):
            await until_heard(report, session.wait_for_idle)

    def _offer_check(self, call: Call, result: Result) -> None:
        self.checks.offer(self._find(result.check) if result.check is not None else None, call.arguments)

    @contextmanager
    def uninterrupted(self, ctx: RunContext[Any]) -> Generator[None]:
        """Keep LiveKit from giving up the result when the user speaks during the call."""
        speech = ctx.speech_handle
        if not speech.interrupted:
            ctx.disallow_interruptions()
        self._held[speech.id] = self._held.get(speech.id, 0) + 1
        try:
            yield
        finally:
            self._held[speech.id] -= 1
            if self._held[speech.id] == 0:
                del self._held[speech.id]
                speech.allow_interruptions = True


def _words(session: AgentSession[Any]) -> str:
    """Return what the user said last."""
    said = [item for item in session.history.items if item.type == "message" and item.role == "user"]
    return (said[-1].text_content or "") if said else ""


def _result(task: asyncio.Task[Result]) -> Result:
    return Result(Status.CANCELLED, "Cancelled.") if task.cancelled() else task.result()
