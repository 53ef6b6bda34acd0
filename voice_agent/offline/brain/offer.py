"""What can be done here, told from the tools at hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from voice_agent.offline.brain.spoken import listing, number
from voice_agent.offline.brain.wishes import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voice_agent.offline.brain.catalog import Ability, Catalog
    from voice_agent.offline.brain.task_tools import TaskTools

_SAID_AT_ONCE = 5
_DEEDS = {
    Action.CREATE: "add",
    Action.LIST: "read out",
    Action.COMPLETE: "tick off",
    Action.UPDATE: "change",
    Action.DELETE: "delete",
}


def what_i_can(said: str, catalog: Catalog, tasks: TaskTools, prompts: Sequence[str] = ()) -> str:
    """What the tools can do, in short sentences; of one server alone where `said` names it.

    `prompts`: what else can be said.
    """
    told = _what_tools_can(said, catalog, tasks)
    return f"{told} You can also say {_some([f'“{prompt}”' for prompt in prompts])}." if prompts else told


def _what_tools_can(said: str, catalog: Catalog, tasks: TaskTools) -> str:
    servers = [server for server in catalog.servers if server]
    for server in servers:
        if re.search(rf"\b{re.escape(_spoken(server))}\b", said, re.IGNORECASE):
            return _of_server(server, catalog.servers[server])
    if not catalog.abilities:
        return "I have no tools at the moment, so there is little I can do."
    others = _some([_spoken(server) for server in servers if not tasks or server != tasks.server])
    deeds = [deed for action, deed in _DEEDS.items() if action in tasks.by_action]
    if not deeds:
        return f"I can help you with {others or 'a few things'}. Ask me about one to hear more."
    more = f" I can also help with {others}." if others else " Just tell me what you need."
    return f"I can {listing(deeds)} your tasks.{more}"


def cannot(catalog: Catalog) -> str:
    """That nothing fits, and what would."""
    servers = _some([_spoken(server) for server in catalog.servers if server])
    if not catalog.abilities:
        return "Sorry, I can't do that: I have no tools at the moment."
    return f"Sorry, I can't do that. I can help you with {servers or 'other things'}."


def _of_server(server: str, abilities: Sequence[Ability]) -> str:
    own = {server.lower(), _spoken(server).lower()}
    deeds = [" ".join(word for word in ability.words if word not in own) for ability in abilities]
    return f"With {_spoken(server)} I can do this: {_some(deeds)}."


def _some(names: Sequence[str]) -> str:
    """The first few, and how many more."""
    kept = [name for name in dict.fromkeys(names) if name]
    left = len(kept) - _SAID_AT_ONCE
    return listing([*kept[:_SAID_AT_ONCE], f"{number(left)} more"] if left > 0 else kept)


def _spoken(server: str) -> str:
    return re.sub(r"[_-]+", " ", server)
