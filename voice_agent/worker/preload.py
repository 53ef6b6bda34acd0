"""Imported once by the process that all jobs are forked from, so that a job finds everything imported."""

from __future__ import annotations

import contextlib
import importlib

_MODULES = (
    "voice_agent.worker.job",
    "voice_agent.bridge.connection",
    "voice_agent.bridge.find.meaning",
    "voice_agent.bridge.find.vectors",
    "voice_agent.bridge.hub.link",
    "voice_agent.providers.turns",
    "voice_agent.providers.stack",
    "voice_agent.providers.standby",
    "voice_agent.offline.ears",
    "voice_agent.offline.voice",
    "voice_agent.offline.brain.llm",
    "voice_agent.offline.turn_detector",
    "voice_agent.providers.vocabulary",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "anyio._backends._asyncio",
    "anyio.streams.stapled",
    "numpy.fft",
    "livekit.agents.llm.async_toolset",
    "livekit.plugins.openai",
    "openai.resources.chat.chat",
    "openai.resources.chat.completions.completions",
    "openai.lib.streaming.chat",
    "httpcore2",
    "truststore",
    "livekit.plugins.deepgram",
    "livekit.plugins.cartesia",
)

for _name in _MODULES:
    # The extra of a part may be missing; who needs it says so.
    with contextlib.suppress(ImportError):
        importlib.import_module(_name)

# What is read or compiled at its first use, too.
importlib.import_module("voice_agent.agents.answers").learn()
importlib.import_module("voice_agent.bridge.find.spoken").spoken()
with contextlib.suppress(ImportError):
    importlib.import_module("voice_agent.bridge.find.vectors").load_vectors(None)
