"""Requests for each tool, spoken by the offline voice, heard by the offline ears, decided on by the offline brain.

Tools that only read are called where the brain looks something up on its way; what it decides on is not called.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from voice_agent.bridge.catalog import title_of
from voice_agent.bridge.find.finder import Finder
from voice_agent.bridge.policy import is_read
from voice_agent.bridge.types import Status
from voice_agent.errors import ExtraMissing
from voice_agent.inspect.report import Heard
from voice_agent.inspect.sample import Unknown, sample

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voice_agent.bridge.bridge import Bridge
    from voice_agent.bridge.types import Json, Tool

_RATE = 16_000
_MOST_OFFERED = 20
"""Tools that a model is shown at once in a conversation."""
_ROUNDS = 5
_LONGEST = 80
"""Characters of a value that are said."""


async def speak_to(bridge: Bridge, tell: Callable[[str], None]) -> list[Heard]:
    """Speak a request for each tool, and return what was heard and which tool was chosen.

    Raises:
        ExtraMissing: The extra `offline` is not installed.
    """
    try:
        hear = await asyncio.to_thread(_load, bridge.tools)
    except ImportError:
        raise ExtraMissing("offline", "inspect --spoken") from None
    finder = Finder(by_meaning=False)
    finder.update(bridge.tools)
    heard: list[Heard] = []
    for number, tool in enumerate(bridge.tools, 1):
        tell(f"Speaking to {tool.name} ({number} of {len(bridge.tools)})")
        said = request_for(tool)
        text = await asyncio.to_thread(hear, said)
        offered = bridge.tools
        if len(offered) > _MOST_OFFERED:
            offered = finder.find(text, _MOST_OFFERED).tools
        chosen, arguments = await _decided(bridge, offered, text)
        heard.append(Heard(tool.name, said, text, chosen, arguments))
    return heard


def request_for(tool: Tool) -> str:
    """Return how somebody might ask for `tool`: its name in words, with what it must be told."""
    try:
        values = sample(tool)
    except Unknown:
        values: Json = dict.fromkeys(tool.input_schema.get("required", []), "milk")
    told = [title_of(str(value))[:_LONGEST] for value in values.values() if isinstance(value, str | int | float)]
    words = tool.title if 1 < len(tool.title.split()) <= 6 else title_of(tool.name)  # noqa: PLR2004 - a short phrase
    return f"Please {' '.join([words.lower(), *told])}."


def _load(tools: Sequence[Tool]) -> Callable[[str], str]:
    """Load voice and ears, and return a function from a sentence to what is heard of it."""
    import numpy as np
    import soxr

    from voice_agent.offline import models
    from voice_agent.offline.ears_heard import Window, cleaned
    from voice_agent.offline.vocabulary import vocabulary
    from voice_agent.offline.voice_text import spoken

    piper, whisper = models.piper().result(), models.whisper(models.TINY_EN).result()
    words = vocabulary(tools)

    def hear(sentence: str) -> str:
        pcm = b"".join(piper.synthesize(spoken(sentence)))
        voice = soxr.resample(np.frombuffer(pcm, np.int16).astype(np.float32) / 32768.0, piper.sample_rate, _RATE)
        samples = np.concatenate([np.zeros(_RATE // 4, np.float32), voice, np.zeros(_RATE // 4, np.float32)])
        return cleaned(whisper.recognise(samples, window=Window.FULL, vocabulary=words, language="en")).text

    return hear


async def _decided(bridge: Bridge, offered: Sequence[Tool], text: str) -> tuple[str | None, Json]:
    """Return the tool that the brain decides on for `text`, and its arguments; look-ups on the way are made."""
    from voice_agent.offline.brain.brain import Brain
    from voice_agent.offline.brain.catalog import Catalog
    from voice_agent.offline.brain.dialogue import Act, Ask, Call, Turn

    known = {tool.key: tool for tool in offered}
    schemas = [{"name": tool.key, "description": tool.description, "parameters": tool.input_schema} for tool in offered]
    brain = await asyncio.to_thread(lambda: Brain(Catalog.of(schemas)))
    made: list[Call] = []
    for _ in range(_ROUNDS):
        move = brain.decide([Turn(text, tuple(made))], datetime.now().astimezone())
        if isinstance(move, Ask):
            found: tuple[str, Any] = move.calls[0] if move.calls else (move.key, move.arguments)
            return _named(known, found)
        if not isinstance(move, Act) or not move.calls:
            return None, {}
        key, arguments = move.calls[0]
        tool = known.get(key)
        if not move.is_reading or tool is None or not is_read(tool.name, tool.hints, trusted=False):
            return _named(known, (key, arguments))
        result = await bridge.call(tool, arguments)
        made.append(Call(key, arguments, result.text, result.status is not Status.OK))
    return None, {}


def _named(known: dict[str, Tool], found: tuple[str, Any]) -> tuple[str | None, Json]:
    key, arguments = found
    return (known[key].name, cast("Json", arguments)) if key in known else (None, {})
