"""A plain LiveKit agent as its own examples are written: what a conversation of ours is compared with.

Same models, made from the same settings, same turn handling, modules preloaded and one idle process, same greeting;
the servers are `MCPToolset`s of each session.
"""

from __future__ import annotations

import asyncio
import json
import os
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from livekit.agents import Agent, AgentServer, AgentSession, AutoSubscribe, JobContext, JobProcess
from livekit.agents.llm.mcp import MCPServerStdio, MCPToolset
from livekit.agents.voice.room_io import AudioInputOptions, RoomOptions

from voice_agent.config.load import load
from voice_agent.providers.build import begin_to_load, build

if TYPE_CHECKING:
    from livekit.agents import ConversationItemAddedEvent

    from voice_agent.config.settings import Settings

AGENT = "bare"
GREETING = "Hi! What can I do for you?"
TOPIC = "bench"
PATIENCE = 60.0
"""Seconds that a server may take; after LiveKit's own five a session of five servers at once does not begin here."""


class Greeter(Agent):
    """Says the greeting."""

    async def on_enter(self) -> None:
        """Greet."""
        cast("Any", self).session.say(GREETING)


def settings(profile: str) -> Settings:
    return load(overrides={"profile": profile}).settings


def prepare(profile: str, _process: JobProcess) -> None:
    """Load the weights, as our worker does."""
    asyncio.run(begin_to_load(settings(profile)))


async def hold(profile: str, servers: dict[str, Any], ctx: JobContext) -> None:
    """Hold one conversation."""
    await ctx.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
    toolsets: list[Any] = [
        MCPToolset(
            id=name,
            mcp_server=MCPServerStdio(
                one["command"], one["args"], env=dict(os.environ), client_session_timeout_seconds=PATIENCE
            ),
        )
        for name, one in servers.items()
    ]
    stack = await build(settings(profile))
    session: AgentSession[None] = AgentSession(
        **stack.session_options(), tools=toolsets, aec_warmup_duration=1.0, user_away_timeout=None
    )
    told: set[asyncio.Task[Any]] = set()

    def tell(event: ConversationItemAddedEvent) -> None:
        took = event.item.metrics.get("e2e_latency") if event.item.type == "message" else None
        if took is not None:
            text = json.dumps({"latency": took})
            told.add(asyncio.create_task(ctx.room.local_participant.send_text(text, topic=TOPIC)))

    cast("Any", session).on("conversation_item_added", tell)
    ctx.add_shutdown_callback(stack.aclose)
    options = RoomOptions(audio_input=AudioInputOptions(pre_connect_audio=False))
    await cast("Any", session).start(agent=Greeter(instructions="Be brief."), room=ctx.room, room_options=options)


def serve(profile: str, servers: dict[str, Any]) -> None:
    """Take jobs until ended."""
    server = AgentServer(
        setup_fnc=partial(prepare, profile),
        num_idle_processes=1,
        initialize_process_timeout=60,
        # The LiveKit server gives a job to nobody whose processors are busy, and does not say so.
        load_fnc=_is_free,
        load_threshold=float("inf"),
        host="127.0.0.1",
        port=0,
        preload_modules=["voice_agent.worker.preload"],
    )
    server.rtc_session(partial(hold, profile, servers), agent_name=AGENT)

    def tell(*_about: object) -> None:
        print(json.dumps({"part": "worker"}), flush=True)

    cast("Any", server).on("worker_registered", tell)
    asyncio.run(server.run())


def _is_free(_server: AgentServer) -> float:
    return 0.0
