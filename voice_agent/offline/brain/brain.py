"""One decision: from the conversation so far and the tools at hand to what is done or said next."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from voice_agent.offline.brain import small_talk, tasks, values
from voice_agent.offline.brain.choice import choose, earlier_arguments
from voice_agent.offline.brain.choose import Index
from voice_agent.offline.brain.deeds import Deed
from voice_agent.offline.brain.dialogue import Act, Ask, Move, Say, Turn
from voice_agent.offline.brain.facts import read_fact
from voice_agent.offline.brain.grammar import understand
from voice_agent.offline.brain.memory import remember
from voice_agent.offline.brain.render import render
from voice_agent.offline.brain.stems import stem
from voice_agent.offline.brain.task_tools import find_task_tools
from voice_agent.offline.brain.wishes import Action, Wish
from voice_agent.offline.brain.words import clean, strip_courtesy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from voice_agent.offline.brain.catalog import Catalog
    from voice_agent.offline.brain.task_tools import TaskTools

_DEPTH = 6
"""How many questions in a row are followed back."""
_CLEARLY = 1.15
"""How well another tool must fit to be preferred to a task that the words do not name."""


@dataclass(frozen=True, eq=False)
class Brain:
    """Decides by rules over one catalog of tools."""

    catalog: Catalog
    task_tools: TaskTools = field(init=False)
    index: Index = field(init=False)
    foreign: frozenset[str] = field(init=False)
    """Kinds of things that only tools for other things than tasks have in their names."""

    def __post_init__(self) -> None:
        """Find the tools that look after tasks, and weigh the words of all."""
        object.__setattr__(self, "task_tools", find_task_tools(self.catalog))
        object.__setattr__(self, "index", Index(self.catalog))
        others = {
            stem(noun) for one in self.catalog.abilities if one.server != self.task_tools.server for noun in one.nouns
        }
        object.__setattr__(self, "foreign", frozenset(others - {"task", "todo", "reminder"}))

    def decide(self, turns: Sequence[Turn], now: datetime) -> Move:
        """What to do next in the last of `turns`: the plan is worked out anew from the words, and followed as far as calls have been made."""
        if not turns:
            return Say(small_talk.GREETING)
        done = turns[-1].calls
        bare = [*turns[:-1], Turn(turns[-1].said)]
        if not done:
            return self._begin(bare, now)
        move = self._begin(bare, now)
        while isinstance(move, Act) and done:
            made, done = done[: len(move.calls)], done[len(move.calls) :]
            if move.then is None or [call.key for call in made] != [key for key, _ in move.calls]:
                return Say(render((*made, *done), now))
            if (following := move.then(made)) is None:
                return Say(render((*made, *done), now))
            move = following
        return (
            move
            if not done and not (isinstance(move, Act) and not move.calls)
            else Say(render(done or turns[-1].calls[-1:], now))
        )

    def _begin(self, turns: Sequence[Turn], now: datetime) -> Move:
        said = clean(turns[-1].said)
        if (asked := self._open_question(turns, now)) and (answered := self._answered(asked, said, turns, now)):
            return answered
        if reply := small_talk.reply_to(said, self.catalog):
            return Say(reply)
        if move := read_fact(strip_courtesy(said), self.catalog):
            return move
        memory = remember(turns[:-1])
        wishes = understand(said)
        wanted = wishes[0].action != Action.OTHER and bool(self.task_tools)
        if wanted and all(wish.is_explicit for wish in wishes):
            return tasks.plan(wishes, self.task_tools, memory)
        choice = choose(said, self.index, now, earlier_arguments(turns[:-1], self.catalog))
        if wanted and self._is_of_others(wishes[0]):
            wanted = False
        if choice and (not wanted or (choice.score >= _CLEARLY and choice.ability.server != self.task_tools.server)):
            return Deed(choice.ability, choice.filled.arguments, said, self.catalog, now).next()
        if wanted:
            return tasks.plan(wishes, self.task_tools, memory)
        return Say(small_talk.cannot(self.catalog))

    def _is_of_others(self, wish: Wish) -> bool:
        """Whether the words name a kind of thing that only other servers look after (“the file…”)."""
        words = re.sub(r"^(?:the|my|a|an|this|that) ", "", wish.title or "", flags=re.IGNORECASE).split()
        return len(words) > 1 and (
            stem(words[0]) in self.foreign
            or (bool(self.foreign) and "." in words[-1] and values.path(words[-1]) is not None)
        )

    def _open_question(self, turns: Sequence[Turn], now: datetime) -> Ask | None:
        """The question that the last turn ended with, worked out again from the words that led to it."""
        earlier = turns[:-1][-_DEPTH:]
        if not earlier or not ("?" in earlier[-1].reply or earlier[-1].was_interrupted):
            return None
        move = self.decide(earlier, now)
        return move if isinstance(move, Ask) else None

    def _answered(self, asked: Ask, said: str, turns: Sequence[Turn], now: datetime) -> Move | None:
        if small_talk.is_refusal(said):
            return Say("Okay.")
        words = strip_courtesy(said)
        wishes: tuple[Wish, ...] = understand(said)
        is_new = wishes[0].action not in (Action.OTHER, Action.CLARIFY) and wishes[0].is_explicit
        if is_new and not words.lower().startswith(("to ", "about ")):
            return None
        if ability := self.catalog.by_key.get(asked.key):
            return Deed(ability, asked.arguments, asked.request, self.catalog, now).answered(asked, said)
        return tasks.answer(asked, words, self.task_tools, remember(turns[:-1]))
