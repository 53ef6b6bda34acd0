"""Tools without a server."""

from __future__ import annotations

from voice_agent.bridge.types import Decision, Hints, Json, Tool


def a_tool(
    name: str, *, server: str = "tasks", schema: Json | None = None, decision: Decision = Decision.ALLOW
) -> Tool:
    """Return a tool that differs from others by its server and name."""
    parameters: Json = schema or {"type": "object", "properties": {}}
    return Tool(
        server=server,
        name=name,
        key=f"{server}_{name}",
        title=name,
        description="",
        input_schema=parameters,
        original_schema=parameters,
        output_schema=None,
        hints=Hints(),
        decision=decision,
        pin=f"{server}.{name}",
    )
