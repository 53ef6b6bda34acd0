"""Keeps a model from writing with an identifier that it has made up: whatever it was told, this is decided in code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.agents.readback import join, quote
from voice_agent.agents.window import mentions
from voice_agent.bridge.ids import lookups, unmentioned
from voice_agent.bridge.policy import is_read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from livekit.agents.llm import ChatItem

    from voice_agent.bridge.types import Json, Tool

_MOST = 3


def made_up(
    tool: Tool, arguments: Json, items: Sequence[ChatItem], tools: Sequence[Tool], *, past: Sequence[str] = ()
) -> str | None:
    """Return what a model is told of a call that writes with an identifier that nobody has mentioned; None: it may go.

    Mentioned is what the user has said and what a tool has answered, in this conversation; `past`: before `items`.
    """
    if is_read(tool.name, tool.hints, trusted=False):
        return None
    texts = [text for item in items if (text := mentions(item)) is not None]
    names = unmentioned(tool, arguments, [*past, *texts])
    if not names:
        return None
    live = [one for one in tools if one is not tool]
    found = dict.fromkeys(one.key for name in names for one in lookups(tool, name, live)[:_MOST])
    told = (
        f"Not done: what was given for {join([quote(name) for name in names])} was neither said by the user nor found."
    )
    if found:
        return f"{told} Look it up with {' or '.join(list(found)[:_MOST])}; if several fit, ask the user which."
    return f"{told} Ask the user for it."
