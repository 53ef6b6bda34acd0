"""`voice-agent doctor`: look at everything that a conversation needs, and say what to do about what is wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from voice_agent.bridge.types import ServerStatus
    from voice_agent.config.check import Check
    from voice_agent.config.load import Config
    from voice_agent.config.types import ServerEntry

_MARKS = {"ok": "ok     ", "warning": "warning", "problem": "PROBLEM"}
_PATIENCE = 30.0
"""Seconds for all servers together; `npx` and `uvx` may be fetching packages."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "Exit status: 0 if nothing is a problem (warnings are not), 1 if something is."
    parser.add_argument("--config", metavar="F", type=Path, help="the mcp.json or voice-agent.toml to read")
    parser.add_argument(
        "--server", metavar="URL|COMMAND", action="append", default=[], help="check this server too; repeatable"
    )
    parser.add_argument("--online", action="store_true", help="try the providers' keys against the providers")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Look, and print as one goes."""
    from voice_agent.config.check import all_is_well

    checks: list[Check] = []
    for check in _checks(args):
        checks.append(check)
        if not args.json:
            sys.stdout.write(_line(check))
            sys.stdout.flush()
    is_well = all_is_well(checks)
    if args.json:
        import json
        from dataclasses import asdict

        report = {"checks": [asdict(check) for check in checks], "ok": is_well}
        sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    return 0 if is_well else 1


def _checks(args: argparse.Namespace) -> Iterator[Check]:
    from voice_agent.config import check
    from voice_agent.config.load import load

    yield check.check_python()
    yield from check.check_extras()
    yield _sound()
    try:
        config = load(config=args.config, servers=args.server)
    except ConfigError as error:
        yield check.Check("config", "problem", str(error), "Without it nothing else of it can be checked.")
        config = None
    if config is not None:
        yield check.check_profile(config)
        yield check.check_keys(config)
        yield from check.check_config(config)
        if args.online:
            from voice_agent.config.online import check_keys_online

            yield from check_keys_online(config.settings)
        yield from check.check_home(config.home)
        yield from check.check_tasks(config)
        yield from check.check_clock(config.settings)
        yield from _servers(config)
        yield from _kept(config)


def _sound() -> Check:
    from voice_agent.config.check import Check
    from voice_agent.session.audio.devices import find_devices

    devices = find_devices()
    if devices.why_not is None:
        return Check("audio", "ok", f"Microphone: {devices.microphone}. Speaker: {devices.speaker}.")
    text, _, remedy = devices.why_not.partition(". ")
    return Check("audio", "warning", f"{text.rstrip('.')}; you can type.", remedy or None)


def _servers(config: Config) -> Iterator[Check]:
    """Start every server as a conversation would, and say how each is."""
    import asyncio
    import logging

    from voice_agent.bridge.bridge import Bridge

    async def look() -> tuple[ServerStatus, ...]:
        bridge = Bridge.of(config)
        bridge.start()
        try:
            await bridge.settle(_PATIENCE)
            return bridge.servers
        finally:
            await bridge.aclose()

    logging.disable(logging.CRITICAL)
    entries = {entry.name: entry for entry in config.servers}
    for status in asyncio.run(look()):
        yield _server(status, entries.get(status.name))


def _kept(config: Config) -> Iterator[Check]:
    """Say which servers people who log in are not offered, and why, where several can."""
    settings = config.settings
    if settings.web.subject_header is None and settings.hub.permit_key is None:
        return
    from voice_agent.bridge.hub.sharing import why_kept
    from voice_agent.config.check import Check

    for entry in config.servers:
        if (reason := why_kept(entry)) is not None:
            text = f"“{entry.name}” is yours alone: it {reason}."
            remedy = f"To share it with people who log in, write “scope”: “shared” under “voice” in {entry.origin}."
            yield Check(f"server {entry.name}", "ok", text, remedy)


def _server(status: ServerStatus, entry: ServerEntry | None) -> Check:
    from voice_agent.bridge.types import State
    from voice_agent.cli.attached import by_hand, is_sign_in
    from voice_agent.config.check import Check

    name, quoted = f"server {status.name}", f"“{status.name}”"
    reason = (status.reason or "does not answer").rstrip(".")
    origin = entry.origin if entry else ""
    place = {"--server": "the --server argument", "built in": "the installation: run make setup"}.get(
        origin, f"its entry, {origin}"
    )
    match status.state:
        case State.READY:
            return Check(name, "ok", f"{quoted} answers and has {status.tools} tools.")
        case State.DISABLED:
            return Check(name, "ok", f"{quoted} is switched off in its entry.")
        case State.DEGRADED:
            return Check(name, "warning", f"{quoted} has {status.tools} tools, but {reason}.", f"Look at {place}.")
        case State.STARTING:
            text = f"{quoted} is still starting after {_PATIENCE:g} seconds."
            return Check(name, "problem", text, f"{by_hand(entry)} Look at {place}.")
        case State.NEEDS_LOGIN:
            sign_in = f"Run: voice-agent servers login {status.name}"
            remedy = sign_in if is_sign_in(status) else f"Give it a valid token in {place}."
            return Check(name, "problem", f"{quoted} {reason}.", remedy)
        case _:
            return Check(name, "problem", f"{quoted} {reason}.", f"{by_hand(entry, reason)} Look at {place}.".strip())


def _line(check: Check) -> str:
    remedy = f"\n         → {check.remedy}" if check.remedy else ""
    text = "".join(c if c.isprintable() else "�" for c in f"{_MARKS[check.status]}  {check.text}")
    return text + remedy + "\n"
