"""Deepgram, OpenAI and Cartesia on loopback, in a process of their own, that hear and answer the same for everybody."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from typing import TYPE_CHECKING

from tests.fakes.cartesia import FakeCartesia
from tests.fakes.chat import Call
from tests.fakes.deepgram import FakeDeepgram
from tests.fakes.faults import NONE, Fault
from tests.fakes.openai_api import FakeOpenAI

if TYPE_CHECKING:
    from tests.fakes.chat import Chat, Turn
    from tests.fakes.server import FakeServer

DELAYS = {
    "none": {},
    "real": {
        "ears": Fault(first_delay=0.15, between_delay=0.15),
        "model": Fault(first_delay=0.4, between_delay=0.02),
        "voice": Fault(first_delay=0.15),
    },
}
"""Seconds: as good providers take them, in the middle of a day; a word of the model every 20 ms."""
SILENCE = 0.1
"""Seconds of quiet after which the ears tell what was said; the plugin asks Deepgram for less."""
SHORTEST = 0.4
"""Seconds: what is shorter is not taken for words."""
HEARD = "What's on my list?"
_REQUESTS = itertools.cycle(
    (
        HEARD,
        "Which tasks are still open?",
        "Read me my to do list.",
        "What do I have to do today?",
        "Is there anything left on the list?",
        "Tell me all my tasks, please.",
        "What tasks do I have?",
        "Show the list of tasks once more.",
    )
)
REPLY = "All right."
TOOL = "list_tasks"


def model(chat: Chat) -> Turn:
    """Call the one tool where it is offered, and agree."""
    tool = next((name for name in chat.tools if name.endswith(TOOL)), None)
    return Call(tool, {}) if tool is not None and not chat.results else REPLY


def hear(pcm: bytes, rate: int) -> str:
    """Return the next request: a person does not say the same each time."""
    return next(_REQUESTS) if len(pcm) / 2 / rate >= SHORTEST else ""


async def serve(delays: str, with_tool: bool) -> None:
    """Serve until standard input ends."""
    faults = DELAYS[delays]
    ears, voice = FakeDeepgram(hear, silence=SILENCE), FakeCartesia()
    mind = FakeOpenAI(model if with_tool else lambda _: REPLY)
    servers: dict[str, FakeServer] = {"ears": ears, "model": mind, "voice": voice}
    async with ears, mind, voice:
        for name, server in servers.items():
            server.fail_always(faults.get(name, NONE))
        print(json.dumps({"ears": ears.url, "model": mind.base_url, "voice": voice.url}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2] == "tool"))
