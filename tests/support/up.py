"""`voice-agent up` as its user runs it."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.support.program import BIN, PATIENCE, environment

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Up:
    """Everything that runs on one machine."""

    process: subprocess.Popen[bytes]
    page: str
    livekit: str
    worker: int
    hub: int
    clients: str | None
    """Where text clients reach the servers."""

    def processes(self) -> list[psutil.Process]:
        """What it has started, and what those have."""
        return psutil.Process(self.process.pid).children(recursive=True)


@contextlib.contextmanager
def up(home: Path, *arguments: str, variables: Mapping[str, str] | None = None, by_make: bool = False) -> Generator[Up]:
    """Start it with the offline profile, and end it by Ctrl-C.

    Args:
        home: of the user.
        arguments: more of them.
        variables: more of the environment.
        by_make: start it by `make up`, as a newcomer does.
    """
    if shutil.which("livekit-server") is None and not (BIN / "livekit-server").exists():
        pytest.skip("there is no livekit-server; run: make livekit")
    options = ["--json", "--profile", "offline", *arguments]
    command = (
        ["make", "-s", "up", f"ARGS={shlex.join(options)}"] if by_make else [str(BIN / "voice-agent"), "up", *options]
    )
    folder = ROOT if by_make else home
    # However busy the machine is with other tests.
    given = {"VOICE_AGENT_ROOMS__BUSY": "100", **(variables or {})}
    environ = environment(home, **given)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=environ, cwd=folder, start_new_session=by_make
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, "it ended while it was starting"
            told = json.loads(line)
            yield Up(process, told["page"], told["livekit"], told["worker"], told["hub"], told.get("clients"))
        finally:
            if process.poll() is None:
                # A terminal gives it to all that run in it.
                os.killpg(process.pid, signal.SIGINT) if by_make else process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)
