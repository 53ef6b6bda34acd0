"""The process that all jobs are forked from."""

from __future__ import annotations

import multiprocessing
import sys

PRELOADED = (
    "voice_agent.worker.preload",
    # What LiveKit adds to what a worker names; the freeze must come last.
    "livekit.agents.ipc._preload",
    "livekit.agents.ipc._preload_freeze",
)


def begin_to_import() -> None:
    """Start it: it imports what jobs need, for some seconds, while the worker imports what it needs itself.

    LiveKit would start it when the worker has, one after the other. Where it uses no such process this does nothing.
    """
    if sys.platform == "linux":
        from multiprocessing import forkserver

        multiprocessing.get_context("forkserver").set_forkserver_preload(list(PRELOADED))
        forkserver.ensure_running()
