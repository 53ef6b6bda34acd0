"""Somebody who talks all day, aloud and by typing, and a model that does what they say."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter, deque
from typing import TYPE_CHECKING

from livekit import rtc
from livekit.agents.voice import io

from tests.fakes.chat import Call, Chat, Turn
from tests.fakes.faults import OVERLOADED
from tests.fakes.sound import speech_like
from voice_agent.session.typed import hear_typed

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.compressed.servers import Books, Trouble
    from tests.fakes.stacks import Cloud
    from voice_agent.session.conversation import Conversation
    from voice_agent.session.journal import Line

RATE = 16_000
_FRAME = RATE // 50
_HEARD, _SETTLED, _EXPIRED = 60.0, 400.0, 100.0
_FORGOTTEN = 3.0
"""Seconds in which words may become a turn; in which all is said and done; after which nothing waits for a yes."""


class Microphone(io.AudioInput):
    """Hears what is pushed, in frames of 20 ms, and else nothing: no frames, so that a day is not spent on silence."""

    def __init__(self) -> None:
        super().__init__(label="microphone")
        self._frames: deque[bytes] = deque()
        self._more = asyncio.Event()

    def speak(self, text: str) -> None:
        """Say a text, and be silent for two seconds."""
        sound = speech_like(text, RATE) + bytes(2 * RATE * 2)
        size = 2 * _FRAME
        self._frames += [sound[start : start + size] for start in range(0, len(sound) - size, size)]
        self._more.set()

    async def __anext__(self) -> rtc.AudioFrame:
        while not self._frames:
            self._more.clear()
            await self._more.wait()
        await asyncio.sleep(0.02)
        return rtc.AudioFrame(self._frames.popleft(), RATE, 1, _FRAME)


class Person:
    """Says things for as long as they are let, and sees to it that each is answered."""

    def __init__(self, trouble: Trouble, books: Books, servers: list[str]) -> None:
        self.trouble, self.books, self.servers = trouble, books, servers
        self.turns: Counter[str] = Counter()
        self.lost: list[str] = []
        """Turns that nothing was said to."""
        self.agreed: set[int] = set()
        """What a yes was said to."""
        self.longest = 0.0
        self.statuses: Counter[str] = Counter()
        self.saying: deque[str] = deque(maxlen=3)
        """What is being said aloud, for the ears to understand."""
        self._lines: deque[Line] = deque(maxlen=300)
        self._changed = asyncio.Event()
        self._count = 0
        self._number = 0

    def begin(self, conversation: Conversation, cloud: Cloud, microphone: Microphone) -> None:
        """Take part in a conversation."""
        self.conversation, self.cloud, self.microphone = conversation, cloud, microphone
        conversation.journal.listen(self._note)

    def _note(self, line: Line) -> None:
        self._lines.append(line)
        self._count += 1
        if line["event"] == "tool_result":
            self.statuses[line["status"]] += 1
        self._changed.set()

    def _since(self, count: int, event: str) -> list[Line]:
        new = min(self._count - count, len(self._lines))
        return [line for line in list(self._lines)[len(self._lines) - new :] if line["event"] == event]

    async def _until(self, true: Callable[[], bool], seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not true():
                    self._changed.clear()
                    await self._changed.wait()
        return true()

    async def say(self, text: str, *, waits: bool = True) -> str:
        """Say something, aloud or typed; return what was said to it when all has fallen silent."""
        loop = asyncio.get_running_loop()
        begun, count = loop.time(), self._count
        is_spoken = self.trouble.chance.random() < 0.5
        self.turns["spoken" if is_spoken else "typed"] += 1
        if is_spoken:
            self.saying.append(text)
            self.microphone.speak(text)
        else:
            await hear_typed(self.conversation, text)
        if not await self._until(lambda: bool(self._since(count, "user")), _HEARD):
            self.lost.append(f"{begun:.0f}: {text} (not heard)")
        if not waits:
            return ""
        try:
            async with asyncio.timeout(_SETTLED):
                await self.conversation.settle()
        except TimeoutError:
            self.lost.append(f"{begun:.0f}: {text} (not over)")
        said = " ".join(line["text"] for line in self._since(count, "agent"))
        if not said and not await self._until(lambda: bool(self._since(count, "agent")), _FORGOTTEN):
            self.lost.append(f"{begun:.0f}: {text} (no answer)")
        self.longest = max(self.longest, loop.time() - begun)
        for provider in (self.cloud.deepgram, self.cloud.openai, self.cloud.cartesia):
            for request in provider.requests:
                request.audio.clear()
                request.messages.clear()
            provider.requests[:] = [one for one in provider.requests if not one.is_over][-8:]
            for request in provider.requests[:-1]:
                # Those that were given up are never over, and hold a whole conversation each.
                request.body = None
        return said

    async def one_thing(self) -> None:
        """Want something, and stay with it until it is done or given up."""
        chance = self.trouble.chance
        where = self.trouble.some(self.servers)
        wants = [self._chats, self._reads, self._reads, self._reads, self._writes, self._writes, self._paints]
        await self.trouble.some([*wants, self._archives, self._reads_all, self._gives_up, self._asks_status])(where)
        if chance.random() < 0.05:
            self.trouble.counted["spoken over"] += 1
            await self.say("tell me a long story", waits=False)
            await asyncio.sleep(chance.uniform(0.5, 4))
            await self.say("good morning")

    async def _chats(self, _where: str) -> None:
        await self.say("good morning")

    async def _reads(self, where: str) -> None:
        await self.say(f"read the thing of {where}")

    async def _reads_all(self, _where: str) -> None:
        await self.say("read everything")

    async def _asks_status(self, _where: str) -> None:
        await self.say("which servers are not there?")

    async def _gives_up(self, where: str) -> None:
        await self.say(f"read the thing of {where}", waits=False)
        await asyncio.sleep(self.trouble.chance.uniform(0, 4))
        await self.say("never mind")

    async def _writes(self, where: str) -> None:
        self._number += 1
        await self.say(f"write number {self._number} at {where}")
        await self._answers(self._number)

    async def _archives(self, where: str) -> None:
        await self.say(f"archive the note of {where}")
        await self._answers(None)

    async def _answers(self, number: int | None) -> None:
        """Answer what was read back, if anything was."""
        if self.conversation.toolset.confirmations.open is None:
            return
        how = self.trouble.chance.random()
        if how < 0.1:
            self.trouble.counted["no answer to a read-back"] += 1
            await asyncio.sleep(_EXPIRED)
            return
        if how < 0.2:
            self.trouble.counted["something else than a yes"] += 1
            await self.say("good morning")
        if how < 0.3:
            await self.say("no")
            return
        if number is not None:
            self.agreed.add(number)
        await self.say("yes")

    async def _paints(self, where: str) -> None:
        await self.say(f"paint at {where}")
        await self._answers(None)
        for _ in range(3):
            if not self.conversation.toolset.questions.is_open:
                return
            if self.trouble.strikes("no answer to a question", 0.1):
                await asyncio.sleep(_EXPIRED)
                return
            await self.say(self.trouble.some(["red", "green", "red", "cancel", "yes"]))


def model_for(person: Person) -> Callable[[Chat], Turn]:
    """A model that calls what the person names, and tells how it went."""
    trouble = person.trouble

    def answer(chat: Chat) -> Turn:
        if trouble.strikes("the model is overloaded", 0.005):
            return OVERLOADED
        said = chat.user.casefold()
        if chat.results and not ("archive" in said and re.search(r'"?n-\d', chat.results[-1])):
            return chat.results[-1][:120]
        calls = _wanted(said, chat)
        known = tuple(call for call in calls if call.name in chat.tools)
        if calls and not known:
            return "That is not there."
        return known or ("Once upon a time. " * 10 if "story" in said else "Good morning.")

    return answer


def _wanted(said: str, chat: Chat) -> tuple[Call, ...]:
    found = re.search(r"\b(?:alpha|bravo|delta|oscar)\b", said)
    where = found.group() if found else ""
    if "everything" in said:
        return (Call("alpha_read_thing"), Call("bravo_read_thing"))
    if "read" in said and where:
        return (Call(f"{where}_read_thing"),)
    if (number := re.search(r"number (\d+)", said)) and where:
        return (Call(f"{where}_write_thing", {"number": int(number.group(1))}),)
    if "archive" in said and where:
        note = re.search(r"n-\d+", chat.results[-1]) if chat.results else None
        calls = Call(f"{where}_archive_note", {"note_id": note.group()}) if note else Call(f"{where}_list_notes")
        return (calls,)
    return (Call(f"{where}_paint_wall"),) if "paint" in said and where else ()
