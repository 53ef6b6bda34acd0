"""A server that asks its user, in whichever protocol era it is spoken to; run as a file, over stdio."""

from __future__ import annotations

import asyncio
from typing import Any

from fastmcp import Context, FastMCP
from mcp import MCPError
from mcp_types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequest,
    ElicitRequestedSchema,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ElicitResult,
    InputRequiredResult,
    ListRootsRequest,
    ListRootsResult,
    SamplingMessage,
    TextContent,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

PERSON: ElicitRequestedSchema = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Name"},
        "age": {"type": "integer", "title": "Age", "minimum": 0, "maximum": 150},
    },
    "required": ["name", "age"],
}
PARTY: ElicitRequestedSchema = {
    "type": "object",
    "properties": {
        "host": {"type": "string", "title": "Host name"},
        "drinks": {
            "type": "array",
            "title": "Drinks",
            "items": {"anyOf": [{"const": name[0], "title": name} for name in ("Tea", "Milk", "Wine")]},
        },
        "guests": {"type": "integer", "title": "Guests", "minimum": 1, "maximum": 9},
        "day": {"type": "string", "format": "date", "title": "Day"},
        "mail": {"type": "string", "format": "email", "title": "E-mail"},
        "cake": {"type": "boolean", "title": "Cake", "default": True},
    },
    "required": ["host", "drinks", "guests", "day"],
}
"""A field of nearly every kind."""
SECRET: ElicitRequestedSchema = {
    "type": "object",
    "properties": {"password": {"type": "string", "title": "Password"}},
    "required": ["password"],
}
COLOUR: ElicitRequestedSchema = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": ["red", "green", "blue"]}},
    "required": ["colour"],
}


def asking_server() -> FastMCP[Any]:
    """Return the server."""
    server: FastMCP[Any] = FastMCP("club")

    @server.tool
    async def register(ctx: Context) -> str | InputRequiredResult:
        """Register a person."""
        return await ask(ctx, ElicitRequestFormParams(message="Please register.", requested_schema=PERSON))

    @server.tool
    async def throw_party(ctx: Context) -> str | InputRequiredResult:
        """Throw a party."""
        return await ask(ctx, ElicitRequestFormParams(message="Your party.", requested_schema=PARTY))

    @server.tool
    async def paint(wall: str, ctx: Context) -> str | InputRequiredResult:
        """Paint a wall."""
        question = ElicitRequestFormParams(message=f"Which colour for the {wall}?", requested_schema=COLOUR)
        return await ask(ctx, question)

    @server.tool
    async def log_in(ctx: Context) -> str | InputRequiredResult:
        """Log in."""
        return await ask(ctx, ElicitRequestFormParams(message="Log in.", requested_schema=SECRET))

    @server.tool
    async def pay(ctx: Context) -> str | InputRequiredResult:
        """Pay."""
        return await ask(ctx, ElicitRequestURLParams(message="Pay the fee.", url="https://pay.example/1?x=2"))

    @server.tool
    async def think(ctx: Context) -> str | InputRequiredResult:
        """Think, with the client's model."""
        hello = SamplingMessage(role="user", content=TextContent(type="text", text="hello"))
        params = CreateMessageRequestParams(messages=[hello], max_tokens=5)
        return await want(ctx, CreateMessageRequest(params=params), CreateMessageResult)

    @server.tool
    async def look_around(ctx: Context) -> str | InputRequiredResult:
        """Look into the client's folders."""
        return await want(ctx, ListRootsRequest(), ListRootsResult)

    @server.tool
    async def get_rest(seconds: float) -> str:
        """Rest."""
        await asyncio.sleep(seconds)
        return "rested"

    return server


async def ask(ctx: Context, question: ElicitRequestFormParams | ElicitRequestURLParams) -> str | InputRequiredResult:
    """Put a question in the era that the client speaks; return what came back, in words."""
    if ctx.session.protocol_version in MODERN_PROTOCOL_VERSIONS:
        answer: Any = (ctx.input_responses or {}).get("asked")
        if answer is None:
            return InputRequiredResult(input_requests={"asked": ElicitRequest(params=question)}, request_state="kept")
        return _told(answer, f" with state {ctx.request_state}")
    if isinstance(question, ElicitRequestFormParams):
        asked = ctx.session.elicit_form(question.message, question.requested_schema, ctx.request_id)
    else:
        asked = ctx.session.elicit_url(question.message, question.url, "1", ctx.request_id)
    return _told(await asked, "")


async def want(
    ctx: Context, request: CreateMessageRequest | ListRootsRequest, kind: type[CreateMessageResult | ListRootsResult]
) -> str | InputRequiredResult:
    """Ask for what the client has not declared, in the era that it speaks; return what it says to that."""
    if ctx.session.protocol_version in MODERN_PROTOCOL_VERSIONS:
        return InputRequiredResult(input_requests={"wanted": request}, request_state="kept")
    try:
        return str(await ctx.session.send_request(request, kind))
    except MCPError as error:
        return f"The client says: {error.message}."


def _told(answer: ElicitResult, more: str) -> str:
    content = ", ".join(f"{name}={value}" for name, value in sorted((answer.content or {}).items()))
    return f"{answer.action} {content}".strip() + more


if __name__ == "__main__":
    asking_server().run(show_banner=False)
