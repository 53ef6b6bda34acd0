from __future__ import annotations

import asyncio
import logging
import os
import stat
from typing import TYPE_CHECKING

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from voice_agent.bridge.credentials.doorstep import Doorstep, looks_like_return
from voice_agent.bridge.credentials.flow import may_ask
from voice_agent.bridge.credentials.keeper import Credentials
from voice_agent.bridge.credentials.vault import Vault, VaultLocked
from voice_agent.config.types import HttpEntry, StdioEntry

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.contract

URL = "https://notes.example/mcp"
RECORD = {"tokens": {"access_token": "tell-nobody"}}


async def request(port: int, target: str, method: str = "GET") -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    async with asyncio.timeout(45):
        answer = (await reader.read()).decode()
    writer.close()
    return answer


async def test_only_the_browser_that_is_expected_is_let_in() -> None:
    async with Doorstep() as door:
        door.expect("https://auth.example/authorize?state=right&x=1")
        for target in ("/callback?code=c&state=wrong", "/callback?code=c", "/callback?state=right", "/callback"):
            assert "400 Bad Request" in await request(door.port, target)
        assert "404 Not Found" in await request(door.port, "/callback?code=c&state=right", "POST")
        assert "404 Not Found" in await request(door.port, "/other?code=c&state=right")
        answer = await request(door.port, "/callback?code=c1&state=right&iss=https%3A%2F%2Fauth.example")
        assert "200 OK" in answer
        assert "c1" not in answer
        come = await asyncio.wait_for(door.arrival(), 45)
    assert (come.code, come.iss, come.error) == ("c1", "https://auth.example", None)


async def test_a_refusal_comes_back_too_and_what_comes_second_changes_nothing() -> None:
    async with Doorstep() as door:
        door.expect("https://auth.example/authorize?state=right")
        assert "You are not signed in" in await request(door.port, "/callback?error=access_denied&state=right")
        await request(door.port, "/callback?code=late&state=right")
        assert (await asyncio.wait_for(door.arrival(), 45)).error == "access_denied"


async def test_before_a_link_is_out_nobody_is_let_in() -> None:
    async with Doorstep() as door:
        assert "400 Bad Request" in await request(door.port, "/callback?code=c&state=")


async def test_a_pasted_address_is_taken_only_with_the_right_state_and_port() -> None:
    async with Doorstep() as door:
        door.expect("https://auth.example/authorize?state=right")
        good = f"{door.address}?code=c&state=right"
        for bad in (good.replace("right", "wrong"), good.replace(str(door.port), "1"), f"{good[:4]}s{good[4:]}", "x"):
            assert not door.take(bad)
        assert door.take(f" {good} ")


async def test_the_usual_port_is_used_again_where_it_is_free() -> None:
    async with Doorstep() as first:
        async with Doorstep(usual=first.port) as second:
            assert second.port != first.port
        free = second.port
    async with Doorstep(usual=free) as third:
        assert third.port == free
        with pytest.raises(OSError, match="in use"):
            await Doorstep(free).__aenter__()


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("http://127.0.0.1:5000/callback?code=a&state=b", True),
        ("http://localhost:5000/callback?state=b&error=access_denied", True),
        ("what is at http://127.0.0.1:5000/callback?code=a&state=b", False),
        ("http://127.0.0.1:5000/other?code=a&state=b", False),
        ("https://example.com/callback?code=a&state=b", True),
        ("https://example.com/callback?state=b", False),
        ("http://[", False),
        ("add milk", False),
    ],
)
def test_the_address_that_a_browser_comes_back_to_is_told_from_a_turn(text: str, is_one: bool) -> None:
    assert looks_like_return(text) is is_one


@pytest.mark.parametrize(
    ("url", "server", "may"),
    [
        ("https://auth.example/token", "https://notes.example/mcp", True),
        ("http://auth.example/token", "https://notes.example/mcp", False),
        ("http://notes.example/token", "http://notes.example/mcp", True),
        ("http://127.0.0.1:9/token", "http://127.0.0.1:8/mcp", True),
        ("http://127.0.0.1:9/token", "https://notes.example/mcp", False),
        ("https://169.254.169.254/latest", "https://notes.example/mcp", False),
        ("https://10.0.0.1/token", "https://notes.example/mcp", False),
        ("https://[::1]/token", "https://notes.example/mcp", False),
        ("https://printer.local/token", "https://notes.example/mcp", False),
        ("https://user@auth.example/token", "https://notes.example/mcp", False),
        ("javascript:alert(1)", "https://notes.example/mcp", False),
        ("file:///etc/passwd", "https://notes.example/mcp", False),
    ],
)
def test_a_server_cannot_make_us_ask_addresses_that_are_not_its_business(url: str, server: str, may: bool) -> None:
    assert may_ask(url, server) is may


def test_what_is_kept_is_private_and_encrypted_and_told_apart_by_person(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "v", keyring=False)
    vault.write(URL, None, RECORD)
    vault.write(URL, "ada", {"tokens": {"access_token": "of-ada"}})
    assert vault.read(URL, None) == RECORD
    assert vault.read(URL, "bob") is None
    assert vault.read("https://other.example/mcp", None) is None
    for path in (tmp_path / "v").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"tell-nobody" not in path.read_bytes()
        assert "notes" not in path.name
    assert stat.S_IMODE((tmp_path / "v").stat().st_mode) == 0o700
    assert vault.key_is_in == "file"
    assert Vault(tmp_path / "v", keyring=False).read(URL, None) == RECORD
    assert (vault.forget(URL, None), vault.forget(URL, None)) == (True, False)


def test_a_record_that_was_moved_to_another_place_is_not_believed(tmp_path: Path) -> None:
    vault = Vault(tmp_path, keyring=False)
    vault.write(URL, "ada", RECORD)
    os.replace(vault.path(URL, "ada"), vault.path("https://evil.example/mcp", "ada"))  # noqa: PTH105 - as short
    assert vault.read("https://evil.example/mcp", "ada") is None


def test_what_was_written_with_another_key_is_locked(tmp_path: Path) -> None:
    Vault(tmp_path, keyring=False).write(URL, None, RECORD)
    (tmp_path / "key").unlink()
    with pytest.raises(VaultLocked):
        Vault(tmp_path, keyring=False).read(URL, None)


class _Keyring(KeyringBackend):
    """A system's keyring, which its user can lock."""

    priority = 5  # pyright: ignore[reportAssignmentType] - the library's own way to say it

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_locked:
            raise KeyringLocked
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


def test_the_key_rests_in_the_systems_keyring_and_what_it_seals_outlives_its_being_locked(tmp_path: Path) -> None:
    before, ring = keyring.get_keyring(), _Keyring()
    keyring.set_keyring(ring)
    try:
        vault = Vault(tmp_path)
        vault.write(URL, None, RECORD)
        assert vault.key_is_in == "keyring"
        ring.is_locked = True
        with pytest.raises(VaultLocked):
            Vault(tmp_path).read(URL, None)
        ring.is_locked = False
        assert Vault(tmp_path).read(URL, None) == RECORD
    finally:
        keyring.set_keyring(before)
    assert [path.suffix for path in tmp_path.iterdir()] == [".bin"]


def test_only_whoever_can_sign_in_gets_a_sign_in(tmp_path: Path) -> None:
    keeper = Credentials(tmp_path, asks=True, keyring=False)
    said, bare = HttpEntry("a", URL, auth="oauth"), HttpEntry("b", URL)
    bearer, header = HttpEntry("c", URL, auth="t0ken"), HttpEntry("d", URL, headers={"authorization": "Bearer x"})
    assert [keeper.of(None, one) is not None for one in (said, bare, bearer, header)] == [True, True, False, False]
    assert [keeper.of("ada", one) is not None for one in (said, bare, bearer, header)] == [True, False, False, False]
    assert keeper.of(None, StdioEntry("e", "server")) is None


async def test_nothing_of_a_sign_in_shows_when_it_is_printed_or_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keeper = Credentials(tmp_path, asks=True, keyring=False)
    sign_in = keeper.of(None, HttpEntry("a", URL, auth="oauth"))
    assert sign_in is not None
    Vault(tmp_path / "sign-ins", keyring=False).write(URL, None, RECORD)
    await asyncio.wait_for(sign_in.noticed(), 45)
    assert sign_in.is_signed_in
    assert "tell-nobody" not in f"{sign_in!r} {keeper!r} {vars(keeper)}"
    assert "tell-nobody" not in caplog.text
