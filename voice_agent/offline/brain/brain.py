"""One decision: from the conversation so far and the tools at hand to what is done or said next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from voice_agent.offline.brain import small_talk, tasks, times
from voice_agent.offline.brain.dialogue import Ask, Move, Say, Turn
from voice_agent.offline.brain.grammar import understand
from voice_agent.offline.brain.memory import remember
from voice_agent.offline.brain.render import render
from voice_agent.offline.brain.task_tools import find_task_tools
from voice_agent.offline.brain.wishes import Action, Wish, several, tidy
from voice_agent.offline.brain.words import clean, strip_courtesy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from voice_agent.offline.brain.catalog import Catalog
    from voice_agent.offline.brain.task_tools import TaskTools

_DEPTH = 6
"""How many questions in a row are followed back."""


@dataclass(frozen=True, eq=False)
class Brain:
    """Decides by rules over one catalog of tools."""

    catalog: Catalog
    task_tools: TaskTools = field(init=False)

    def __post_init__(self) -> None:
        """Find the tools that look after tasks."""
        object.__setattr__(self, "task_tools", find_task_tools(self.catalog))

    def decide(self, turns: Sequence[Turn], now: datetime) -> Move:
        """What to do next in the last of `turns`."""
        if not turns:
            return Say(small_talk.GREETING)
        turn = turns[-1]
        if turn.calls:
            return Say(render(turn.calls, now))
        return self._begin(turns, now)

    def _begin(self, turns: Sequence[Turn], now: datetime) -> Move:
        said = clean(turns[-1].said)
        if reply := small_talk.reply_to(said, self.catalog):
            return Say(reply)
        if asked := self._open_question(turns, now):
            if answered := self._answered(asked, said, turns):
                return answered
        wishes = understand(said)
        if wishes[0].action != Action.OTHER and self.task_tools:
            return tasks.plan(wishes, self.task_tools, remember(turns[:-1]))
        return Say(small_talk.cannot(self.catalog))

    def _open_question(self, turns: Sequence[Turn], now: datetime) -> Ask | None:
        """The question that the last turn ended with, worked out again from the words that led to it."""
        earlier = turns[:-1][-_DEPTH:]
        if not earlier or not ("?" in earlier[-1].reply or earlier[-1].was_interrupted):
            return None
        last = earlier[-1]
        if last.calls:
            return None
        move = self._begin(earlier, now)
        return move if isinstance(move, Ask) else None

    def _answered(self, asked: Ask, said: str, turns: Sequence[Turn]) -> Move | None:
        if asked.wish is None:
            return None
        wishes = understand(said)
        words = strip_courtesy(said)
        fresh = wishes[0]
        if (
            fresh.action not in (Action.OTHER, Action.CLARIFY)
            and fresh.is_explicit
            and not words.lower().startswith(("to ", "about "))
        ):
            return None
        rest, due = times.split(words)
        if asked.missing == "due":
            if due is None:
                return None
            return tasks.plan((replace(asked.wish, due=due),), self.task_tools, remember(turns[:-1]))
        title = tidy(rest)
        if not title:
            return Ask(asked.text, wish=replace(asked.wish, due=due or asked.wish.due), missing="title")
        action = Action.CREATE if asked.wish.action == Action.CLARIFY else asked.wish.action
        filled: Wish = replace(asked.wish, action=action, titles=several(title), due=due or asked.wish.due)
        return tasks.plan((filled,), self.task_tools, remember(turns[:-1]))
