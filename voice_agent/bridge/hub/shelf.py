"""What the servers behind a hub have beside tools, as a job sees it: the hub's side and the job's.

One request of our own (`BESIDE`) does it all. `read` and `prompt` are answered at once, `watch` when there is something
that the job does not know yet: other contents, or news of what is announced.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import mcp_types
from mcp import MCPError
from typing_extensions import override

from voice_agent.bridge.hub.words import read_result, result_json
from voice_agent.bridge.library import Library
from voice_agent.bridge.types import Contents, News, Prompt, PromptArgument, Resource, Result, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.bridge.hub.link import Link
    from voice_agent.bridge.hub.people import Desk
    from voice_agent.bridge.types import Json

BESIDE = "voice-agent/beside"
_WATCH = 25.0
"""Seconds after which a watch is answered in any case."""
_KEPT = 32
"""News that a job which asks late still gets."""


class BesideParams(mcp_types.RequestParams):
    """Of `BESIDE`."""

    do: str
    server: str = ""
    uri: str = ""
    name: str = ""
    arguments: dict[str, str] | None = None
    version: str = ""
    since: int = -1


@dataclass
class Shelf:
    """The hub's side: what one person's servers have."""

    desk: Desk
    _news: list[tuple[int, Json]] = field(default_factory=list["tuple[int, Json]"])
    _count: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _ends: list[Callable[[], None]] = field(default_factory=list["Callable[[], None]"])

    def __post_init__(self) -> None:
        """Follow the libraries of this person's bridges."""
        for library in self._libraries:
            self._ends.append(library.subscribe(self._note))
            self._ends.append(library.follow_contents(self._wake))

    def close(self) -> None:
        """Follow nothing any more."""
        for end in self._ends:
            end()

    async def answer(self, params: BesideParams) -> Json:
        """Return the answer to one request of a job."""
        if params.do == "watch":
            return await self._watch(params.version, params.since)
        library = next((one for one in self._libraries if self._has(one, params.server)), None)
        if library is None:
            return result_json(Result(Status.ERROR, f"{params.server} is not there."))
        if params.do == "read":
            return result_json(await library.read(params.server, params.uri))
        return result_json(await library.prompt(Prompt(params.server, params.name, ""), dict(params.arguments or {})))

    async def _watch(self, version: str, since: int) -> Json:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WATCH):
                while self._version == version and self._count == since:
                    await self._changed.wait()
        news = [one for number, one in self._news if since >= 0 and number > since]
        contents = [asdict(one) for one in self._contents]
        return {"version": self._version, "since": self._count, "contents": contents, "news": news}

    @property
    def _libraries(self) -> list[Library]:
        own = [self.desk.own.library] if self.desk.own is not None else []
        return [*own, self.desk.shared.library]

    @property
    def _contents(self) -> list[Contents]:
        return [one for library in self._libraries for one in library.contents if self._has(library, one.server)]

    def _has(self, library: Library, server: str) -> bool:
        is_listed = any(one.server == server for one in library.contents)
        return is_listed and (library is not self.desk.shared.library or server in self.desk.names)

    @property
    def _version(self) -> str:
        text = json.dumps([asdict(one) for one in self._contents], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _note(self, news: News) -> None:
        if news.resource.server not in {one.server for one in self._contents}:
            return
        self._count += 1
        before = result_json(news.before) if news.before is not None else None
        told = {"say": news.say, "resource": asdict(news.resource), "before": before, "after": result_json(news.after)}
        self._news = [*self._news, (self._count, told)][-_KEPT:]
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class FarLibrary(Library):
    """The job's side: the contents of the hub's servers, and of those that the job attaches itself."""

    def __init__(self) -> None:
        """Prepare; `run` keeps it in step."""
        super().__init__()
        self._far: tuple[Contents, ...] = ()
        self._link: Link | None = None

    @property
    @override
    def contents(self) -> tuple[Contents, ...]:
        return (*self._far, *super().contents)

    @override
    async def read(self, server: str, uri: str) -> Result:
        if self._is_own(server):
            return await super().read(server, uri)
        return await self._ask_hub({"do": "read", "server": server, "uri": uri})

    @override
    async def prompt(self, prompt: Prompt, arguments: Json) -> Result:
        if self._is_own(prompt.server):
            return await super().prompt(prompt, arguments)
        return await self._ask_hub(
            {"do": "prompt", "server": prompt.server, "name": prompt.name, "arguments": arguments}
        )

    async def follow(self, link: Link) -> None:
        """Keep in step with the hub for as long as its connection lasts."""
        self._link = link
        version, since = "", -1
        self._expect("hub")
        try:
            while not link.ended.is_set():
                answer = await link.beside({"do": "watch", "version": version, "since": since}, None)
                version, since = answer["version"], answer["since"]
                self._far = tuple(_read_contents(one) for one in answer["contents"])
                self._note_loaded("hub")
                for one in answer["news"]:
                    before = read_result(one["before"]) if one["before"] is not None else None
                    after = read_result(one["after"])
                    if after is not None:
                        self._tell(News(one["say"], _read_resource(one["resource"]), before, after))
        except (MCPError, RuntimeError, OSError):
            return
        finally:
            self._link = None
            self._note_loaded("hub")

    def _is_own(self, server: str) -> bool:
        return not any(one.server == server for one in self._far)

    async def _ask_hub(self, params: Json) -> Result:
        link = self._link
        if link is None:
            return Result(Status.ERROR, "The hub is not there. Nothing was read.")
        try:
            found = read_result(await link.beside(params, None))
        except (MCPError, RuntimeError, OSError):
            found = None
        return found or Result(Status.ERROR, "The connection to the hub was lost.")


def _read_resource(row: Any) -> Resource:
    named = [row[name] for name in ("server", "uri", "name", "title", "description", "mime_type")]
    return Resource(*named, parameters=tuple(row["parameters"]))


def _read_prompt(row: Any) -> Prompt:
    arguments = tuple(PromptArgument(**argument) for argument in row["arguments"])
    return Prompt(row["server"], row["name"], row["title"], row["description"], arguments)


def _read_contents(row: Any) -> Contents:
    resources = tuple(_read_resource(one) for one in row["resources"])
    prompts = tuple(_read_prompt(one) for one in row["prompts"])
    return Contents(row["server"], row["say"], row["instructions"], resources, prompts)
