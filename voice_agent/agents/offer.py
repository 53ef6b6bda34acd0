"""Which tools the model sees in a turn, where all of them would be too many."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any, cast

from livekit.agents.llm import RawFunctionTool, function_tool

from voice_agent.bridge.find.budget import at_level, fit, price
from voice_agent.bridge.find.finder import Finder
from voice_agent.bridge.find.text import content
from voice_agent.bridge.find.tokens import cost
from voice_agent.bridge.types import CatalogChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from livekit.agents import llm
    from livekit.agents.llm import ChatItem

    from voice_agent.bridge.bridge import Bridge
    from voice_agent.bridge.types import BridgeEvent, Json, Tool

BUDGET = 2_000
"""Tokens (o200k) of tools in one request to a model, `find_tools` among them."""
NAME = "find_tools"
_FOUND = 20
_USED = 4
"""Tools of earlier turns that stay in sight: people go on about the same thing."""
_ASKED_FOR = 10
"""Places for what the model itself looked for in this turn."""
_SHORT = 4
"""Words that say what is wanted: with fewer, the request before is searched for as well."""
_KEEPS_ALL = 1
"""The last level of `compact` that leaves out no parameter."""
_PATIENCE = 5.0
"""Seconds that a request waits for an index that is being made: without one the model would see next to no tool."""
FIND_TOOLS: Json = {
    "name": NAME,
    "description": "Only some of the user's tools are shown. If none of them does what the user wants, look for others"
    " with this before you say that it cannot be done.",
    "parameters": {
        "type": "object",
        "properties": {"request": {"type": "string", "description": "What the user wants, in plain words"}},
        "required": ["request"],
    },
}
"""The function by which a model looks for more."""


class Offer:
    """Keeps an index of the catalog while it is too large to be shown whole, and chooses from it for each turn."""

    def __init__(
        self,
        bridge: Bridge,
        wrap: Callable[[Tool, dict[str, Any]], RawFunctionTool[..., Any]],
        *,
        finder: Finder | None = None,
        budget: int = BUDGET,
        beside: Callable[[], Sequence[Tool]] = tuple,
    ) -> None:
        """Take the servers, and what makes a LiveKit tool of a tool and the function that the model is to see.

        `finder`: where tools are looked for; one by words alone where None. `budget`: tokens for all tools. `beside`:
        tools that are offered in any case.
        """
        self._bridge = bridge
        self._wrap = wrap
        self._finder = finder or Finder(by_meaning=False)
        self._budget = budget
        self._beside = beside
        self._shown: dict[tuple[Tool, int], RawFunctionTool[..., Any]] = {}
        self._fitted: tuple[tuple[Tool, ...], int, list[tuple[Tool, int]] | None] = ((), 0, [])
        self._indexing: asyncio.Task[None] | None = None
        self._indexed = asyncio.Event()
        self._is_asked = False
        self._unsubscribe: Callable[[], None] | None = None
        self.find_tools = function_tool(self._find, raw_schema=FIND_TOOLS)

    def start(self) -> None:
        """Follow the catalog from now on. Needs a running event loop.

        The index is made when the first model asks that counts tokens: it costs a thread seconds of work.
        """
        if self._unsubscribe is None:
            self._unsubscribe = self._bridge.subscribe(self._take)

    def close(self) -> None:
        """Stop following it; what is being learnt in a thread is given up soon."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        if self._indexing is not None:
            self._indexing.cancel()
        self._finder.close()

    @property
    def is_needed(self) -> bool:
        """Whether the tools are more than the budget, even with shorter descriptions."""
        return self._whole() is None

    def _whole(self) -> list[tuple[Tool, int]] | None:
        """Return all tools, each with its level of `compact`, where they fit without losing any parameter."""
        tools, spent = self._bridge.tools, sum(price(tool, 0) for tool in self._beside())
        if self._fitted[0] is not tools or self._fitted[1] != spent:
            self._fitted = (tools, spent, _fitted(tools, self._budget - spent))
        return self._fitted[2]

    async def choose(
        self, items: Sequence[ChatItem], tools: list[llm.Tool], *, counts_tokens: bool = True
    ) -> list[llm.Tool]:
        """Return which of the session's `tools` the model sees after `items`; all of them where they fit.

        What is left out can still be called. Tools that are not of a server always stay. A model that does not count
        tokens sees everything.
        """
        whole = self._whole()
        if not counts_tokens:
            return [tool for tool in tools if tool is not self.find_tools]
        if whole is not None:
            short = {tool.key: (tool, level) for tool, level in whole if level}
            offered = [tool for tool in tools if tool is not self.find_tools]
            return [self._at(*short[name]) if (name := _name(tool)) in short else tool for tool in offered]
        if not self._is_asked:
            self._is_asked = True
            self._index()
        live = {tool.key: tool for tool in self._bridge.tools}
        others = [tool for tool in tools if _name(tool) not in live]
        spent = sum(map(_price, others))
        wanted = await self._wanted(items, live)
        chosen = fit(wanted, self._budget - spent)
        return [*others, *(self._at(tool, level) for tool, level in chosen)]

    async def _wanted(self, items: Sequence[ChatItem], live: dict[str, Tool]) -> list[Tool]:
        """Return the tools for a turn, the likeliest first: what the model looked for, used lately, and found."""
        requests, looked_for, used = _read(items)
        servers = {live[key].server for key in used if key in live}
        await self._ready()
        lists = [(await self._search(text, servers))[:_ASKED_FOR] for text in looked_for]
        lists.append([live[key] for key in used[:_USED] if key in live])
        lists.extend([await self._search(text, servers) for text in requests])
        wanted = dict.fromkeys(tool for found in lists for tool in found if live.get(tool.key) is tool)
        return list(wanted)[: _FOUND + _USED]

    async def _search(self, text: str, servers: Iterable[str]) -> list[Tool]:
        found = await asyncio.to_thread(self._finder.find, text, _FOUND, used=frozenset(servers))
        return list(found.tools)

    async def _find(self, raw_arguments: dict[str, object]) -> str:
        """Answer `find_tools`: names only, for their functions are shown to the model next."""
        await self._ready()
        text = str(raw_arguments.get("request") or "")
        found = await asyncio.to_thread(self._finder.find, text, _FOUND)
        names = ", ".join(tool.key for tool in found.tools[:_ASKED_FOR])
        if not names:
            return "There is no such tool."
        return names if found.fits else f"Perhaps there is no tool for that. The nearest: {names}"

    def _at(self, tool: Tool, level: int) -> RawFunctionTool[..., Any]:
        if (tool, level) not in self._shown:
            self._shown[tool, level] = self._wrap(tool, at_level(tool, level))
        return self._shown[tool, level]

    def _take(self, event: BridgeEvent) -> None:
        if isinstance(event, CatalogChanged):
            self._index()

    def _index(self) -> None:
        """Bring the index up to date in a thread, if it is needed."""
        live = set(self._bridge.tools)
        self._shown = {place: made for place, made in self._shown.items() if place[0] in live}
        if self._is_asked and self.is_needed:
            self._indexed.clear()
            if self._indexing is None or self._indexing.done():
                self._indexing = asyncio.create_task(self._follow(), name="index tools")

    async def _follow(self) -> None:
        while self._finder.tools != (tools := self._bridge.tools):
            await asyncio.to_thread(self._finder.update, tools)
            self._indexed.set()
        self._indexed.set()
        # A thread of its own: nobody waits for it, at the end of the program neither.
        threading.Thread(target=self._finder.learn, name="learn tools", daemon=True).start()

    async def _ready(self) -> None:
        if self._indexing is None:
            await asyncio.to_thread(self._finder.update, self._bridge.tools)
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._indexed.wait()
        except TimeoutError:
            return


def _fitted(tools: Sequence[Tool], budget: int) -> list[tuple[Tool, int]] | None:
    """Return all of `tools` at the levels at which they fit; None where one would have to lose parameters."""
    least = 0
    for tool in tools:
        least += price(tool, _KEEPS_ALL)
        if least > budget:
            return None
    return fit(tools, budget, shortest=_KEEPS_ALL)


def _schema(tool: llm.Tool) -> dict[str, Any] | None:
    """Return the function of a raw tool; None for another kind."""
    return cast("RawFunctionTool[..., Any]", tool).info.raw_schema if isinstance(tool, RawFunctionTool) else None


def _name(tool: llm.Tool) -> str | None:
    schema = _schema(tool)
    return None if schema is None else schema["name"]


def _price(tool: llm.Tool) -> int:
    return cost(_schema(tool) or {"name": tool.id})


def _read(items: Sequence[ChatItem]) -> tuple[list[str], list[str], list[str]]:
    """Return the requests to search for, what `find_tools` was called with since, and the tools used, newest first."""
    requests: list[str] = []
    looked_for: list[str] = []
    used: dict[str, None] = {}
    for item in reversed(items):
        if item.type == "function_call":
            if item.name != NAME:
                used.setdefault(item.name)
            elif not requests:
                looked_for.append(_request(item.arguments))
        elif item.type == "message" and item.role == "user" and len(requests) < 2:  # noqa: PLR2004 - this one and the last
            text = item.text_content or ""
            if not requests or len(content(requests[0])) < _SHORT:
                requests.append(text)
    return requests, looked_for, list(used)


def _request(arguments: str) -> str:
    try:
        value = json.loads(arguments)
    except ValueError:
        return arguments
    return str(cast("dict[str, Any]", value).get("request") or "") if isinstance(value, dict) else arguments
