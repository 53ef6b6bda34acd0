from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.contract.test_sign_in_bridge import EASY, Person, notes
from tests.fakes.authority import Authority, browse, guarded, where_it_ends
from tests.support.bridges import status_of, until
from tests.support.hubs import running_hub
from voice_agent.bridge.credentials.keeper import Credentials
from voice_agent.bridge.types import State, Status
from voice_agent.config.settings import Web
from voice_agent.config.types import HttpEntry
from voice_agent.web.app import Site, make_app
from voice_agent.web.assistants import Assistants
from voice_agent.web.returns import ToHub
from voice_agent.web.tokens import Tokens
from voice_agent.web.visitors import Visitors

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.applications import Starlette

    from voice_agent.bridge.hub.attached import HubBridge

pytestmark = pytest.mark.contract


async def link_of(job: HubBridge) -> str:
    await until(job, lambda: status_of(job, "notes").link is not None)
    return status_of(job, "notes").link or ""


async def ready(job: HubBridge) -> None:
    await until(job, lambda: status_of(job, "notes").state is State.READY and bool(job.tools))


async def test_people_at_a_hub_sign_in_each_for_themselves(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path, asks=True, unasked=False, keyring=False)
    authority = Authority()
    async with guarded(notes(), authority) as gate:
        entry = HttpEntry("notes", f"{gate.url}/mcp", "http", voice=EASY, auth="oauth")
        async with (
            running_hub(tmp_path, entry, credentials=credentials) as running,
            running.job("ada", settled=False) as ada,
            running.job("ben", settled=False) as ben,
        ):
            # Ben's browser is on another machine, and what it brings back is his alone.
            address = await where_it_ends(await link_of(ben))
            assert ada.sign_ins is not None
            assert ben.sign_ins is not None
            assert ada.sign_ins.take(address) is True
            assert ben.sign_ins.take("what's new?") is None
            await browse(await link_of(ada))
            await ready(ada)
            assert status_of(ben, "notes").state is State.NEEDS_LOGIN
            assert ben.sign_ins.take(address) is True
            await ready(ben)
            assert (await ben.call(ben.resolve("notes.get_count"), {})).status is Status.OK
            # The owner of this machine has not signed in.
            async with running.job(settled=False) as owner:
                assert (await link_of(owner)) is not None
    assert len({given for given in gate.seen if given}) == 2


async def test_a_call_through_a_hub_goes_on_when_its_person_has_signed_in_again(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path, asks=True, unasked=False, keyring=False)
    authority = Authority()
    async with guarded(notes(), authority) as gate:
        entry = HttpEntry("notes", f"{gate.url}/mcp", "http", voice=EASY, auth="oauth")
        async with (
            running_hub(tmp_path, entry, credentials=credentials) as running,
            running.job("ada", settled=False) as ada,
        ):
            await browse(await link_of(ada))
            await ready(ada)
            authority.revoke()
            person = Person()
            result = await ada.call(ada.resolve("notes.write_note"), {"text": "hello"}, on_question=person)
            assert (result.status, result.text) == (Status.OK, "1 noted")
            assert [question.is_sign_in for question in person.asked] == [True]
            assert person.withdrawn == person.asked


async def test_a_browser_comes_back_to_the_page_and_counts_only_for_whom_it_is_logged_in_as(tmp_path: Path) -> None:
    here = "https://talk.example"
    credentials = Credentials(tmp_path, asks=True, unasked=False, keyring=False, page=f"{here}/")
    web = Web(subject_header="X-User", proxies="10.0.0.5", url=here)
    async with guarded(notes(), Authority()) as gate:
        entry = HttpEntry("notes", f"{gate.url}/mcp", "http", voice=EASY, auth="oauth")
        async with (
            running_hub(tmp_path, entry, credentials=credentials) as running,
            running.job("ada", settled=False) as ada,
        ):
            back = await where_it_ends(await link_of(ada))
            assert back.startswith(f"{here}/callback?")
            app = page_of(tmp_path, web, ToHub(str(running.address), running.token, running.hub.permits))
            carried = httpx2.ASGITransport(app=app, client=("10.0.0.5", 1))
            async with httpx2.AsyncClient(transport=carried) as browser:
                nobody = await browser.get(back)
                ben = await browser.get(back, headers={"X-User": "ben"})
                made_up = await browser.get(f"{here}/callback?state=x&code=y", headers={"X-User": "ada"})
                right = await browser.get(back, headers={"X-User": "ada"})
            assert [answer.status_code for answer in (nobody, ben, made_up, right)] == [401, 400, 400, 200]
            assert "You are back from signing in." in right.text
            await ready(ada)


async def test_where_the_web_part_knows_no_hub_the_address_is_to_be_pasted(tmp_path: Path) -> None:
    app = page_of(tmp_path, Web(subject_header="X-User", proxies="10.0.0.5", url="https://talk.example"), None)
    carried = httpx2.ASGITransport(app=app, client=("10.0.0.5", 1))
    async with httpx2.AsyncClient(transport=carried) as browser:
        told = await browser.get("https://talk.example/callback?state=x&code=y", headers={"X-User": "ada"})
    assert "Copy the address of this page into the conversation" in told.text
    assert told.headers["referrer-policy"] == "no-referrer"


def page_of(folder: Path, web: Web, returns: ToHub | None) -> Starlette:
    (folder / "index.html").write_text("<!doctype html><title>x</title>")
    url, key = "ws://127.0.0.1:1", "a-secret-of-more-than-thirty-two-characters"
    tokens, assistants = Tokens("key", key, 60), Assistants(url, "key", key)
    return make_app(
        Site(8000, url, tokens, assistants, page=folder, visitors=Visitors(web, key), url=web.url, returns=returns)
    )


async def test_the_owners_sign_in_is_not_used_for_everybody(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path, asks=True, keyring=False)
    async with guarded(notes(), Authority()) as gate:
        # Nothing in the entry says that one signs in, so that it is taken for a server without credentials.
        entry = HttpEntry("notes", f"{gate.url}/mcp", "http", voice=EASY)
        async with running_hub(tmp_path, entry, credentials=Credentials(tmp_path, asks=True, unasked=False)) as running:
            assert status_of(running.hub.people.owner, "notes").link is None
            assert credentials.of(None, entry) is not None
            assert status_of(running.hub.people.owner, "notes").state is State.NEEDS_LOGIN
