from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import FastMCP

from tests.fakes.authority import Authority, browse, guarded, where_it_ends
from tests.support.bridges import QUICK, running, status_of, until, until_state
from tests.support.web_servers import serving
from voice_agent.bridge.credentials.keeper import Credentials
from voice_agent.bridge.forms import Question, Reply
from voice_agent.bridge.supervisor import Pace
from voice_agent.bridge.types import State, Status
from voice_agent.config.types import HttpEntry, OAuth, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tests.fakes.authority import Gate
    from voice_agent.bridge.bridge import Bridge

pytestmark = pytest.mark.contract

EASY = VoiceOptions(confirm="never")


class Person:
    """Is asked, and opens each link in a browser of their own."""

    person = object()

    def __init__(self, *, opens: bool = True) -> None:
        self.asked: list[Question] = []
        self.withdrawn: list[Question] = []
        self._opens = opens

    async def __call__(self, question: Question, /) -> Reply:
        self.asked.append(question)
        if not self._opens:
            return Reply("cancel")
        assert question.url is not None
        await browse(question.url)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.withdrawn.append(question)
            raise
        return Reply("cancel")


def notes() -> FastMCP[Any]:
    server: FastMCP[Any] = FastMCP("notes")
    written: list[str] = []

    @server.tool
    def write_note(text: str) -> str:
        """Write a note."""
        written.append(text)
        return f"{len(written)} noted"

    @server.tool
    def get_count() -> int:
        """Count the notes."""
        return len(written)

    _ = write_note, get_count
    return server


@contextlib.asynccontextmanager
async def attached(
    home: Path, gate: Gate, *, asks: bool = True, subject: str | None = None, pace: Pace = QUICK, **entry: Any
) -> AsyncGenerator[Bridge, None]:
    credentials = Credentials(home, asks=asks, keyring=False)
    written: dict[str, Any] = {"auth": "oauth"} | entry
    one = HttpEntry("notes", f"{gate.url}/mcp", "http", voice=EASY, **written)
    async with running(one, sign_ins=credentials.of_person(subject), asks=True, pace=pace) as bridge:
        yield bridge


async def link_of(bridge: Bridge) -> str:
    await until(bridge, lambda: status_of(bridge, "notes").link is not None)
    return status_of(bridge, "notes").link or ""


async def signed_in(bridge: Bridge) -> None:
    await browse(await link_of(bridge))
    await until_state(bridge, State.READY, "notes")


async def test_a_server_is_used_as_soon_as_its_user_has_signed_in(tmp_path: Path) -> None:
    authority = Authority()
    async with guarded(notes(), authority) as gate, attached(tmp_path, gate, auth=None) as bridge:
        status = status_of(bridge, "notes")
        assert (status.state, status.reason) == (State.NEEDS_LOGIN, "needs you to sign in")
        page = await browse(await link_of(bridge))
        assert "You are signed in" in page
        await until_state(bridge, State.READY, "notes")
        assert status_of(bridge, "notes").link is None
        result = await bridge.call(bridge.resolve("notes.write_note"), {"text": "hello"})
        assert (result.status, result.text) == (Status.OK, "1 noted")


async def test_whoever_has_signed_in_is_not_asked_again_after_a_restart(tmp_path: Path) -> None:
    authority = Authority()
    async with guarded(notes(), authority) as gate:
        async with attached(tmp_path, gate) as bridge:
            await signed_in(bridge)
        async with attached(tmp_path, gate, asks=False) as bridge:
            assert status_of(bridge, "notes").state is State.READY
    assert authority.times("/authorize") == 1


async def test_each_person_signs_in_for_themselves(tmp_path: Path) -> None:
    async with guarded(notes(), Authority()) as gate:
        async with attached(tmp_path, gate, subject="ada") as bridge:
            await signed_in(bridge)
        async with attached(tmp_path, gate, subject="bob", asks=False) as bridge:
            assert status_of(bridge, "notes").state is State.NEEDS_LOGIN
        async with attached(tmp_path, gate, asks=False) as bridge:
            assert status_of(bridge, "notes").state is State.NEEDS_LOGIN


async def test_a_call_whose_token_was_taken_back_goes_on_when_its_user_has_signed_in_again(tmp_path: Path) -> None:
    authority = Authority()
    async with guarded(notes(), authority) as gate, attached(tmp_path, gate) as bridge:
        await signed_in(bridge)
        tool, person = bridge.resolve("notes.write_note"), Person()
        authority.revoke()
        result = await bridge.call(tool, {"text": "hello"}, on_question=person)
        assert (result.status, result.text) == (Status.OK, "1 noted")
        (asked,) = person.asked
        assert (asked.is_sign_in, asked.domain) == (True, "127.0.0.1")
        assert person.withdrawn == [asked]
        assert status_of(bridge, "notes").state is State.READY


async def test_a_call_is_given_up_when_its_user_does_not_sign_in(tmp_path: Path) -> None:
    authority = Authority()
    async with guarded(notes(), authority) as gate, attached(tmp_path, gate) as bridge:
        await signed_in(bridge)
        tool, person = bridge.resolve("notes.write_note"), Person(opens=False)
        authority.revoke()
        result = await bridge.call(tool, {"text": "hello"}, on_question=person)
        assert (result.status, result.text) == (Status.ERROR, "notes needs you to sign in.")
        status = await until_state(bridge, State.NEEDS_LOGIN, "notes")
        assert status.link is not None
        # Its tools stay, for it is by using them that one is asked again.
        assert tool in bridge.tools
        await signed_in(bridge)
        assert (await bridge.call(tool, {"text": "hello"})).text == "1 noted"


async def test_a_tool_that_needs_more_is_used_when_its_user_has_agreed_to_that(tmp_path: Path) -> None:
    authority = Authority()
    async with (
        guarded(notes(), authority, needs={"write_note": "notes:write"}, scopes="notes:read") as gate,
        attached(tmp_path, gate) as bridge,
    ):
        await signed_in(bridge)
        person = Person()
        read = await bridge.call(bridge.resolve("notes.get_count"), {}, on_question=person)
        assert (read.text, person.asked) == ("0", [])
        result = await bridge.call(bridge.resolve("notes.write_note"), {"text": "hello"}, on_question=person)
        assert (result.text, len(person.asked)) == ("1 noted", 1)
        assert {"notes:read", "notes:write"} == {*authority.asked[-2][1]["scope"].split()}
        assert status_of(bridge, "notes").state is State.READY


async def test_a_token_that_has_ended_is_renewed_once_for_all_calls_and_kept(tmp_path: Path) -> None:
    authority = Authority()
    async with guarded(notes(), authority) as gate:
        async with attached(tmp_path, gate) as bridge:
            await signed_in(bridge)
            tool = bridge.resolve("notes.get_count")
            authority.revoke(renewals=False)
            results = await asyncio.gather(*(bridge.call(tool, {}) for _ in range(8)))
            assert {result.status for result in results} == {Status.OK}
            assert authority.times("/token", grant_type="refresh_token") == 1
            authority.revoke(renewals=False)
            assert (await bridge.call(tool, {})).status is Status.OK
        async with attached(tmp_path, gate, asks=False) as bridge:
            assert status_of(bridge, "notes").state is State.READY
    assert authority.times("/token", grant_type="refresh_token", resource=f"{gate.url}/mcp") == 2
    assert authority.times("/authorize") == 1


async def test_two_programs_with_one_token_renew_it_once(tmp_path: Path) -> None:
    authority = Authority()
    async with guarded(notes(), authority) as gate, attached(tmp_path, gate) as one:
        await signed_in(one)
        async with attached(tmp_path, gate, asks=False) as other:
            authority.revoke(renewals=False)
            tools = [bridge.resolve("notes.get_count") for bridge in (one, other)]
            calls = (bridge.call(tool, {}) for bridge, tool in zip((one, other), tools, strict=True))
            assert [result.status for result in await asyncio.gather(*calls)] == [Status.OK, Status.OK]
    assert authority.times("/token", grant_type="refresh_token") == 1


async def test_a_token_is_renewed_before_it_ends(tmp_path: Path) -> None:
    authority = Authority(expires_in=20)
    async with guarded(notes(), authority) as gate, attached(tmp_path, gate) as bridge:
        await signed_in(bridge)
        assert (await bridge.call(bridge.resolve("notes.get_count"), {})).status is Status.OK
    assert authority.times("/token", grant_type="refresh_token") >= 1
    assert authority.times("/authorize") == 1


async def test_nobody_has_to_sign_in_again_because_the_authority_is_in_trouble(tmp_path: Path) -> None:
    authority = Authority()
    async with guarded(notes(), authority) as gate, attached(tmp_path, gate) as bridge:
        await signed_in(bridge)
        tool = bridge.resolve("notes.get_count")
        authority.revoke(renewals=False)
        authority.is_in_trouble = True
        assert (await bridge.call(tool, {}, on_question=Person())).status is Status.ERROR
        authority.is_in_trouble = False
        await until_state(bridge, State.READY, "notes")
        assert (await bridge.call(tool, {})).status is Status.OK
    assert authority.times("/authorize") == 1


async def test_a_link_opened_on_another_machine_works_by_pasting_where_it_ended(tmp_path: Path) -> None:
    async with guarded(notes(), Authority()) as gate, attached(tmp_path, gate) as bridge:
        assert bridge.sign_ins is not None
        address = await where_it_ends(await link_of(bridge))
        assert bridge.sign_ins.take("what's on my list?") is None
        assert bridge.sign_ins.take(address.replace("state=", "state=x")) is False
        assert status_of(bridge, "notes").state is State.NEEDS_LOGIN
        assert bridge.sign_ins.take(f"{address}\n") is True
        await until_state(bridge, State.READY, "notes")


async def test_another_program_that_signs_in_does_it_for_this_one(tmp_path: Path) -> None:
    async with guarded(notes(), Authority()) as gate, attached(tmp_path, gate) as waiting:
        await link_of(waiting)
        async with attached(tmp_path, gate) as other:
            await signed_in(other)
        await until_state(waiting, State.READY, "notes")
        await until(waiting, lambda: status_of(waiting, "notes").link is None)


async def test_tokens_go_to_their_own_server_and_nowhere_else(tmp_path: Path) -> None:
    authority, other = Authority(), Authority()
    async with (
        guarded(notes(), authority) as gate,
        serving(other.app()) as elsewhere,
        attached(tmp_path, gate) as bridge,
    ):
        await signed_in(bridge)
        tool = bridge.resolve("notes.get_count")
        assert (await bridge.call(tool, {})).status is Status.OK
        for place in (elsewhere, elsewhere.replace("127.0.0.1", "localhost"), elsewhere.replace("http:", "https:")):
            gate.moves_to = f"{place}/register"
            await bridge.call(tool, {})
        assert other.asked == []
        for headers in authority.headers:
            assert "access-" not in str(headers)
        for path, said in authority.asked:
            assert "access-" not in str(said), path


@pytest.mark.parametrize("own", [{"auth": "s3cret-bearer"}, {"headers": {"X-Api-Key": "s3cret-key"}}])
async def test_credentials_of_the_entry_do_not_follow_a_redirect(own: Any) -> None:
    other = Authority()
    async with serving(other.app()) as elsewhere, guarded(notes(), Authority()) as gate:
        gate.moves_to = f"{elsewhere}/register"
        entry = HttpEntry("notes", f"{gate.url}/mcp", "http", **own)
        async with running(entry) as bridge:
            assert status_of(bridge, "notes").state is State.FAILED
    assert gate.seen
    assert other.asked == []


@pytest.mark.parametrize("methods", [None, ["client_secret_basic"], ["client_secret_post"]])
async def test_a_client_that_is_registered_already_uses_its_id_and_secret(tmp_path: Path, methods: Any) -> None:
    authority = Authority(registers=False, known={"mine": "s3cret"})
    authority.metadata = {"token_endpoint_auth_methods_supported": methods}
    async with (
        guarded(notes(), authority) as gate,
        attached(tmp_path, gate, oauth=OAuth("mine", "s3cret", scopes=("a", "b"))) as bridge,
    ):
        await signed_in(bridge)
        assert authority.times("/authorize", client_id="mine", scope="a b") == 1
        authority.revoke(renewals=False)
        assert (await bridge.call(bridge.resolve("notes.get_count"), {})).status is Status.OK


async def test_a_registered_clients_secret_is_not_shown_to_another_authority(tmp_path: Path) -> None:
    authority, other = Authority(known={"mine": "s3cret"}), Authority()
    async with guarded(notes(), authority) as gate, serving(other.app()) as other.url:
        async with attached(tmp_path, gate, oauth=OAuth("mine", "s3cret")) as bridge:
            await signed_in(bridge)
            authority.revoke()
            gate.authority = other
            await bridge.call(bridge.resolve("notes.get_count"), {}, on_question=Person())
        assert other.times("/token") > 0
        assert "s3cret" not in str(other.asked)
        assert all("authorization" not in headers for headers in other.headers)


async def test_a_document_about_the_client_is_its_id_where_the_authority_reads_such(tmp_path: Path) -> None:
    document = "https://voice.example/client.json"
    authority = Authority(registers=False, metadata={"client_id_metadata_document_supported": True})
    oauth = OAuth(client_metadata_url=document)
    async with guarded(notes(), authority) as gate, attached(tmp_path, gate, oauth=oauth) as bridge:
        await signed_in(bridge)
    assert authority.times("/authorize", client_id=document) == 1
    assert authority.times("/register") == 0


async def test_a_client_that_vouches_for_itself_asks_nobody(tmp_path: Path) -> None:
    authority = Authority(known={"machine": "s3cret"})
    oauth = OAuth("machine", "s3cret", grant="client_credentials")
    async with guarded(notes(), authority) as gate, attached(tmp_path, gate, asks=False, oauth=oauth) as bridge:
        await until_state(bridge, State.READY, "notes")
        authority.revoke()
        assert (await bridge.call(bridge.resolve("notes.get_count"), {})).text == "0"
    assert authority.times("/authorize") == 0


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"code_challenge_methods_supported": None}, "has a sign-in server without PKCE (S256), which is not safe"),
        (
            {"code_challenge_methods_supported": ["plain"]},
            "has a sign-in server without PKCE (S256), which is not safe",
        ),
        ({"issuer": "https://evil.example"}, "says things about signing in that do not fit together"),
        ({"registration_endpoint": "https://169.254.169.254/x"}, "has a sign-in server that cannot be reached"),
        ({"registration_endpoint": "http://evil.example/x"}, "names an address for signing in that is not safe to ask"),
    ],
)
async def test_what_is_not_safe_is_not_done(tmp_path: Path, metadata: Any, why: str) -> None:
    authority = Authority(metadata=metadata)
    async with guarded(notes(), authority) as gate, attached(tmp_path, gate) as bridge:
        status = status_of(bridge, "notes")
        assert (status.state, status.link) == (State.NEEDS_LOGIN, None)
        assert status.reason == why
    assert authority.times("/authorize") == 0


async def test_a_server_without_registration_says_what_to_write(tmp_path: Path) -> None:
    async with guarded(notes(), Authority(registers=False)) as gate, attached(tmp_path, gate) as bridge:
        reason = status_of(bridge, "notes").reason or ""
        assert reason.startswith("does not let programs register themselves; write “oauth”")


async def test_who_has_signed_in_three_times_in_vain_is_not_asked_again(tmp_path: Path) -> None:
    authority = Authority()
    async with guarded(notes(), authority, is_shut=True) as gate, attached(tmp_path, gate) as bridge:
        opened: set[str] = set()
        for _ in range(3):
            await until(bridge, lambda: status_of(bridge, "notes").link not in {None, *opened})
            link = status_of(bridge, "notes").link or ""
            opened.add(link)
            await browse(link)
        await until(bridge, lambda: status_of(bridge, "notes").reason == "wants you to sign in again and again")
        assert status_of(bridge, "notes").link is None
    assert authority.times("/authorize") == 3


async def test_a_server_that_is_closed_to_who_has_signed_in_is_not_run_against(tmp_path: Path) -> None:
    authority = Authority()
    async with guarded(notes(), authority) as gate:
        async with attached(tmp_path, gate) as bridge:
            await signed_in(bridge)
        gate.is_closed = True
        before = len(gate.seen)
        async with attached(tmp_path, gate, pace=Pace(permanent_retry=60.0)) as bridge:
            status = status_of(bridge, "notes")
            assert (status.state, status.link) == (State.NEEDS_LOGIN, None)
            assert (status.reason or "").startswith("asked for a login (403)")
        assert len(gate.seen) - before < 5
