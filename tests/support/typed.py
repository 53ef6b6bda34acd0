"""Typed conversations with the offline brain over real MCP servers: the smallest host that a language model needs."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from fastmcp import Client
from livekit.agents import llm
from livekit.agents.llm import function_tool

from voice_agent.bridge.results import shape
from voice_agent.bridge.types import Status
from voice_agent.offline.brain.llm import RulesLLM

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from mcp_types import CallToolResult

STEPS = 4
"""Calls in a row that one turn may take."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one turn brought."""

    text: str
    calls: list[tuple[str, dict[str, Any]]]


@dataclass
class TypedConversation:
    """One conversation; `servers` maps names to anything that `fastmcp.Client` takes."""

    servers: Mapping[str, Any]
    brain: RulesLLM = field(default_factory=RulesLLM)
    context: llm.ChatContext = field(default_factory=llm.ChatContext)
    tools: list[llm.Tool] = field(default_factory=list[llm.Tool])

    def __post_init__(self) -> None:
        self._stack = AsyncExitStack()
        self._routes: dict[str, tuple[Client[Any], str]] = {}

    async def __aenter__(self) -> Self:
        for name, transport in self.servers.items():
            client: Client[Any] = await self._stack.enter_async_context(Client(transport))
            for tool in await client.list_tools():
                key = f"{name}_{tool.name}"
                self._routes[key] = (client, tool.name)
                schema = {"name": key, "description": tool.description or "", "parameters": tool.input_schema}
                self.tools.append(function_tool(_never, raw_schema=schema))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def say(self, words: str) -> Answer:
        """Say `words`; the calls that follow are made for real."""
        self.context.add_message(role="user", content=words)
        made: list[tuple[str, dict[str, Any]]] = []
        for _ in range(STEPS):
            text, calls = await self._step()
            if not calls:
                break
            for call in calls:
                arguments: dict[str, Any] = json.loads(call.arguments)
                made.append((call.name, arguments))
                output, is_error = await self._call(call.name, arguments)
                self.context.items += [
                    llm.FunctionCall(call_id=call.call_id, name=call.name, arguments=call.arguments),
                    llm.FunctionCallOutput(call_id=call.call_id, name=call.name, output=output, is_error=is_error),
                ]
        else:
            raise AssertionError(f"no answer to {words!r} after {STEPS} steps: {made}")
        self.context.add_message(role="assistant", content=text)
        return Answer(text, made)

    async def _step(self) -> tuple[str, list[llm.FunctionToolCall]]:
        text = ""
        calls: list[llm.FunctionToolCall] = []
        async with self.brain.chat(chat_ctx=self.context, tools=self.tools) as stream:
            async for chunk in stream:
                if chunk.delta:
                    text += chunk.delta.content or ""
                    calls += chunk.delta.tool_calls
        return text, calls

    async def _call(self, key: str, arguments: dict[str, Any]) -> tuple[str, bool]:
        client, name = self._routes[key]
        answer: CallToolResult = await client.call_tool_mcp(name, arguments)
        result = shape(answer, lambda text: text)
        return result.text, result.status is not Status.OK


async def _never(raw_arguments: dict[str, object]) -> None:
    raise AssertionError(f"the conversation routes the calls itself, also with {raw_arguments}")
