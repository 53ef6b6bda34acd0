"""The worker: registers with the LiveKit server and holds each job's conversation in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
from livekit import api
from livekit.agents import AgentServer, JobExecutorType, WorkerPermissions
from livekit.protocol.models import TrackSource

from voice_agent.errors import ConfigError, PartFailed
from voice_agent.session.dispatch import AGENT
from voice_agent.worker import process
from voice_agent.worker.admission import Admission
from voice_agent.worker.drain import drain
from voice_agent.worker.health import Health
from voice_agent.worker.load import Load
from voice_agent.worker.rescue import Rescue
from voice_agent.worker.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from voice_agent.config.load import Config

_PREPARED_WITHIN = 60.0
"""Seconds that a process may take until it can be given a job."""
_TRIES = 16
_ENDS_WITHIN = 12.0
"""Seconds that a job may take to end."""


async def serve(
    config: Config,
    *,
    on_registered: Callable[[str], None],
    read: Callable[[], Config] | None = None,
    in_threads: bool = False,
    port: int = 0,
    tries: int = _TRIES,
) -> None:
    """Take jobs until a signal: SIGTERM lets running conversations end by themselves, SIGINT ends them.

    Args:
        config: The user's settings and servers; the LiveKit server among them.
        read: Reads the configuration again when `mcp.json` is edited; None: edits are not followed.
        on_registered: Called with the worker's id each time the LiveKit server has taken it on.
        in_threads: Hold jobs in threads of this process.
        port: Of the health check on loopback; 0: any free one.
        tries: How often a LiveKit server that cannot be reached is tried again, with pauses of up to ten seconds.

    Raises:
        ConfigError: No LiveKit server is configured.
        PartFailed: The LiveKit server does not take this worker.
    """
    server = make_server(config, read, in_threads=in_threads, tries=tries)
    await _check_key(config)
    health = Health(server, port)
    await health.open()
    try:
        await _run(server, config, on_registered)
    finally:
        await health.aclose()


async def _run(server: AgentServer, config: Config, on_registered: Callable[[str], None]) -> None:
    loop = asyncio.get_running_loop()
    endings: set[asyncio.Task[None]] = set()
    watching: asyncio.Task[None] | None = None

    def end(is_drained: bool) -> None:
        if is_drained and endings:
            return
        endings.add(asyncio.create_task(_end(server, config, is_drained=is_drained)))

    def registered(worker: str, _about: object) -> None:
        nonlocal watching
        if watching is None:
            watching = asyncio.create_task(Rescue(config).watch(server), name="rescue")
        loop.add_signal_handler(signal.SIGTERM, end, True)
        loop.add_signal_handler(signal.SIGINT, end, False)
        on_registered(worker)

    server.on("worker_registered", registered)  # pyright: ignore[reportUnknownMemberType] - LiveKit leaves it open
    # LiveKit's worker cannot be closed before it has started whole, waits for ever where it is cancelled, and keeps the
    # event loop from running. Nothing has begun that would have to be ended; its processes end with their pipes to us.
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, _exit)
    try:
        await server.run()
    except Exception as error:
        url = config.settings.livekit.url
        raise PartFailed(f"The LiveKit server at {url} cannot be reached, or takes no worker: {error}.") from error
    finally:
        if endings:
            await asyncio.wait(endings)
        if watching is not None:
            watching.cancel()
            await asyncio.wait({watching})
        await server.aclose()


def make_server(
    config: Config, read: Callable[[], Config] | None = None, *, in_threads: bool = False, tries: int = _TRIES
) -> AgentServer:
    """Return LiveKit's worker for this configuration, not running.

    Raises:
        ConfigError: No LiveKit server is configured.
    """
    livekit = config.settings.livekit
    if livekit.url is None or livekit.api_key is None or livekit.api_secret is None:
        raise ConfigError(
            "No LiveKit server is configured. Set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET, "
            "or run “voice-agent up”, which brings its own."
        )
    load = Load(config.settings.rooms.capacity, config.settings.rooms.busy)
    server = AgentServer(
        ws_url=livekit.url,
        api_key=livekit.api_key,
        api_secret=livekit.api_secret.get_secret_value(),
        host="127.0.0.1",
        port=0,
        job_executor_type=JobExecutorType.THREAD if in_threads else JobExecutorType.PROCESS,
        num_idle_processes=1,
        max_retry=tries,
        initialize_process_timeout=_PREPARED_WITHIN,
        shutdown_process_timeout=_ENDS_WITHIN,
        # It would walk through the pages of each process every five seconds, and only to warn of it in a log.
        job_memory_warn_mb=0,
        load_fnc=load,
        # A full worker refuses by itself: LiveKit's own threshold would also refuse what comes in one burst.
        load_threshold=math.inf,
        setup_fnc=partial(process.prepare, config),
        preload_modules=["voice_agent.worker.preload"],
        # To publish one voice, hear, send data, and set its own attributes (`lk.agent.state`); nothing more.
        permissions=WorkerPermissions(can_publish_sources=[TrackSource.MICROPHONE]),
    )

    async def tell() -> None:
        refresh, update = server._refresh_worker_load, server._update_worker_status  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - LiveKit has no public word for it
        await refresh()
        await update()

    admission = Admission(config, load, lambda: server.active_jobs, tell)
    server.rtc_session(
        partial(process.hold, Source.of(config, read)),
        agent_name=AGENT,
        on_request=admission,
        on_session_end=process.finish,
    )
    return server


def _exit(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)


async def _check_key(config: Config) -> None:
    """Ask the LiveKit server something: LiveKit's worker would try a wrong key for two minutes, and not say so.

    Raises:
        PartFailed: It does not accept the key. One that cannot be reached may be on its way.
    """
    livekit = config.settings.livekit
    assert livekit.api_secret is not None
    with contextlib.suppress(aiohttp.ClientError, TimeoutError):
        async with api.LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret.get_secret_value()) as server:
            try:
                await server.room.list_rooms(api.ListRoomsRequest(names=["-"]))
            except api.TwirpError as error:
                if error.status in {401, 403}:
                    raise PartFailed(
                        f"The LiveKit server at {livekit.url} does not accept the key {livekit.api_key}: "
                        "check LIVEKIT_API_KEY and LIVEKIT_API_SECRET."
                    ) from error


async def _end(server: AgentServer, config: Config, *, is_drained: bool) -> None:
    if is_drained:
        await drain(server, config)
    await server.aclose()
