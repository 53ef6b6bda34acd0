"""`RulesLLM`: the offline brain as a LiveKit language model."""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from livekit.agents import llm
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, APIConnectOptions, NotGivenOr
from tzlocal import get_localzone

from voice_agent.offline.brain.brain import Brain
from voice_agent.offline.brain.catalog import WAIT, Catalog
from voice_agent.offline.brain.dialogue import Act, Call, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _local_now() -> datetime:
    return datetime.now(get_localzone())


class RulesLLM(llm.LLM):  # pyright: ignore[reportMissingTypeArgument]  # takes none at run time
    """A language model made of rules: no key, no network, the same answer each time.

    It sees what any model sees: the messages of the chat and the schemas of the tools.
    """

    def __init__(self, *, language: str = "en", now: Callable[[], datetime] = _local_now) -> None:
        """Take the language (English only) and the clock that dates are said by (aware, in the user's zone)."""
        super().__init__()
        self.language = language
        self._now = now
        self._known: tuple[llm.Tool, ...] = ()
        self._brain = Brain(Catalog(()))

    @property
    def model(self) -> str:
        """Always `rules`."""
        return "rules"

    @property
    def provider(self) -> str:
        """Always `offline`."""
        return "offline"

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,  # noqa: ARG002 - rules decide that
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,  # noqa: ARG002 - for other models
    ) -> llm.LLMStream:
        """Decide what comes next in `chat_ctx`; streams words, or calls of `tools`."""
        usable = [] if tool_choice == "none" else list(tools or [])
        return _RulesStream(
            self, self.brain_for(usable), self._now, chat_ctx=chat_ctx, tools=usable, conn_options=conn_options
        )

    def brain_for(self, tools: Sequence[llm.Tool]) -> Brain:
        """The brain over `tools`; the same one as long as they are the same objects."""
        known = tuple(tools)
        if len(known) != len(self._known) or any(new is not old for new, old in zip(known, self._known, strict=True)):
            self._brain = Brain(Catalog.of([schema for tool in known if (schema := schema_of(tool))]))
            self._known = known
        return self._brain


def schema_of(tool: llm.Tool) -> dict[str, Any] | None:
    """The function schema `{name, description, parameters}` of a tool; None where it is not a function."""
    if isinstance(tool, llm.RawFunctionTool):
        return tool.info.raw_schema
    if isinstance(tool, llm.FunctionTool):
        return llm.utils.build_legacy_openai_schema(tool, internally_tagged=True)  # pyright: ignore[reportUnknownMemberType]  # its FunctionTool is generic
    return None


def turns_of(chat_ctx: llm.ChatContext) -> list[Turn]:
    """The conversation as turns: what the user said, and what was done and said since, but for waiting for tools."""
    turns: list[Turn] = []
    outputs = {item.call_id: item for item in chat_ctx.items if item.type == "function_call_output"}
    said: str | None = None
    calls: list[Call] = []
    reply: list[str] = []
    interrupted = False
    for item in chat_ctx.items:
        if item.type == "message" and item.role == "user":
            if said is not None:
                turns.append(Turn(said, tuple(calls), " ".join(reply), interrupted))
            said, calls, reply, interrupted = item.text_content or "", [], [], False
        elif item.type == "message" and item.role == "assistant" and said is not None:
            reply.append(item.text_content or "")
            interrupted = interrupted or item.interrupted
        elif item.type == "function_call" and said is not None and item.name != WAIT:
            output = outputs.get(item.call_id)
            calls.append(
                Call(
                    item.name,
                    _arguments(item.arguments),
                    output.output if output else None,
                    bool(output and output.is_error),
                )
            )
    if said is not None:
        turns.append(Turn(said, tuple(calls), " ".join(reply), interrupted))
    return turns


def _arguments(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text or "{}")
    except ValueError:
        return {}
    return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}


class _RulesStream(llm.LLMStream):
    def __init__(
        self,
        owner: RulesLLM,
        brain: Brain,
        now: Callable[[], datetime],
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool],
        conn_options: APIConnectOptions,
    ) -> None:
        self._brain = brain
        self._now = now
        super().__init__(owner, chat_ctx=chat_ctx, tools=tools, conn_options=conn_options)  # pyright: ignore[reportUnknownMemberType]  # its LLM is generic

    async def _run(self) -> None:
        request = f"rules_{uuid.uuid4().hex[:12]}"
        move = self._brain.decide(turns_of(self._chat_ctx), self._now())
        if isinstance(move, Act):
            calls = [
                llm.FunctionToolCall(name=key, arguments=json.dumps(arguments), call_id=f"{request}_{number}")
                for number, (key, arguments) in enumerate(move.calls)
            ]
            self._send(request, llm.ChoiceDelta(role="assistant", tool_calls=calls))
        else:
            for words in re.findall(r"\S+\s*", move.text):
                self._send(request, llm.ChoiceDelta(role="assistant", content=words))

    def _send(self, request: str, delta: llm.ChoiceDelta) -> None:
        self._event_ch.send_nowait(llm.ChatChunk(id=request, delta=delta))
