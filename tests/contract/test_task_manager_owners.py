"""Nobody sees or changes another's tasks over HTTP, whatever tool they use and however they got in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.issuer import AUDIENCE, ISSUER, Issuer
from tests.support.task_service import ALICE, BOB, application_on, call, post, request, said, write_tokens

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

pytestmark = [pytest.mark.contract, pytest.mark.timeout(90)]

SECRET = "xylophone"


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(params=["static and static", "jwt and jwt", "static and jwt", "jwt and static"])
def two(request: pytest.FixtureRequest, issuer: Issuer) -> tuple[str, str]:
    """The tokens of two people; those of different kinds have the same subject."""
    one, _, other = request.param.partition(" and ")
    if one == other:
        return (ALICE, BOB) if one == "static" else (issuer.token("alice"), issuer.token("bob"))
    return (ALICE, issuer.token("alice")) if one == "static" else (issuer.token("alice"), ALICE)


def doors(folder: Path, issuer: Issuer) -> dict[str, Any]:
    key = str(issuer.save(folder))
    return {"tokens": str(write_tokens(folder)), "public_key": key, "issuer": ISSUER, "audience": AUDIENCE}


async def structured(client: httpx.AsyncClient, token: str, tool: str, **arguments: Any) -> dict[str, Any]:
    answer = await post(client, call(tool, arguments), token)
    assert not answer.json()["result"].get("isError"), said(answer)
    return answer.json()["result"]["structuredContent"]


async def state(client: httpx.AsyncClient, token: str) -> list[dict[str, Any]]:
    return (await structured(client, token, "list_tasks", status="all"))["tasks"]


async def test_every_tool_that_takes_a_task_finds_only_ones_own(
    tmp_path: Path, issuer: Issuer, two: tuple[str, str]
) -> None:
    mine, other = two
    async with application_on(tmp_path / "tasks.db", **doors(tmp_path, issuer)) as (_, client):
        made = (await structured(client, mine, "create_task", title=f"buy a {SECRET}", tags=[SECRET]))["task"]
        before = await state(client, mine)
        tools = (await post(client, request("tools/list"), other)).json()["result"]["tools"]
        taking = [tool for tool in tools if "task" in tool["inputSchema"].get("properties", {})]
        assert {tool["name"] for tool in taking} >= {"get_task", "complete_task", "delete_task", "update_task"}
        for tool in taking:
            changed = {"title": "stolen"} if tool["name"] == "update_task" else {}
            for words in (made["id"], f"#{made['id']}", SECRET, made["title"]):
                answer = await post(client, call(tool["name"], {"task": words, **changed}), other)
                result = answer.json()["result"]
                assert result["isError"], tool["name"]
                assert SECRET not in answer.text.replace(words, ""), tool["name"]
        assert await state(client, mine) == before


async def test_every_other_tool_shows_and_touches_only_ones_own(
    tmp_path: Path, issuer: Issuer, two: tuple[str, str]
) -> None:
    mine, other = two
    async with application_on(tmp_path / "tasks.db", **doors(tmp_path, issuer)) as (_, client):
        await structured(client, mine, "create_task", title=f"buy a {SECRET}", due="tomorrow", tags=[SECRET])
        await structured(client, mine, "create_task", title=f"sell a {SECRET}", due="2020-01-01")
        before = await state(client, mine)
        tools = (await post(client, request("tools/list"), other)).json()["result"]["tools"]
        given = {
            "clear_tasks": {"status": "all"},
            "create_task": {"title": "of the other"},
            "import_tasks": {"text": '[{"title": "of the other"}]', "format": "json"},
        }
        for tool in tools:
            if "task" not in tool["inputSchema"].get("properties", {}):
                answer = await post(client, call(tool["name"], given.get(tool["name"], {})), other)
                assert answer.status_code == 200
                assert SECRET not in answer.text, tool["name"]
        for asked in (
            {"query": SECRET},
            {"tag": SECRET},
            {"status": "all"},
            {"status": "overdue"},
            {"due": "tomorrow"},
        ):
            assert SECRET not in str((await structured(client, other, "list_tasks", **asked))["tasks"])
        await structured(client, other, "clear_tasks", status="all")
        assert await state(client, mine) == before


async def test_a_cursor_a_key_and_an_undo_lead_to_ones_own(
    tmp_path: Path, issuer: Issuer, two: tuple[str, str]
) -> None:
    mine, other = two
    async with application_on(tmp_path / "tasks.db", **doors(tmp_path, issuer)) as (_, client):
        for number in range(3):
            await structured(client, mine, "create_task", title=f"{SECRET} {number}", idempotency_key=f"key {number}")
        cursor = (await structured(client, mine, "list_tasks", limit=1))["next_cursor"]
        assert SECRET in str(await structured(client, mine, "list_tasks", limit=1, cursor=cursor))
        answer = await post(client, call("list_tasks", {"limit": 1, "cursor": cursor}), other)
        assert SECRET not in answer.text
        again = await structured(client, other, "create_task", title="of the other", idempotency_key="key 0")
        assert again["task"]["title"] == "of the other"
        await structured(client, other, "undo_last_change")
        assert (await post(client, call("undo_last_change"), other)).json()["result"]["isError"]
        assert len(await state(client, mine)) == 3


async def test_resources_prompts_and_completion_tell_only_of_ones_own(
    tmp_path: Path, issuer: Issuer, two: tuple[str, str]
) -> None:
    mine, other = two
    async with application_on(tmp_path / "tasks.db", **doors(tmp_path, issuer)) as (_, client):
        made = (await structured(client, mine, "create_task", title=SECRET, due="today at 23:59", tags=[SECRET]))[
            "task"
        ]
        uris = ["tasks://open", "tasks://today", "tasks://reminders", f"tasks://{made['id']}"]
        hers = [(await post(client, request("resources/read", {"uri": uri}), mine)).text for uri in uris]
        assert [SECRET in text for text in hers] == [True, True, False, True]
        for uri in uris:
            assert SECRET not in (await post(client, request("resources/read", {"uri": uri}), other)).text
        for prompt in ("daily_review", "plan_my_week"):
            assert SECRET in (await post(client, request("prompts/get", {"name": prompt}), mine)).text
            assert SECRET not in (await post(client, request("prompts/get", {"name": prompt}), other)).text
        listed = [await post(client, request("resources/list"), token) for token in two]
        assert SECRET not in listed[1].text


async def test_the_local_person_and_a_subject_called_local_are_the_same_and_a_jwt_is_not(
    tmp_path: Path, issuer: Issuer
) -> None:
    async with application_on(tmp_path / "tasks.db") as (_, client):
        answer = await post(client, call("create_task", {"title": SECRET}))
        assert answer.status_code == 200
    file = write_tokens(tmp_path, "local-token local tasks:read tasks:write\n")
    given = doors(tmp_path, issuer) | {"tokens": str(file)}
    file.write_text("local-token local tasks:read tasks:write\n")
    async with application_on(tmp_path / "tasks.db", **given) as (_, client):
        assert [task["title"] for task in await state(client, "local-token")] == [SECRET]
        assert await state(client, issuer.token("local")) == []
