"""The record of conversations in a real SQLite file."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from voice_agent.store.store import Record, Store

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.contract


def begin(store: Store, room: str, troubles: list[str] | None = None) -> Record:
    told = troubles if troubles is not None else []
    return store.begin(room=room, identity="user-1", profile="offline", on_trouble=lambda: told.append("trouble"))


async def test_what_was_noted_is_read_back_in_order_without_what_is_of_the_moment(tmp_path: Path) -> None:
    store = Store(None, tmp_path / "new" / "home")
    record = begin(store, "a")
    lines = [
        {"event": "ready", "profile": "offline"},
        {"event": "state", "agent": "idle"},
        {"event": "user", "text": "añadir “leche”"},
        {"event": "progress", "call": "1", "done": 1},
        {"event": "tool_call", "call": "1", "server": "tasks", "arguments": {"title": None}},
        {"event": "end", "reason": "left"},
    ]
    for line in lines:
        record.note(line)
    await record.aclose()

    found = await store.lines("a")
    over = await store.ended("a")
    await store.aclose()

    assert found == [line for line in lines if line["event"] not in {"state", "progress"}]
    assert over == "left"


async def test_each_room_has_its_own_and_the_newest_counts(tmp_path: Path) -> None:
    store = Store(None, tmp_path)
    for room, text in (("a", "old"), ("b", "other"), ("a", "new")):
        record = begin(store, room)
        record.note({"event": "user", "text": text})
        await record.aclose()
    assert [line["text"] for line in await store.lines("a")] == ["new"]
    assert await store.lines("nowhere") == []
    await store.aclose()


async def test_what_a_killed_process_had_noted_is_there(tmp_path: Path) -> None:
    script = f"""
import asyncio, os, signal
from pathlib import Path
from voice_agent.store.store import Store

async def main():
    store = Store(None, Path({str(tmp_path)!r}))
    record = store.begin(room="a", identity="u", profile="p", on_trouble=lambda: None)
    record.note({{"event": "user", "text": "before the crash"}})
    while not await store.lines("a"):
        pass
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], check=False, timeout=60, capture_output=True
    )
    assert done.returncode == -9, done.stderr
    store = Store(None, tmp_path)
    assert [line["text"] for line in await store.lines("a")] == ["before the crash"]
    assert await store.ended("a") is None
    await store.aclose()


async def test_a_database_that_cannot_be_used_is_told_once_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    url = SecretStr(f"sqlite+aiosqlite:///{tmp_path}/file/conversations.db")
    troubles: list[str] = []
    store = Store(url, tmp_path)
    record = begin(store, "a", troubles)
    for _ in range(3):
        record.note({"event": "user", "text": "x"})
    await record.aclose()
    await store.aclose()
    assert troubles == ["trouble"]


async def test_many_that_begin_at_once_in_a_new_database_are_all_recorded(tmp_path: Path) -> None:
    troubles: list[str] = []
    stores = [Store(None, tmp_path) for _ in range(8)]
    records = [begin(store, f"room {number}", troubles) for number, store in enumerate(stores)]
    for record in records:
        record.note({"event": "user", "text": "hello"})
    await asyncio.gather(*(record.aclose() for record in records))
    found = [await stores[0].lines(f"room {number}") for number in range(8)]
    for store in stores:
        await store.aclose()
    assert troubles == []
    assert [len(lines) for lines in found] == [1] * 8


async def test_two_that_go_on_with_one_conversation_for_a_moment_lose_no_line(tmp_path: Path) -> None:
    store, troubles = Store(None, tmp_path), list[str]()
    first = begin(store, "room", troubles)
    first.note({"event": "user", "text": "one"})
    await first.written()
    past = await store.unfinished("room")
    assert past is not None
    second = store.go_on(past, on_trouble=lambda: troubles.append("second"))
    second.note({"event": "user", "text": "two"})
    second.note({"event": "user", "text": "three"})
    await second.written()
    await second.leave_open()
    for text in ("four", "five"):
        first.note({"event": "user", "text": text})
        await first.written()
    await first.aclose()
    assert [line["text"] for line in await store.lines("room")] == ["one", "two", "three", "four", "five"]
    assert troubles == []
    await store.aclose()
