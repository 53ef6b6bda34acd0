"""Servers in process that fail in every way, by a seed."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastmcp import Context, FastMCP
from fastmcp.client.transports import FastMCPTransport
from fastmcp.tools import Tool
from mcp_types import ElicitRequestFormParams

from tests.support.asking_server import COLOUR, ask
from voice_agent.bridge.opening import open_with

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from voice_agent.bridge.connection import Connection
    from voice_agent.bridge.eras import Era
    from voice_agent.bridge.opening import Opener, Sight
    from voice_agent.config.types import ServerEntry

HOUR = 3600.0
ERAS: tuple[Era, ...] = ("legacy", "auto")


class Trouble:
    """Decides by a seed what goes wrong, and counts it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - to be the same each time
        self.counted: Counter[str] = Counter()
        self.open: dict[str, Connection] = {}

    def strikes(self, what: str, share: float) -> bool:
        """Tell whether it goes wrong now."""
        if self.chance.random() >= share:
            return False
        self.counted[what] += 1
        return True

    def some(self, things: Sequence[Any]) -> Any:
        """Return one of `things`."""
        return self.chance.choice(things)

    async def meet(self) -> None:
        """Hang, be slow, or fail, as it comes."""
        if self.strikes("hangs", 0.03):
            await asyncio.sleep(HOUR)
        if self.strikes("slow", 0.1):
            await asyncio.sleep(self.chance.uniform(1, 29))
        if self.strikes("fails", 0.08):
            raise ValueError("The disk is full.")


@dataclass
class Books:
    """What has taken effect, so that nothing does twice, or unasked."""

    written: Counter[int] = field(default_factory=Counter[int])
    archived: Counter[str] = field(default_factory=Counter[str])


def server(name: str, trouble: Trouble, books: Books) -> FastMCP[Any]:
    """A server whose tools fail in every way."""
    made: FastMCP[Any] = FastMCP(name)

    @made.tool(annotations={"readOnlyHint": True})
    async def read_thing() -> str:
        """Read the thing."""
        await trouble.meet()
        return "x" * (100_000 if trouble.strikes("long answer", 0.02) else 100)

    @made.tool
    async def write_thing(number: int = 0) -> str:
        """Write the thing."""
        await trouble.meet()
        books.written[number] += 1
        await trouble.meet()
        return f"Wrote {number}."

    @made.tool
    async def paint_wall(ctx: Context) -> Any:
        """Paint the wall in a colour that the user is asked for."""
        await trouble.meet()
        return await ask(ctx, ElicitRequestFormParams(message="Which colour?", requested_schema=COLOUR))

    @made.tool(annotations={"readOnlyHint": True})
    async def list_notes() -> dict[str, Any]:
        """List the notes with their ids."""
        await trouble.meet()
        return {"notes": [{"id": f"n-{trouble.chance.randrange(100_000)}", "title": "Holiday plans"}]}

    @made.tool
    async def archive_note(note_id: str) -> str:
        """Archive a note by its id."""
        await trouble.meet()
        books.archived[note_id] += 1
        return "Archived it."

    return made


def _more() -> str:
    return "more"


MORE = [
    Tool.from_function(_more, name=f"more_{number}", description=f"More of {number}, {way}.")
    for number in range(5)
    for way in ("once", "again")
]
"""Made once: the SDK keeps what it learns of a function for ever."""


def change(made: FastMCP[Any], tool: Tool) -> None:
    """Give a server a tool more, or another one of that name."""
    with contextlib.suppress(KeyError):
        made.local_provider.remove_tool(tool.name)
    made.add_tool(tool)


def opener(servers: dict[str, FastMCP[Any]], trouble: Trouble, *, asks: bool = False) -> Opener:
    """Return what connects to `servers`, when it does; to every second one in the older era."""
    old = frozenset(sorted(servers)[::2])
    either = {era: open_with(lambda entry: FastMCPTransport(servers[entry.name]), asks=asks, era=era) for era in ERAS}

    @contextlib.asynccontextmanager
    async def opened(entry: ServerEntry, sight: Sight) -> AsyncGenerator[Connection, None]:
        if trouble.strikes("refuses", 0.2):
            raise ConnectionRefusedError("refused")
        if trouble.strikes("hangs at the start", 0.02):
            await asyncio.sleep(HOUR)
        async with either["legacy" if entry.name in old else "auto"](entry, sight) as connection:
            trouble.open[entry.name] = connection
            yield connection

    return opened


async def trouble_all_day(servers: dict[str, FastMCP[Any]], trouble: Trouble) -> None:
    """Cut a connection, or change a server's tools, every minute or so, until cancelled."""
    while True:
        await asyncio.sleep(trouble.chance.uniform(0, 120))
        if trouble.open and trouble.strikes("connection lost", 0.7):
            trouble.open[trouble.some(sorted(trouble.open))].ended.set()
        if trouble.strikes("tools change", 0.3):
            change(servers[trouble.some(sorted(servers))], trouble.some(MORE))
