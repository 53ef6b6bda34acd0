"""The official conformance suite's scenarios of signing in, of every protocol version, run against our bridge.

The tests run those that differ most. All of them, with a table: `python -m tests.interop.test_sign_in_conformance`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.support.program import environment
from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.credentials.keeper import Credentials
from voice_agent.bridge.forms import Reply
from voice_agent.bridge.supervisor import Pace
from voice_agent.bridge.types import ServerChanged, State
from voice_agent.config.types import HttpEntry, OAuth, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from voice_agent.bridge.forms import Question
    from voice_agent.bridge.types import BridgeEvent

HERE = Path(__file__).parent
CONFORMANCE = HERE / "node_modules" / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
CLIENT = HERE / "sign_in_client.py"
DOCUMENT = "https://conformance-test.local/client-metadata.json"
WITHIN = 30.0
AT_ONCE = 2
EXTENSIONS = "extensions"
_BOTH = (
    "metadata-default",
    "metadata-var1",
    "metadata-var2",
    "metadata-var3",
    "basic-cimd",
    "scope-from-www-authenticate",
    "scope-from-scopes-supported",
    "scope-omitted-when-undefined",
    "scope-step-up",
    "scope-retry-limit",
    "token-endpoint-auth-basic",
    "token-endpoint-auth-post",
    "token-endpoint-auth-none",
    "pre-registration",
)
SCENARIOS = {
    "2025-03-26": ("2025-03-26-oauth-metadata-backcompat", "2025-03-26-oauth-endpoint-fallback"),
    "2025-11-25": _BOTH,
    "2026-07-28": (
        *_BOTH,
        "resource-mismatch",
        "offline-access-scope",
        "offline-access-not-supported",
        "authorization-server-migration",
        "iss-supported",
        "iss-not-advertised",
        "iss-supported-missing",
        "iss-wrong-issuer",
        "iss-unexpected",
        "iss-normalized",
        "metadata-issuer-mismatch",
    ),
    EXTENSIONS: ("client-credentials-basic",),
}
"""All that there are but extensions that are not offered: assertions as JWT, DPoP, an enterprise's own identities."""
TRIED = {
    "2025-03-26": ("2025-03-26-oauth-endpoint-fallback",),
    "2025-11-25": ("metadata-var3", "scope-step-up", "pre-registration"),
    "2026-07-28": ("basic-cimd", "scope-step-up", "authorization-server-migration", "iss-wrong-issuer"),
    EXTENSIONS: ("client-credentials-basic",),
}

pytestmark = [
    pytest.mark.interop,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not CONFORMANCE.exists(), reason="npm packages are not installed; run: make test"),
]


class Browser:
    """Opens each link once, and is let in at once."""

    person = object()

    def __init__(self) -> None:
        self._opened: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, question: Question, /) -> Reply:
        """Open the link of a question (`bridge.forms.Asker`)."""
        if question.url is None:
            return Reply("cancel")
        self.open(question.url)
        await asyncio.Event().wait()
        return Reply("cancel")

    def open(self, url: str) -> None:
        """Open a link, and what it leads back to."""
        if url not in self._opened:
            self._opened.add(url)
            task = asyncio.create_task(_visit(url))
            self._tasks.add(task)


async def _visit(url: str) -> None:
    with contextlib.suppress(httpx2.TransportError):
        async with httpx2.AsyncClient() as client:
            sent = await client.get(url)
            if location := sent.headers.get("location"):
                await client.get(location)


async def client(url: str, scenario: str, context: dict[str, Any]) -> bool:
    """Attach the server, call all of its tools, and sign in wherever that is asked for; False: it was refused."""
    oauth = OAuth(
        client_id=context.get("client_id"),
        client_secret=context.get("client_secret"),
        client_metadata_url=None if context.get("client_id") else DOCUMENT,
        grant="client_credentials" if scenario.startswith("auth/client-credentials") else "code",
    )
    entry = HttpEntry("suite", url, "http", auth="oauth", oauth=oauth, voice=VoiceOptions(confirm="never"))
    browser, over = Browser(), asyncio.Event()

    def note(event: BridgeEvent) -> None:
        if isinstance(event, ServerChanged):
            status = event.status
            if status.link is not None:
                browser.open(status.link)
            is_hopeless = status.state is State.NEEDS_LOGIN and status.reason != "needs you to sign in"
            if status.state is State.READY or is_hopeless:
                over.set()

    with tempfile.TemporaryDirectory() as home:
        sign_ins = Credentials(Path(home), asks=True, keyring=False).of_person(None)
        bridge = Bridge([entry], sign_ins=sign_ins, asks=True, pace=Pace(first_retry=0.1, permanent_retry=0.2))
        bridge.subscribe(note)
        bridge.start()
        try:
            async with asyncio.timeout(WITHIN):
                await over.wait()
                results = [await bridge.call(tool, {}, on_question=browser) for tool in bridge.tools]
                return bool(results)
        except TimeoutError:
            return False
        finally:
            await bridge.aclose()


@contextlib.asynccontextmanager
async def waiting_for_the_suite() -> AsyncGenerator[int]:
    """Yield a port at which the suite's command asks for the client to be run."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told = json.loads(await reader.readline())
        writer.write(b"done\n" if await client(**told) else b"refused\n")
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def printed_by(home: Path, port: int, scenario: str, version: str | None) -> str:
    """Run a scenario; return what the suite prints."""
    command = f"{sys.executable} -I -S {CLIENT} {port}"
    node = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "node"),
        str(CONFORMANCE),
        "client",
        *("--command", command),
        *("--scenario", scenario),
        *("--timeout", str(round(WITHIN * 2_000))),
        *(("--spec-version", version) if version is not None else ()),
        cwd=home,
        env=environment(home),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert node.stdout is not None
    try:
        printed = await node.stdout.read()
        await node.wait()
    finally:
        if node.returncode is None:
            node.kill()
    return re.sub(r"\x1b\[[0-9;]*m", "", printed.decode())


async def passed_by(home: Path, version: str, scenarios: Sequence[str]) -> dict[str, str]:
    """Run scenarios of one protocol version; return for each how many checks passed, or what was printed."""
    few = asyncio.Semaphore(AT_ONCE)
    found: dict[str, str] = {}
    async with waiting_for_the_suite() as port:

        async def run(scenario: str) -> None:
            async with few, asyncio.timeout(WITHIN * 3):
                printed = await printed_by(home, port, f"auth/{scenario}", None if version == EXTENSIONS else version)
            counts = re.search(r"^Passed: (\d+)/\1, 0 failed, 0 warnings$", printed, re.MULTILINE)
            found[scenario] = f"{counts[1]} of {counts[1]}" if counts is not None else printed[-3000:]

        await asyncio.gather(*map(run, scenarios))
    return {scenario: found[scenario] for scenario in scenarios}


@pytest.mark.parametrize(("version", "scenarios"), TRIED.items())
async def test_the_scenarios_of_signing_in_pass(tmp_path: Path, version: str, scenarios: tuple[str, ...]) -> None:
    assert set(scenarios) <= set(SCENARIOS[version])
    found = await passed_by(tmp_path, version, scenarios)
    assert not {scenario: told for scenario, told in found.items() if " of " not in told[:10]}


def main() -> None:
    """Print a table of all."""
    with tempfile.TemporaryDirectory() as home:
        for version, scenarios in SCENARIOS.items():
            for scenario, told in asyncio.run(passed_by(Path(home), version, scenarios)).items():
                sys.stdout.write(f"{version}  {scenario:40}  {told}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
