"""Which servers a job attaches: the hub and what is its own, or all of them where there is no hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzlocal import get_localzone_name

from voice_agent.bridge.bridge import PINS, Bridge
from voice_agent.bridge.hub.attached import HubBridge, Place
from voice_agent.bridge.hub.lines import Address
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from voice_agent.config.load import Config
    from voice_agent.session.dispatch import Dispatch


def bridge_of_job(config: Config, dispatch: Dispatch) -> Bridge:
    """Return the bridge of one conversation, not started.

    Args:
        config: The user's settings and servers.
        dispatch: Whose conversation it is, and what lets the job act for them.

    Raises:
        ConfigError: A hub is configured, but not its token; or people log in, and there is no hub to tell them apart.
    """
    settings = config.settings
    hub, timeout = settings.hub, settings.limits.call_timeout
    if hub.address is None:
        if dispatch.subject is not None:
            raise ConfigError(
                "People log in, so their servers must be kept apart: start “voice-agent hub”, and set hub.address."
            )
        # It runs for the owner of this machine, whose sign-ins count.
        return Bridge.of(config, asks=True)
    if hub.token is None:
        raise ConfigError("hub.address is set: set hub.token too (VOICE_AGENT_HUB__TOKEN), as the hub has it.")
    zone = dispatch.zone or settings.time_zone or get_localzone_name()
    place = Place(Address.read(hub.address), hub.token.get_secret_value(), dispatch.permit, zone)
    pins = config.home / PINS
    return HubBridge(place, config.servers, disabled=config.disabled, call_timeout=timeout, pins=pins)
