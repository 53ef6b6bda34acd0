"""A client of either protocol era that subscribes to resources and writes down what it is told."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self, cast

from fastmcp import Client
from fastmcp.client.messages import MessageHandler
from mcp.client.subscriptions import Subscription, listen
from mcp.shared.subscriptions import ResourceUpdated

if TYPE_CHECKING:
    from mcp_types import ResourceUpdatedNotification

WITHIN = 45.0


class Listener(MessageHandler):
    """A connected client. Each notification is waited for with `told`, and compared with everything told so far."""

    def __init__(self, server: Any, era: str, **options: Any) -> None:
        self.client: Client[Any] = Client(server, mode=cast("Any", era), message_handler=self, **options)
        self._era = era
        self._news: asyncio.Queue[str] = asyncio.Queue()
        self._stack = AsyncExitStack()
        self._readers: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.client)
        return self

    async def __aexit__(self, *error: object) -> None:
        for reader in self._readers.values():
            reader.cancel()
        await asyncio.gather(*self._readers.values(), return_exceptions=True)
        await self._stack.aclose()

    async def on_resource_updated(self, message: ResourceUpdatedNotification) -> None:
        if self._era == "legacy":
            self._news.put_nowait(str(message.params.uri))

    async def subscribe(self, uri: str) -> None:
        """In the way of the era."""
        if self._era == "legacy":
            await self.client.session.subscribe_resource(uri)  # pyright: ignore[reportDeprecated] - that era's way
            return
        ready = asyncio.Event()
        self._readers[uri] = asyncio.create_task(self._read(uri, ready))
        async with asyncio.timeout(WITHIN):
            await ready.wait()

    async def unsubscribe(self, uri: str) -> None:
        """In the way of the era."""
        if self._era == "legacy":
            await self.client.session.unsubscribe_resource(uri)  # pyright: ignore[reportDeprecated] - as above
            return
        reader = self._readers.pop(uri)
        reader.cancel()
        await asyncio.wait([reader])

    async def _read(self, uri: str, ready: asyncio.Event) -> None:
        async with listen(self.client.session, resource_subscriptions=[uri]) as stream:
            self.stream: Subscription = stream
            ready.set()
            async for event in stream:
                assert isinstance(event, ResourceUpdated)
                self._news.put_nowait(str(event.uri))

    async def told(self) -> str:
        """The next resource that has changed."""
        async with asyncio.timeout(WITHIN):
            return await self._news.get()

    @property
    def untold(self) -> int:
        """How many notifications nobody waited for."""
        return self._news.qsize()
