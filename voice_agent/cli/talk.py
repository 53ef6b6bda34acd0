"""`voice-agent talk`: one conversation at this machine."""

from __future__ import annotations

import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from voice_agent.errors import ConfigError, ExtraMissing, VoiceAgentError

if TYPE_CHECKING:
    import argparse

    from voice_agent.session.talk import Options

_STARTED = time.monotonic()


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = (
        "Without --text or --wav you speak, if there is a microphone, and type otherwise. "
        "The JSON lines of --json are described in docs/talk.md."
    )
    parser.add_argument("--profile", metavar="P", help="offline, quality, budget or auto (the default)")
    parser.add_argument("--config", metavar="F", type=Path, help="the mcpServers file to use")
    parser.add_argument(
        "--server", metavar="URL|COMMAND", action="append", default=[], help="attach this server too; repeatable"
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--text", action="store_true", help="type: one turn per line of standard input")
    mode.add_argument(
        "--wav", metavar="F", action="append", type=Path, help="play this recording as a turn; repeatable"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="with --wav: write the answers there as 001.wav, …")
    parser.add_argument("--json", action="store_true", help="print JSON Lines on standard output, nothing else")
    parser.add_argument("--verbose", action="store_true", help="print the libraries' own log on standard error")


def run(args: argparse.Namespace) -> int:
    """Hold the conversation."""
    try:
        return _run(args)
    except VoiceAgentError as error:
        if args.json:
            _tell_script(error)
        raise


def _run(args: argparse.Namespace) -> int:
    import asyncio
    import sys

    if find_spec("livekit") is None or find_spec("livekit.agents") is None:
        raise ExtraMissing("voice", "Talking")
    if args.out is not None and not args.wav:
        raise ConfigError("--out goes with --wav: it is where the answers to recordings are written.")
    from voice_agent.cli.logs import set_up_logs
    from voice_agent.config.load import load

    overrides = {} if args.profile is None else {"profile": args.profile}
    read = partial(load, config=args.config, servers=args.server, overrides=overrides)
    config = read()
    set_up_logs(config.settings, is_verbose=args.verbose)
    for problem in config.problems:
        print(problem, file=sys.stderr)  # noqa: T201 - for the person at the keyboard
    if sys.stdout.isatty():
        print("Starting …", file=sys.stderr, flush=True)  # noqa: T201 - for the person at the keyboard
    options = _options(args)
    from voice_agent.session.talk import talk

    return asyncio.run(talk(config, options, read))


def _tell_script(error: VoiceAgentError) -> None:
    from voice_agent.session.journal import Journal
    from voice_agent.session.jsonlines import print_json

    journal = Journal(_STARTED)
    journal.listen(print_json)
    journal.write("error", code=error.code, text=str(error))
    journal.write("end", reason="error")


def _options(args: argparse.Namespace) -> Options:
    from voice_agent.session.talk import Options

    if args.wav:
        from voice_agent.session.audio.wav import read_wav

        for path in args.wav:
            read_wav(path)
        return Options("wav", "", tuple(args.wav), args.out, args.json, _STARTED)
    if args.text:
        return Options("text", "", is_json=args.json, started=_STARTED)
    from voice_agent.session.audio.devices import find_devices

    devices = find_devices()
    if devices.why_not is None:
        why = f"Speak: the microphone is “{devices.microphone}”, the speaker is “{devices.speaker}”."
        return Options("voice", why, is_json=args.json, started=_STARTED)
    return Options("text", f"Type: {devices.why_not}", is_json=args.json, started=_STARTED)
