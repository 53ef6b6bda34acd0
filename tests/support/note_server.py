"""A server with everything beside tools, and a tool that tells how far it is; over HTTP, in this process."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastmcp import Context, FastMCP
from mcp_types import Completion, PromptReference
from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from mcp_types import CompletionArgument, CompletionContext, ResourceTemplateReference

WITHIN = 45.0


@dataclass
class Gate:
    """Holds calls until so many of them are there."""

    barrier: threading.Barrier = field(default_factory=lambda: threading.Barrier(1))


def note_server(name: str, gate: Gate) -> FastMCP[Any]:
    """Return the server; what it says has its name in it."""
    server: FastMCP[Any] = FastMCP(name, instructions=f"The notes of {name}.")

    @server.resource("note://first", name="first", title="First note", mime_type="text/plain")
    def first() -> str:
        """The first note."""
        return f"first of {name}"

    @server.resource(f"{name}://only", name="only")
    def only() -> str:
        return f"only of {name}"

    @server.resource(f"{name}://notes/{{place}}", name="note")
    def note(place: str) -> str:
        return f"note {place} of {name}"

    @server.prompt
    def greet(whom: str) -> str:
        """Greet somebody."""
        return f"{name} greets {whom}"

    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        _context: CompletionContext | None,
    ) -> Completion:
        about = ref.name if isinstance(ref, PromptReference) else ref.uri
        return Completion(values=[f"{argument.value}{name} {about}"])

    server.completion(complete)

    @server.tool(annotations={"readOnlyHint": True})
    async def get_work(word: str, ctx: Context) -> str:
        """Work, once as many as the gate asks for do."""
        await run_in_threadpool(gate.barrier.wait, WITHIN)
        await ctx.info(f"at {word}")
        await ctx.report_progress(1, 2, f"half of {word}")
        await run_in_threadpool(gate.barrier.wait, WITHIN)
        await ctx.debug(f"details of {word}")
        return f"{word} done"

    _ = first, only, note, greet, get_work
    return server
