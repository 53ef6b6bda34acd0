"""`voice-agent servers login NAME` and `logout NAME`: sign in at a server by OAuth, and forget that again."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.credentials.keeper import Credentials
from voice_agent.bridge.types import ServerStatus, State
from voice_agent.cli.attached import is_sign_in
from voice_agent.config.types import HttpEntry
from voice_agent.errors import ConfigError, ServerUnavailable
from voice_agent.session.lines import read_lines

if TYPE_CHECKING:
    import argparse

    from voice_agent.bridge.credentials.sign_in import SignIn
    from voice_agent.config.load import Config

_REVOKED = {
    True: "It has taken its tokens back.",
    False: "It could not be told, so its tokens hold there until they end; take the access back on its own page.",
    None: "It has no way to be told, so its tokens hold there until they end; take the access back on its own page.",
}
_SETTLED = (State.READY, State.DEGRADED, State.QUARANTINED)


def login(config: Config, args: argparse.Namespace) -> int:
    """Show the link, wait until somebody has signed in there, and say what that has brought.

    Raises:
        ConfigError: There is no such server, or nobody signs in there.
        ServerUnavailable: One cannot sign in; the message says why.
    """
    entry, _ = _sign_in(config, args.name)
    return asyncio.run(_login(config, entry, args))


def logout(config: Config, args: argparse.Namespace) -> int:
    """Forget the tokens for a server, here and there; returns 1 if there were none.

    Raises:
        ConfigError: There is no such server, or nobody signs in there.
    """
    entry, sign_in = _sign_in(config, args.name)
    was_there, is_revoked = asyncio.run(_logout(sign_in))
    if args.json:
        row = {"server": entry.name, "signed_out": was_there, "revoked": is_revoked}
        sys.stdout.write(json.dumps(row) + "\n")
    else:
        told = _REVOKED[is_revoked].format(name=entry.name)
        text = f"Signed out of {entry.name}. {told}" if was_there else f"Nobody was signed in at {entry.name}."
        sys.stdout.write(f"{text}\n")
    return 0 if was_there else 1


async def _logout(sign_in: SignIn) -> tuple[bool, bool | None]:
    is_revoked = await sign_in.revoke()
    return await sign_in.forget(), is_revoked


async def _login(config: Config, entry: HttpEntry, args: argparse.Namespace) -> int:
    bridge = Bridge.of(config, [entry.name], asks=True)
    shown: set[str] = set()
    done: asyncio.Future[ServerStatus] = asyncio.get_running_loop().create_future()

    def look(_event: object = None) -> None:
        status = bridge.servers[0]
        if status.link is not None and status.link not in shown:
            shown.add(status.link)
            _show(status, is_json=args.json)
        elif not done.done() and (status.state in _SETTLED or _is_hopeless(status)):
            done.set_result(status)

    def give_up() -> None:
        if not shown and not done.done():
            done.set_result(bridge.servers[0])

    bridge.subscribe(look)
    pasting = asyncio.create_task(_take_pasted(bridge))
    bridge.start()
    timer = asyncio.get_running_loop().call_later(args.wait, give_up)
    try:
        status = await done
    finally:
        timer.cancel()
        pasting.cancel()
        await bridge.aclose()
    if status.state not in _SETTLED:
        reason = status.reason or f"has not answered within {args.wait:g} s"
        raise ServerUnavailable(entry.name, f"“{entry.name}” {reason}.")
    if args.json:
        row = {"server": entry.name, "state": status.state.value, "tools": status.tools}
        sys.stdout.write(json.dumps(row) + "\n")
    elif shown:
        sys.stdout.write(f"Signed in: {entry.name} has {status.tools} tools.\n")
    else:
        sys.stdout.write(f"{entry.name} can be used as it is; it has {status.tools} tools.\n")
    return 0


def _is_hopeless(status: ServerStatus) -> bool:
    return status.state is State.NEEDS_LOGIN and status.link is None and not is_sign_in(status)


def _show(status: ServerStatus, *, is_json: bool) -> None:
    if is_json:
        sys.stdout.write(json.dumps({"server": status.name, "link": status.link}) + "\n")
    else:
        sys.stdout.write(
            f"Open this link to sign in at {status.name}:\n\n  {status.link}\n\n"
            "If the browser is on another machine, paste the address here that it cannot open in the end.\n"
        )
    sys.stdout.flush()


async def _take_pasted(bridge: Bridge) -> None:
    """Take the address that the user's browser came back to, from standard input."""
    async for line in read_lines(sys.stdin.fileno()):
        text = line if isinstance(line, str) else ""
        if bridge.sign_ins is not None and not bridge.sign_ins.take(text):
            sys.stderr.write(
                "That is not the address of this sign-in. It begins with http:// and has “state=” in it.\n"
            )


def _sign_in(config: Config, name: str | None) -> tuple[HttpEntry, SignIn]:
    known = {entry.name: entry for entry in config.servers}
    urls = [entry.name for entry in known.values() if isinstance(entry, HttpEntry)]
    which = f"Those that are reached by URL: {', '.join(urls)}." if urls else "No server is reached by URL."
    if name is None:
        raise ConfigError(f"Name the server. {which}")
    entry = known.get(name)
    if entry is None:
        raise ConfigError(f"There is no server “{name}”. {which}")
    if not isinstance(entry, HttpEntry):
        raise ConfigError(f"“{name}” is started as a command; nobody signs in there. {which}")
    sign_in = Credentials(config.home, asks=True).of(None, entry)
    if sign_in is None:
        raise ConfigError(f"“{name}” is reached with the token in its entry, {entry.origin}; nobody signs in there.")
    return entry, sign_in
