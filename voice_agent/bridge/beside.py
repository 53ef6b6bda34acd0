"""What one connection offers beside its tools: resources, prompts and instructions, in both protocol eras."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from typing import TYPE_CHECKING, Any, cast

import mcp_types
from mcp import MCPError
from mcp.client.subscriptions import SubscriptionLost, listen
from mcp.shared.subscriptions import ResourceUpdated
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from voice_agent.bridge.catalog import title_of
from voice_agent.bridge.cleaning import clean, is_plain
from voice_agent.bridge.types import Contents, Prompt, PromptArgument, Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastmcp import Client

    from voice_agent.bridge.types import Json

INSTRUCTIONS_LIMIT = 600
"""Characters of a server's instructions that are kept."""
MOST = 500
"""Resources, templates and prompts of one server, of each, that are kept."""
_TEXT, _URI = 160, 2_000
_PAGES = 20
_LONGEST_DATA = 1_000_000
"""Characters of a resource that is looked at for data."""
_AGAIN_AFTER = 5.0
"""Seconds after which a stream of news that broke is opened once more."""
_LAST_WORDS = 2.0
"""Seconds in which a server is told that a resource is not watched any more."""
_PARAMETER = re.compile(r"\{[+#./;?&]?([^}]*)\}")


class Beside:
    """The resources, prompts and instructions of one connection.

    `on_changed` is told when the server announces other lists, `on_updated` when the resource at a URI is another one.
    """

    def __init__(self, client: Client[Any], say: str) -> None:
        """Take a client, connected or not, and the server's spoken name."""
        self._client, self._say = client, say
        self.on_changed: Callable[[], None] = _ignore
        self.on_updated: Callable[[str], None] = _ignore
        self.resources: tuple[mcp_types.Resource, ...] = ()
        self.templates: tuple[mcp_types.ResourceTemplate, ...] = ()
        self.prompts: tuple[mcp_types.Prompt, ...] = ()
        """What was listed last, as the server sent it."""
        self._followed: frozenset[str] = frozenset()

    @property
    def capabilities(self) -> mcp_types.ServerCapabilities:
        """What the server says that it can."""
        return self._client.server_capabilities or mcp_types.ServerCapabilities()

    async def load(self, server: str, within: float) -> Contents:
        """Return what there is. What is not answered within so many seconds, or not as it should be, is left out."""
        found, client = self.capabilities, self._client
        resources: list[Resource] = []
        prompts: list[Prompt] = []
        if found.resources is not None:
            self.resources = tuple(await _pages(client.list_resources_mcp, lambda page: page.resources, within))
            resources += [_resource(server, str(one.uri), one) for one in self.resources]
            listed = await _pages(client.list_resource_templates_mcp, lambda page: page.resource_templates, within)
            self.templates = tuple(listed)
            resources += [_resource(server, one.uri_template, one) for one in self.templates]
        if found.prompts is not None:
            self.prompts = tuple(await _pages(client.list_prompts_mcp, lambda page: page.prompts, within))
            prompts += [made for one in self.prompts if (made := _prompt(server, one)) is not None]
        told = clean(self._client.instructions or "", INSTRUCTIONS_LIMIT)
        return Contents(server, self._say, told, tuple(resources), tuple(prompts))

    async def fetch(self, uri: str, within: float) -> mcp_types.ReadResourceResult:
        """Return what is at a URI, as the server sends it.

        Raises:
            MCPError: The server refused, or is gone.
            TimeoutError: It did not answer within so many seconds.
        """
        async with asyncio.timeout(within):
            return await self._client.read_resource_mcp(uri)

    async def read(self, uri: str, within: float) -> mcp_types.CallToolResult:
        """Return a resource as a tool would return it; raises as `fetch` does."""
        found = await self.fetch(uri, within)
        blocks = [mcp_types.EmbeddedResource(type="resource", resource=part) for part in found.contents]
        return mcp_types.CallToolResult(content=list(blocks), structured_content=_data(found.contents))

    async def get(self, name: str, arguments: Json, within: float) -> mcp_types.GetPromptResult:
        """Return what the prompt comes to, as the server sends it; raises as `fetch` does."""
        async with asyncio.timeout(within):
            return await self._client.get_prompt_mcp(name, arguments)

    async def prompt(self, name: str, arguments: Json, within: float) -> mcp_types.CallToolResult:
        """Return what the prompt comes to, its messages as the content of a tool's result; raises as `fetch` does."""
        found = await self.get(name, arguments, within)
        return mcp_types.CallToolResult(content=[message.content for message in found.messages])

    async def complete(
        self,
        ref: mcp_types.ResourceTemplateReference | mcp_types.PromptReference,
        argument: dict[str, str],
        known: dict[str, str] | None,
        within: float,
    ) -> mcp_types.CompleteResult:
        """Return how an argument could go on, where others are `known`; raises as `fetch` does."""
        async with asyncio.timeout(within):
            return await self._client.complete_mcp(ref, argument, known)

    async def watch(self, uri: str, ended: asyncio.Event, on_begun: Callable[[], None]) -> None:
        """Have `on_updated` told of changes of one resource until `ended`, or the server ends it (both eras).

        Raises:
            MCPError: The server does not tell of this one.
        """
        if self._client.protocol_version in MODERN_PROTOCOL_VERSIONS:
            # Each event reaches `on_updated` as a notification; staying here is what keeps the stream open.
            async with listen(self._client.session, resource_subscriptions=[uri]) as stream:
                on_begun()
                async for _ in stream:
                    pass
            return
        wanted = mcp_types.SubscribeRequestParams(uri=uri)
        await self._client.session.send_request(mcp_types.SubscribeRequest(params=wanted), mcp_types.EmptyResult)
        on_begun()
        try:
            await ended.wait()
        finally:
            if not ended.is_set() and uri not in self._followed:
                await self._stop_watching(uri)

    async def _stop_watching(self, uri: str) -> None:
        request = mcp_types.UnsubscribeRequest(params=mcp_types.UnsubscribeRequestParams(uri=uri))
        with contextlib.suppress(MCPError, TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await self._client.session.send_request(request, mcp_types.EmptyResult)

    async def follow(self, uris: Sequence[str], on_following: Callable[[], None]) -> None:
        """Have `on_updated` told of changes of these resources for as long as this runs (both eras).

        `on_following`: told when that begins, also anew: what has changed before is not told of.
        What changes the lists is told by the handshake era in any case; the other era is asked to tell it here.
        """
        self._followed = frozenset(uris)
        found = self._client.server_capabilities
        has_news = bool(found and found.resources and found.resources.list_changed)
        has_prompts = bool(found and found.prompts and found.prompts.list_changed)
        if not (uris or has_news or has_prompts):
            return
        if self._client.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            for uri in uris:
                with contextlib.suppress(MCPError):
                    request = mcp_types.SubscribeRequest(params=mcp_types.SubscribeRequestParams(uri=uri))
                    await self._client.session.send_request(request, mcp_types.EmptyResult)
            on_following()
            return
        while True:
            with contextlib.suppress(SubscriptionLost):
                async with listen(
                    self._client.session,
                    resource_subscriptions=list(uris),
                    resources_list_changed=has_news,
                    prompts_list_changed=has_prompts,
                ) as subscription:
                    on_following()
                    async for event in subscription:
                        if isinstance(event, ResourceUpdated):
                            self.on_updated(event.uri)
                        else:
                            self.on_changed()
            await asyncio.sleep(_AGAIN_AFTER)


async def _pages(ask: Any, rows_of: Callable[[Any], list[Any]], within: float) -> list[Any]:
    """Return what pages hold together, as far as they come."""
    rows: list[Any] = []
    cursor: str | None = None
    try:
        for _ in range(_PAGES):
            async with asyncio.timeout(within):
                page = await ask(cursor=cursor, cache_mode="refresh")
            rows += rows_of(page)
            cursor = page.next_cursor
            if cursor is None or len(rows) >= MOST:
                break
    except Exception:  # noqa: BLE001 - whatever a server does here, its tools go on
        return rows[:MOST]
    return rows[:MOST]


def _resource(server: str, uri: str, found: mcp_types.Resource | mcp_types.ResourceTemplate) -> Resource:
    parameters = [
        name.split(":")[0].rstrip("*") for group in _PARAMETER.findall(uri) for name in group.split(",") if name
    ]
    return Resource(
        server,
        uri[:_URI],
        _line(found.name),
        _line(found.title) or title_of(found.name),
        _line(found.description),
        found.mime_type,
        tuple(parameters) if isinstance(found, mcp_types.ResourceTemplate) else (),
    )


def _prompt(server: str, found: mcp_types.Prompt) -> Prompt | None:
    """Return a prompt; None where it must be told something whose name cannot be shown."""
    unseen = {one.name for one in found.arguments or () if not is_plain(one.name) or len(one.name) > _TEXT}
    if any(one.required and one.name in unseen for one in found.arguments or ()):
        return None
    arguments = [
        PromptArgument(one.name, _line(one.description), bool(one.required))
        for one in found.arguments or ()
        if one.name not in unseen
    ]
    # The name goes back to the server as it came.
    return Prompt(
        server, found.name, _line(found.title) or title_of(found.name), _line(found.description), tuple(arguments)
    )


def _data(parts: Sequence[object]) -> Json | None:
    """Return the object that the one text of a resource is in JSON; None where it is something else."""
    text = getattr(parts[0], "text", None) if len(parts) == 1 else None
    if not isinstance(text, str) or len(text) > _LONGEST_DATA or not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast("Json", found) if isinstance(found, dict) else None


def _line(text: str | None) -> str:
    return clean(text or "", _TEXT, one_line=True)


def _ignore(*_: object) -> None:
    return


__all__ = ["INSTRUCTIONS_LIMIT", "Beside"]
