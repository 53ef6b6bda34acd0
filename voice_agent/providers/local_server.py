"""Model servers on this machine (Ollama, LM Studio, llama.cpp, vLLM …), asked in passing."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Iterable

PROBE_TIMEOUT = 0.3
"""Seconds that all probes together may take."""
_MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that answers as OpenAI's `GET /models` does."""

    base_url: str
    models: tuple[str, ...]
    """As it lists them."""


async def find_local_servers(ports: Iterable[int], *, timeout: float = PROBE_TIMEOUT) -> dict[int, LocalServer]:  # noqa: ASYNC109 - one bound for all
    """The OpenAI-compatible servers of this machine by port; all ports are asked at once."""
    wanted = tuple(ports)
    answers = await asyncio.gather(*(list_models(f"http://127.0.0.1:{port}/v1", timeout=timeout) for port in wanted))
    return {port: answer for port, answer in zip(wanted, answers, strict=True) if answer is not None}


async def list_models(base_url: str, *, api_key: str | None = None, timeout: float) -> LocalServer | None:  # noqa: ASYNC109 - given to aiohttp
    """What the server at that address offers, or None where nothing that speaks this protocol answers in time."""
    headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
    limit = aiohttp.ClientTimeout(total=timeout)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, headers=headers) as http,
            http.get(f"{base_url.rstrip('/')}/models", allow_redirects=False) as answer,
        ):
            if answer.status != 200:  # noqa: PLR2004 - HTTP
                return None
            body: Any = json.loads(await _read_at_most(answer.content, _MAX_BYTES))
    except (aiohttp.ClientError, TimeoutError, ValueError, OSError):
        return None
    return _as_server(base_url, body)


async def _read_at_most(content: aiohttp.StreamReader, limit: int) -> bytes:
    data = bytearray()
    async for chunk in content.iter_any():
        data += chunk
        if len(data) > limit:
            raise ValueError("too long")
    return bytes(data)


def _as_server(base_url: str, body: Any) -> LocalServer | None:
    listed = cast("dict[str, Any]", body).get("data") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        return None
    ids = [cast("dict[str, Any]", m).get("id") for m in cast("list[Any]", listed) if isinstance(m, dict)]
    return LocalServer(base_url, tuple(name for name in ids if isinstance(name, str)))
