"""The toolset in a LiveKit agent that is not ours: plain `Agent`, plain `AgentSession`."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from livekit.agents import Agent, AgentSession
from livekit.plugins import openai

import voice_agent
from tests.fakes.chat import Call, Turn
from tests.fakes.openai_api import FakeOpenAI
from tests.fakes.server import KEY
from voice_agent.agents.listen import listen

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from livekit.agents import ConversationItemAddedEvent

    from tests.fakes.chat import Script

pytestmark = pytest.mark.pipeline

SERVER = """
from fastmcp import FastMCP
mcp = FastMCP("pets")
pets = ["Rex"]

@mcp.tool(annotations={"readOnlyHint": True})
def list_pets() -> list[str]:
    "List the pets."
    return pets

@mcp.tool(annotations={"destructiveHint": True})
def delete_pet(name: str) -> str:
    "Delete a pet."
    pets.remove(name)
    return f"{name} is gone."

mcp.run(show_banner=False)
"""


@asynccontextmanager
async def their_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: Script
) -> AsyncGenerator[AgentSession[Any]]:
    monkeypatch.setenv("VOICE_AGENT_HOME", str(tmp_path / "home"))
    program = tmp_path / "pets.py"
    program.write_text(SERVER)
    config = tmp_path / "mcp.json"
    entry = {"command": sys.executable, "args": [str(program)]}
    config.write_text(json.dumps({"mcpServers": {"pets": entry, "tasks": {"disabled": True, "command": "x"}}}))
    tools = voice_agent.toolset(config)
    async with FakeOpenAI(script) as model:
        llm = openai.LLM(model="gpt-4.1", api_key=KEY, base_url=model.base_url)
        session: AgentSession[Any] = AgentSession(llm=llm, tools=[tools])
        try:
            agent = Agent(instructions="You are somebody else's agent.")
            await session.start(agent)  # pyright: ignore[reportUnknownMemberType] - LiveKit leaves it open
            assert await tools.bridge.settle(30)
            yield session
        finally:
            await session.aclose()


async def say(session: AgentSession[Any], text: str) -> Any:
    """Return LiveKit's `RunResult` of a typed line."""
    return await session.run(user_input=text)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


async def test_one_line_gives_any_agent_the_tools_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script: list[Turn] = [(Call("pets_list_pets"),), "You have one, Rex."]
    async with their_agent(tmp_path, monkeypatch, script) as session:
        result = await say(session, "which pets do I have?")
        result.expect.next_event().is_function_call(name="pets_list_pets")
        result.expect.next_event().is_function_call_output(is_error=False)
        result.expect.next_event().is_message(role="assistant")


async def test_in_any_agent_a_destructive_call_needs_the_users_own_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete, look = (Call("pets_delete_pet", {"name": "Rex"}),), (Call("pets_list_pets"),)
    script: list[Turn] = [delete, look, "Still there.", delete, "Rex is gone."]
    async with their_agent(tmp_path, monkeypatch, script) as session:
        asked = asyncio.Event()

        def note(event: ConversationItemAddedEvent) -> None:
            if event.item.type == "message" and "Shall I" in (event.item.text_content or ""):
                asked.set()

        listen(session, "conversation_item_added", note)
        await say(session, "delete Rex")
        async with asyncio.timeout(60):
            await asked.wait()
        still = await say(session, "is he still there?")
        still.expect.contains_function_call_output(output='["Rex"]')
        gone = await say(session, "yes")
        gone.expect.next_event().is_function_call(name="pets_delete_pet")
        gone.expect.next_event().is_function_call_output(is_error=False)
