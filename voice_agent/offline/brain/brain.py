"""One decision: from the conversation so far and the tools at hand to what is done or said next."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from voice_agent.offline.brain import addresses, corrections, misheard, offer, small_talk, tasks, the_clock, times
from voice_agent.offline.brain.catalog import WAIT
from voice_agent.offline.brain.choice import choose, earlier_arguments
from voice_agent.offline.brain.choose import Index
from voice_agent.offline.brain.deeds import Deed
from voice_agent.offline.brain.dialogue import Act, Ask, Move, Say, Turn
from voice_agent.offline.brain.facts import read_fact
from voice_agent.offline.brain.fill import fill
from voice_agent.offline.brain.following import follow
from voice_agent.offline.brain.grammar import understand
from voice_agent.offline.brain.memory import remember
from voice_agent.offline.brain.more import go_on
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.reading import offered, read_held
from voice_agent.offline.brain.stems import stem
from voice_agent.offline.brain.task_tools import find_task_tools
from voice_agent.offline.brain.wishes import Action, Wish, is_reference
from voice_agent.offline.brain.words import clean, strip_courtesy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from voice_agent.offline.brain.catalog import Catalog
    from voice_agent.offline.brain.task_tools import TaskTools

_DEPTH = 6
"""How many questions in a row are followed back."""
_LONGEST = 2_000
"""Characters of an utterance that are looked at."""
_ANY_WORDS = frozenset({"message", "text", "content", "body", "title", "query", "prompt"})
"""Parameters that an answer may say anything for."""
_COMMANDING = load("tools").pattern("commanding")
"""How a command for some tool begins, which an answer in free words hardly does."""
_OWN_VERBS = frozenset({"import", "export", "archive", "share", "sync", "sort", "backup"})
"""Deeds that the task language has no words for."""
_OF_TASKS = re.compile(r"task|to.?do|remind", re.IGNORECASE)
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
        others = [one for one in self.catalog.abilities if one.server != self.task_tools.server]
        nouns = {stem(noun) for one in others for noun in one.nouns}
        object.__setattr__(self, "foreign", frozenset(nouns - {"task", "todo", "reminder"}))

    def decide(self, turns: Sequence[Turn], now: datetime) -> Move:
        """What to do next in the last of `turns`; `now` is aware, in the user's zone.

        The plan is worked out anew from the words each time, and followed as far as calls have been made.
        """
        if not turns:
            return Say(small_talk.GREETING)
        done = turns[-1].calls
        move = self._begin([*turns[:-1], Turn(turns[-1].said)], now)
        return follow(move, done, now) if done else move

    def _begin(self, turns: Sequence[Turn], now: datetime) -> Move:
        said = clean(turns[-1].said[:_LONGEST])
        plain = strip_courtesy(said)
        if told := the_clock.tell(plain, self.catalog, now):
            return Say(told)
        asked = self._open_question(turns, now)
        answered = self._answered(asked, said, turns, now) if asked else None
        if answered is not None:
            return answered
        if reply := self._without_tools(said, turns, now):
            return Say(reply)
        if special := self._undoing(said, turns) or self._anew(said, turns, now) or self._held(said, plain):
            return special
        corrected = corrections.read(said, turns[:-1], self.task_tools)
        if isinstance(corrected, Wish):
            return tasks.plan((corrected,), self._desk(turns, now))
        move = corrected or read_fact(plain, self.catalog) or self._act_on(said, turns, now)
        return self._waiting() if self.catalog.starting and isinstance(move, Say) else move

    def _anew(self, said: str, turns: Sequence[Turn], now: datetime) -> Move | None:
        """What is wanted in place of what was read back: “no, delete the oat milk”, “no, the oat milk one”."""
        rest = corrections.after_no(said)
        if not rest or not self.task_tools:
            return None
        wishes = understand(rest)
        if all(wish.is_explicit and wish.action in corrections.DEEDS for wish in wishes):
            return tasks.plan(wishes, self._desk(turns, now))
        wish = corrections.other_one(rest, turns[:-1], self.task_tools)
        return tasks.plan((wish,), self._desk(turns, now)) if wish else None

    def _held(self, said: str, plain: str) -> Move | None:
        """What servers hold beside tools."""
        is_about_tasks = bool(self.task_tools) and understand(said)[0].is_explicit
        return read_held(plain, self.catalog, is_about_tasks=is_about_tasks)

    def _undoing(self, said: str, turns: Sequence[Turn]) -> Move | None:
        """The tool that takes back the last change, of the server that was used last; None where there is none."""
        if not corrections.is_undo(said):
            return None
        used = [
            self.catalog.by_key[call.key].server
            for turn in turns
            for call in turn.calls
            if call.key in self.catalog.by_key
        ]
        server = used[-1] if used else self.task_tools.server
        for ability in self.catalog.servers.get(server, []):
            if "undo" in ability.words and not ability.required:
                return Act(((ability.key, {}),))
        return None

    def _without_tools(self, said: str, turns: Sequence[Turn], now: datetime) -> str | None:
        """More of the last list, small talk, or what can be done here; None where it is about something else."""
        if reply := go_on(said, turns[:-1], now) or small_talk.reply_to(said):
            return reply
        return (
            offer.what_i_can(said, self.catalog, self.task_tools, offered(self.catalog))
            if small_talk.asks_for_help(said) and (self.catalog.abilities or not self.catalog.starting)
            else None
        )

    def _act_on(self, said: str, turns: Sequence[Turn], now: datetime) -> Move:
        """Tasks where the words name them; else the tool that fits clearly; else tasks that may be meant."""
        if named := self._named_by_verb(said, now):
            return named
        wishes = understand(said)
        wanted = wishes[0].action != Action.OTHER and bool(self.task_tools or self.catalog.starting)
        if wanted and all(wish.is_explicit for wish in wishes):
            return tasks.plan(wishes, self._desk(turns, now)) if self.task_tools else self._waiting(_OF_TASKS)
        wanted = wanted and bool(self.task_tools)
        wanted = wanted and not self._is_of_others(wishes[0])
        choice = choose(said, self.index, now, earlier_arguments(turns[:-1], self.catalog))
        if choice and (not wanted or (choice.score >= _CLEARLY and choice.ability.server != self.task_tools.server)):
            return Deed(choice.ability, choice.filled.arguments, said, self.catalog, now).next()
        if wanted:
            return tasks.plan(wishes, self._desk(turns, now))
        return self._nothing_fits(said, turns, now)

    def _waiting(self, named: re.Pattern[str] | None = None) -> Act:
        """Wait for the servers that are starting; where some are `named` so, for them alone."""
        wanted = [name for name in self.catalog.starting if named is not None and named.search(name)]
        return Act(((WAIT, {"servers": wanted} if wanted else {}),))

    def _nothing_fits(self, said: str, turns: Sequence[Turn], now: datetime) -> Move:
        if reply := small_talk.reply_to_anger(said):
            return Say(reply)
        if self.catalog.starting:
            return self._waiting()
        return self._last_resort(said, turns, now) or Say(offer.cannot(self.catalog))

    def _named_by_verb(self, said: str, now: datetime) -> Move | None:
        """The tool whose own verb the words begin with, where it is none of those that tasks are looked after with."""
        verb, _, rest = strip_courtesy(said).lower().partition(" ")
        if verb not in _OWN_VERBS or not rest:
            return None
        own = [one for one in self.catalog.abilities if one.words[:1] == (verb,)]
        nouns = {stem(word) for word in rest.split()}
        fitting = [one for one in own if nouns & {stem(noun) for noun in one.words[1:]}]
        if not fitting:
            return None
        return Deed(fitting[0], fill(fitting[0], said, now).arguments, said, self.catalog, now).next()

    def _desk(self, turns: Sequence[Turn], now: datetime) -> tasks.Desk:
        """What plans for the last of `turns` are made with."""
        return tasks.Desk(self.task_tools, remember(turns[:-1]), now)

    def _last_resort(self, said: str, turns: Sequence[Turn], now: datetime) -> Move | None:
        """Something to do, perhaps misheard, that no tool does: it can be a task."""
        if Action.CREATE not in self.task_tools.by_action:
            return None
        for heard, is_sure in misheard.as_task(said):
            move = tasks.plan(heard, self._desk(turns, now))
            if is_sure or not isinstance(move, Act):
                return move
            return Ask(f"I can't do that myself. Shall I put “{heard[0].title}” on your list?", calls=move.calls)
        return None

    def _is_of_others(self, wish: Wish) -> bool:
        """Whether the words name a kind of thing that only other servers look after (“the file…”)."""
        words = re.sub(r"^(?:the|my|a|an|this|that) ", "", wish.title or "", flags=re.IGNORECASE).split()
        if not words or not self.foreign:
            return False
        if len(words) == 1:
            return stem("file") in self.foreign and "." in words[0] and addresses.path(words[0]) is not None
        return stem(words[0]) in self.foreign or ("." in words[-1] and addresses.path(words[-1]) is not None)

    def _open_question(self, turns: Sequence[Turn], now: datetime) -> Ask | None:
        """The question that the last turn ended with, worked out again from the words that led to it."""
        earlier = turns[:-1][-_DEPTH:]
        if not earlier or not ("?" in earlier[-1].reply or earlier[-1].was_interrupted):
            return None
        move = self.decide(earlier, now)
        return move if isinstance(move, Ask) else None

    def _answered(self, asked: Ask, said: str, turns: Sequence[Turn], now: datetime) -> Move | None:
        """What follows from the answer to a question; None where the words are no answer but another request."""
        if small_talk.is_refusal(said):
            return Say("Okay.")
        words = strip_courtesy(said)
        wish = understand(said)[0]
        if asked.calls:
            return tasks.answer(asked, said, self._desk(turns, now))
        if _is_new(asked, wish, words):
            return None
        if ability := self.catalog.by_key.get(asked.key):
            is_free = asked.missing in _ANY_WORDS and not _COMMANDING.match(words)
            if not is_free and self._fits_another(asked.key, said, now):
                return None
            return Deed(ability, asked.arguments, asked.request, self.catalog, now).answered(asked, said)
        return tasks.answer(asked, words, self._desk(turns, now))

    def _fits_another(self, key: str, said: str, now: datetime) -> bool:
        """Whether the words ask for another tool so clearly that they can hardly be an answer."""
        choice = choose(said, self.index, now, {})
        return choice is not None and choice.ability.key != key and choice.score >= _CLEARLY


def _is_new(asked: Ask, wish: Wish, words: str) -> bool:
    """Whether words that follow a question are a request of their own."""
    if wish.action in {Action.OTHER, Action.CLARIFY} or words.lower().startswith(("to ", "about ")):
        return False
    if wish.is_explicit or (wish.action == Action.LIST and not times.is_only_time(words)):
        return True
    if asked.key:
        return asked.missing not in _ANY_WORDS and wish.action != Action.CREATE
    if asked.missing == "due":
        return bool(wish.titles) and not is_reference(wish.titles[0])
    is_for_title = asked.wish is not None and asked.wish.action in {Action.CLARIFY, Action.CREATE}
    return wish.action != Action.CREATE and bool(wish.titles) and not is_for_title
