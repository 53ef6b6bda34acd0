"""Resources that clients of the hub have subscribed to: each is watched once, for as long as somebody wants it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcp import MCPError
from mcp_types import INTERNAL_ERROR

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.bridge.hub.offers import Offers
    from voice_agent.bridge.hub.people import Desk

_SETTLE = 0.05
"""Seconds in which what is told of one resource is told once: it may be heard of in two ways."""
_AGAIN_AFTER = 1.0
_BEGUN_WITHIN = 15.0
_AWAY = "{} is not there."

Place = tuple[str, str]
"""A server, and a URI there."""


@dataclass
class Watches:
    """What one person's clients watch."""

    offers: Offers
    changed: Callable[[Place], None]
    """Told what is another one."""
    _wanted: Counter[Place] = field(default_factory=Counter[Place])
    _tasks: dict[Place, asyncio.Task[None]] = field(default_factory=dict[Place, "asyncio.Task[None]"])
    _begun: dict[Place, asyncio.Future[None]] = field(default_factory=dict[Place, "asyncio.Future[None]"])
    _due: set[Place] = field(default_factory=set[Place])
    _ends: list[Callable[[], None]] = field(default_factory=list["Callable[[], None]"])

    def follow(self, desk: Desk) -> None:
        """Hear of changes from the bridges of a desk, and of no other."""
        self._unfollow()
        bridges = [desk.shared, *([desk.own] if desk.own is not None else [])]
        self._ends += [bridge.library.follow_updates(self._note) for bridge in bridges]

    def _unfollow(self) -> None:
        for end in self._ends:
            end()
        self._ends.clear()

    async def aclose(self) -> None:
        """Watch nothing any more."""
        self._unfollow()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def begin(self, place: Place) -> None:
        """Watch a resource once more.

        Raises:
            MCPError: Its server is not there, or does not tell of this one.
        """
        self._wanted[place] += 1
        if place not in self._tasks:
            begun = self._begun[place] = asyncio.get_running_loop().create_future()
            self._tasks[place] = asyncio.create_task(self._watch(place, begun), name=f"watch {place[1]}")
        try:
            async with asyncio.timeout(_BEGUN_WITHIN):
                await asyncio.shield(self._begun[place])
        except TimeoutError:
            self.end(place)
            raise MCPError(code=INTERNAL_ERROR, message=_AWAY.format(place[0])) from None
        except BaseException:
            self.end(place)
            raise

    def is_watched(self, place: Place) -> bool:
        """Tell whether somebody still wants to hear of a resource."""
        return place in self._wanted

    def end(self, place: Place) -> None:
        """Watch a resource once less."""
        self._wanted[place] -= 1
        if self._wanted[place] <= 0:
            del self._wanted[place]
            self._begun.pop(place, None)
            if (task := self._tasks.pop(place, None)) is not None:
                task.cancel()

    async def _watch(self, place: Place, begun: asyncio.Future[None]) -> None:
        server, uri = place

        def note_begun() -> None:
            if not begun.done():
                begun.set_result(None)
            else:
                # It may have changed while nobody was told.
                self._note(*place)

        while True:
            reached = await self.offers.library(server).reach(server)
            if reached is not None:
                try:
                    await reached.offering.watch(uri, reached.ended, note_begun)
                except Exception as error:  # noqa: BLE001 - whatever a server does: it is told to who asked, or tried again
                    if not begun.done():
                        told = (
                            error
                            if isinstance(error, MCPError)
                            else MCPError(INTERNAL_ERROR, f"{server} does not tell of it.")
                        )
                        begun.set_exception(told)
                        return
            await asyncio.sleep(_AGAIN_AFTER)

    def _note(self, server: str, uri: str) -> None:
        place = (server, uri)
        if place in self._wanted and place not in self._due:
            self._due.add(place)
            asyncio.get_running_loop().call_later(_SETTLE, self._tell, place)

    def _tell(self, place: Place) -> None:
        self._due.discard(place)
        if place in self._wanted:
            self.changed(place)
