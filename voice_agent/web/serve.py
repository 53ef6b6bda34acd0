"""Runs the web part on a port of loopback."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import uvicorn

from voice_agent.errors import ConfigError, PartFailed
from voice_agent.web.app import Site, make_app
from voice_agent.web.assistants import Assistants
from voice_agent.web.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.config.load import Config

_HOST = "127.0.0.1"
_ENDS_WITHIN = 3
"""Seconds that requests may take when the end has come."""


async def serve(config: Config, *, port: int, profile: str | None, on_ready: Callable[[str], None]) -> None:
    """Serve until a signal; `port` 0 is any free one, `on_ready` is called with the page's address.

    Raises:
        ConfigError: No LiveKit server is configured.
        PartMissing: The page is not built.
        PartFailed: The port cannot be used.
    """
    livekit = config.settings.livekit
    if livekit.url is None or livekit.api_key is None or livekit.api_secret is None:
        raise ConfigError(
            "No LiveKit server is configured. Set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET, "
            "or run “voice-agent up”, which brings its own."
        )
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_HOST, port))
    except OSError as error:
        listening.close()
        raise PartFailed(f"Port {port} cannot be used: {error.strerror}. Name another one with --port.") from error
    port = listening.getsockname()[1]
    key, secret = livekit.api_key, livekit.api_secret.get_secret_value()
    tokens = Tokens(key, secret, config.settings.rooms.grace)
    app = make_app(Site(port, livekit.url, tokens, Assistants(livekit.url, key, secret), profile))
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="on",
                       timeout_graceful_shutdown=_ENDS_WITHIN)
    )  # fmt: skip
    listening.listen()
    on_ready(f"http://{_HOST}:{port}/")
    await server.serve(sockets=[listening])
