"""The configuration of a job: as it is when the job begins, and as it is edited from then on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voice_agent.config.again import Signature, Watch, read_again, signature, watched
from voice_agent.session.servers import follow_edits

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.config.load import Config
    from voice_agent.session.conversation import Conversation


@dataclass(frozen=True, slots=True)
class Source:
    """What a worker was started with; it is pickled on its way into each job's process."""

    config: Config
    read: Callable[[], Config] | None = None
    """Reads the same sources once more; None: edits are not followed."""
    seen: Signature = ()
    """Of the files, when `config` was read."""

    @classmethod
    def of(cls, config: Config, read: Callable[[], Config] | None) -> Source:
        """Return the source of a worker that starts now."""
        return cls(config, read, signature(watched(config)))

    async def now(self) -> tuple[Config, Watch]:
        """Return the configuration as it is now, and what has looked at it since before it was read.

        What is broken in it stays as the worker knows it.
        """
        watch = Watch(self.config)
        if self.read is None or signature(watched(self.config)) == self.seen:
            return self.config, watch
        edited = await asyncio.to_thread(read_again, self.config, self.read)
        if edited.config is None:
            return self.config, watch
        watch.follow(edited.config)
        return replace(edited.config, settings=self.config.settings), watch

    def follow(self, conversation: Conversation, config: Config, watch: Watch) -> None:
        """Attach and detach servers when `mcp.json` is edited; those behind a hub are the hub's to follow."""
        if self.read is None:
            return
        read = self.read
        if config.settings.hub.address is None:
            follow_edits(conversation, config, read, watch)
        else:
            follow_edits(conversation, _own(config), lambda: _own(read()), watch)


def _own(config: Config) -> Config:
    """Return `config` with the servers alone that a job attaches beside the hub."""
    return replace(config, servers=tuple(one for one in config.servers if one.voice.scope == "session"))
