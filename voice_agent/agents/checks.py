"""The way to find out what became of a call of unknown outcome: offered by us, taken on the user's own yes.

Decided in code, so that it works with any model. As with confirmations, a guess of the user's words changes nothing.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from livekit.agents import llm

from voice_agent.agents.answers import Answer, answer_of, wants_check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from livekit.agents.llm import ChatChunk, ChatItem

    from voice_agent.bridge.types import Json, Tool

LIFETIME = 90.0
"""Seconds in which a yes to the offer counts."""


@dataclass(slots=True)
class Checks:
    """The check that is on offer in one conversation; a new one takes the place of an older one."""

    _offered: tuple[Tool, Json] | None = None
    _at: float = 0.0
    _is_asked: bool = True

    def offer(self, check: Tool | None, arguments: Json, *, is_asked: bool = False) -> None:
        """Offer to call `check` with those of `arguments` that it needs; None: there is no way to find out.

        `is_asked`: the user is being asked already.
        """
        if check is None:
            return
        needed = check.input_schema.get("required", ())
        self._offered = check, {name: arguments[name] for name in needed if name in arguments}
        self._at, self._is_asked = time.time(), is_asked

    def ask(self, said: str) -> bool:
        """Tell, once, whether the user has to be asked, after a reply that `said` this."""
        if self._is_asked:
            return False
        self._is_asked = True
        self._at = time.time()
        return not said.rstrip().endswith("?")

    def judge(self, items: Sequence[ChatItem], live: Sequence[Tool]) -> ChatChunk | None:
        """Return the call that checks, if that is what the user wants; None where it is not.

        Args:
            items: The conversation, newest last, including a message that is not committed yet.
            live: The tools that can be called.
        """
        if self._offered is None or time.time() - self._at > LIFETIME:
            return None
        said = [
            item.text_content or ""
            for item in items
            if item.type == "message" and item.role == "user" and item.created_at > self._at
        ]
        if len(said) != 1 or not (answer_of(said[0]) is Answer.YES or wants_check(said[0])):
            return None
        check, arguments = self._offered
        if not any(tool is check for tool in live):
            return None
        identity = f"check_{int(self._at * 1000)}"
        call = llm.FunctionToolCall(name=check.key, arguments=json.dumps(arguments), call_id=identity)
        return llm.ChatChunk(id=identity, delta=llm.ChoiceDelta(role="assistant", tool_calls=[call]))
