"""Runs the web part: on loopback for the owner of this machine, or anywhere for whoever logs in."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import uvicorn

from voice_agent.bridge.hub.permits import Permits
from voice_agent.errors import ConfigError, PartFailed
from voice_agent.web.app import Site, make_app
from voice_agent.web.assistants import Assistants
from voice_agent.web.choices import choices_of
from voice_agent.web.returns import ToHub
from voice_agent.web.tokens import Tokens
from voice_agent.web.visitors import Visitors

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.config.load import Config
    from voice_agent.config.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ENDS_WITHIN = 3
"""Seconds that requests may take when the end has come."""


async def serve(
    config: Config, *, host: str, port: int, profile: str | None, on_ready: Callable[[str, int], None]
) -> None:
    """Serve until a signal; `port` 0 is any free one, `on_ready` is called with the page's address and the port.

    Raises:
        ConfigError: No LiveKit server is configured, or others would come in without a login.
        PartMissing: The page is not built.
        PartFailed: The port cannot be used.
    """
    livekit = config.settings.livekit
    if livekit.url is None or livekit.api_key is None or livekit.api_secret is None:
        raise ConfigError(
            "No LiveKit server is configured. Set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET, "
            "or run “voice-agent up”, which brings its own."
        )
    key, secret = livekit.api_key, livekit.api_secret.get_secret_value()
    visitors = visitors_of(config.settings, secret, host)
    permits = Permits.of(config.settings)
    tokens = Tokens(key, secret, config.settings.rooms.grace, permits=permits)
    returns = ToHub.of(config.settings, permits)
    listening = _bind(host, port)
    port = listening.getsockname()[1]
    url = config.settings.web.url
    seen = livekit.public_url or livekit.url
    assistants, choices = Assistants(livekit.url, key, secret), choices_of(config, profile)
    site = Site(port, seen, tokens, assistants, profile, visitors=visitors, choices=choices, url=url, returns=returns)
    server = uvicorn.Server(
        uvicorn.Config(
            make_app(site),
            log_config=None,
            access_log=False,
            server_header=False,
            # Who speaks to us is who the connection comes from, whatever a header says.
            proxy_headers=False,
            lifespan="off",
            timeout_graceful_shutdown=_ENDS_WITHIN,
        )
    )
    listening.listen()
    name = f"[{host}]" if ":" in host else host
    on_ready(url or f"http://{name}:{port}/", port)
    try:
        await server.serve(sockets=[listening])
    finally:
        await assistants.aclose()


def visitors_of(settings: Settings, key: str, host: str) -> Visitors:
    """Return who may come in when the page is served at `host`; `key` signs logins.

    Raises:
        ConfigError: The settings let somebody in who should not be.
    """
    visitors = Visitors(settings.web, key)
    if not visitors.has_login:
        if host not in LOOPBACK:
            raise ConfigError(
                f"--host: {host} can be reached by others. Set web.secret (VOICE_AGENT_WEB__SECRET), which they must "
                "know, or web.subject_header, in which a proxy says who has logged in; or use 127.0.0.1."
            )
        if settings.web.url is not None:
            raise ConfigError("web.url is set: set web.secret or web.subject_header too, for others will come by it.")
    if settings.web.url is not None and not settings.web.url.startswith(("https://", "http://")):
        raise ConfigError(f"web.url: “{settings.web.url}” is no address. Write https://NAME.")
    if visitors.are_many and settings.hub.permit_key is None:
        raise ConfigError(
            "People log in, so their servers must be kept apart: set hub.permit_key (VOICE_AGENT_HUB__PERMIT_KEY) to "
            "the same 32 characters or more for the hub and the web part."
        )
    return visitors


def _bind(host: str, port: int) -> socket.socket:
    """Return a socket at the port.

    Raises:
        PartFailed: It cannot be had.
    """
    listening = None
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        if listening is not None:
            listening.close()
        raise PartFailed(f"Port {port} cannot be used: {error.strerror}. Name another one with --port.") from error
    return listening
