"""The parts of `voice-agent up` together: started in order, watched, started again, ended in the opposite order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import signal
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from voice_agent.cli.children import Child
from voice_agent.cli.livekit_server import Address, find_livekit_server, free_ports, wait_until_ready, write_config
from voice_agent.config.processes import own_environment
from voice_agent.errors import ConfigError, PartFailed, PartMissing

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.config.load import Config

_TRIES, _WITHIN = 5, 60.0
"""So many deaths of one part in so many seconds end the whole."""
_PAUSE = 0.5
"""Seconds before a part that died is started again."""
_CLIENTS_FILE = "hub-token"
"""The file in which the hub keeps what text clients are asked for."""
_PERMIT_KEY = "VOICE_AGENT_HUB__PERMIT_KEY"
_PAGE = Path(__file__).parents[1] / "web" / "static" / "index.html"


@dataclass(frozen=True, slots=True)
class Options:
    """How the person wants it."""

    profile: str | None
    config: Path | None
    port: int
    clients_port: int | None
    """Where text clients are let in; None: nowhere."""
    is_json: bool
    is_verbose: bool


class Whole:
    """A LiveKit server, a hub, a worker and the web part."""

    def __init__(self, config: Config, options: Options) -> None:
        """Prepare; nothing is started before `run`."""
        self._settings = config.settings
        self._home = config.home
        # Whoever ends the whole ends the conversations; and nobody else would take one that this worker refuses.
        self._for_worker = {"VOICE_AGENT_ROOMS__DRAIN": "0"}
        if config.origins["rooms.busy"] == "default":
            self._for_worker["VOICE_AGENT_ROOMS__BUSY"] = "100"
        self._options = options
        # A page that is open must find the web part at the same port again, so it is chosen once.
        [free] = free_ports(1)
        self._port = options.port or free
        self._stopping, self._hurrying = asyncio.Event(), asyncio.Event()
        self._failure: PartFailed | None = None
        self._watching: list[asyncio.Task[None]] = []
        self._started: list[Child] = []
        self._livekit: Child | None = None
        self._page = ""

    async def run(self) -> int:
        """Run until a signal, or until a part cannot be kept alive; return the exit status. A second signal hurries.

        Raises:
            PartMissing: There is no livekit-server, or the page is not built.
            PartFailed: A part does not start.
            ConfigError: LIVEKIT_URL is set, but not its key.
        """
        loop = asyncio.get_running_loop()
        # SIGHUP: the terminal is closed. The parts, in groups of their own, are not told of that.
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(one, self._stop)
        if not _PAGE.is_file():
            raise PartMissing("The page is not built. In the source folder, with Node 20 or newer, run: make page")
        with tempfile.TemporaryDirectory(prefix="voice-agent-") as folder:
            try:
                starting = asyncio.create_task(self._start(Path(folder)))
                stopping = asyncio.create_task(self._stopping.wait())
                await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if starting.done():
                    starting.result()
                    await stopping
                else:
                    starting.cancel()
                    await asyncio.wait({starting})
                stopping.cancel()
            finally:
                await self._end()
        if self._failure is not None:
            raise self._failure
        return 0

    def _stop(self) -> None:
        (self._hurrying if self._stopping.is_set() else self._stopping).set()

    async def _start(self, folder: Path) -> None:
        address = self._configured() or await self._start_livekit(folder)
        hub, hub_place = self._hub(folder)
        worker, web = self._worker(address, hub_place), self._web(address, hub_place)
        for child in (hub, worker, web):
            self._started.append(child)
            await child.start()
        told, _, hub_told = await asyncio.gather(web.ready(), worker.ready(), hub.ready())
        self._page = str(told["page"])
        self._watch(hub, hub.ready)
        self._watch(worker, worker.ready)
        self._watch(web, web.ready)
        clients = hub_told["url"]
        if clients is not None:
            # Clients that know it must find the hub there when it is started again.
            hub.command[hub.command.index("--port") + 1] = str(urlsplit(str(clients)).port)
        if self._options.is_json:
            parts = {"page": self._page, "livekit": address.url, "worker": _pid(worker), "hub": _pid(hub)}
            line = json.dumps(parts if clients is None else {**parts, "clients": clients})
        else:
            line = f"Open {self._page} and press Talk. Ctrl-C ends everything."
            if clients is not None:
                line += f"\nText clients reach the servers at {clients} with the token in {self._home / _CLIENTS_FILE}."
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def _configured(self) -> Address | None:
        livekit = self._settings.livekit
        if livekit.url is None:
            return None
        if livekit.api_key is None or livekit.api_secret is None:
            raise ConfigError("LIVEKIT_URL is set: set LIVEKIT_API_KEY and LIVEKIT_API_SECRET too, or unset it.")
        return Address(livekit.url, livekit.api_key, livekit.api_secret.get_secret_value())

    async def _start_livekit(self, folder: Path) -> Address:
        path, address = write_config(folder)
        command = [find_livekit_server(), "--config", str(path)]
        child = Child("The LiveKit server", command, own_environment())
        self._started.append(child)

        async def start() -> None:
            assert child.process is not None
            await wait_until_ready(address.url, child.process)

        await child.start(tells=False)
        await start()
        self._watch(child, start, tells=False)
        return address

    def _hub(self, folder: Path) -> tuple[Child, dict[str, str]]:
        """Return the hub, and the variables by which the worker finds it; its place stays when it is started again."""
        place = {
            "VOICE_AGENT_HUB__ADDRESS": f"unix:{folder / 'hub.sock'}",
            "VOICE_AGENT_HUB__TOKEN": secrets.token_urlsafe(32),
            _PERMIT_KEY: secrets.token_urlsafe(32),
        }
        options = self._given("--config", self._options.config)
        if self._options.clients_port is not None:
            options += ["--http", "--port", str(self._options.clients_port)]
        # Who signs in at a server comes back to the page: its port is the one that reaches a browser elsewhere too.
        web = self._settings.web
        options += ["--alone"] if web.subject_header is None else []
        is_open = (web.url, web.secret, web.subject_header) == (None, None, None)
        returns = {"VOICE_AGENT_WEB__URL": f"http://127.0.0.1:{self._port}"} if is_open else {}
        return Child("The hub", _own("hub", *options), own_environment(**place, **returns)), place

    def _worker(self, address: Address, hub: dict[str, str]) -> Child:
        options = [*self._given("--profile", self._options.profile), *self._given("--config", self._options.config)]
        options += ["--verbose"] if self._options.is_verbose else []
        # It carries permits, and makes none.
        return Child(
            "The worker", _own("worker", *options), _with(address) | self._for_worker | hub | {_PERMIT_KEY: ""}
        )

    def _web(self, address: Address, hub: dict[str, str]) -> Child:
        options = ["--port", str(self._port), *self._given("--config", self._options.config)]
        return Child("The web part", _own("web", *options), _with(address) | hub)

    def _given(self, name: str, value: object) -> list[str]:
        return [] if value is None else [name, str(value)]

    def _watch(self, child: Child, ready: Callable[[], Any], *, tells: bool = True) -> None:
        self._watching.append(asyncio.create_task(self._keep(child, ready, tells=tells)))

    async def _keep(self, child: Child, ready: Callable[[], Any], *, tells: bool) -> None:
        """Start `child` again each time it dies, unless that happens too often."""
        deaths: deque[float] = deque(maxlen=_TRIES)
        while True:
            status = await child.wait()
            await child.stop()
            deaths.append(time.monotonic())
            why = f"{child.title} ended {_how(status)}"
            if len(deaths) == _TRIES and deaths[-1] - deaths[0] < _WITHIN:
                self._failure = PartFailed(f"{why}, again and again.")
                self._stopping.set()
                return
            sys.stderr.write(f"{why}; it is started again.\n")
            await asyncio.sleep(_PAUSE)
            try:
                await child.start(tells=tells)
                await ready()
            except PartFailed as error:
                sys.stderr.write(f"{error}\n")

    async def _end(self) -> None:
        for task in self._watching:
            task.cancel()
        if self._watching:
            await asyncio.wait(self._watching)
        for child in reversed(self._started):
            with contextlib.suppress(ProcessLookupError):
                await child.stop(self._hurrying)


def _own(command: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "voice_agent", command, "--json", *options]


def _with(address: Address) -> dict[str, str]:
    return own_environment(
        LIVEKIT_URL=address.url, LIVEKIT_API_KEY=address.api_key, LIVEKIT_API_SECRET=address.api_secret
    )


def _pid(child: Child) -> int | None:
    return child.process.pid if child.process is not None else None


def _how(status: int) -> str:
    return f"by signal {-status}" if status < 0 else f"with exit status {status}"
