"""The web part over HTTP: tokens with the least grants, and refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from voice_agent.config.load import Config
from voice_agent.config.settings import Settings
from voice_agent.errors import PartMissing
from voice_agent.session.dispatch import AGENT, Dispatch, read_dispatch
from voice_agent.web.app import Site, make_app
from voice_agent.web.assistants import Assistants
from voice_agent.web.choices import Choices, choices_of
from voice_agent.web.tokens import Place, Tokens

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.contract

KEY, SECRET = "key", "a-secret-of-more-than-thirty-two-characters"
HERE = "http://127.0.0.1:8000"
URL = "ws://127.0.0.1:1"


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    (tmp_path / "index.html").write_text("<!doctype html><title>x</title>")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.js").write_text("1")
    tokens = Tokens(KEY, SECRET, 60)
    site = Site(8000, URL, tokens, Assistants(URL, KEY, SECRET), profile="offline", page=tmp_path)
    return TestClient(make_app(site), base_url=HERE, headers={"origin": HERE})


def grants(answer: dict[str, Any]) -> dict[str, Any]:
    return jwt.decode(answer["token"], SECRET, algorithms=["HS256"])


def test_a_token_lets_one_person_into_one_room_for_a_short_time_to_speak_and_hear(client: TestClient) -> None:
    answer = client.post("/api/token", json={}).json()
    found = grants(answer)
    assert found["video"] == {
        "room": answer["room"],
        "roomJoin": True,
        "canPublish": True,
        "canPublishSources": ["microphone"],
        "canSubscribe": True,
        "canPublishData": True,
        "canUpdateOwnMetadata": False,
    }
    assert set(found) <= {"iss", "sub", "name", "nbf", "exp", "video", "roomConfig"}
    assert datetime.fromtimestamp(found["exp"], UTC) - datetime.now(UTC) < timedelta(minutes=3)
    [agent] = found["roomConfig"]["agents"]
    assert agent["agentName"] == AGENT
    assert read_dispatch(agent["metadata"]) == Dispatch(found["sub"], "offline")
    assert found["roomConfig"]["departureTimeout"] > 60


def test_room_and_identity_are_chosen_by_the_server_and_differ_each_time(client: TestClient) -> None:
    asked = {"room": "mine", "identity": "root", "ticket": "forged"}
    first, second = (client.post("/api/token", json=asked).json() for _ in range(2))
    assert first["room"] != second["room"]
    assert grants(first)["sub"] != grants(second)["sub"]
    assert "root" not in (grants(first)["sub"], grants(second)["sub"])


def test_a_ticket_leads_back_to_the_same_room_and_identity(client: TestClient) -> None:
    first = client.post("/api/token", json={}).json()
    again = client.post("/api/token", json={"ticket": first["ticket"]}).json()
    assert (again["room"], grants(again)["sub"]) == (first["room"], grants(first)["sub"])


def test_a_ticket_of_another_key_or_too_old_or_a_token_in_its_place_leads_nowhere() -> None:
    place = Place("room", "user")
    tokens = Tokens(KEY, SECRET, 60)
    old = Tokens(KEY, SECRET, 60, now=lambda: datetime.now(UTC) - timedelta(days=2))
    other = Tokens(KEY, SECRET[::-1], 60)
    assert tokens.place_of(tokens.ticket(place)) == place
    for ticket in (old.ticket(place), other.ticket(place), tokens.token(place, None), "", None, 7):
        assert tokens.place_of(ticket) is None


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.example"}, {"origin": "null"}, {"origin": ""}, {"host": "evil.example:8000"}],
)
def test_another_site_gets_nothing(client: TestClient, headers: dict[str, str]) -> None:
    refused = client.post("/api/token", json={}, headers=headers)
    assert refused.status_code == 403
    assert "token" not in refused.json()


def test_a_name_that_only_leads_here_does_not_get_the_page(client: TestClient) -> None:
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"host": "rebound.example:8000"}).status_code == 403


def test_too_many_conversations_are_refused(client: TestClient) -> None:
    statuses = [client.post("/api/token", json={}).status_code for _ in range(40)]
    assert statuses[:20] == [200] * 20
    assert 429 in statuses


@pytest.mark.parametrize("body", [b"{", b"[]", b"x" * 10_000])
def test_what_is_no_small_json_object_is_refused(client: TestClient, body: bytes) -> None:
    assert client.post("/api/token", content=body).status_code == 400


def test_an_assistant_is_called_for_a_ticket_alone(client: TestClient) -> None:
    assert client.post("/api/assistant", json={}).status_code == 400
    ticket = client.post("/api/token", json={}).json()["ticket"]
    answer = client.post("/api/assistant", json={"ticket": ticket})
    assert (answer.status_code, answer.json()) == (200, {"is_called": False})


@pytest.mark.parametrize("path", ["/", "/assets/a.js", "/healthz", "/nothing"])
def test_every_answer_carries_the_policy(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "microphone=(self)" in headers["permissions-policy"]


def test_the_page_is_looked_for_anew_and_its_named_parts_are_kept(client: TestClient) -> None:
    assert client.get("/").headers["cache-control"] == "no-cache"
    assert "immutable" in client.get("/assets/a.js").headers["cache-control"]
    assert client.post("/api/token", json={}).headers["cache-control"] == "no-store"


def test_without_a_built_page_it_says_how_to_build_it(tmp_path: Path) -> None:
    site = Site(8000, URL, Tokens(KEY, SECRET, 60), Assistants(URL, KEY, SECRET), page=tmp_path)
    with pytest.raises(PartMissing, match="make page"):
        make_app(site)


def test_what_can_be_chosen_is_offered_and_what_is_chosen_stays_with_the_conversation(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>x</title>")
    choices = Choices(("auto", "offline"), "offline", ("en", "de"), "en")
    site = Site(
        8000, URL, Tokens(KEY, SECRET, 60), Assistants(URL, KEY, SECRET), "offline", page=tmp_path, choices=choices
    )
    client = TestClient(make_app(site), base_url=HERE, headers={"origin": HERE})
    assert client.get("/api/options").json() == {
        "profiles": ["auto", "offline"],
        "profile": "offline",
        "languages": ["en", "de"],
        "language": "en",
    }
    first = client.post("/api/token", json={"profile": "auto", "language": "de"}).json()
    back = client.post("/api/token", json={"ticket": first["ticket"], "profile": "offline"}).json()
    unknown = client.post("/api/token", json={"profile": "none", "language": ["de"]}).json()
    told = [read_dispatch(grants(one)["roomConfig"]["agents"][0]["metadata"]) for one in (first, back, unknown)]
    assert [(one.profile, one.language) for one in told] == [("auto", "de"), ("auto", "de"), ("offline", None)]

    for wrong in ({"ticket": first["ticket"], "language": "fr"}, {"ticket": "none", "language": "en"}):
        assert client.post("/api/language", json=wrong).status_code == 400
    changed = client.post("/api/language", json={"ticket": first["ticket"], "language": "en"}).json()
    assert changed["is_told"] is False
    back = client.post("/api/token", json={"ticket": changed["ticket"]}).json()
    assert grants(back)["attributes"] == {"language": "en"}
    assert back["room"] == first["room"]
    early = client.post("/api/token", json={"ticket": first["ticket"], "language": "en"}).json()
    assert grants(early)["attributes"] == {"language": "en"}


def test_only_profiles_that_can_be_used_are_offered(tmp_path: Path) -> None:
    def offered(**settings: Any) -> tuple[str, ...]:
        config = Config(Settings(**settings), (), (), (), {}, tmp_path, None, None)
        return choices_of(config, None).profiles

    assert offered() == ("auto", "offline")
    keys = {name: SecretStr("x") for name in ("openai_api_key", "deepgram_api_key", "cartesia_api_key")}
    assert offered(**keys) == ("auto", "budget", "offline", "quality")
