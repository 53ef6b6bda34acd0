"""Trying the providers' keys against the providers: one request each that costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voice_agent.config.check import Check
from voice_agent.config.mask import masked_url
from voice_agent.config.profiles import KEYS, TITLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from voice_agent.config.profiles import Provider
    from voice_agent.config.settings import Settings

_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Probe:
    """The request that a provider answers with 200 to a good key and 401 or 403 to a bad one."""

    url: str
    key_header: str
    key_prefix: str = ""
    headers: tuple[tuple[str, str], ...] = ()


PROBES: Mapping[Provider, Probe] = {
    "openai": Probe("https://api.openai.com/v1/models", "Authorization", "Bearer "),
    "deepgram": Probe("https://api.deepgram.com/v1/projects", "Authorization", "Token "),
    "cartesia": Probe("https://api.cartesia.ai/voices?limit=1", "X-API-Key", "", (("Cartesia-Version", "2025-04-16"),)),
}


def check_keys_online(settings: Settings, probes: Mapping[Provider, Probe] = PROBES) -> Iterator[Check]:
    """One check for each key that is set."""
    import httpx

    for provider, variable in KEYS.items():
        key = getattr(settings, f"{provider}_api_key")
        if key is None:
            continue
        probe = probes[provider]
        own = settings.openai_base_url if provider == "openai" else None
        url = f"{own.rstrip('/')}/models" if own else probe.url
        name, title = f"key {provider}", TITLES[provider]
        try:
            headers = {probe.key_header: probe.key_prefix + key.get_secret_value(), **dict(probe.headers)}
            status = httpx.get(url, headers=headers, timeout=_TIMEOUT).status_code
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            yield Check(
                name,
                "warning",
                f"{title} cannot be reached at {masked_url(url)}.",
                "Check the network, the proxy variables and the base URL.",
            )
            continue
        if status in (401, 403):
            yield Check(name, "problem", f"{title} refuses the key ({status}).", f"Check {variable}.")
        elif status >= 400:  # noqa: PLR2004 - HTTP's own line
            yield Check(name, "warning", f"{title} answered {status}, so the key could not be tried.", "Try later.")
        else:
            yield Check(name, "ok", f"{title} accepts the key.")
