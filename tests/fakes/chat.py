"""The model behind the stand-in for OpenAI: a script, or a function of the conversation."""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.fakes.faults import Fault

MAX_TOOLS = 128
"""OpenAI's own limit."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Call:
    """The model wants a tool called."""

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict[str, Any])
    """A string is sent as it is, be it JSON or not."""

    @property
    def as_json(self) -> str:
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


Turn: TypeAlias = "str | Call | tuple[Call, ...] | Fault"
"""One answer of the model: words, calls, or a failure."""
Script: TypeAlias = "Iterable[Turn] | Callable[[Chat], Turn]"


@dataclass(frozen=True, slots=True)
class Chat:
    """One request for an answer."""

    body: Mapping[str, Any]
    """As it came in."""

    @property
    def messages(self) -> list[Mapping[str, Any]]:
        return list(self.body["messages"])

    @property
    def tools(self) -> tuple[str, ...]:
        """Names of the tools that were offered."""
        return tuple(tool["function"]["name"] for tool in self.body.get("tools", ()))

    @property
    def user(self) -> str:
        """What the user said last."""
        said = [m["content"] for m in self.messages if m["role"] == "user"]
        return _text(said[-1]) if said else ""

    @property
    def results(self) -> tuple[str, ...]:
        """What the tools gave back since the user last spoke."""
        found: list[str] = []
        for message in self.messages:
            if message["role"] == "user":
                found.clear()
            elif message["role"] == "tool":
                found.append(_text(message["content"]))
        return tuple(found)

    def mistake(self) -> str | None:
        """What OpenAI would refuse in this request, or None."""
        tools = self.body.get("tools", ())
        if len(tools) > MAX_TOOLS:
            return f"{len(tools)} tools, at most {MAX_TOOLS} are allowed"
        for tool in tools:
            function = tool["function"]
            if not _NAME.fullmatch(function["name"]):
                return f"the name {function['name']!r} of a tool"
            if function.get("parameters", {}).get("type", "object") != "object":
                return f"the parameters of {function['name']} are no object"
        asked: set[str] = set()
        for message in self.messages:
            if message["role"] == "tool":
                if message["tool_call_id"] not in asked:
                    return "a result without its call"
                asked.discard(message["tool_call_id"])
            elif asked:
                return f"calls without their results: {sorted(asked)}"
            asked.update(call["id"] for call in message.get("tool_calls") or ())
        return f"calls without their results: {sorted(asked)}" if asked else None


class Model:
    """Answers by the script; once that has ended, `turn_for` raises IndexError."""

    def __init__(self, script: Script) -> None:
        self._next: deque[Turn] | None = None if callable(script) else deque(script)
        self._function = script if callable(script) else None

    def turn_for(self, chat: Chat) -> Turn:
        """The answer to this request."""
        if self._function is not None:
            return self._function(chat)
        assert self._next is not None
        return self._next.popleft()

    def add(self, *turns: Turn) -> None:
        """Add to the script."""
        assert self._next is not None, "the model is a function"
        self._next.extend(turns)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return " ".join(str(piece.get("text", "")) for piece in content or ())
