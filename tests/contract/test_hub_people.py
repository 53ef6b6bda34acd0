from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from mcp import MCPError
from mcp_types import LoggingMessageNotification, ResourceTemplateReference

from tests.support.bridges import WITHIN, raw_entry, status_of, until
from tests.support.hubs import running_hub
from tests.support.note_server import Gate, note_server
from tests.support.web_servers import served
from voice_agent.bridge.types import State, Status
from voice_agent.config.bundled import MODULE
from voice_agent.config.types import HttpEntry, StdioEntry, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mcp import ClientSession

    from tests.support.hubs import RunningHub
    from voice_agent.bridge.bridge import Bridge
    from voice_agent.bridge.types import Result

pytestmark = pytest.mark.contract

UPDATED = "notifications/resources/updated"
NEVER_ASK = VoiceOptions(confirm="never")


def task_manager(folder: Path) -> StdioEntry:
    """The bundled server, with its tasks in this folder."""
    database = str(folder / "tasks.db")
    return StdioEntry(
        "tasks", sys.executable, ("-P", "-m", MODULE, "--database", database), voice=VoiceOptions(trust=True)
    )


async def _ask(bridge: Bridge, tool: str, arguments: dict[str, Any], *, confirmed: bool = False) -> Result:
    result = await bridge.call(bridge.resolve(f"tasks.{tool}"), arguments, confirmed=confirmed)
    assert result.status is Status.OK, result.text
    return result


def _titles(result: Result) -> list[str]:
    assert result.structured is not None
    return [task["title"] for task in result.structured["tasks"]]


async def _by_every_door(running: RunningHub) -> None:
    async with running.job("anna") as anna, running.job("ben") as ben, running.job() as owner:
        await _ask(anna, "create_task", {"title": "call the surgeon"})
        made = (await _ask(ben, "create_task", {"title": "buy a ring"})).structured
        await _ask(owner, "create_task", {"title": "water the plants"})
        assert made is not None
        for bridge, own in ((anna, "call the surgeon"), (ben, "buy a ring"), (owner, "water the plants")):
            assert _titles(await _ask(bridge, "list_tasks", {"status": "all"})) == [own]
        found = await anna.call(anna.resolve("tasks.list_tasks"), {"status": "all", "search": "ring"})
        assert "ring" not in found.text.partition("\n")[2]
        identity = made["task"]["id"] if "task" in made else made["id"]
        stolen = await anna.call(anna.resolve("tasks.complete_task"), {"task": str(identity)})
        assert stolen.status is not Status.OK
        cleared = await anna.call(anna.resolve("tasks.clear_tasks"), {"which": "all"}, confirmed=True)
        assert cleared.status in (Status.OK, Status.ERROR)
        assert _titles(await _ask(ben, "list_tasks", {"status": "open"})) == ["buy a ring"]
        assert _titles(await _ask(owner, "list_tasks", {"status": "open"})) == ["water the plants"]


async def _by_undoing_repeating_and_paging(running: RunningHub) -> None:
    async with running.job("anna") as anna, running.job("ben") as ben:
        for title in ("polish the boots", "sharpen the pencils"):
            await _ask(ben, "create_task", {"title": title})
        # The same key is another one for another person.
        key = {"idempotency_key": "5c6a9f0e-0000-4000-8000-000000000001"}
        await _ask(ben, "create_task", {"title": "order lilies", **key})
        await _ask(anna, "create_task", {"title": "learn to swim", **key})
        assert "learn to swim" in _titles(await _ask(anna, "list_tasks", {"status": "open"}))
        own = _titles(await _ask(ben, "list_tasks", {"status": "open"}))
        page = (await _ask(ben, "list_tasks", {"status": "open", "limit": 1})).structured
        assert page is not None
        assert page["next_cursor"]
        turned = await anna.call(
            anna.resolve("tasks.list_tasks"), {"status": "open", "limit": 1, "cursor": page["next_cursor"]}
        )
        assert not set(own) & set(_titles(turned) if turned.structured is not None else [turned.text])
        # Ben's change is the last one here, and not Anna's to take back.
        for _ in range(9):
            await anna.call(anna.resolve("tasks.undo_last_change"), {}, confirmed=True)
        assert _titles(await _ask(anna, "list_tasks", {"status": "all"})) == []
        assert _titles(await _ask(ben, "list_tasks", {"status": "open"})) == own


async def _by_reading_completing_and_following(running: RunningHub) -> None:
    heard: dict[str, list[str]] = {"anna": [], "ben": []}
    told = asyncio.Event()

    def hearing(name: str) -> Callable[[object], None]:
        def hear(message: object) -> None:
            heard[name].append(getattr(message, "method", ""))
            told.set()

        return hear

    async with (
        running.job("anna") as job,
        running.session("anna", hearing("anna")) as anna,
        running.session("ben", hearing("ben")) as ben,
    ):
        await _ask(job, "create_task", {"title": "dive to the wreck"})
        for session, own, other in ((anna, "dive", "lilies"), (ben, "lilies", "dive")):
            assert "tasks://open" in [str(one.uri) for one in (await session.list_resources()).resources]
            text = str((await session.read_resource("tasks://open")).contents)
            review = str((await session.get_prompt("tasks_daily_review")).messages)
            ref = ResourceTemplateReference(type="ref/resource", uri="tasks://{id}")
            titles = [
                str((await session.complete(ref, {"name": "id", "value": word})).completion.values)
                for word in (own, other)
            ]
            assert (own in text, other in text, other in review) == (True, False, False)
            assert (own in titles[0], titles[1]) == (True, "[]")
            with pytest.raises(MCPError):
                await session.read_resource(f"tasks://{other}")
            await session.subscribe_resource("tasks://open")  # pyright: ignore[reportDeprecated] - of that era

        async def add(name: str, session: ClientSession, title: str) -> None:
            await session.call_tool("tasks_create_task", {"title": title})
            async with asyncio.timeout(WITHIN):
                while UPDATED not in heard[name]:
                    told.clear()
                    await told.wait()

        await add("ben", ben, "cut the hedge")
        assert "hedge" not in str((await anna.read_resource("tasks://open")).contents)
        assert UPDATED not in heard["anna"]
        heard["ben"].clear()
        await add("anna", anna, "find the keys")
        assert UPDATED not in heard["ben"]


async def test_two_people_on_one_hub_never_see_each_others_tasks(tmp_path: Path) -> None:
    async with running_hub(tmp_path, task_manager(tmp_path)) as running:
        await _by_every_door(running)
        await _by_undoing_repeating_and_paging(running)
        await _by_reading_completing_and_following(running)
    # Another hub, with keys of its own: the tasks are still theirs.
    async with running_hub(tmp_path, task_manager(tmp_path)) as running, running.job("ben") as ben:
        assert "buy a ring" in _titles(await _ask(ben, "list_tasks", {"status": "open"}))


async def test_progress_and_logs_of_a_server_that_people_share_reach_each_their_own(tmp_path: Path) -> None:
    gate, heard = Gate(threading.Barrier(2)), dict[str, list[str]]()
    shared = VoiceOptions(confirm="never", trust=True, scope="shared")
    async with served(note_server("notes", gate)) as url:

        async def work(person: str, word: str) -> None:
            said = heard[person] = []

            async def note(progress: float, total: float | None, message: str | None) -> None:
                del progress, total
                said.append(message or "")

            def log(message: object) -> None:
                if isinstance(message, LoggingMessageNotification):
                    said.append(message.params.data["msg"])

            async with running.session(person, log) as session:
                await session.set_logging_level("debug")  # pyright: ignore[reportDeprecated] - of that era
                await session.call_tool("notes_get_work", {"word": word}, progress_callback=note)

        async with running_hub(tmp_path, HttpEntry("notes", url, "http", voice=shared)) as running:
            await asyncio.gather(work("anna", "tea"), work("ben", "coffee"))
    for person, word in (("anna", "tea"), ("ben", "coffee")):
        assert sorted(heard[person]) == [f"at {word}", f"details of {word}", f"half of {word}"]


async def test_the_owner_has_the_same_tasks_as_without_a_hub(tmp_path: Path) -> None:
    from tests.support.bridges import running as running_bridge

    async with running_bridge(task_manager(tmp_path)) as direct:
        await _ask(direct, "create_task", {"title": "feed the cat"})
    async with running_hub(tmp_path, task_manager(tmp_path)) as running, running.job() as owner:
        assert _titles(await _ask(owner, "list_tasks", {"status": "all"})) == ["feed the cat"]


async def test_days_begin_where_the_person_is(tmp_path: Path) -> None:
    async with (
        running_hub(tmp_path, task_manager(tmp_path)) as running,
        running.job("anna", "Pacific/Kiritimati") as east,
        running.job("ben", "Pacific/Pago_Pago") as west,
        running.job(None, "Pacific/Kiritimati") as owner,
    ):
        days: list[str] = []
        for bridge in (east, west, owner):
            made = (await _ask(bridge, "create_task", {"title": "wave", "due": "today"})).structured
            assert made is not None
            days.append((made.get("task") or made)["due"])
        assert days[0] == days[2] != days[1]


async def test_a_server_of_one_person_is_kept_from_people_who_log_in_unless_it_is_shared_on_purpose(
    tmp_path: Path,
) -> None:
    notes = raw_entry("notes", voice=NEVER_ASK)
    clock = raw_entry("clock", voice=VoiceOptions(confirm="never", scope="shared"))
    async with running_hub(tmp_path, notes, clock) as running, running.job() as owner, running.job("anna") as anna:
        assert {tool.server for tool in owner.tools} == {"notes", "clock"}
        assert {tool.server for tool in anna.tools} == {"clock"}
        status = status_of(anna, "notes")
        assert status.state is State.DISABLED
        assert "holds one person's data" in (status.reason or "")
        result = await anna.call(owner.resolve("notes.echo"), {})
        assert result.status is not Status.OK


class Wallet:
    """Credentials of people, as a login would give them."""

    def of(self, subject: str, entry: HttpEntry) -> httpx2.Auth | None:
        del entry
        return _Bearer(f"of-{subject}") if subject == "anna" else None


class _Bearer(httpx2.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx2.Request) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


async def test_a_server_behind_a_login_is_asked_with_the_persons_own_and_never_with_the_owners(tmp_path: Path) -> None:
    async with running_hub(tmp_path, raw_entry("echoes", voice=NEVER_ASK)) as inner, inner.http() as url:
        # A hub stands in for a server that asks for a token: it lets in who has it, and nobody else.
        entry = HttpEntry("far", url, "http", auth=inner.token, voice=NEVER_ASK)
        async with (
            running_hub(tmp_path, entry, credentials=Wallet()) as running,
            running.job() as owner,
            running.job("anna", settled=False) as anna,
            running.job("ben") as ben,
        ):
            assert (await owner.call(owner.resolve("far.echoes_echo"), {"a": 1})).status is Status.OK
            await until(anna, lambda: status_of(anna, "far").state is State.NEEDS_LOGIN)
            status = status_of(ben, "far")
            assert (status.state, "not this person's" in (status.reason or "")) == (State.DISABLED, True)
            assert ben.tools == anna.tools == ()


async def test_a_token_of_one_person_is_renewed_before_it_ends_and_refused_from_another_hub(tmp_path: Path) -> None:
    from voice_agent.bridge.hub.task_service import TaskService

    entry = task_manager(tmp_path)
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = TaskService(entry, tmp_path / "one"), TaskService(entry, tmp_path / "other")
    try:
        url = await asyncio.wait_for(one.url(), WITHIN)
        async with httpx2.AsyncClient() as client:
            statuses = [
                (await client.post(url, json={}, auth=auth)).status_code
                for auth in (one.auth_of("anna"), other.auth_of("anna"), _Bearer("x"))
            ]
        assert statuses[1:] == [401, 401]
        assert statuses[0] != 401
    finally:
        await one.aclose()
        await other.aclose()
