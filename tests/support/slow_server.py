"""An MCP server whose tools take long, one reading and one writing; its argument is a file for what happened."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from fastmcp import Context, FastMCP
from mcp_types import ToolAnnotations

STEPS = 600

server: FastMCP[None] = FastMCP("slow")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
async def count_down(ctx: Context) -> str:
    """Count down slowly."""
    try:
        for step in range(STEPS):
            await ctx.report_progress(step, STEPS, f"{STEPS - step} to go")
            await asyncio.sleep(0.1)
    except asyncio.CancelledError:
        Path(sys.argv[1]).write_text("cancelled")  # noqa: ASYNC240 - a word into a new file
        raise
    return "Lift-off."


@server.tool
async def launch_rocket(ctx: Context) -> str:
    """Launch the rocket."""
    with Path(sys.argv[1]).open("a") as note:  # noqa: ASYNC230 - a word into a new file
        note.write("launched")
    await ctx.report_progress(1, STEPS, "launched")
    await asyncio.sleep(STEPS / 10)
    return "It flies."


if __name__ == "__main__":
    server.run(show_banner=False)
