"""Goes on with a conversation whose process died, from what its record tells."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from livekit.agents import llm

from voice_agent.agents.confirm import LIFETIME, Call
from voice_agent.agents.deeds import Deeds
from voice_agent.agents.events import ToolCalled, ToolReturned
from voice_agent.agents.readback import describe_call
from voice_agent.agents.sentences import Sentences
from voice_agent.agents.speech import Kind
from voice_agent.bridge.policy import is_read
from voice_agent.bridge.types import Hints, Result, Status
from voice_agent.session.unasked import ask, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from livekit.agents.llm import ChatItem
    from livekit.agents.voice import SpeechHandle

    from voice_agent.agents.events import ToolEvent
    from voice_agent.session.conversation import Conversation
    from voice_agent.session.journal import Line

_LOST_READ = "The assistant was lost before the answer came. Nothing was changed."
_LOST_WRITE = "The assistant was lost before the answer came: nobody knows whether this took effect. Do not repeat it."


@dataclass(slots=True)
class Story:
    """What a record tells of a conversation that has no end."""

    items: list[ChatItem] = field(default_factory=list["ChatItem"])
    """What was said and done, as models are told it; empty: it had hardly begun."""
    deeds: list[ToolEvent] = field(default_factory=list["ToolEvent"])
    """The calls and how they ended."""
    cut_off: list[Line] = field(default_factory=list["Line"])
    """Calls that were sent and have no result (`tool_call`)."""
    waiting: list[Line] = field(default_factory=list["Line"])
    """Calls that were read back together and wait for the user's yes (`confirm`)."""
    asked_at: float = 0.0
    """When they were; seconds since the epoch."""
    overheard: list[Line] = field(default_factory=list["Line"])
    """What others in the room said (`heard`)."""
    is_owed: bool = False
    """The user's last words have not been answered."""
    is_done: bool = False
    """A call has come back since."""


def read_story(lines: Sequence[tuple[datetime, Line]]) -> Story:
    """Return what the lines of a record tell, each with the moment it was noted at."""
    story = Story()
    calls: dict[str, Line] = {}
    confirms: dict[str, tuple[float, Line]] = {}
    for moment, line in lines:
        at = moment.timestamp()
        match line["event"]:
            case "user" | "agent":
                _said(story, line, at)
            case "heard":
                story.overheard.append(line)
            case "confirm":
                confirms[line["call"]] = at, line
            case "answered":
                confirms.pop(line["call"], None)
            case "tool_call":
                calls[line["call"]] = line
            case "tool_result" if line["call"] in calls:
                _done(story, calls.pop(line["call"]), Result(Status(line["status"]), line["text"]), at)
                story.is_done = True
            case _:
                pass
    for call in calls.values():
        _done(story, call, _lost(call), lines[-1][0].timestamp())
    story.cut_off = list(calls.values())
    # A newer read-back has replaced those before it; the calls of one share its text.
    for _, group in groupby(confirms.values(), key=lambda one: one[1]["text"]):
        together = list(group)
        story.waiting, story.asked_at = [line for _, line in together], together[-1][0]
    return story


class Resumption:
    """What is put right before a conversation goes on, and what its user is told."""

    def __init__(self, conversation: Conversation, story: Story, *, now: float) -> None:
        """Take a conversation that has been built with `story` and not started; `now`: seconds since the epoch."""
        self._conversation = conversation
        self._story = story
        self._is_late = now - story.asked_at > LIFETIME
        self._is_wanted_again = False
        """The user asks once more for what was dropped."""
        self._sentences = Sentences()

    def begin(self) -> None:
        """Tell the journal that another process goes on, and how the calls ended that were under way."""
        self._conversation.assistant.is_back.clear()
        for line in self._story.overheard:
            self._conversation.toolset.overheard.note(line["name"], line["text"])
        journal = self._conversation.journal
        journal.write("error", code="taken_over", text="The assistant was lost. Another one goes on from here.")
        for call in self._story.cut_off:
            lost = _lost(call)
            journal.write("tool_result", call=call["call"], status=lost.status.value, text=lost.text, structured=None)

    async def go_on(self) -> None:
        """Say what the user must know, and put an open read-back again; the conversation has been started."""
        try:
            if self._story.items:
                await self._go_on()
        finally:
            self._conversation.assistant.is_back.set()

    async def _go_on(self) -> None:
        story, conversation = self._story, self._conversation
        news = self._news()
        if news is not None:
            self._tell(news)
        else:
            lost = "cut_off" if story.waiting or not story.is_owed else "cut_off_again"
            # Who speaks has noticed.
            before = self._turns
            self._tell(self._sentences(lost), lambda: self._turns == before)
        if not story.waiting:
            return
        calls = await self._calls() if not self._is_late else []
        if calls:
            ask(conversation, *calls)
            return
        for line in story.waiting:
            conversation.journal.write("answered", call=line["call"], answer="dropped")
        conversation.journal.listen(self._note_line)
        self._tell(self._sentences("dropped", what=_in_words(story.waiting)), lambda: not self._is_wanted_again)

    def _tell(self, text: str, holds: Callable[[], bool] = lambda: True) -> None:
        """Say at once what the user has to hear, and again where nobody has, as long as it `holds`."""

        def say() -> SpeechHandle | None:
            conversation = self._conversation
            return conversation.speech.say(conversation.session, text, Kind.APOLOGY) if holds() else None

        tell(self._conversation, say, "cut off", said=say())

    @property
    def _turns(self) -> int:
        """How often the user has spoken."""
        history = self._conversation.session.history.items
        return sum(item.type == "message" and item.role == "user" for item in history)

    def _note_line(self, line: Line) -> None:
        """Notice that what was dropped is asked about or done after all."""
        wanted = [_deed(one) for one in self._story.waiting]
        self._is_wanted_again |= line["event"] in {"confirm", "tool_call"} and _deed(line) in wanted

    def _news(self) -> str | None:
        """Return what came of what was being done; None where nothing was, or the user is to say it again."""
        story = self._story
        unknown = [line for line in story.cut_off if _lost(line).status is Status.UNKNOWN]
        if unknown:
            return self._sentences("cut_off_unknown", what=_in_words(unknown))
        if story.waiting or story.cut_off or not (story.is_owed and story.is_done):
            return None
        deeds = Deeds(self._sentences)
        for event in story.deeds:
            deeds.note(event)
        return f"{self._sentences('cut_off')} {deeds.recap()}"

    async def _calls(self) -> list[Call]:
        """Return the calls that were read back, once their servers are there; none where one cannot be made now."""
        bridge, changed = self._conversation.bridge, asyncio.Event()
        end = bridge.subscribe(lambda _event: changed.set())
        try:
            async with asyncio.timeout(self._conversation.settings.limits.wait_for_servers):
                while True:
                    changed.clear()
                    tools = {(tool.server, tool.shown): tool for tool in bridge.tools}
                    found = [(line, tools.get((line["server"], line["tool"]))) for line in self._story.waiting]
                    if all(tool is not None for _, tool in found):
                        break
                    await changed.wait()
        except TimeoutError:
            return []
        finally:
            end()
        return [Call(line["call"], tool, line["arguments"], _in_words([line])) for line, tool in found if tool]


def _said(story: Story, line: Line, at: float) -> None:
    is_user = line["event"] == "user"
    if not is_user and line["kind"] == Kind.FILLER:
        return
    story.is_owed, story.is_done = is_user, False
    role = "user" if is_user else "assistant"
    interrupted = bool(line.get("interrupted"))
    story.items.append(llm.ChatMessage(role=role, content=[line["text"]], interrupted=interrupted, created_at=at))


def _done(story: Story, call: Line, result: Result, at: float) -> None:
    name, arguments = call["call"], call["arguments"]
    key = re.sub(r"[^A-Za-z0-9_-]", "_", f"{call['server']}_{call['tool']}")[:64]
    story.deeds += [
        ToolCalled(name, call["server"], call["tool"], arguments, _in_words([call])),
        ToolReturned(name, result),
    ]
    is_error = result.status is not Status.OK
    story.items += [
        llm.FunctionCall(call_id=name, name=key, arguments=json.dumps(arguments), created_at=at),
        llm.FunctionCallOutput(call_id=name, name=key, output=result.text, is_error=is_error, created_at=at),
    ]


def _lost(call: Line) -> Result:
    """Return how a call ended whose process died; a name that plainly reads is believed."""
    if is_read(call["tool"], Hints(), trusted=False):
        return Result(Status.ERROR, _LOST_READ)
    return Result(Status.UNKNOWN, _LOST_WRITE)


def _deed(call: Line) -> tuple[str, str, Any]:
    return call["server"], call["tool"], call["arguments"]


def _in_words(calls: Sequence[Line]) -> str:
    return " and ".join(describe_call(call["server"], call["tool"], call["arguments"]) for call in calls)
