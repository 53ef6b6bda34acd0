"""A day of conversation in compressed time: virtual clock, servers in process, thousands of faults from a seed.

All clocks jump to the next timer whenever there is nothing to do, so that 24 hours take minutes. One conversation of
ours (LiveKit's `AgentSession`, our agent, the plugins of Deepgram, OpenAI and Cartesia on stand-ins over loopback,
Silero) is talked to all day, half of the turns aloud: things are read and written, confirmations answered (yes, no,
something else, nothing), servers' questions answered, calls given up, answers spoken over. Servers of both eras refuse
to connect, hang, lose their connection, answer late, fail, change their tools and answer with too much, by a seed; the
model is overloaded now and then.

    python benchmarks/day.py [--hours 24] [--seed 1] [--every 40] [--json]
    python benchmarks/day.py --calls [--every 10]      # the bridge alone, without a conversation

At the end: objects, memory, tasks, files and threads after each hour (no growth; the fourth hour is the baseline, for
what is kept fills up before), turns that nothing was said to and the longest turn on the virtual clock (no wedge),
writes that took effect twice or without a yes (none). Microphone and speaker are stood in for: the microphone
gives no frames while nobody speaks.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import gc
import json
import logging
import random
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.compressed import clock  # isort: split - before all that asks what time it is
from benchmarks.compressed.person import Microphone, Person, model_for
from benchmarks.compressed.servers import HOUR, Books, Trouble, opener, server, trouble_all_day
from tests.fakes.faults import Fault
from tests.fakes.sound import speech_like
from tests.fakes.stacks import cloud
from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.types import State
from voice_agent.config.load import Config
from voice_agent.config.types import HttpEntry, VoiceOptions
from voice_agent.providers.build import build
from voice_agent.session.audio.recording import RecordingOutput
from voice_agent.session.build import build_conversation
from voice_agent.session.history import History
from voice_agent.session.journal import Journal

if TYPE_CHECKING:
    from voice_agent.session.conversation import Conversation

SERVERS = ("alpha", "bravo", "delta", "oscar")
GROWTH, LONGEST = 1.05, 75.0
"""How many objects, and how much memory, there may be at the end for each after the baseline; seconds of a call."""
LONGEST_TURN = 200.0
"""Seconds of a turn: its words and the answer, two calls of 30 s with one retry each, and what code says beside it."""
_WARM = 4
"""The hour that is the baseline."""
_THINKS = 0.3
"""Seconds before a model's first word and the voice's first sound: on this clock they would take none.

LiveKit divides by the time that an answer took, and what is heard is heard after it was asked.
"""


class Hours:
    """What this process holds, hour by hour."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self._begun = time.process_time()

    def read(self, **more: float) -> None:
        """Take the reading of an hour."""
        speech_like.cache_clear()  # the stand-ins' own
        gc.collect()
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self.rows.append(
            {
                "objects": len(gc.get_objects()),
                "mb": round(pages * resource.getpagesize() / 1e6, 1),
                "tasks": len(asyncio.all_tasks()),
                "files": len(list(Path("/proc/self/fd").iterdir())),
                "threads": threading.active_count(),
                **more,
            }
        )
        cpu = time.process_time() - self._begun
        print(f"hour {len(self.rows)} ({cpu:.0f} s of CPU): {self.rows[-1]}", file=sys.stderr, flush=True)

    def found(self) -> dict[str, Any]:
        """Return what grew from the baseline to the end, and whether nothing did."""
        first, last = self.rows[min(_WARM, len(self.rows)) - 1], self.rows[-1]
        is_steady = all(last[what] <= GROWTH * first[what] for what in ("objects", "mb"))
        is_steady = is_steady and all(last[what] <= 2 * first[what] for what in ("tasks", "files", "threads"))
        return {**{what: [first[what], last[what]] for what in last}, "is_steady": is_steady}


async def conversation(hours: int, seed: int, every: float) -> dict[str, Any]:
    """Hold one conversation of so many hours, and return what it came to."""
    trouble, books, measured = Trouble(seed), Books(), Hours()
    servers = {name: server(name, trouble, books) for name in SERVERS}
    person = Person(trouble, books, sorted(servers))
    entries = tuple(HttpEntry(name, f"http://{name}.invalid/mcp", voice=VoiceOptions(timeout=30)) for name in servers)
    bridge = Bridge(entries, opener=opener(servers, trouble, asks=True), rng=random.Random(seed), asks=True)  # noqa: S311 - to be the same each time
    with tempfile.TemporaryDirectory() as home:
        async with cloud(hears=lambda _pcm, _rate: person.saying.popleft() if person.saying else "") as providers:
            providers.openai.model = type(providers.openai.model)(model_for(person))
            providers.openai.fail_always(Fault(first_delay=_THINKS))
            providers.cartesia.fail_always(Fault(first_delay=_THINKS))
            settings = providers.settings("quality", turn={"detection": "vad"})
            config = Config(settings, entries, (), (), {}, Path(home), None, None)
            journal = Journal()
            history = History(journal)
            stack = await build(settings)
            talk = build_conversation(config, profile="quality", bridge=bridge, stack=stack, journal=journal)
            microphone, speaker = Microphone(), RecordingOutput()
            talk.session.input.audio, talk.session.output.audio = microphone, speaker
            talk.closers.append(speaker.aclose)
            person.begin(talk, providers, microphone)
            await talk.start()
            await bridge.settle(60)
            await _talk_all_day(person, talk, servers, measured, (hours, every))
            ended = talk.reason
            up = sum(status.state in (State.READY, State.DEGRADED) for status in bridge.servers)
            await talk.aclose()
            kept = len(history.lines)
            refused = providers.openai.complaints
    await asyncio.sleep(1)
    twice = [number for number, times in (books.written + books.archived).items() if times > 1]
    unasked = sorted(set(books.written) - person.agreed)
    found = {
        "hours": len(measured.rows),
        "turns": dict(person.turns),
        "faults": trouble.counted.total(),
        "by_fault": dict(trouble.counted),
        "outcomes": dict(person.statuses),
        "turns_without_an_answer": person.lost,
        "longest_turn_s": round(person.longest, 1),
        "writes": books.written.total(),
        "writes_twice": twice,
        "writes_without_a_yes": unasked,
        **measured.found(),
        "lines_for_the_page": kept,
        "refused_by_the_model": refused,
        "ended_by_itself": ended,
        "servers_up_at_the_end": up,
        "tasks_left": len(asyncio.all_tasks()) - 1,
    }
    is_alive = not (person.lost or refused) and person.longest <= LONGEST_TURN and ended is None and up == len(SERVERS)
    reached = found["is_steady"] and is_alive and not (twice or unasked or found["tasks_left"])
    return {**found, "reached": reached}


async def _talk_all_day(
    person: Person, talk: Conversation, servers: dict[str, Any], measured: Hours, limits: tuple[int, float]
) -> None:
    hours, every = limits
    loop = asyncio.get_running_loop()
    begun = loop.time()
    going_wrong = asyncio.create_task(trouble_all_day(servers, person.trouble))
    for hour in range(1, hours + 1):
        while loop.time() < begun + hour * HOUR and talk.reason is None:
            await asyncio.sleep(person.trouble.chance.uniform(0, 2 * every))
            await person.one_thing()
        measured.read(items=len(talk.session.history.items))
    going_wrong.cancel()
    await asyncio.sleep(120)
    await talk.settle()


async def calls(hours: int, seed: int, every: float) -> dict[str, Any]:
    """Make calls for so many hours, and return what it came to."""
    trouble, measured = Trouble(seed), Hours()
    servers = {name: server(name, trouble, Books()) for name in SERVERS}
    entries = [HttpEntry(name, f"http://{name}.invalid/mcp", voice=VoiceOptions(confirm="never")) for name in servers]
    bridge = Bridge(entries, opener=opener(servers, trouble), rng=random.Random(seed))  # noqa: S311 - to be the same each time
    bridge.start()
    await bridge.settle(60)
    outcomes: Counter[str] = Counter()
    longest, loop = 0.0, asyncio.get_running_loop()
    going_wrong = asyncio.create_task(trouble_all_day(servers, trouble))
    for hour in range(1, hours + 1):
        while loop.time() < hour * HOUR:
            await asyncio.sleep(trouble.chance.uniform(0, 2 * every))
            begun = loop.time()
            outcomes[await one_call(bridge, trouble, trouble.some(SERVERS))] += 1
            longest = max(longest, loop.time() - begun)
        measured.read()
    going_wrong.cancel()
    await asyncio.sleep(120)
    up = sum(status.state in (State.READY, State.DEGRADED) for status in bridge.servers)
    await bridge.aclose()
    await asyncio.sleep(1)
    found = {
        "hours": hours,
        "calls": outcomes.total(),
        "faults": trouble.counted.total(),
        "by_fault": dict(trouble.counted),
        "outcomes": dict(outcomes),
        "longest_call_s": round(longest, 1),
        **measured.found(),
        "servers_up_at_the_end": up,
        "tasks_left": len(asyncio.all_tasks()) - 1,
    }
    reached = found["is_steady"] and longest <= LONGEST and up == len(SERVERS) and not found["tasks_left"]
    return {**found, "reached": reached}


async def one_call(bridge: Bridge, trouble: Trouble, name: str) -> str:
    """Make one call as somebody who speaks would, and return how it ended."""
    wanted = "write_thing" if trouble.chance.random() < 0.3 else "read_thing"
    tool = next((one for one in bridge.catalog if (one.server, one.name) == (name, wanted)), None)
    if tool is None:
        return "not known yet"
    call = asyncio.create_task(bridge.call(tool, {}, confirmed=True))
    if trouble.strikes("never mind", 0.03):
        await asyncio.sleep(trouble.chance.uniform(0, 3))
        call.cancel()
    try:
        return (await call).status.value
    except asyncio.CancelledError:
        return "cancelled"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=float, help="seconds between two turns (40) or calls (10), on average")
    parser.add_argument("--calls", action="store_true", help="calls of the bridge alone")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    held = calls if args.calls else conversation
    with asyncio.Runner(loop_factory=clock.VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, clock.VirtualLoop)
        clock.begin(loop)
        found = runner.run(held(args.hours, args.seed, args.every or (10.0 if args.calls else 40.0)))
    print(json.dumps(found, indent=2) if args.json else "\n".join(f"{key:24}{value}" for key, value in found.items()))
    return 0 if found["reached"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
