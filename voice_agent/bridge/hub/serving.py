"""The hub as a process: its doors, its token, edits of `mcp.json`, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import secrets
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voice_agent.bridge.credentials.keeper import Credentials
from voice_agent.bridge.hub.doors import by_http, by_socket
from voice_agent.bridge.hub.hub import Hub
from voice_agent.bridge.hub.lines import Address
from voice_agent.bridge.hub.people import People
from voice_agent.bridge.hub.permits import Permits
from voice_agent.bridge.hub.proposals import Conversations
from voice_agent.bridge.hub.task_service import TaskService
from voice_agent.config.again import Watch, read_again
from voice_agent.errors import ConfigError, PartFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.config.load import Config

SOCKET, TOKEN = "hub.sock", "hub-token"
"""Files in the user's home."""
_GARBAGE = (20_000, 20, 50)
"""How rarely garbage is looked for: nearly all that a call makes is gone with its answer; a look holds up others."""
_LOOK = 0.5
"""Seconds between two looks at `mcp.json`."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What lets somebody in."""

    jobs: str
    clients: str
    file: Path | None
    """Where that of text clients is kept; None: it is the one that is set."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Where a hub can be reached."""

    address: Address
    url: str | None
    """For text clients; None: not by HTTP."""


async def serve(
    config: Config,
    *,
    tokens: Tokens,
    read: Callable[[], Config],
    http: tuple[str, int] | None,
    alone: bool,
    on_ready: Callable[[Doors], None],
    on_complaint: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        config: The user's settings and servers.
        tokens: What those who come are asked for.
        read: Reads the configuration once more, after an edit of `mcp.json`.
        http: Host and port for text clients; None: none.
        alone: All who come act for the owner of this machine.
        on_ready: Told of the doors once they are open; servers may still be starting.
        on_complaint: Told what is wrong with an edit.

    Raises:
        PartFailed: A door cannot be opened.
        ConfigError: The address that is set is none.
    """
    watch = Watch(config)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="voice-agent-hub-")))
        # Where others come, the owner's connections are theirs too: then one signs in only where the entry says so.
        credentials = Credentials(config.home, asks=True, unasked=alone, page=config.settings.web.url)
        conversations = Conversations(config.settings.hub.hold)
        hub = Hub(
            People(config, TaskService.of(config.servers, folder), credentials), permits_of(config), conversations
        )
        hub.start()
        stack.push_async_callback(hub.aclose)
        address = await stack.enter_async_context(by_socket(hub, tokens.jobs, socket_of(config)))
        url = await stack.enter_async_context(by_http(hub, tokens.clients, *http)) if http is not None else None
        following = asyncio.create_task(_follow_edits(hub, config, read, on_complaint, watch), name="edits of mcp.json")
        # What is imported stays: looking through it for garbage would hold up calls now and then.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GARBAGE)
        try:
            on_ready(Doors(address, url))
            await stopping.wait()
        finally:
            following.cancel()
            await asyncio.wait({following})


def socket_of(config: Config) -> Path | None:
    """Return where jobs are let in: the configured socket, that in the user's home, or None for a free port."""
    address = config.settings.hub.address
    if address is None:
        return config.home / SOCKET
    path = Address.read(address).path
    return Path(path) if path is not None else None


def permits_of(config: Config) -> Permits | None:
    """Return what tells whom a job acts for; None where there is one user.

    Raises:
        ConfigError: The key is too short, or jobs would have the token of text clients.
    """
    hub = config.settings.hub
    if hub.permit_key is not None and hub.token is None:
        raise ConfigError("hub.permit_key is set: set hub.token too, which the jobs of workers come with.")
    return Permits.of(config.settings)


def tokens_of(config: Config) -> Tokens:
    """Return the token that is set, or that of a file in the user's home, which is made where it is missing.

    Where people are kept apart, text clients, which act for the owner of this machine, need that of the file: workers
    do not have it.

    Raises:
        PartFailed: The file cannot be read or made.
    """
    hub = config.settings.hub
    given = hub.token.get_secret_value() if hub.token is not None else None
    if given is not None and hub.permit_key is None:
        return Tokens(given, given, None)
    file = config.home / TOKEN
    kept = _kept(file)
    return Tokens(given or kept, kept, file)


def _kept(file: Path) -> str:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(handle, secrets.token_urlsafe(32).encode() + b"\n")
            os.close(handle)
        token = file.read_text().strip()
    except OSError as error:
        raise PartFailed(f"The hub's token cannot be kept in {file}: {error.strerror}.") from None
    if not token:
        raise PartFailed(f"{file} is empty. Delete it, and the hub makes a new token.")
    return token


async def _follow_edits(
    hub: Hub, config: Config, read: Callable[[], Config], on_complaint: Callable[[str], None], watch: Watch
) -> None:
    while True:
        await asyncio.sleep(_LOOK)
        if not watch.is_edited():
            continue
        edited = await asyncio.to_thread(read_again, config, read)
        for complaint in edited.complaints:
            on_complaint(complaint)
        if edited.config is not None:
            config = edited.config
            watch.follow(config)
            await hub.people.reconfigure(config)
