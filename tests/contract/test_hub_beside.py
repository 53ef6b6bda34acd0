"""What servers have beside tools reaches a job through the hub: contents, resources, prompts, and news."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.bridges import WITHIN
from tests.support.hubs import running_hub
from tests.support.task_manager import BERLIN
from voice_agent.bridge.eras import ERAS, Eras
from voice_agent.bridge.types import Status
from voice_agent.config.types import StdioEntry, VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.bridge.types import News

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("is_older", [False, True])
async def test_a_job_reads_uses_and_hears_what_the_servers_behind_the_hub_have(tmp_path: Path, is_older: bool) -> None:
    voice = VoiceOptions(trust=True, say="Task Manager", announce=("tasks://reminders",))
    arguments = ("-m", "mcp_servers.task_manager", "--database", str(tmp_path / "tasks.db"))
    entry = StdioEntry("tasks", sys.executable, arguments, voice=voice)
    if is_older:
        # As a server is known that was silent when it was asked for the newest protocol.
        Eras(tmp_path / ERAS).worked(entry, "auto", was_silent=True)
    async with running_hub(tmp_path, entry) as running, running.job() as job:
        assert await running.hub.people.owner.library.settle(WITHIN)
        async with asyncio.timeout(WITHIN):
            changed = asyncio.Event()
            job.library.follow_contents(changed.set)
            while not job.library.contents:
                changed.clear()
                await changed.wait()
        [contents] = job.library.contents
        assert [one.title for one in contents.resources][:3] == ["Open tasks", "Tasks of today", "Reminders"]
        assert contents.instructions.startswith("The person's to-do list")
        result = await job.library.read("tasks", "tasks://open")
        assert (result.status, result.structured) == (Status.OK, {"tasks": [], "total": 0, "next_cursor": None})
        review = await job.library.prompt(contents.prompts[0], {})
        assert "Go through my tasks" in review.text

        heard: asyncio.Queue[News] = asyncio.Queue()
        job.library.subscribe(heard.put_nowait)
        soon = (datetime.now(BERLIN) + timedelta(seconds=2)).isoformat()
        added = await job.call(job.resolve("tasks.create_task"), {"title": "call the dentist", "remind": soon})
        assert added.status is Status.OK
        async with asyncio.timeout(WITHIN):
            news = await heard.get()
    assert Eras(tmp_path / ERAS).of(entry) == ("legacy" if is_older else "auto")
    assert (news.say, news.resource.uri) == ("Task Manager", "tasks://reminders")
    assert "call the dentist" in news.after.text
    assert news.before is not None
    assert "dentist" not in news.before.text
