"""Confirmations: which calls wait for the user's own yes, and whether what the user has said since is one.

Nothing changes when a guess of the user's words is judged ahead of time: the verdict is computed from the messages of
the conversation alone, and a confirmation is used up only inside the tool, which runs for committed turns only.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from voice_agent.agents.answers import Answer, answer_of, echoes, is_standing, ways_to_say
from voice_agent.agents.readback import describe
from voice_agent.agents.speech import is_heard
from voice_agent.bridge.policy import NOUNS, WRITES, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from livekit.agents.llm import ChatItem, ChatMessage
    from livekit.agents.voice import SpeechHandle

    from voice_agent.bridge.types import Json, Tool

TURNS = 2
"""Turns of the user after which a confirmation is dropped."""
LIFETIME = 90.0
"""Seconds after which it is."""
_EARLY = (Answer.YES, Answer.OTHER)
"""Answers that count for nothing where the question cannot have been heard."""
_AGREED = "_agreed"
_HOW = frozenset({"bulk", "batch"})
"""Words of `WRITES` that say how, and not what, is done."""


@dataclass(frozen=True, slots=True)
class Call:
    """One exact call that waits."""

    id: str
    """The call's id, from its read-back to its result."""
    tool: Tool
    arguments: Json
    said: str
    """The call in words, as it was read back."""
    given: Json | None = None
    """What the model gave, where what is read back goes by another name than that."""
    place: int = 0
    """Of the calls of one turn, the lower is read back first."""
    asked_again: int = 0
    """How often it was read back once more: the user had begun to agree before they could hear it."""

    @property
    def agreed_id(self) -> str:
        """The id under which it is made once the user has agreed; another one each time that it is read back."""
        return f"{self.id}{_AGREED}{self.asked_again or ''}"

    @property
    def deed(self) -> str:
        """The verb of what is done, by the tool's name: a client's name in `said` is the client's own choice."""
        deeds = [word for word in words_of(self.tool.name) if word in WRITES - NOUNS - _HOW]
        return deeds[0] if deeds else describe(self.tool, {}).split()[0]

    @property
    def ways(self) -> frozenset[str]:
        """How people say it: “delete it”, “get rid of it”; and “let it” of what another agent wants done."""
        ways = ways_to_say(self.deed, words_of(self.tool.name))
        return ways | ways_to_say("let") if self.said.startswith("let ") else ways

    def is_same(self, tool: Tool, arguments: Json) -> bool:
        """Tell whether `tool` with `arguments` is exactly this call, on the same version of the tool."""
        return (
            self.tool.key == tool.key
            and self.tool.pin == tool.pin
            and _canonical(arguments) in {_canonical(self.arguments), _canonical(self.given or self.arguments)}
        )


@dataclass(slots=True)
class Pending:
    """The calls of one turn that were read back together."""

    turn: str
    """Id of the speech whose calls these are."""
    asked_at: float
    """Seconds since the epoch."""
    calls: list[Call] = field(default_factory=list[Call])
    read_back: SpeechHandle | None = None
    """The speech in which they are read back, where it is known."""

    @property
    def ways(self) -> frozenset[str]:
        """How people say what is done, where all calls do the same: “delete them”."""
        return frozenset[str].intersection(*(call.ways for call in self.calls)) if self.calls else frozenset()

    def answer_in(self, text: str) -> Answer:
        """Return what an utterance is as an answer to these calls."""
        answer = answer_of(text, self.ways)
        if answer is not Answer.OTHER or len(self.calls) != 1:
            return answer
        [call] = self.calls
        return Answer.YES if echoes(text, call.said, call.deed, call.ways) else answer


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the conversation since the read-back amounts to."""

    answer: Answer
    is_last_turn: bool
    """The confirmation will not be there for another turn."""
    is_standing: bool = False
    """A yes that shall count for the next times too."""
    is_heard: bool = True
    """The read-back was being heard when the user began to speak."""


class Confirmations:
    """The confirmation that is open in one conversation; a new read-back replaces an older one."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._pending: Pending | None = None
        self._standing: set[tuple[str, str]] = set()
        """Keys and pins of tools whose yes holds for the rest of the conversation."""

    def ask(self, turn: str, call: Call) -> Pending:
        """Remember `call` as read back in the speech `turn`, with the others of the same speech."""
        if self._pending is None or self._pending.turn != turn:
            self._pending = Pending(turn, self._clock())
        self._pending.calls.append(call)
        self._pending.calls.sort(key=lambda one: one.place)
        self._pending.asked_at = self._clock()
        return self._pending

    def judge(self, items: Sequence[ChatItem]) -> tuple[Pending, Verdict] | None:
        """Return the open confirmation and what the user has said to it; None where there is none or it is over.

        Args:
            items: The conversation, newest last, including a message that is not committed yet.
        """
        pending = self._pending
        if pending is None or not pending.calls or self._clock() - pending.asked_at > LIFETIME:
            return None
        early, said = _said_since(items, pending)
        if not said:
            return (
                (pending, Verdict(pending.answer_in(early[-1]), is_last_turn=False, is_heard=False)) if early else None
            )
        *before, newest = said
        if len(said) > TURNS or any(pending.answer_in(text) is not Answer.OTHER for text in before):
            return None
        return pending, Verdict(pending.answer_in(newest), len(said) == TURNS, is_standing(newest, pending.ways))

    def waiting(self, items: Sequence[ChatItem]) -> Pending | None:
        """Return the confirmation that a yes said now would be the answer to; None where there is none.

        Args:
            items: The conversation, newest last.
        """
        pending = self._pending
        if pending is None or not pending.calls or self._clock() - pending.asked_at > LIFETIME:
            return None
        _, said = _said_since(items, pending)
        if len(said) >= TURNS or any(pending.answer_in(text) is not Answer.OTHER for text in said):
            return None
        return pending

    def unheard(self, call: str, items: Sequence[ChatItem]) -> Pending | None:
        """Return the confirmation that the call of this id waits in, where it is still to be put to the user.

        None also where the user has spoken since: what they were answered has put it.

        Args:
            call: Its id.
            items: The conversation, newest last.
        """
        pending = self.waiting(items)
        if pending is None or pending.read_back is None or call not in {one.id for one in pending.calls}:
            return None
        is_answered = any(_said_since(items, pending))
        return None if is_answered or is_heard(pending.read_back) else pending

    def take(self, tool: Tool, arguments: Json, items: Sequence[ChatItem]) -> Call | None:
        """Use up the user's yes for exactly this call; None where there is no such yes."""
        judged = self.judge(items)
        if judged is None or judged[1].answer is not Answer.YES or not judged[1].is_heard:
            return None
        for call in judged[0].calls:
            if call.is_same(tool, arguments):
                judged[0].calls.remove(call)
                if judged[1].is_standing and tool.may_stand:
                    self._standing.add((tool.key, tool.pin))
                return call
        return None

    def stands(self, tool: Tool) -> bool:
        """Tell whether the user has said yes to this very tool once for all."""
        return (tool.key, tool.pin) in self._standing

    @property
    def open(self) -> Pending | None:
        """The confirmation that was asked last, whether or not it has been answered."""
        return self._pending if self._pending and self._pending.calls else None

    def renew(self, agreed_id: str) -> Call | None:
        """Return the waiting call of which a yes came to nothing, to be read back once more; None: it is of no such.

        Args:
            agreed_id: Under which it was to be made; the next yes to the same call has another one.
        """
        pending = self.open
        for place, call in enumerate(pending.calls if pending is not None else []):
            if pending is not None and call.agreed_id == agreed_id:
                pending.calls[place] = replace(call, asked_again=call.asked_again + 1)
                return pending.calls[place]
        return None

    def drop(self, call: str) -> None:
        """Let a call wait no longer."""
        if self._pending is not None:
            self._pending.calls = [one for one in self._pending.calls if one.id != call]

    def touch(self) -> None:
        """Count the time from now: the read-back is being said."""
        if self._pending is not None:
            self._pending.asked_at = self._clock()


def _said_since(items: Sequence[ChatItem], pending: Pending) -> tuple[list[str], list[str]]:
    """Return what the user has said since it was asked: at first before they heard a word of it, and afterwards."""
    messages = [item for item in items if item.type == "message" and item.created_at > pending.asked_at]
    heard = _heard_at(messages, pending.read_back)
    early: list[str] = []
    said: list[str] = []
    for one in messages:
        if one.role == "user":
            began = one.metrics.get("started_speaking_at", one.created_at)
            text = one.text_content or ""
            # What is typed answers what is to be read; who declines need not have heard what.
            may_be_early = one.transcript_confidence is not None and pending.answer_in(text) in _EARLY
            (early if may_be_early and (heard is None or began < heard) else said).append(text)
    return early, said


def _heard_at(messages: Sequence[ChatMessage], read_back: SpeechHandle | None) -> float | None:
    """Return when the question was heard first: in its read-back, or in an answer to the user, which puts it again."""
    read = {item.id for item in read_back.chat_items} if read_back is not None else None
    has_spoken, moments = False, list[float]()
    for one in messages:
        has_spoken = has_spoken or one.role == "user"
        if one.role == "assistant" and (read is None or has_spoken or one.id in read):
            moments.append(one.created_at)
    return min(moments, default=None)


def _canonical(arguments: Json) -> str:
    return json.dumps(arguments, sort_keys=True, ensure_ascii=False)
