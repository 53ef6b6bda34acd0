"""Lists, words and limits, over both kinds of database."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from mcp_servers.task_manager.errors import (
    BadRequest,
    SeveralTasks,
    TaskNotFound,
    TooMuch,
)
from mcp_servers.task_manager.models import NewTask, Person
from mcp_servers.task_manager.service import Query, TaskService
from mcp_servers.task_manager.tables import terms, words

if TYPE_CHECKING:
    from mcp_servers.task_manager.database import Database
    from tests.support.task_manager import FakeClock

pytestmark = pytest.mark.contract

BERLIN = ZoneInfo("Europe/Berlin")
ME = Person("me", BERLIN)
OTHER = Person("somebody else", BERLIN)


async def titles(service: TaskService, **asked: Any) -> list[str]:
    return [task.title for task in (await service.list(ME, Query(**asked))).page.tasks]


async def test_what_was_said_exactly_is_found_done_before_what_it_may_be_misheard_for_is_found_open(
    service: TaskService,
) -> None:
    await service.create(ME, "call Anna")
    await service.complete(ME, "call Anna")
    await service.create(ME, "call Hanna")
    assert (await service.get(ME, "call anna")).title == "call Anna"
    assert (await service.get(ME, "call hannah")).title == "call Hanna"


async def test_a_task_that_the_words_mean_only_if_misheard_is_shown_but_never_changed(service: TaskService) -> None:
    made = await service.create(ME, "call Anna", due="tomorrow")
    assert (await service.get(ME, "call Hanna")).title == "call Anna"
    for change in (service.delete, service.complete, service.reopen):
        with pytest.raises(SeveralTasks) as error:
            await change(ME, "call Hanna")
        assert str(error.value) == "There is no task like “call Hanna”. Did you mean “call Anna”, due tomorrow?"
        assert list(error.value.choices) == [made.id]
    assert await titles(service) == ["call Anna"]


async def test_of_what_may_be_misheard_the_task_with_fewer_slips_is_found_first(service: TaskService) -> None:
    await service.create(ME, "visit Katharina Meierhof")
    await service.complete(ME, "visit Katharina Meierhof")
    await service.create(ME, "visit Katharina Meyerhof")
    assert (await service.get(ME, "visit Katharine Meierhof")).status == "done"
    assert (await service.get(ME, "visit Katharine Meyerhof")).status == "open"


async def test_pages_join_to_the_whole_list_in_order(service: TaskService) -> None:
    for number in range(23):
        due = ("today", "tomorrow", "none", "2026-11-21T18:00", None)[number % 5]
        await service.create(ME, f"task {number}", due=due, priority=("low", "normal", "high")[number % 3])  # type: ignore[arg-type] - in turn
    for number in range(0, 23, 4):
        await service.complete(ME, f"task {number}")
    whole = await titles(service, status="all", limit=200)
    paged: list[str] = []
    cursor = None
    while True:
        page = (await service.list(ME, Query("all", limit=4, cursor=cursor))).page
        paged += [task.title for task in page.tasks]
        assert page.total == 23
        cursor = page.next_cursor
        if cursor is None:
            break
    assert paged == whole
    assert len(set(whole)) == 23


async def test_a_cursor_belongs_to_its_list_and_its_person(service: TaskService) -> None:
    for number in range(5):
        await service.create(ME, f"task {number}")
    cursor = (await service.list(ME, Query(limit=2))).page.next_cursor
    for person, asked in ((OTHER, Query(cursor=cursor)), (ME, Query("all", cursor=cursor)), (ME, Query(cursor="x"))):
        with pytest.raises(BadRequest, match="cursor is not from this list"):
            await service.list(person, asked)


async def test_lists_are_narrowed_by_priority_tag_due_time_and_words_together(service: TaskService) -> None:
    await service.create(ME, "buy milk", priority="high", tags=["home"], due="today")
    await service.create(ME, "buy bread", priority="high", tags=["work"])
    await service.create(ME, "buy oat milk", tags=["home"])
    assert await titles(service, priority="high") == ["buy milk", "buy bread"]
    assert await titles(service, priority="high", tag="home") == ["buy milk"]
    assert await titles(service, words="milk", tag="home") == ["buy milk", "buy oat milk"]
    assert await titles(service, words="milk", due="none") == ["buy oat milk"]
    assert await titles(service, words="bread", tag="home") == []
    assert await titles(service, words="milc", priority="high") == []
    assert await titles(service, due="none") == ["buy bread", "buy oat milk"]


async def test_words_find_every_task_that_has_them_in_any_form(service: TaskService) -> None:
    for title in ("milk", "buying milk", "call the dentist", "passport office"):
        await service.create(ME, title)
    assert sorted(await titles(service, words="milk")) == ["buying milk", "milk"]
    assert await titles(service, words="dentest") == ["call the dentist"]
    assert (await service.list(ME, Query(words="passport renewal"))).close == ("passport office",)
    assert (await service.get(ME, "pass port office")).title == "passport office"


async def test_words_that_were_deleted_are_suggested_no_more(service: TaskService, store: Database) -> None:
    await service.create(ME, "call the dentist")
    await service.delete(ME, "dentist")

    def left(connection: Any) -> list[int]:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (terms, words)]

    assert await store.read(left) == [0, 0]
    with pytest.raises(TaskNotFound):
        await service.get(ME, "dentist")


async def test_finished_tasks_are_listed_by_when_they_were_finished(service: TaskService, clock: FakeClock) -> None:
    await service.create(ME, "buy milk")
    await service.complete(ME, "milk")
    clock.now += timedelta(days=1)
    await service.create(ME, "buy bread")
    await service.complete(ME, "bread")
    assert await titles(service, status="done") == ["buy bread", "buy milk"]
    assert await titles(service, finished="yesterday") == ["buy milk"]


async def test_many_that_fit_are_many_and_none_is_guessed(service: TaskService) -> None:
    await service.write(ME, lambda desk: desk.add_all([NewTask(f"call Anna {number}") for number in range(150)]))
    with pytest.raises(SeveralTasks, match="many") as caught:
        await service.complete(ME, "call Anna")
    assert caught.value.choices == {}


async def test_a_list_that_is_full_says_so(store: Database) -> None:
    service = TaskService(store, most_tasks=2)
    await service.create(ME, "one")
    await service.create(ME, "two")
    with pytest.raises(TooMuch, match="holds 2 tasks, and 2 is the most"):
        await service.create(ME, "three")
    await service.create(OTHER, "three")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"title": "x" * 501}, "A title has at most 500 letters"),
        ({"title": "x", "notes": "x" * 20_001}, "Notes have at most 20000 letters"),
        ({"title": "x", "tags": ["x" * 65]}, "A tag has at most 64 letters"),
        ({"title": "x", "tags": [str(number) for number in range(21)]}, "at most 20 tags"),
        ({"title": "\x00\x1b \ud800"}, "needs a title"),
        ({"title": "x", "repeat": "now and then"}, "I don't understand “now and then” as a repetition"),
        ({"title": "x", "remind": "an hour before"}, "needs a due time to count from"),
    ],
)
async def test_each_limit_has_its_own_sentence(service: TaskService, arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        await service.create(ME, **arguments)
    assert await titles(service) == []


async def test_harmful_letters_are_left_out_and_others_kept(service: TaskService) -> None:
    task = await service.create(
        ME, "buy\x00 milk\u202e \ud83d 👨‍👩‍👧 žluť", notes="a\x1b[31m\r\nb\ud800", tags=["Žluť"]
    )
    assert (task.title, task.notes, task.tags) == ("buy milk 👨‍👩‍👧 žluť", "a[31m\nb", ("žluť",))
    assert await service.get(ME, "žluť") == task
