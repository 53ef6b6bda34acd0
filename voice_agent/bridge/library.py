"""What all servers have beside their tools, kept in step with their connections: listed, read, and followed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from voice_agent.bridge.cleaning import clean
from voice_agent.bridge.results import ERROR_LIMIT, shape
from voice_agent.bridge.types import Contents, News, Resource, Result, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from voice_agent.bridge.beside import Beside
    from voice_agent.bridge.connection import Connection
    from voice_agent.bridge.supervisor import Supervisor
    from voice_agent.bridge.types import Json, Prompt

logger = logging.getLogger(__name__)

PATIENCE = 4.0
"""Seconds that a reading waits for a server that is starting or being reconnected."""
_LIST_WITHIN = 10.0
_SETTLE = 0.1
"""Seconds in which announcements of changes are one."""
MOST_ANNOUNCED = 16
"""Resources of one server that are followed."""
MOST_SEEN = 64
"""Resources of one server of which it is known how they were: one that tells of new addresses for ever is not kept."""


@runtime_checkable
class _Holder(Protocol):
    """A connection that offers something beside tools."""

    @property
    def beside(self) -> Beside: ...


@dataclass(frozen=True, slots=True)
class Reached:
    """A server that is there."""

    offering: Beside
    ended: asyncio.Event
    """Set when this connection is gone."""
    within: float
    """Seconds that it may take for an answer."""
    redact: Callable[[str], str]
    """Takes what is secret out of what it says."""


class Library:
    """Resources, prompts and instructions of the servers of one bridge."""

    def __init__(self) -> None:
        """Prepare; nothing is known before `take`."""
        self._supervisors: dict[str, Supervisor] = {}
        self._contents: dict[str, Contents] = {}
        self._followed: dict[str, tuple[Connection, tuple[str, ...]]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._listeners: list[Callable[[News], None]] = []
        self._seen: dict[tuple[str, str], Result] = {}
        """What is announced, as it was last read."""
        self._looking: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._again: set[tuple[str, str]] = set()
        self._loading: set[str] = set()
        self._followers: list[Callable[[], None]] = []
        self._loaded = asyncio.Event()
        self._watchers: list[Callable[[str, str], None]] = []

    @property
    def contents(self) -> tuple[Contents, ...]:
        """What the servers that are there have, in the order of configuration; servers with nothing are left out."""
        known = [
            self._contents[name] for name, one in self._supervisors.items() if name in self._contents and _is_up(one)
        ]
        return tuple(one for one in known if one.instructions or one.resources or one.prompts)

    async def settle(self, within: float) -> bool:
        """Wait at most `within` seconds until it is known what every connected server has; tell whether it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._loading:
                    await self._loaded.wait()
        return not self._loading

    def subscribe(self, listener: Callable[[News], None]) -> Callable[[], None]:
        """Have `listener` told, in the event loop, of news in resources that an entry announces.

        Call the returned function to end it.
        """
        self._listeners.append(listener)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return unsubscribe

    def follow_contents(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have `listener` told when `contents` may be other ones; call the returned function to end it."""
        self._followers.append(listener)

        def unfollow() -> None:
            with contextlib.suppress(ValueError):
                self._followers.remove(listener)

        return unfollow

    @property
    def offerings(self) -> dict[str, Beside]:
        """What each server that is there offers, by its name, in the order of configuration."""
        found = {name: one.connection for name, one in self._supervisors.items()}
        return {name: one.beside for name, one in found.items() if isinstance(one, _Holder)}

    async def reach(self, server: str) -> Reached | None:
        """Return a server that is there, after waiting for one that is being reconnected; None where it is away."""
        supervisor = self._supervisors.get(server)
        connection = await supervisor.wait_ready(PATIENCE) if supervisor is not None else None
        if supervisor is None or connection is None or not isinstance(connection, _Holder):
            return None
        return Reached(connection.beside, connection.ended, supervisor.entry.voice.timeout, supervisor.redact)

    def follow_updates(self, listener: Callable[[str, str], None]) -> Callable[[], None]:
        """Have `listener` told of the server and the URI of what is another one; call the returned function to end it.

        Told is what is announced, and what is being watched (`Beside.watch`).
        """
        self._watchers.append(listener)

        def unfollow() -> None:
            with contextlib.suppress(ValueError):
                self._watchers.remove(listener)

        return unfollow

    async def read(self, server: str, uri: str) -> Result:
        """Return what is at a resource's URI; of a template, with its parameters filled in."""
        return await self._ask(server, lambda beside, within: beside.read(uri, within))

    async def prompt(self, prompt: Prompt, arguments: Json) -> Result:
        """Return the text that a prompt comes to."""
        return await self._ask(prompt.server, lambda beside, within: beside.prompt(prompt.name, arguments, within))

    def take(self, supervisor: Supervisor) -> None:
        """Take notice of a server's connection, or of its options having changed. Needs a running event loop."""
        name, connection = supervisor.entry.name, supervisor.connection
        self._supervisors[name] = supervisor
        self._tell_followers()
        wanted = supervisor.entry.voice.announce
        if (
            connection is None
            or not isinstance(connection, _Holder)
            or self._followed.get(name) == (connection, wanted)
        ):
            return
        self._followed[name] = (connection, wanted)
        self._end(name)
        self._expect(name)
        self._tasks[name] = asyncio.create_task(self._follow(name, connection.beside, wanted), name=f"contents {name}")

    def forget(self, name: str) -> None:
        """Drop a server."""
        self._end(name)
        for kept in (self._supervisors, self._contents, self._followed):
            kept.pop(name, None)
        self._seen = {place: seen for place, seen in self._seen.items() if place[0] != name}

    async def aclose(self) -> None:
        """Follow nothing any more."""
        tasks = [*self._tasks.values(), *self._looking.values()]
        for task in self._looking.values():
            task.cancel()
        for name in list(self._tasks):
            self._end(name)
        self._listeners.clear()
        self._followers.clear()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self, name: str) -> None:
        if (task := self._tasks.pop(name, None)) is not None:
            task.cancel()
        self._note_loaded(name)

    def _expect(self, name: str) -> None:
        self._loading.add(name)

    def _note_loaded(self, name: str) -> None:
        self._loading.discard(name)
        self._loaded.set()
        self._loaded = asyncio.Event()
        self._tell_followers()

    def _tell_followers(self) -> None:
        for listener in tuple(self._followers):
            listener()

    async def _follow(self, name: str, beside: Beside, wanted: tuple[str, ...]) -> None:
        """List what there is, again when it changes, and pass on the news of what is announced."""
        changed = asyncio.Event()
        beside.on_changed = changed.set
        beside.on_updated = lambda uri: self._note_update(name, uri, wanted)
        following: asyncio.Task[None] | None = None
        followed: tuple[str, ...] | None = None
        try:
            while True:
                changed.clear()
                contents = self._contents[name] = await beside.load(name, _LIST_WITHIN)
                self._note_loaded(name)
                # What a pattern names may be listed; an address without one need not be.
                uris = dict.fromkeys(one for one in wanted if not set("*?[") & set(one))
                uris |= dict.fromkeys(
                    one.uri for one in contents.resources if not one.parameters and _fits(one.uri, wanted)
                )
                if (now := tuple(uris)[:MOST_ANNOUNCED]) != followed:
                    followed = now
                    if following is not None:
                        following.cancel()
                    # What is there already is no news, but for what has come since it was last read.
                    for uri in now:
                        if (name, uri) in self._seen:
                            self._look(name, uri)
                        else:
                            self._note_seen((name, uri), await self.read(name, uri))
                    following = asyncio.create_task(self._stay(name, beside, now))
                await changed.wait()
                await asyncio.sleep(_SETTLE)
        finally:
            if following is not None:
                following.cancel()

    def _note_update(self, name: str, uri: str, wanted: tuple[str, ...]) -> None:
        for watcher in tuple(self._watchers):
            watcher(name, uri)
        if _fits(uri, wanted):
            self._look(name, uri)

    async def _stay(self, name: str, beside: Beside, uris: tuple[str, ...]) -> None:
        try:
            await beside.follow(uris, lambda: self._look_at(name, uris))
        except Exception:  # noqa: BLE001 - a server that announces nothing is as good as before
            logger.debug("the resources of %s cannot be followed", name)

    def _look_at(self, name: str, uris: Iterable[str]) -> None:
        """Look for what has come before changes were told of."""
        for uri in uris:
            self._look(name, uri)

    def _look(self, name: str, uri: str) -> None:
        """Read a resource again, soon, and tell if it is another one."""
        place = (name, uri)
        self._again.add(place)
        if place not in self._looking:
            task = self._looking[place] = asyncio.create_task(self._read_again(name, uri), name=f"news of {name}")
            task.add_done_callback(lambda _: self._looking.pop(place, None))

    async def _read_again(self, name: str, uri: str) -> None:
        place = (name, uri)
        while place in self._again:
            self._again.discard(place)
            await asyncio.sleep(_SETTLE)
            now = await self.read(name, uri)
            before = self._seen.get(place)
            if now.status is not Status.OK or now == before:
                continue
            self._note_seen(place, now)
            contents = self._contents.get(name)
            listed = next((one for one in contents.resources if one.uri == uri), None) if contents else None
            resource = listed or Resource(name, clean(uri, 200, one_line=True), "", "")
            is_known = before is not None and before.status is Status.OK
            self._tell(News(contents.say if contents else name, resource, before if is_known else None, now))

    def _note_seen(self, place: tuple[str, str], now: Result) -> None:
        """Keep how a resource is, and forget of this server's what has not changed for the longest."""
        self._seen.pop(place, None)
        self._seen[place] = now
        for old in [one for one in self._seen if one[0] == place[0]][:-MOST_SEEN]:
            del self._seen[old]

    def _tell(self, news: News) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(news)
            except Exception:
                logger.exception("a listener of the library failed")

    async def _ask(self, server: str, ask: Callable[[Beside, float], Any]) -> Result:
        reached = await self.reach(server)
        if reached is None:
            return Result(Status.ERROR, f"{server} is not there.")
        seconds = reached.within
        try:
            answer = await ask(reached.offering, seconds)
        except TimeoutError:
            return Result(Status.ERROR, f"{server} did not answer within {seconds:g} seconds.")
        except Exception as error:  # noqa: BLE001 - whatever a server does becomes a sentence
            told = clean(str(getattr(error, "message", "") or ""), ERROR_LIMIT)
            return Result(Status.ERROR, reached.redact(told) or f"{server} did not give it.")
        return await asyncio.to_thread(shape, answer, reached.redact)


def _is_up(supervisor: Supervisor) -> bool:
    return supervisor.connection is not None


def _fits(uri: str, wanted: tuple[str, ...]) -> bool:
    return any(fnmatchcase(uri, pattern) for pattern in wanted)
