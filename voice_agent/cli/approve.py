"""`voice-agent servers approve NAME`: what has changed about the tools of a server, and the user's word that it may."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

from voice_agent.bridge.bridge import PINS
from voice_agent.bridge.pins import Change, Pins
from voice_agent.cli.attached import ask, attached
from voice_agent.config.types import BUILT_IN
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from voice_agent.config.load import Config
    from voice_agent.config.types import ServerEntry


def approve(config: Config, args: argparse.Namespace) -> int:
    """Show what is held back of the server and accept it; a conversation that is going on takes it up at once.

    Without a terminal, and with `--yes` or `--json`, nobody is asked. Returns 1 if the user said no.

    Raises:
        ConfigError: There is no such server.
    """
    return asyncio.run(_approve(config, args, _entry(config, args.name)))


async def _approve(config: Config, args: argparse.Namespace, entry: ServerEntry) -> int:
    pins = Pins(config.home / PINS, entry)
    held = pins.held if entry.origin != BUILT_IN else ()
    if not held and entry.origin != BUILT_IN:
        # Nobody has seen a change yet: look now.
        async with attached(config, args.wait, [entry.name]) as bridge:
            held = bridge.held(entry.name)
    if args.json:
        approved = pins.approve()
        shown = [{"tool": change.tool, "changes": list(change.changes)} for change in approved]
        sys.stdout.write(json.dumps({"server": entry.name, "approved": shown}, ensure_ascii=False, indent=2) + "\n")
        return 0
    if not held:
        sys.stdout.write(f"No tool of {entry.name} is held back.\n")
        return 0
    for change in held:
        sys.stdout.write(f"{_shown(change)}\n")
    if sys.stdin.isatty() and not args.yes and not await ask(f"Let {entry.name} be used so?"):
        sys.stdout.write("Nothing was approved.\n")
        return 1
    approved = pins.approve(held)
    sys.stdout.write(f"Approved: {len(approved)} {'tool' if len(approved) == 1 else 'tools'} of {entry.name}.\n")
    return 0


def _entry(config: Config, name: str | None) -> ServerEntry:
    names = [entry.name for entry in config.servers]
    for entry in config.servers:
        if entry.name == name:
            return entry
    if name is None:
        raise ConfigError(f"Name the server whose tools you approve, one of: {', '.join(names)}.")
    if name in config.disabled:
        raise ConfigError(f"The server “{name}” is switched off in its entry.")
    raise ConfigError(f"There is no server “{name}”; there are: {', '.join(names)}.")


def _shown(change: Change) -> str:
    name = "".join(letter if letter.isprintable() else "�" for letter in change.tool)
    lines = "\n".join(f"  - {clause}" for clause in change.changes)
    return f"{name}:\n{lines}"
