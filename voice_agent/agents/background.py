"""Calls that go on while the talk does: the model is told of what came of each when it has ended, as of any call.

A report is the same call once more under another id, which the tool answers with the result that is there. To the model
it stands behind the words that asked for it, wherever the talk has gone meanwhile.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from livekit.agents import llm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from livekit.agents.llm import ChatChunk, ChatContext, ChatItem

    from voice_agent.agents.confirm import Call
    from voice_agent.bridge.types import Result, Tool

MARK = "A call that went on in the background has ended."
"""The instructions of a reply that reports."""
PATIENT = 2.0
"""Seconds that a call must have taken to go on in the background because the user speaks."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A call whose end has to be reported."""

    call: Call
    result: Result
    words: str
    """What the user had said."""
    key: str
    """The id under which it is reported."""


@dataclass(slots=True)
class Background:
    """The calls of one conversation that it does not wait for."""

    _open: dict[str, str] = field(default_factory=dict[str, str])
    """By the id of the call, the words that asked for it."""
    _due: list[Ended] = field(default_factory=list["Ended"])
    _told: dict[str, Ended] = field(default_factory=dict[str, "Ended"])
    """By key, what has been reported."""
    _let_go: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, call: Call, words: str) -> None:
        """Do not wait for this call, which the user asked for with `words`."""
        self._open[call.id] = words

    def has(self, call: str) -> bool:
        """Tell whether the call of this id goes on in the background."""
        return call in self._open

    def drop(self, call: str) -> str:
        """Wait for this call again, or forget it; return the words that asked for it."""
        return self._open.pop(call, "")

    def let_go(self) -> None:
        """Have every call go on in the background that keeps the user waiting."""
        self._let_go.set()
        self._let_go = asyncio.Event()

    async def let_gone(self) -> None:
        """Wait until the user has something else to say, counting from when a call has taken its time."""
        await asyncio.sleep(PATIENT)
        await self._let_go.wait()

    def end(self, call: Call, result: Result) -> None:
        """Have the result of a call reported with the next reply that carries `MARK`; once more, if it was before."""
        before = [one for one in self._told.values() if one.call.id == call.id]
        words = self._open.pop(call.id, before[-1].words if before else "")
        if not any(one.call.id == call.id for one in self._due):
            self._due.append(Ended(call, result, words, f"{call.id}_ended{len(before) or ''}"))

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools of calls whose report is due: it is made with them, also where their server has gone meanwhile."""
        return tuple(one.call.tool for one in self._due)

    def report(self, items: Sequence[ChatItem]) -> ChatChunk | None:
        """Return the calls that report what is due, as a model would make them; None unless a reply shall report."""
        is_asked = any(
            item.type == "message" and item.role == "system" and MARK in (item.text_content or "") for item in items
        )
        if not self._due or not is_asked:
            return None
        calls = [
            llm.FunctionToolCall(name=one.call.tool.key, arguments=json.dumps(one.call.arguments), call_id=one.key)
            for one in self._due
        ]
        return llm.ChatChunk(id=calls[0].call_id, delta=llm.ChoiceDelta(role="assistant", tool_calls=calls))

    def take(self, key: str) -> Ended | None:
        """Use up the report of this id; None where there is no such."""
        for one in self._due:
            if one.key == key:
                self._due.remove(one)
                self._told[key] = one
                return one
        return None

    def forget(self, kept: Sequence[ChatItem]) -> None:
        """Take notice that of the conversation nothing is left but `kept`."""
        ids = {item.call_id for item in kept if item.type == "function_call"}
        self._told = {key: one for key, one in self._told.items() if key in ids}

    def view(self, context: ChatContext) -> ChatContext:
        """Return the conversation as the model sees it: each call that was reported stands where it was reported."""
        if not self._told:
            return context
        newest_keys = {one.call.id: key for key, one in self._told.items()}
        gone = {key for one in self._told.values() for key in (one.call.id, one.call.agreed_id)}
        gone |= set(self._told) - set(newest_keys.values())
        items: list[ChatItem] = []
        newest = _newest_calls(context.items)
        is_led = False
        for item in context.items:
            call = str(getattr(item, "call_id", "")) if item.type in {"function_call", "function_call_output"} else ""
            if call in gone:
                continue
            if not is_led and call in newest and (told := self._told.get(call)) is not None:
                is_led = True
                items.append(llm.ChatMessage(role="user", content=[told.words]))
            items.append(item)
        return llm.ChatContext(items)


def _newest_calls(items: Sequence[ChatItem]) -> set[str]:
    """Return the ids of the calls that nothing has been said after."""
    found: set[str] = set()
    for item in reversed(items):
        if item.type == "message" and item.role != "system":
            break
        if item.type == "function_call":
            found.add(item.call_id)
    return found
