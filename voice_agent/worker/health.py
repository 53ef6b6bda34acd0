"""Tells whoever watches a worker whether it takes conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from voice_agent.errors import PartFailed

if TYPE_CHECKING:
    from livekit.agents import AgentServer

_HOST = "127.0.0.1"


class Health:
    """`GET /` on loopback: 200 and `ready` while the LiveKit server gives this worker jobs, else 503 and why not."""

    def __init__(self, server: AgentServer, port: int) -> None:
        """`port`: 0 is any free one."""
        self._server = server
        self._port = port
        app = web.Application()
        app.router.add_get("/", self._answer)
        self._runner = web.AppRunner(app, access_log=None)

    async def open(self) -> int:
        """Begin to answer; return the port.

        Raises:
            PartFailed: The port cannot be used.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, _HOST, self._port).start()
        except OSError as error:
            why = error.strerror or "it is taken"
            raise PartFailed(
                f"Port {self._port} cannot be used: {why}. Name another one with --health-port."
            ) from error
        return int(self._runner.addresses[0][1])

    async def aclose(self) -> None:
        """Stop."""
        await self._runner.cleanup()

    async def _answer(self, _request: web.Request) -> web.Response:
        why = self._why_not()
        return web.Response(text=why or "ready", status=503 if why else 200)

    def _why_not(self) -> str | None:
        # LiveKit's own health check says OK before it has registered, and while it registers again.
        is_connecting: bool = getattr(self._server, "_connecting", False)
        if self._server.id == "unregistered" or is_connecting:
            return "not registered with the LiveKit server"
        return "draining: takes no new conversations" if self._server.draining else None
