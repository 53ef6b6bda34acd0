"""Subscriptions to resources, in both protocol eras.

Up to 2025-11-25 a client sends `resources/subscribe` and gets `notifications/resources/updated` on its session until
that ends; from 2026-07-28 on it opens a stream with `subscriptions/listen`. FastMCP has neither, so both are handlers
of the low-level server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp.server.subscriptions import ListenHandler
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ResourceUpdated
from mcp_types import (
    INVALID_REQUEST,
    EmptyResult,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    UnsubscribeRequestParams,
)

from mcp_servers.task_manager.errors import TaskError, TaskNotFound
from mcp_servers.task_manager.plain import as_told
from mcp_servers.task_manager.resources import TaskResources
from mcp_servers.task_manager.subscribers import Subscriber
from mcp_servers.task_manager.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mcp.server.context import ServerRequestContext
    from mcp.shared.subscriptions import ServerEvent

    from mcp_servers.task_manager.models import Person
    from mcp_servers.task_manager.server import Parts

MOST_OF_ONE = 256
"""Subscriptions of one person at a time."""
MOST_ADDRESSES = 256
"""Resources in one `subscriptions/listen`."""
_STATE = "task_manager.subscriptions"
"""Where a connection keeps what it subscribed to."""


def add_subscriptions(parts: Parts) -> None:
    """Serve subscriptions of both eras."""
    subscriptions = Subscriptions(parts)
    server = parts.mcp._mcp_server  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - FastMCP has no handlers of one's own
    server.add_request_handler("resources/subscribe", SubscribeRequestParams, subscriptions.subscribe)
    server.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, subscriptions.unsubscribe)
    server.add_request_handler("subscriptions/listen", SubscriptionsListenRequestParams, subscriptions.listen)


class Subscriptions:
    """Everybody's subscriptions."""

    def __init__(self, parts: Parts) -> None:
        self._service = parts.service
        self._person = parts.person
        self._resources = TaskResources(parts.service)
        self._watches: dict[Person, Watch] = {}
        self._counts: dict[str, int] = {}

    async def subscribe(self, context: ServerRequestContext[Any, Any], params: SubscribeRequestParams) -> EmptyResult:
        """`resources/subscribe`: once more is the same as once."""
        uri, session = str(params.uri), context.session
        connection = session._connection  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - tells when the session ends
        held: dict[str, Subscriber] = connection.state.setdefault(_STATE, {})
        if uri in held:
            return EmptyResult()

        async def tell(changed: str) -> None:
            await session.send_resource_updated(changed)

        subscriber = await self._begin([uri], tell)
        if not held:
            connection.exit_stack.callback(self._end_all, held)
        held[uri] = subscriber
        subscriber.start()
        return EmptyResult()

    async def unsubscribe(
        self, context: ServerRequestContext[Any, Any], params: UnsubscribeRequestParams
    ) -> EmptyResult:
        """`resources/unsubscribe`: also of what was never subscribed to."""
        connection = context.session._connection  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - as `subscribe`
        subscriber = connection.state.get(_STATE, {}).pop(str(params.uri), None)
        if subscriber is not None:
            self._end(subscriber)
        return EmptyResult()

    async def listen(
        self, context: ServerRequestContext[Any, Any], params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        """`subscriptions/listen`: a stream, until the client closes it. What is not there is left out of the answer."""
        wanted = params.notifications.resource_subscriptions or []
        if len(wanted) > MOST_ADDRESSES:
            raise MCPError(INVALID_REQUEST, f"One subscription takes at most {MOST_ADDRESSES} resources.")
        stream = _Stream()
        subscriber = await self._begin([str(uri) for uri in wanted], stream.tell, lenient=True)
        stream.subscriber = subscriber
        honoured = params.notifications.model_copy(
            update={"resource_subscriptions": [str(uri) for uri in wanted if str(uri) in subscriber.uris] or None}
        )
        try:
            return await ListenHandler(stream)(context, params.model_copy(update={"notifications": honoured}))
        finally:
            self._end(subscriber)

    async def _begin(
        self, uris: list[str], tell: Callable[[str], Awaitable[None]], *, lenient: bool = False
    ) -> Subscriber:
        """Raises `MCPError`."""
        person = self._person()
        if self._counts.get(person.owner, 0) >= MOST_OF_ONE:
            raise MCPError(INVALID_REQUEST, f"There are {MOST_OF_ONE} subscriptions already. End one first.")
        self._counts[person.owner] = self._counts.get(person.owner, 0) + 1
        try:
            subscriber = Subscriber(person, await self._known(person, uris, lenient=lenient), tell)
            if subscriber.addresses:
                await self._watches.setdefault(person, Watch(person, self._service, self._resources)).add(subscriber)
        except BaseException as error:
            self._release(person)
            if isinstance(error, TaskError):
                raise as_told(error, {"uri": uris[0]} if uris else {}) from None
            raise
        return subscriber

    async def _known(self, person: Person, uris: list[str], *, lenient: bool) -> Mapping[str, list[str]]:
        """By address, how the client calls it. Raises `TaskError` for one that is not there, unless `lenient`."""
        found: dict[str, list[str]] = {}
        for uri in uris:
            try:
                address = await self._resources.address_of(person, uri)
            except TaskNotFound:
                if not lenient:
                    raise
                continue
            found.setdefault(address, []).append(uri)
        return found

    def _end_all(self, held: dict[str, Subscriber]) -> None:
        for subscriber in held.values():
            self._end(subscriber)
        held.clear()

    def _end(self, subscriber: Subscriber) -> None:
        subscriber.stop()
        if watch := self._watches.get(subscriber.person):
            watch.remove(subscriber)
        self._release(subscriber.person)

    def _release(self, person: Person) -> None:
        """One subscription less; what nobody waits for any more is not watched."""
        left = self._counts.pop(person.owner) - 1
        if left:
            self._counts[person.owner] = left
        watch = self._watches.get(person)
        if watch is not None and watch.is_idle:
            del self._watches[person]


class _Stream:
    """The one stream that a `ListenHandler` serves: what is told begins once it listens."""

    subscriber: Subscriber | None = None
    _listener: Callable[[ServerEvent], None] | None = None

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Begin."""
        self._listener = listener
        if self.subscriber is not None:
            self.subscriber.start()
        return lambda: None

    async def publish(self, event: ServerEvent) -> None:
        """Give one event to the stream."""
        if self._listener is not None:
            self._listener(event)

    async def tell(self, uri: str) -> None:
        """Give the stream the news of one resource."""
        await self.publish(ResourceUpdated(uri=uri))
