"""Runs one conversation at this machine, from starting the servers to closing them."""

from __future__ import annotations

import asyncio
import gc
import importlib
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from voice_agent.bridge.bridge import Bridge
from voice_agent.config.again import Watch
from voice_agent.providers.build import build
from voice_agent.session.journal import Journal
from voice_agent.session.jsonlines import print_json
from voice_agent.session.lines import read_lines
from voice_agent.session.servers import follow_edits
from voice_agent.session.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voice_agent.config.load import Config
    from voice_agent.session.conversation import Conversation


@dataclass(frozen=True, slots=True)
class Options:
    """How the person wants to talk."""

    mode: Literal["voice", "text", "wav"]
    why: str
    """Why this mode, in words; empty where the person asked for it."""
    wavs: tuple[Path, ...] = ()
    out: Path | None = None
    is_json: bool = False
    started: float = 0.0
    """`time.monotonic()` of the start of the program."""


async def talk(config: Config, options: Options, read: Callable[[], Config] | None = None) -> int:
    """Hold one conversation; return the exit status.

    `read`: reads the configuration again when `mcp.json` is edited; None: edits are not followed.

    Raises:
        VoiceAgentError: It could not begin.
    """
    watch = Watch(config)
    journal = Journal(options.started)
    terminal = Terminal(sys.stderr if options.is_json else None, echo_user=options.mode != "text")
    journal.listen(print_json if options.is_json else terminal.note)
    bridge = Bridge.of(config, asks=True)
    bridge.start()
    try:
        need = "text" if options.mode == "text" else "voice"
        stack = await build(config.settings, profile=config.profile, need=need)
        # Imports LiveKit, which has been done in a thread by now.
        building: Any = importlib.import_module("voice_agent.session.build")
    except BaseException:
        await bridge.aclose()
        raise
    conversation = building.build_conversation(
        config,
        profile=config.settings.profile,
        bridge=bridge,
        stack=stack,
        journal=journal,
        has_microphone=options.mode == "voice",
    )
    if read is not None:
        follow_edits(conversation, config, read, watch)
    # What has been imported stays: looking through it for garbage holds the loop for a tenth of a second.
    gc.freeze()
    if not options.is_json:
        _introduce(terminal, options, stack.choices)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, conversation.end, "interrupted")
    loop.add_signal_handler(signal.SIGTERM, conversation.end, "interrupted")
    try:
        unusable = await _converse(conversation, options, terminal)
    finally:
        # A second Ctrl-C, while closing, ends at once.
        loop.add_signal_handler(signal.SIGINT, sys.exit, 130)
        await conversation.aclose()
    return 1 if conversation.reason == "error" or unusable else 0


async def _converse(conversation: Conversation, options: Options, terminal: Terminal) -> int:
    if options.mode == "wav":
        from voice_agent.session.recorded import Recorded

        recorded = Recorded(conversation, options.out)
        await conversation.start()
        return await recorded.converse(options.wavs)
    if options.mode == "voice":
        from voice_agent.session.live import connect_devices

        await connect_devices(conversation)
        await conversation.start()
        await conversation.wait_over()
        return 0
    from voice_agent.session.typed import converse_typed

    await conversation.start()
    return await converse_typed(conversation, read_lines(sys.stdin.fileno()), prompt=terminal.prompt)


def _introduce(terminal: Terminal, options: Options, choices: Any) -> None:
    if options.why:
        terminal.say(options.why)
    for choice in choices:
        terminal.say(f"{choice}.")
    terminal.say("Say or type “that's all, thanks”, or press Ctrl-C, to end.")
