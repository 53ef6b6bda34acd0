"""Who is let in over HTTP: static tokens, JSON Web Tokens, scopes, and the challenges of those who are not."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING, Any

import httpx
import jwt
import pytest
from fastmcp import Client

from mcp_servers.task_manager.errors import BadRequest
from mcp_servers.task_manager.over_http.jwts import (
    KEYS_FRESH,
    KEYS_STALE,
    LEEWAY,
    IssuedTokens,
    PublishedKeys,
    owner_of,
)
from mcp_servers.task_manager.over_http.serving import authenticator_for
from mcp_servers.task_manager.over_http.tokens import LOOK_AGAIN, StaticTokens
from tests.support.issuer import AUDIENCE, ISSUER, Issuer, forged
from tests.support.program import PATIENCE
from tests.support.task_service import (
    ALICE,
    BOB,
    READER,
    TOKENS,
    WRITER,
    application_on,
    call,
    headers,
    options,
    post,
    request,
    said,
    serving,
    write_tokens,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.contract, pytest.mark.timeout(90)]


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


def with_jwt(issuer: Issuer, folder: Path, **more: Any) -> dict[str, Any]:
    return {"public_key": str(issuer.save(folder)), "issuer": ISSUER, "audience": AUDIENCE, **more}


class Hours:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_without_a_token_the_challenge_names_scopes_and_no_error(tmp_path: Path) -> None:
    async with application_on(tmp_path / "tasks.db", tokens=str(write_tokens(tmp_path))) as (_, client):
        for given in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer  "}):
            answer = await post(client, call("list_tasks"), None, **given)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == 'Bearer scope="tasks:read tasks:write"'
        in_address = await client.post(f"/mcp?access_token={ALICE}", json=call("list_tasks"))
        assert in_address.status_code == 401


@pytest.mark.parametrize("token", ["wrong", ALICE[:-1], ALICE + "0", ALICE.upper(), "a.b.c", "\xff", "x" * 5000])
async def test_a_token_that_nobody_has_is_an_invalid_one(tmp_path: Path, token: str) -> None:
    async with application_on(tmp_path / "tasks.db", tokens=str(write_tokens(tmp_path))) as (_, client):
        raw = [(b"authorization", b"Bearer " + token.encode("latin-1"))]
        answer = await client.post("/mcp", json=call("list_tasks"), headers=raw)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert token not in answer.text


BAD: dict[str, Callable[[Issuer], str]] = {
    "expired": lambda issuer: issuer.token(exp=int(time.time()) - 60),
    "without an end": lambda issuer: issuer.token(exp=None),
    "not valid yet": lambda issuer: issuer.token(nbf=int(time.time()) + 600),
    "of another issuer": lambda issuer: issuer.token(iss="https://login.example.org/"),
    "of a part of the issuer": lambda issuer: issuer.token(iss=ISSUER[:-1]),
    "without an issuer": lambda issuer: issuer.token(iss=None),
    "for another audience": lambda issuer: issuer.token(aud="https://other.example.com/mcp"),
    "for nobody in particular": lambda issuer: issuer.token(aud=None),
    "without a subject": lambda issuer: issuer.token(None),
    "with an empty subject": lambda issuer: issuer.token(""),
    "signed by somebody else": lambda _: Issuer().token(),
    "changed": lambda issuer: issuer.token().replace(".", ".e", 1),
    "not signed": lambda issuer: forged({"alg": "none", "typ": "JWT"}, issuer.claims(), None),
    "signed with the public key as a secret": lambda issuer: forged(
        {"alg": "HS256", "typ": "JWT"}, issuer.claims(), issuer.pem
    ),
    "with a demand that is not understood": lambda issuer: jwt.encode(
        issuer.claims(), issuer.rsa, "RS256", {"crit": ["strange"], "strange": True}
    ),
    "bringing its own key": lambda _: jwt.encode(
        Issuer().claims(), Issuer().rsa, "RS256", {"jwk": Issuer().keys[0], "jku": "https://evil.example.com/keys"}
    ),
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_jwt_that_is_not_good_is_refused(tmp_path: Path, issuer: Issuer, kind: str) -> None:
    async with application_on(tmp_path / "tasks.db", **with_jwt(issuer, tmp_path)) as (_, client):
        answer = await post(client, call("list_tasks"), BAD[kind](issuer))
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("changed", [{}, {"algorithm": "PS384"}, {"aud": ["https://x.example.com", AUDIENCE]}])
async def test_a_good_jwt_is_let_in(tmp_path: Path, issuer: Issuer, changed: dict[str, Any]) -> None:
    async with application_on(tmp_path / "tasks.db", **with_jwt(issuer, tmp_path)) as (_, client):
        answer = await post(client, call("list_tasks"), issuer.token(**changed))
    assert said(answer) == "You have no open tasks."


async def test_clients_are_told_where_tokens_come_from(tmp_path: Path, issuer: Issuer) -> None:
    given = with_jwt(issuer, tmp_path, audience=None, public_url="https://tasks.example.com")
    async with application_on(tmp_path / "tasks.db", **given) as (_, client):
        place = "https://tasks.example.com/.well-known/oauth-protected-resource/mcp"
        refused = await post(client, call("list_tasks"))
        assert f'resource_metadata="{place}"' in refused.headers["www-authenticate"]
        for path in ("/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"):
            assert (await client.get(path)).json() == {
                "resource": AUDIENCE,
                "resource_name": "Task Manager",
                "authorization_servers": [ISSUER],
                "scopes_supported": ["tasks:read", "tasks:write"],
                "bearer_methods_supported": ["header"],
            }
        assert (await post(client, call("list_tasks"), issuer.token())).status_code == 200
    async with application_on(tmp_path / "tasks.db", tokens=str(write_tokens(tmp_path))) as (_, client):
        assert (await client.get("/.well-known/oauth-protected-resource/mcp")).status_code == 404


@pytest.mark.parametrize("kind", ["static", "jwt"])
async def test_a_scope_allows_what_it_says_and_lists_no_more(tmp_path: Path, issuer: Issuer, kind: str) -> None:
    given = with_jwt(issuer, tmp_path, tokens=str(write_tokens(tmp_path)))
    tokens = {"read": READER, "write": WRITER}
    if kind == "jwt":
        tokens = {name: issuer.token(scope=f"openid tasks:{name}") for name in tokens}
    async with application_on(tmp_path / "tasks.db", **given) as (_, client):
        listed = {
            name: {
                tool["name"]: tool
                for tool in (await post(client, request("tools/list"), token)).json()["result"]["tools"]
            }
            for name, token in tokens.items()
        }
        assert not listed["read"].keys() & listed["write"].keys()
        assert {"list_tasks", "get_task"} <= listed["read"].keys()
        assert {"create_task", "complete_task", "delete_task", "clear_tasks"} <= listed["write"].keys()
        for scope, token in tokens.items():
            for tools, needed in ((listed["read"], "read"), (listed["write"], "write")):
                for tool in tools:
                    answer = await post(client, call(tool), token)
                    if needed == scope:
                        assert answer.status_code == 200
                        continue
                    assert answer.status_code == 403
                    challenge = answer.headers["www-authenticate"]
                    assert 'error="insufficient_scope"' in challenge
                    assert f'scope="tasks:{needed}"' in challenge
                    assert said(answer) == f"The token does not allow this: it needs the scope tasks:{needed}."
        for method, params in (
            ("resources/read", {"uri": "tasks://open"}),
            ("prompts/get", {"name": "daily_review"}),
            (
                "completion/complete",
                {"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "a", "value": ""}},
            ),
        ):
            assert (await post(client, request(method, params), tokens["write"])).status_code == 403


async def test_the_tools_themselves_refuse_what_the_door_did_not_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unseen(_body: bytes) -> list[object]:
        return []

    monkeypatch.setattr("mcp_servers.task_manager.over_http.app._asked", unseen)
    async with application_on(tmp_path / "tasks.db", tokens=str(write_tokens(tmp_path))) as (_, client):
        answer = await post(client, call("create_task", {"title": "x"}), READER)
        assert answer.json()["result"]["isError"]
        assert said(answer) == "The token does not allow this: it needs the scope tasks:write."
        read = await post(client, request("resources/read", {"uri": "tasks://open"}), WRITER)
        assert said(read) == "The token does not allow this: it needs the scope tasks:read."


async def test_the_zone_is_the_tokens_else_the_requests_else_the_servers(tmp_path: Path, issuer: Issuer) -> None:
    async with application_on(tmp_path / "tasks.db", **with_jwt(issuer, tmp_path)) as (_, client):

        async def offset(token: str, **meta: Any) -> str:
            message = call("create_task", {"title": "ring", "due": "2027-01-15 at 3 PM"}, **meta)
            answer = await post(client, message, token)
            return answer.json()["result"]["structuredContent"]["task"]["due"].removeprefix("2027-01-15T15:00:00")

        asked = {"task-manager/timezone": "Asia/Tokyo"}
        assert await offset(issuer.token()) == "+01:00"
        assert await offset(issuer.token(), **asked) == "+09:00"
        assert await offset(issuer.token(zoneinfo="America/St_Johns"), **asked) == "-03:30"
        assert await offset(issuer.token(zoneinfo="(UTC+01:00) Amsterdam"), **asked) == "+09:00"
        wrong = await post(client, call("list_tasks", {}, **{"task-manager/timezone": "../Mars"}), issuer.token())
    assert said(wrong) == "_meta task-manager/timezone: there is no such time zone. Give a name such as Europe/Berlin."


async def test_published_keys_are_asked_for_once_and_anew_for_a_new_key() -> None:
    clock, one, other = Hours(), Issuer(), Issuer()
    with one.published() as url:
        tokens = IssuedTokens(PublishedKeys(url, clock=clock), ISSUER, [AUDIENCE])
        assert await tokens.principal(one.token())
        assert await tokens.principal(one.token(algorithm="ES256", kid="second"))
        assert await tokens.principal(one.token(algorithm="PS256")) is None  # the key says that it is for RS256
        assert await tokens.principal(one.token(algorithm="ES256")) is None  # signed with another key than it says
        assert one.asked == 1
        one.keys = [{**other.keys[0], "kid": "third"}, {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"}, {"kty": "?"}]
        assert await tokens.principal(other.token(kid="third")) is None  # it was asked a moment ago
        clock.now += 31
        assert await tokens.principal(other.token(kid="third"))
        assert await tokens.principal(one.token()) is None  # withdrawn
        secret = forged({"alg": "HS256", "kid": "secret"}, one.claims(), b"secret")
        assert await tokens.principal(secret) is None
        assert one.asked == 2


async def test_known_keys_are_believed_for_a_day_while_the_issuer_is_away() -> None:
    clock, issuer = Hours(), Issuer()
    with issuer.published() as url:
        tokens = IssuedTokens(PublishedKeys(url, clock=clock), ISSUER, [AUDIENCE])
        assert await tokens.principal(issuer.token())
    clock.now += KEYS_FRESH + 1
    assert await tokens.principal(issuer.token())
    clock.now += KEYS_STALE
    assert await tokens.principal(issuer.token()) is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"nonsense", "is not a public key that is understood"),
        (b"-----BEGIN PRIVATE KEY-----\n", "holds a private key. Give the public one, and keep that one secret."),
    ],
)
def test_a_file_that_is_no_public_key_is_told(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(content)
    with pytest.raises(BadRequest, match=sentence):
        authenticator_for(options(public_key=str(file), issuer=ISSUER, audience=AUDIENCE))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "names no token"),
        ("# only a comment\n\n", "names no token"),
        ("top-secret alice\n", "line 1 of .* needs a token, a subject and scopes"),
        ("\ntop-secret alice tasks:read tasks:all\n", "line 2 of .*: word 4 is no scope"),
        ("top-secret jwt:alice tasks:read\n", "line 1 of .*: the subject must"),
        ("top-secret alice tasks:read\ntop-secret bob tasks:read\n", "line 2 of .* has the token of another line"),
    ],
)
def test_a_token_file_that_cannot_be_used_is_told_by_its_line_and_never_quoted(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(BadRequest, match=f"^--tokens: .*{sentence}") as refused:
        StaticTokens(write_tokens(tmp_path, text))
    assert "top-secret" not in str(refused.value)


def test_a_token_file_is_read_again_when_it_changes_and_a_bad_one_is_not_believed(tmp_path: Path) -> None:
    clock, file = Hours(), write_tokens(tmp_path)
    tokens = StaticTokens(file, clock=clock)
    found = tokens.principal(ALICE)
    assert found
    assert (found.owner, found.scopes) == ("alice", {"tasks:read", "tasks:write"})
    file.write_text("new-token carol tasks:read\n")
    assert tokens.principal("new-token") is None
    clock.now += LOOK_AGAIN
    assert tokens.principal("new-token")
    assert tokens.principal(ALICE) is None
    file.write_text("nonsense\n")
    clock.now += LOOK_AGAIN
    assert tokens.principal("new-token")
    file.unlink()
    clock.now += LOOK_AGAIN
    assert tokens.principal("new-token")


def test_a_token_file_that_others_may_read_is_warned_of_and_sighup_reads_it_again(tmp_path: Path) -> None:
    file = write_tokens(tmp_path)
    file.chmod(0o644)
    with serving(tmp_path, "--tokens", str(file)) as service:
        file.write_text("new-token carol tasks:read\n")
        service.process.send_signal(signal.SIGHUP)
        message = call("list_tasks")
        assert (
            httpx.post(service.url, json=message, headers=headers(message, "new-token"), timeout=PATIENCE).status_code
            == 200
        )
        assert (
            httpx.post(service.url, json=message, headers=headers(message, ALICE), timeout=PATIENCE).status_code == 401
        )
        service.process.send_signal(signal.SIGTERM)
        assert service.ended() == 0
    warned = [line["reason"] for line in service.logged() if line["level"] == "warning" and "reason" in line]
    assert warned == [f"--tokens: others on this machine may read {file}. Keep it to yourself: chmod 600."]


async def test_a_stream_ends_when_its_token_is_withdrawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_servers.task_manager.over_http.app.LOOK_AGAIN", 0.01)
    monkeypatch.setattr("mcp_servers.task_manager.over_http.tokens.LOOK_AGAIN", 0.0)
    file = write_tokens(tmp_path)
    async with application_on(tmp_path / "tasks.db", tokens=str(file)) as (_, client):
        asked = {"notifications": {"resourceSubscriptions": ["tasks://open"]}}
        listening = asyncio.create_task(post(client, request("subscriptions/listen", asked), BOB))
        for _ in range(3):
            assert (await post(client, call("list_tasks"), BOB)).status_code == 200
        assert not listening.done()
        file.write_text(TOKENS.replace(BOB, "new-token"))
        ended = await asyncio.wait_for(listening, PATIENCE)
        assert (ended.status_code, ended.headers["content-type"]) == (200, "text/event-stream")


async def test_a_stream_ends_when_its_token_expires(tmp_path: Path, issuer: Issuer) -> None:
    async with application_on(tmp_path / "tasks.db", **with_jwt(issuer, tmp_path)) as (_, client):
        asked = {"notifications": {"resourceSubscriptions": ["tasks://open"]}}
        for seconds in (2, 8, 32):
            token = issuer.token(exp=int(time.time()) - int(LEEWAY) + seconds)
            ended = await asyncio.wait_for(post(client, request("subscriptions/listen", asked), token), PATIENCE)
            if ended.status_code == 200:
                break  # else the machine was so slow that it had expired when it came
        assert ended.status_code == 200
        assert "notifications/subscriptions/acknowledged" in ended.text
        assert (await post(client, call("list_tasks"), token)).status_code == 401


async def test_a_session_is_for_the_subject_that_opened_it(tmp_path: Path) -> None:
    file = write_tokens(tmp_path)
    with serving(tmp_path, "--tokens", str(file)) as service:
        async with Client(service.url, auth=ALICE, mode="legacy", timeout=PATIENCE) as client:
            await client.call_tool("create_task", {"title": "hers"})
            session = client.transport.get_session_id()  # type: ignore[union-attr]
            message = {"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"name": "list_tasks"}}
            asked = {"Accept": "application/json, text/event-stream", "Mcp-Session-Id": session or ""}
            async with httpx.AsyncClient(headers=asked, timeout=PATIENCE) as raw:
                found = [
                    await raw.post(service.url, json=message, headers={"Authorization": f"Bearer {token}"})
                    for token in (ALICE, BOB)
                ]
    assert "hers" in found[0].text
    assert (found[1].status_code, said(found[1])) == (404, "Session not found")


def test_owners_of_different_issuers_and_kinds_never_meet() -> None:
    pairs = [
        ("i", "s"),
        ("i|s", ""),
        ("i", "s|s"),
        ("i|s", "s"),
        ("i", "S"),
        ("", "i|s"),
        ("i%7Cs", ""),
        ("i", "x" * 999),
    ]
    owners = [owner_of(issuer, subject) for issuer, subject in pairs]
    assert len(set(owners)) == len(pairs)
    assert all(owner.startswith("jwt") and len(owner) <= 255 for owner in owners)
