"""A LiveKit server of our own on loopback, for one machine: found, configured, started."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx

from voice_agent.errors import PartFailed, PartMissing

_READY_WITHIN = 20.0
_PORTS = range(20_000, 32_768)
"""Below those that systems give to connections and to who asks for any: seconds may pass until one is used."""
_LOOK = 0.05
"""Seconds between two looks whether it is ready."""

MISSING = (
    "There is no livekit-server on this machine. With Go 1.26 or newer, run: make livekit. Or install it as "
    "docs.livekit.io/home/self-hosting/local says (on a Mac: brew install livekit), or set LIVEKIT_URL, "
    "LIVEKIT_API_KEY and LIVEKIT_API_SECRET to one that runs."
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a LiveKit server is, and its key."""

    url: str
    api_key: str
    api_secret: str


def find_livekit_server(path: str | None = None) -> str:
    """Return the program: in the folders of `path`; where None, on PATH or beside our own Python.

    Raises:
        PartMissing: It is in neither place; says how to get it.
    """
    beside = str(Path(sys.executable).parent)
    found = shutil.which("livekit-server", path=path)
    if found is None and path is None:
        found = shutil.which("livekit-server", path=beside)
    if found is None:
        raise PartMissing(MISSING)
    return found


def write_config(folder: Path) -> tuple[Path, Address]:
    """Write a configuration with free ports and a new key into `folder`, which only this user can read."""
    port, udp = free_ports(2)
    address = Address(f"ws://127.0.0.1:{port}", f"key{secrets.token_hex(6)}", secrets.token_urlsafe(36))
    # JSON is YAML. Without node_ip and the loopback candidate it would advertise the machine's outer address. By TCP it
    # listens at all addresses, whatever it is told; by UDP too, unless it is told where.
    config = {
        "port": port,
        "bind_addresses": ["127.0.0.1"],
        "rtc": {
            "tcp_port": 0,
            "udp_port": udp,
            "ips": {"includes": ["127.0.0.0/8"]},
            "node_ip": "127.0.0.1",
            "use_external_ip": False,
            "enable_loopback_candidate": True,
        },
        "keys": {address.api_key: address.api_secret},
        "logging": {"level": "error"},
    }
    path = folder / "livekit.yaml"
    path.touch(mode=0o600)
    path.write_text(json.dumps(config))
    return path, address


async def wait_until_ready(url: str, process: asyncio.subprocess.Process) -> None:
    """Wait until the server answers.

    Raises:
        PartFailed: It ended, or does not answer in time.
    """
    address = url.replace("ws", "http", 1)
    try:
        async with asyncio.timeout(_READY_WITHIN), httpx.AsyncClient(trust_env=False) as client:
            while process.returncode is None:
                try:
                    if (await client.get(address)).text == "OK":
                        return
                except httpx.HTTPError:
                    await asyncio.sleep(_LOOK)
    except TimeoutError:
        raise PartFailed(f"The LiveKit server did not answer within {_READY_WITHIN:g} seconds.") from None
    raise PartFailed("The LiveKit server ended while it was starting.")


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nobody uses, for TCP nor for UDP."""
    found: list[int] = []
    held: list[socket.socket] = []
    try:
        while len(found) < count:
            tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
            held += [tcp, udp]
            port = secrets.choice(_PORTS)
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    finally:
        for one in held:
            one.close()
    return found
