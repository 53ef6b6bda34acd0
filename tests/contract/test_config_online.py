"""Keys are tried against a real HTTP server that answers as the providers do."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from voice_agent.config.online import PROBES, Probe, check_keys_online
from voice_agent.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voice_agent.config.profiles import Provider as ProviderName

pytestmark = pytest.mark.contract


class Provider(BaseHTTPRequestHandler):
    seen: list[tuple[str, str | None]] = []  # noqa: RUF012 - replaced by the fixture
    answer = 200

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get("Authorization")))
        self.send_response(self.answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the overridden parameter
        """Keep quiet."""


@pytest.fixture
def provider() -> Iterator[tuple[str, type[Provider]]]:
    class Mine(Provider):
        seen: list[tuple[str, str | None]] = []  # noqa: RUF012 - one list a test

    server = HTTPServer(("127.0.0.1", 0), Mine)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", Mine
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.mark.parametrize(
    ("answer", "status"), [(200, "ok"), (401, "problem"), (403, "problem"), (429, "warning"), (500, "warning")]
)
def test_what_the_provider_answers_is_what_is_said_of_the_key(
    provider: tuple[str, type[Provider]], answer: int, status: str
) -> None:
    url, handler = provider
    handler.answer = answer
    settings = Settings.model_validate({"openai_api_key": "sk-secret", "openai_base_url": f"{url}/v1/"})

    (found,) = check_keys_online(settings)

    assert (found.name, found.status) == ("key openai", status)
    assert "sk-secret" not in repr(found)
    assert handler.seen == [("/v1/models", "Bearer sk-secret")]


def test_each_key_that_is_set_is_tried_in_its_providers_own_way(provider: tuple[str, type[Provider]]) -> None:
    url, handler = provider
    local: dict[ProviderName, Probe] = {
        name: Probe(url + "/" + name, probe.key_header, probe.key_prefix) for name, probe in PROBES.items()
    }
    settings = Settings.model_validate({"deepgram_api_key": "d", "cartesia_api_key": "c"})

    assert [found.name for found in check_keys_online(settings, local)] == ["key deepgram", "key cartesia"]
    assert handler.seen == [("/deepgram", "Token d"), ("/cartesia", None)]


def test_a_provider_that_cannot_be_reached_is_a_warning_without_the_address_password() -> None:
    settings = Settings.model_validate({"openai_api_key": "k", "openai_base_url": "http://me:hidden@127.0.0.1:1/v1"})

    (found,) = check_keys_online(settings)

    assert found.status == "warning"
    assert "hidden" not in repr(found)


def test_a_key_that_cannot_be_sent_is_not_a_crash() -> None:
    settings = Settings.model_validate({"openai_api_key": "ké\ny", "openai_base_url": "http://127.0.0.1:1"})

    assert [found.status for found in check_keys_online(settings)] == ["warning"]
