"""Who the web part takes somebody for: what a page, a header or a cookie claims, and what is proven."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from voice_agent.bridge.hub.permits import Permits
from voice_agent.config.settings import Hub, Settings, Web
from voice_agent.errors import ConfigError
from voice_agent.session.dispatch import Dispatch, read_dispatch
from voice_agent.web.app import Site, make_app
from voice_agent.web.assistants import Assistants
from voice_agent.web.login import POLICY
from voice_agent.web.serve import visitors_of
from voice_agent.web.tokens import Tokens
from voice_agent.web.visitors import COOKIE, Visitors

if TYPE_CHECKING:
    from pathlib import Path

    from httpx2 import Response

pytestmark = pytest.mark.contract

KEY = "a-secret-of-more-than-thirty-two-characters"
HERE = "https://talk.example"
SECRET = "correct horse battery"
PERMITS = Permits("the key that web part and hub share")
PROXY = "10.0.0.5"
BY_PROXY = Web(subject_header="X-User", name_header="X-Name", proxies=f"{PROXY}, fd00::/8", owner="me@home")


def page(folder: Path, web: Web, *, peer: str = "192.0.2.7", **headers: str) -> TestClient:
    """A browser at `peer` that opens the page at its public address."""
    (folder / "index.html").write_text("<!doctype html><title>x</title>")
    site = Site(
        8000,
        "ws://127.0.0.1:1",
        Tokens("key", KEY, 60, permits=PERMITS),
        Assistants("ws://127.0.0.1:1", "key", KEY),
        page=folder,
        visitors=Visitors(web, KEY),
        url=web.url,
    )
    given = {"origin": HERE, **headers}
    return TestClient(make_app(site), base_url=HERE, headers=given, client=(peer, 1), follow_redirects=False)


def told(answer: Response) -> tuple[dict[str, Any], Dispatch]:
    """What the LiveKit token says, and what the job is told with it."""
    assert answer.status_code == 200, answer.text
    found = jwt.decode(answer.json()["token"], KEY, algorithms=["HS256"])
    [agent] = found["roomConfig"]["agents"]
    return found, read_dispatch(agent["metadata"])


def test_who_types_the_secret_comes_in_as_the_owner_and_is_remembered(tmp_path: Path) -> None:
    browser = page(tmp_path, Web(secret=SecretStr(SECRET)))
    sent_on = browser.get("/")
    assert (sent_on.status_code, sent_on.headers["location"]) == (303, "/login")
    assert browser.post("/api/token", json={}).status_code == 401
    form = browser.get("/login")
    assert form.headers["content-security-policy"] == POLICY
    assert 'type="password"' in form.text
    entered = browser.post("/login", data={"secret": SECRET})
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    for word in ("HttpOnly", "Secure", "SameSite=lax", "Max-Age"):
        assert word in entered.headers["set-cookie"]
    assert SECRET not in entered.headers["set-cookie"]
    assert browser.get("/").status_code == 200
    _, dispatch = told(browser.post("/api/token", json={"zone": "Asia/Tokyo"}))
    assert (dispatch.subject, dispatch.zone) == (None, "Asia/Tokyo")
    assert PERMITS.read(dispatch.permit).subject is None
    assert browser.post("/logout").status_code == 303
    assert browser.post("/api/token", json={}).status_code == 401


def test_a_script_shows_the_secret_in_a_header(tmp_path: Path) -> None:
    script = page(tmp_path, Web(secret=SecretStr(SECRET)), origin="")
    assert script.post("/api/token", json={}, headers={"authorization": f"Bearer {SECRET}"}).status_code == 200
    assert script.post("/api/token", json={}, headers={"authorization": "Bearer guess"}).status_code == 401


@pytest.mark.parametrize("way", ["form", "bearer"])
def test_guessing_is_slow_for_one_address_and_no_trouble_for_another(tmp_path: Path, way: str) -> None:
    web = Web(secret=SecretStr(SECRET))
    visitors = Visitors(web, KEY)

    def statuses(peer: str, *secrets: str) -> list[int]:
        (tmp_path / "index.html").write_text("<title>x</title>")
        site = Site(1, "ws://h", Tokens("key", KEY, 1), Assistants("ws://h", "k", KEY), None, tmp_path, visitors)
        with TestClient(make_app(site), base_url=HERE, client=(peer, 1), follow_redirects=False) as browser:
            found: list[int] = []
            for secret in secrets:
                if way == "form":
                    answer = browser.post("/login", data={"secret": secret}, headers={"origin": HERE})
                else:
                    answer = browser.post("/api/token", json={}, headers={"authorization": f"Bearer {secret}"})
                found.append(answer.status_code)
            return found

    in_vain = 429 if way == "form" else 401
    assert statuses("192.0.2.7", *["guess"] * 5, "guess", SECRET) == [401] * 5 + [in_vain] * 2
    assert statuses("192.0.2.8", SECRET) == [303 if way == "form" else 200]
    assert statuses("2001:db8::1", *["guess"] * 5) == [401] * 5
    assert statuses("2001:db8::2", SECRET) == [in_vain]


def test_another_sites_page_cannot_use_a_login(tmp_path: Path) -> None:
    browser = page(tmp_path, Web(secret=SecretStr(SECRET)))
    assert (
        browser.post("/login", data={"secret": SECRET}, headers={"origin": "https://evil.example"}).status_code == 403
    )
    browser.post("/login", data={"secret": SECRET})
    for origin in ("https://evil.example", "null", ""):
        assert browser.post("/api/token", json={}, headers={"origin": origin}).status_code == 403
    known = page(tmp_path, Web(secret=SecretStr(SECRET), url="https://other.example/"))
    assert known.post("/login", data={"secret": SECRET}).status_code == 403


@pytest.mark.parametrize("shown", ["forged", "owner", "none", "other secret", "old"])
def test_a_cookie_that_is_not_ours_is_nothing(tmp_path: Path, shown: str) -> None:
    web = Web(secret=SecretStr(SECRET))
    cookie = {
        "forged": jwt.encode({"aud": "voice-agent/login", "exp": time.time() + 60}, "x" * 32),
        "owner": "owner",
        "none": jwt.encode({"aud": "voice-agent/login", "exp": time.time() + 60}, "", algorithm="none"),
        "other secret": Visitors(Web(secret=SecretStr(SECRET[::-1])), KEY).cookie(),
        "old": Visitors(web, KEY[::-1]).cookie(),
    }[shown]
    browser = page(tmp_path, web)
    browser.cookies.set(COOKIE, cookie)
    assert browser.post("/api/token", json={}).status_code == 401


def test_whom_a_trusted_proxy_has_verified_is_who_it_says(tmp_path: Path) -> None:
    browser = page(tmp_path, BY_PROXY, peer=PROXY)
    assert browser.get("/").status_code == 401
    anna = {b"x-user": b"anna@example.org", b"x-name": "Änna".encode()}
    found, dispatch = told(browser.post("/api/token", json={}, headers=anna))
    assert (dispatch.subject, dispatch.name, found["name"]) == ("anna@example.org", "Änna", "Änna")
    assert PERMITS.read(dispatch.permit).subject == "anna@example.org"
    assert "anna" not in found["sub"]
    _, dispatch = told(browser.post("/api/token", json={}, headers={"x-user": "me@home"}))
    assert (dispatch.subject, PERMITS.read(dispatch.permit).subject) == (None, None)


@pytest.mark.parametrize("peer", ["192.0.2.7", "127.0.0.1", "10.0.0.50", "::1", "testclient"])
def test_the_header_of_anybody_else_is_nothing(tmp_path: Path, peer: str) -> None:
    browser = page(tmp_path, BY_PROXY, peer=peer)
    claims = {"x-user": "anna@example.org", "x-forwarded-for": PROXY, "forwarded": f"for={PROXY}"}
    assert browser.post("/api/token", json={}, headers=claims).status_code == 401


def test_a_header_that_came_twice_or_cannot_be_read_is_nothing(tmp_path: Path) -> None:
    browser = page(tmp_path, BY_PROXY, peer=f"::ffff:{PROXY}")
    assert browser.post("/api/token", json={}, headers={"x-user": "anna"}).status_code == 200
    twice = [("x-user", "anna"), ("x-user", "ben"), ("origin", HERE)]
    assert browser.post("/api/token", json={}, headers=twice).status_code == 401
    for text in (b"", b" ", b"a" * 300, b"a\tb"):
        assert browser.post("/api/token", json={}, headers={b"x-user": text}).status_code == 401


def test_a_proxy_can_prove_itself_by_a_secret(tmp_path: Path) -> None:
    browser = page(tmp_path, Web(subject_header="X-User", proxy_secret=SecretStr(SECRET)))
    for shown, status in ((SECRET, 200), ("guess", 401), ("", 401)):
        given = {"x-user": "anna", "x-proxy-secret": shown}
        assert browser.post("/api/token", json={}, headers=given).status_code == status


def test_what_a_page_says_of_itself_changes_nothing(tmp_path: Path) -> None:
    browser = page(tmp_path, BY_PROXY, peer=PROXY)
    said = {
        "subject": "ben",
        "identity": "ben",
        "name": "Ben",
        "permit": PERMITS.give("ben"),
        "zone": "../../etc/passwd",
    }
    _, dispatch = told(browser.post("/api/token", json=said, headers={"x-user": "anna"}))
    assert (dispatch.subject, dispatch.name, dispatch.zone) == ("anna", None, None)
    assert PERMITS.read(dispatch.permit).subject == "anna"


def test_one_persons_ticket_does_not_lead_another_into_their_room(tmp_path: Path) -> None:
    browser = page(tmp_path, BY_PROXY, peer=PROXY)
    hers = browser.post("/api/token", json={}, headers={"x-user": "anna"}).json()
    again = browser.post("/api/token", json={"ticket": hers["ticket"]}, headers={"x-user": "anna"}).json()
    his = browser.post("/api/token", json={"ticket": hers["ticket"]}, headers={"x-user": "ben"}).json()
    assert again["room"] == hers["room"] != his["room"]
    called = browser.post("/api/assistant", json={"ticket": hers["ticket"]}, headers={"x-user": "ben"})
    assert called.status_code == 400


def test_one_person_who_asks_too_often_is_no_trouble_for_another(tmp_path: Path) -> None:
    browser = page(tmp_path, BY_PROXY, peer=PROXY)
    asked = [browser.post("/api/token", json={}, headers={"x-user": "anna"}).status_code for _ in range(40)]
    assert 429 in asked
    assert browser.post("/api/token", json={}, headers={"x-user": "ben"}).status_code == 200


def test_health_needs_no_login(tmp_path: Path) -> None:
    assert page(tmp_path, BY_PROXY).get("/healthz").text == "OK"


@pytest.mark.parametrize(
    ("web", "host", "permit_key", "why"),
    [
        (Web(), "0.0.0.0", None, "can be reached by others"),  # noqa: S104 - what is refused
        (Web(url=HERE), "127.0.0.1", None, "web.url is set"),
        (Web(secret=SecretStr("short")), "127.0.0.1", None, "web.secret is too short"),
        (Web(subject_header="X-User"), "127.0.0.1", KEY, "anybody could send it"),
        (Web(subject_header="X-User", proxies="10.0.0"), "127.0.0.1", KEY, "web.proxies"),
        (Web(proxies=PROXY), "127.0.0.1", KEY, "web.subject_header is missing"),
        (BY_PROXY, "127.0.0.1", None, "hub.permit_key"),
        (Web(secret=SecretStr(SECRET), url="talk.example"), "127.0.0.1", None, "is no address"),
    ],
)
def test_settings_that_would_let_others_in_are_refused_with_what_to_set(
    web: Web, host: str, permit_key: str | None, why: str
) -> None:
    key = SecretStr(permit_key) if permit_key is not None else None
    with pytest.raises(ConfigError, match=why):
        visitors_of(Settings(web=web, hub=Hub(permit_key=key)), KEY, host)


def test_with_a_login_it_may_be_served_anywhere() -> None:
    assert not visitors_of(Settings(web=Web(secret=SecretStr(SECRET))), KEY, "0.0.0.0").are_many  # noqa: S104 - see above
    assert visitors_of(Settings(web=BY_PROXY, hub=Hub(permit_key=SecretStr(KEY))), KEY, "::").are_many
