"""The bundled Task Manager for people who log in: one process over HTTP, with a short-lived token for each of them.

The keys are made anew with each hub and never leave it; the process is given the public one. The name of the issuer
stays, for it is part of whose tasks they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING

import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typing_extensions import override

from voice_agent.config import bundled
from voice_agent.config.inherited import child_environment
from voice_agent.config.types import BUILT_IN, HttpEntry

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from voice_agent.config.types import ServerEntry, StdioEntry

ISSUER = "voice-agent"
AUDIENCE = "task-manager"
_LIVES = 300
"""Seconds that a token is good for."""
_RENEWED = 60
"""Seconds before its end that a token is replaced."""
_READY_WITHIN = 30.0
_ENDS_WITHIN = 3.0
_LISTENING = b"listening on "
_NOWHERE = "http://127.0.0.1/mcp"
"""Stands for the address until there is one."""

logger = logging.getLogger(__name__)


class TaskService:
    """Starts the process when the first person comes, and again when it has died."""

    def __init__(self, entry: StdioEntry, folder: Path) -> None:
        """Take the entry that starts the Task Manager over standard input and output, and a private folder."""
        self._entry, self._folder = entry, folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._process: asyncio.subprocess.Process | None = None
        self._url = _NOWHERE
        self._starting: asyncio.Task[None] | None = None
        self._draining: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, servers: Sequence[ServerEntry], folder: Path) -> TaskService | None:
        """Return that of the Task Manager among `servers`; None where there is none, or it was made to be shared."""
        found = next((entry for entry in servers if bundled.runs(entry) and entry.voice.scope is None), None)
        return cls(found, folder) if found is not None and not isinstance(found, HttpEntry) else None

    def entry_for(self, entry: StdioEntry | HttpEntry) -> HttpEntry:
        """Return the entry by which a person's bridge reaches it, in place of `entry`; its URL is found out later."""
        return HttpEntry(entry.name, _NOWHERE, "http", voice=entry.voice, origin=BUILT_IN)

    def is_it(self, entry: ServerEntry) -> bool:
        """Whether `entry` is that of `entry_for`."""
        return isinstance(entry, HttpEntry) and entry.url == _NOWHERE

    def auth_of(self, subject: str) -> httpx2.Auth:
        """Return what vouches for `subject`."""
        return _Vouching(self._key, subject)

    async def url(self) -> str:
        """Return where it is, after starting it where it does not run.

        Raises:
            OSError: It cannot be started.
        """
        is_ended = self._process is not None and self._process.returncode is not None
        if self._starting is None or (self._starting.done() and (is_ended or _failed(self._starting))):
            self._starting = asyncio.create_task(self._start(), name="Task Manager's start")
        # It goes on for the others when one of those who wait gives up.
        await asyncio.shield(self._starting)
        return self._url

    async def aclose(self) -> None:
        """End the process."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait({self._starting})
        await self._stop()

    async def _start(self) -> None:
        await self._stop()
        public = self._folder / "task-manager.pem"
        public.write_bytes(self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        given = [word for word in self._entry.args if word not in ("stdio", "http")]
        options = ["--port", "0", "--public-key", str(public), "--issuer", ISSUER, "--audience", AUDIENCE]
        # A person may ask as often as their conversations need; it is us who ask.
        limits = ["--rate", "0", "--log-level", "error"]
        # However we end, its standard input ends with us.
        limits += ["--until-closed", "0"]
        # In our own process group: who ends that ends it too.
        process = self._process = await asyncio.create_subprocess_exec(
            self._entry.command,
            *given,
            "http",
            *options,
            *limits,
            env=child_environment(self._entry.env),
            cwd=self._entry.cwd,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        try:
            line = await asyncio.wait_for(process.stderr.readline(), _READY_WITHIN)
        except TimeoutError:
            line = b""
        if not line.startswith(_LISTENING):
            await self._stop()
            raise OSError(line.decode("utf-8", "replace").strip() or "the Task Manager did not start")
        self._url = line.removeprefix(_LISTENING).decode().strip()
        self._draining = asyncio.create_task(_drain(process.stderr), name="Task Manager's log")

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _ENDS_WITHIN)
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._draining is not None:
            self._draining.cancel()
            await asyncio.wait({self._draining})
            self._draining = None


class _Vouching(httpx2.Auth):
    """Puts a token for one person on each request; a new one in good time."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, subject: str) -> None:
        self._key, self._subject = key, subject
        self._token, self._until = "", 0.0

    @override
    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        now = time.time()
        if now > self._until - _RENEWED:
            self._until = now + _LIVES
            claims = {
                "iss": ISSUER,
                "aud": AUDIENCE,
                "sub": self._subject,
                "iat": int(now),
                "exp": int(self._until),
                "scope": "tasks:read tasks:write",
            }
            self._token = jwt.encode(claims, self._key, algorithm="ES256")
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _failed(task: asyncio.Task[None]) -> bool:
    return task.cancelled() or task.exception() is not None


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(4096):
        pass
