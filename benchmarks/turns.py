"""What a server that is dead, hung or slow costs a conversation that does not need it: its start, and each turn.

Whole conversations in this process (`AgentSession`, typed, a scripted model behind a socket, the product's own parts)
with one server that is well and is called in every turn, and beside it, one kind a conversation, a server in trouble: a
real process or socket of `tests/faults`. Turns are timed from the user's words to the answer, from the moment that the
well server can be used, so within `limits.wait_for_servers` of the start. Without trouble in turns with each kind, as
the baseline. Goal: ≤ 50 ms more.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.fakes.chat import Call, Chat, Turn
from tests.faults.cell import HTTP, HTTP_2, SSE, STDIO, STDIO_2, Column, entry_of
from tests.support.bridges import raw_entry, until_state
from tests.support.talk import a_talk
from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.types import State
from voice_agent.config.settings import Limits
from voice_agent.config.types import VoiceOptions

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json

GOAL_MS = 50
IN_CALL = "in a call"
"""The fault strikes in a call that goes on in the background while the talk does."""
KINDS: list[tuple[str, Json, tuple[Column, ...]]] = [
    ("is not there", {"fault": "die", "at": ("start", "initialize", "server/discover")}, (STDIO, HTTP)),
    ("hangs at the start", {"fault": "hang", "at": ("start",)}, (STDIO, SSE)),
    ("hangs at server/discover", {"fault": "hang", "at": ("server/discover",)}, (STDIO_2, HTTP_2)),
    ("hangs at initialize", {"fault": "hang", "at": ("initialize",)}, (STDIO, HTTP, SSE)),
    ("hangs at tools/list", {"fault": "hang", "at": ("tools/list",)}, (STDIO, STDIO_2, HTTP, HTTP_2, SSE)),
    ("a byte in 50 ms at tools/list", {"fault": "drip", "at": ("tools/list",)}, (STDIO, HTTP, SSE)),
    (f"hangs {IN_CALL}", {"fault": "hang", "at": ("read",)}, (STDIO, HTTP, SSE)),
    (f"a byte in 50 ms {IN_CALL}", {"fault": "drip", "at": ("read",)}, (STDIO, HTTP, SSE)),
    (f"floods {IN_CALL}", {"fault": "flood", "at": ("read",)}, (STDIO, HTTP, SSE)),
]


def model(chat: Chat) -> Turn:
    """Call the well server in each turn, and that in trouble where it is asked for."""
    if chat.results:
        return "Done."
    return Call("faulty_read_thing" if "thing" in chat.user else "well_echo")


async def converse(column: Column | None, fault: Json, turns: int, *, calls_it: bool) -> Json:
    """Hold one conversation; return milliseconds of its start and of each turn."""
    async with contextlib.AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        entries: list[Any] = [raw_entry("well", voice=VoiceOptions(confirm="never"))]
        if column is not None:
            entry, _ = await stack.enter_async_context(entry_of(column, fault, home))
            entries.append(entry)
        bridge = Bridge(entries, asks=True)
        limits = Limits(background_after=0.3)
        begun = time.perf_counter()
        talk = await stack.enter_async_context(
            a_talk(home, model, {one.name: None for one in entries}, limits=limits, bridge=bridge, settle=False)
        )
        started = (time.perf_counter() - begun) * 1000
        await until_state(bridge, State.READY, "well")
        await talk.conversation.settle()
        if calls_it:
            await until_state(bridge, State.READY, "faulty")
            await talk.say("read the thing")
        took: list[float] = []
        for _ in range(turns):
            begun = time.perf_counter()
            assert "Done." in await talk.say("echo")
            took.append((time.perf_counter() - begun) * 1000)
    return {"start_ms": started, "turn_ms": statistics.median(took[1:]), "longest_ms": max(took[1:])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    rows: list[Json] = []
    asyncio.run(converse(None, {}, 3, calls_it=False))
    # As the product does: what has been imported is not looked through for garbage.
    gc.collect()
    gc.freeze()
    for kind, fault, columns in KINDS:
        for column in columns:
            usual = asyncio.run(converse(None, {}, args.turns, calls_it=False))
            found = asyncio.run(converse(column, fault, args.turns, calls_it=IN_CALL in kind))
            row: Json = {"trouble": kind, "transport": column.name, "usual_ms": round(usual["turn_ms"], 1)}
            row["added_ms"] = round(found["turn_ms"] - usual["turn_ms"], 1)
            row["longest_added_ms"] = round(found["longest_ms"] - usual["longest_ms"], 1)
            row["start_added_ms"] = round(found["start_ms"] - usual["start_ms"], 1)
            row["reached"] = max(row["added_ms"], row["start_added_ms"]) <= GOAL_MS
            rows.append(row)
            if not args.json:
                print(
                    f"{kind:<32}{column.name:<20}a turn {row['usual_ms']:>6.1f} {row['added_ms']:>+6.1f} ms, "
                    f"the longest {row['longest_added_ms']:>+7.1f} ms, the start {row['start_added_ms']:>+7.1f} ms"
                    f"  {'yes' if row['reached'] else 'NO'}",
                    flush=True,
                )
    if args.json:
        print(json.dumps({"benchmark": "turns", "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
