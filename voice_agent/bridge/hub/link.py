"""A job's connection to the hub."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mcp_types
from mcp import MCPError

from voice_agent.bridge.connection import Listing
from voice_agent.bridge.failures import CallFailed, Trace
from voice_agent.bridge.hub.lines import connect
from voice_agent.bridge.hub.proposals import answer as answer_proposal
from voice_agent.bridge.hub.proposals import read_proposal
from voice_agent.bridge.hub.words import RETURN, call_meta, person_meta, read_permit, read_question, read_servers
from voice_agent.bridge.transports import BridgeSession
from voice_agent.bridge.types import Progress

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from mcp.client.context import ClientRequestContext
    from mcp.shared.dispatcher import CallOptions, ProgressFnT

    from voice_agent.bridge.forms import Asker
    from voice_agent.bridge.hub.lines import Address
    from voice_agent.bridge.hub.proposals import Proposed
    from voice_agent.bridge.hub.words import Server
    from voice_agent.bridge.types import Json, Tool


_ANSWERS_WITHIN = 10.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HubListing(Listing):
    """What the hub lists for one person."""

    servers: tuple[Server, ...] = ()
    permit: str | None = None
    """What to come back with; None: no other than before."""


class _Session(BridgeSession):
    """Sends requests as they are."""

    async def ask(
        self,
        method: str,
        params: Json,
        within: float | None,
        on_progress: ProgressFnT | None = None,
    ) -> Json:
        """Return the hub's answer to a request; what comes from the hub needs no second look.

        Raises:
            MCPError: It refused, did not answer within `within` seconds, or is gone.
        """
        options: CallOptions = {}
        if within is not None:
            options["timeout"] = within
        if on_progress is not None:
            options["on_progress"] = on_progress
        return await self._dispatcher.send_raw_request(method, params, options)


class Link:
    """One connection, made for one person."""

    def __init__(self, session: _Session, changed: asyncio.Event, askers: dict[str, Asker], person: Json) -> None:
        self._session, self._askers, self._person = session, askers, person
        self.ended, self.changed = session.ended, changed
        self._ids = itertools.count(1)

    def set_zone(self, zone: str) -> None:
        """Make requests from here on for a person in this time zone, by its IANA name."""
        self._person = person_meta(zone)

    async def list_tools(self, within: float) -> HubListing:
        """Return what the hub offers this person.

        Raises:
            MCPError: It did not answer within `within` seconds, or is gone.
        """
        answer = await self._session.ask("tools/list", {"_meta": self._person}, within)
        meta = answer.get("_meta")
        return HubListing(answer["tools"], None, read_servers(meta), read_permit(meta))

    async def take_return(self, address: str) -> bool:
        """Hand on the address that the person's browser came back to; tell whether it was waited for.

        Raises:
            MCPError: The hub did not answer, or is gone.
        """
        answer = await self._session.ask(RETURN, {"address": address, "_meta": self._person}, _ANSWERS_WITHIN)
        return answer.get("taken") is True

    async def beside(self, params: Json, within: float | None) -> Json:
        """Ask for what the servers have beside tools (`shelf.BESIDE`).

        Raises:
            MCPError: The hub did not answer, or is gone.
        """
        return await self._session.ask("voice-agent/beside", {**params, "_meta": self._person}, within)

    async def call(
        self,
        tool: Tool,
        arguments: Json,
        *,
        confirmed: bool,
        within: float | None,
        on_progress: Callable[[Progress], None] | None,
        on_question: Asker | None,
    ) -> Json:
        """Call a tool; returns the `CallToolResult` as the hub sent it. Cancelling this cancels it at the server.

        Raises:
            CallFailed: The hub refused, did not answer within `within` seconds, or is gone.
        """

        async def report(progress: float, total: float | None, message: str | None) -> None:
            if on_progress is not None:
                on_progress(Progress(progress, total, message))

        identity = str(next(self._ids))
        if on_question is not None:
            self._askers[identity] = on_question
        meta = call_meta(identity, tool, confirmed=confirmed, asks=on_question is not None)
        params: Json = {"name": tool.key, "arguments": arguments, "_meta": {**self._person, **meta}}
        try:
            return await self._session.ask("tools/call", params, within, report if on_progress is not None else None)
        except (MCPError, RuntimeError, OSError) as error:
            raise CallFailed(error, Trace()) from error
        finally:
            self._askers.pop(identity, None)


@contextlib.asynccontextmanager
async def open_link(
    address: Address, token: str, *, permit: str | None, zone: str | None, proposed: Proposed
) -> AsyncGenerator[Link, None]:
    """Attach the hub at `address` for whom the permit is made out to, who is in the time zone `zone`.

    `proposed` puts what other agents want done to the user.

    Raises:
        OSError: Nobody listens there.
        MCPError: It is no hub of ours, or does not take the token or the permit.
    """
    changed = asyncio.Event()
    askers: dict[str, Asker] = {}

    async def hear(message: object) -> None:
        if isinstance(message, mcp_types.ToolListChangedNotification):
            changed.set()

    async def answer(
        context: ClientRequestContext, params: mcp_types.ElicitRequestParams
    ) -> mcp_types.ElicitResult | mcp_types.ErrorData:
        del context
        given = params.model_dump(by_alias=True, mode="json", exclude_none=True)
        if (proposal := read_proposal(given.get("_meta"))) is not None:
            return await answer_proposal(proposal, proposed)
        found = read_question(given)
        asker = askers.get(found[0]) if found is not None else None
        if found is None or asker is None:
            return mcp_types.ElicitResult(action="cancel")
        reply = await asker(found[1])
        return mcp_types.ElicitResult(action=reply.action, content=reply.content if reply.action == "accept" else None)

    reader, writer = await connect(address, token, permit)
    try:
        async with _Session(
            reader,
            writer,
            message_handler=hear,
            elicitation_callback=answer,
            client_info=mcp_types.Implementation(name="voice-agent job", version="0.1.0"),
        ) as session:
            await session.initialize()
            yield Link(session, changed, askers, person_meta(zone))
    finally:
        await writer.aclose()


async def hand_on(address: Address, token: str, permit: str | None, come_back: str) -> bool | None:
    """Hand on the address that a person's browser came back to; None: the hub cannot be reached."""

    async def nobody(_proposal: object) -> None:
        return None

    try:
        async with open_link(address, token, permit=permit, zone=None, proposed=nobody) as link:
            return await link.take_return(come_back)
    except (MCPError, OSError, ExceptionGroup) as error:
        logger.warning("the hub cannot be told of a sign-in: %s", type(error).__name__)
        return None
