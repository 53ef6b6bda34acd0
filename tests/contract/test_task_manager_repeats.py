"""Tasks that repeat and tasks that remind, over both kinds of database."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from mcp_servers.task_manager.database import database_at
from mcp_servers.task_manager.models import Person
from mcp_servers.task_manager.service import Query, TaskService

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.task_manager import FakeClock


pytestmark = pytest.mark.contract

BERLIN = ZoneInfo("Europe/Berlin")
ME = Person("me", BERLIN)
OTHER = Person("somebody else", BERLIN)


async def titles(service: TaskService, **asked: Any) -> list[str]:
    return [task.title for task in (await service.list(ME, Query(**asked))).page.tasks]


@pytest.mark.parametrize(
    ("due", "repeat", "following"),
    [
        ("today", "every day", date(2026, 11, 22)),
        ("Friday", "every weekday", date(2026, 11, 30)),
        ("Monday", "every Monday and Thursday", date(2026, 11, 26)),
        ("tomorrow", "every two weeks", date(2026, 12, 6)),
        ("2027-01-31", "monthly", date(2027, 2, 28)),
        ("2026-11-01", "daily", date(2026, 11, 21)),
        ("2026-10-05", "every first Monday of the month", date(2026, 12, 7)),
        ("2026-11-20", "yearly", date(2027, 11, 20)),
        ("2027-03-27T09:00", "daily", datetime(2027, 3, 28, 9, tzinfo=BERLIN)),
        ("2027-03-27T02:30", "daily", datetime(2027, 3, 28, 3, 30, tzinfo=BERLIN)),
        ("2026-11-20T09:00", "daily", datetime(2026, 11, 22, 9, tzinfo=BERLIN)),
    ],
)
async def test_completing_a_repeating_task_makes_the_next(
    service: TaskService, due: str, repeat: str, following: date
) -> None:
    await service.create(ME, "water plants", due=due, repeat=repeat, tags=["home"], notes="all", priority="low")
    done = await service.complete(ME, "plants")
    assert done.following is not None
    assert done.following.due == following
    assert (done.following.tags, done.following.notes, done.following.priority) == (("home",), "all", "low")
    assert done.following.repeat == done.task.repeat


async def test_months_keep_their_last_day(service: TaskService) -> None:
    await service.create(ME, "pay rent", due="2027-01-31", repeat="monthly")
    dues = [(await service.complete(ME, "pay rent")).following for _ in range(3)]
    assert [task.due.isoformat() if task and task.due else None for task in dues] == [
        "2027-02-28",
        "2027-03-31",
        "2027-04-30",
    ]


async def test_a_rule_without_a_due_time_begins_with_the_first_day_that_fits(service: TaskService) -> None:
    task = await service.create(ME, "water plants", repeat="every Monday")
    assert task.due == date(2026, 11, 23)
    assert (await service.create(ME, "run", repeat="daily")).due == date(2026, 11, 21)


async def test_completing_twice_makes_one_next(service: TaskService) -> None:
    task = await service.create(ME, "water plants", due="today", repeat="daily")
    await service.complete(ME, task.id)
    again = await service.complete(ME, task.id)
    assert (again.changed, again.following) == (False, None)
    assert len(await titles(service)) == 1


async def test_a_reminder_is_given_out_once_when_it_is_due(
    service: TaskService, clock: FakeClock, where: Path | str
) -> None:
    await service.create(ME, "call mom", due="today at three", remind="an hour before")
    assert await service.next_reminder(ME) == datetime(2026, 11, 21, 14, tzinfo=BERLIN)
    assert await service.claim_reminders(ME) == []
    clock.now = datetime(2026, 11, 21, 14, tzinfo=BERLIN)
    elsewhere = database_at(where)
    services = [service, TaskService(elsewhere, clock)] * 4
    claimed = await asyncio.gather(*(one.claim_reminders(ME) for one in services))
    assert [task.title for some in claimed for task in some] == ["call mom"]
    assert await service.claim_reminders(OTHER) == []
    assert await service.next_reminder(ME) is None
    assert [task.title for task in await service.reminded(ME)] == ["call mom"]
    await elsewhere.close()


async def test_a_reminder_moves_with_the_due_time_and_comes_again(service: TaskService, clock: FakeClock) -> None:
    await service.create(ME, "call mom", due="today at three", remind="an hour before")
    clock.now += timedelta(hours=5)
    assert len(await service.claim_reminders(ME)) == 1
    await service.update(ME, "call mom", due="tomorrow at noon")
    assert await service.next_reminder(ME) == datetime(2026, 11, 22, 11, tzinfo=BERLIN)


async def test_a_done_task_reminds_of_nothing(service: TaskService, clock: FakeClock) -> None:
    await service.create(ME, "call mom", due="today at three", remind="an hour before")
    await service.complete(ME, "mom")
    clock.now += timedelta(days=1)
    assert await service.claim_reminders(ME) == []


async def test_the_next_of_a_repeating_task_reminds_too(service: TaskService) -> None:
    await service.create(ME, "call mom", due="today at three", repeat="daily", remind="the day before at nine")
    done = await service.complete(ME, "mom")
    assert done.following is not None
    assert done.following.remind_at == datetime(2026, 11, 21, 9, tzinfo=BERLIN)
