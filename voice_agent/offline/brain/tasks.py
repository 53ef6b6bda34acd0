"""From wishes about tasks to calls of whatever tools look after them, and from their answers to speech."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voice_agent.offline.brain import telling, times
from voice_agent.offline.brain.dialogue import Act, Ask, Call, Move, Say, in_turn
from voice_agent.offline.brain.lookup import matching
from voice_agent.offline.brain.memory import Memory, means_all, resolve
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.results import Item, read_output
from voice_agent.offline.brain.spoken import count, listing
from voice_agent.offline.brain.task_tools import QUERY, TAGS, TaskTools, arguments_for, reference, takes_words
from voice_agent.offline.brain.which import Trait, Which, sift
from voice_agent.offline.brain.whole_list import read_all
from voice_agent.offline.brain.wishes import Action, Wish, is_nothing, is_pronoun, is_reference, several, tidy

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from voice_agent.offline.brain.catalog import Ability

_VERB = {
    Action.CREATE: "add tasks",
    Action.LIST: "read your tasks",
    Action.COMPLETE: "tick tasks off",
    Action.REOPEN: "open a finished task again",
    Action.UPDATE: "change tasks",
    Action.DELETE: "delete tasks",
    Action.CLEAR: "clear your list",
}
_WHICH = {
    Action.COMPLETE: "Which task have you finished?",
    Action.REOPEN: "Which task isn't done yet?",
    Action.UPDATE: "Which task should I change?",
    Action.DELETE: "Which task should I delete?",
    Action.LIST: "Which task do you mean?",
}
_MANY = 8
"""From this many changes at once on the user is asked first."""
_YES = load("small_talk").pattern("yes")
_NO_TIME = re.compile(
    r"\b(?:understand|parse|read|invalid)\b.*\b(?:time|date|day|due)\b|\bas a (?:time|date)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the plans are made with."""

    tools: TaskTools
    memory: Memory
    now: datetime
    """Aware, in the user's zone."""


def plan(wishes: tuple[Wish, ...], desk: Desk) -> Move:
    """What carries out all `wishes`, one after the other where that takes more than calls; or the first question."""
    moves = [_plan_one(wish, desk) for wish in wishes]
    if len(wishes) > 1 and all(isinstance(move, Act) and move.is_plain for move in moves):
        return Act(tuple(call for move in moves if isinstance(move, Act) for call in move.calls))
    asked = next((move for move in moves if isinstance(move, Ask | Say)), None)
    return asked or in_turn(moves)


def _plan_one(wish: Wish, desk: Desk) -> Move:
    ability = desk.tools.by_action.get(wish.action)
    if wish.action == Action.CLARIFY or (wish.action == Action.CREATE and ability):
        return _plan_create(wish, ability, desk)
    if ability is None:
        return Say(f"I can't {_VERB.get(wish.action, 'do that')} with the tools I have.")
    if wish.action == Action.LIST:
        return _plan_list(wish, ability, desk)
    if wish.action == Action.CLEAR:
        return _plan_clear(wish, ability, desk)
    return _plan_change(wish, ability, desk)


def _plan_clear(wish: Wish, ability: Ability, desk: Desk) -> Move:
    """All at once; one by one where only those just told, or those of one list, are meant."""
    deleter = desk.tools.by_action.get(Action.DELETE)
    told = resolve(wish.titles[0], desk.memory) if wish.titles else []
    if deleter and len(told) > 1:
        return _plan_change(replace(wish, action=Action.DELETE), deleter, desk)
    if deleter and wish.tag and not ability.parameter(*TAGS):
        return _change_all(Wish(Action.DELETE), Wish(Action.LIST, status=wish.status, tag=wish.tag), desk)
    return Act(((ability.key, arguments_for(ability, wish, None)),))


def _plan_create(wish: Wish, ability: Ability | None, desk: Desk) -> Move:
    titles = wish.titles
    if wish.title and is_pronoun(wish.title):
        titles = tuple(item.name for item in resolve(wish.title, desk.memory))
    if not titles or ability is None:
        waiting = replace(wish, action=Action.CLARIFY, titles=())
        return Ask("What should I remind you of?", wish=waiting, missing="title")
    return _act(wish, tuple((ability.key, arguments_for(ability, wish, title)) for title in titles))


def _act(wish: Wish, calls: tuple[tuple[str, dict[str, Any]], ...]) -> Act:
    """The calls; of a single one that could not make out when, the time is asked for."""
    if len(calls) != 1 or not wish.due:
        return Act(calls)

    def then(made: tuple[Call, ...]) -> Move | None:
        if made[0].is_error and _NO_TIME.search(made[0].output or ""):
            return Ask("I didn't get when that should be. When?", wish=wish, missing="due")
        return None

    return Act(calls, then=then)


def _plan_list(wish: Wish, ability: Ability, desk: Desk) -> Move:
    title = wish.title
    if title and is_reference(title):
        found = resolve(title, desk.memory)
        title = found[0].name if found else None
    arguments = arguments_for(ability, wish, title)
    if wish.asked_field:
        return read_all(ability, arguments, lambda items: telling.field_of(wish, items, desk.now))
    which = _which_rows(wish, ability)
    if which or wish.tag:
        return read_all(ability, arguments, lambda items: _sifted(wish, which, ability, items, desk))
    if wish.is_count or wish.is_whether:
        return Act(((ability.key, arguments),), then=lambda made: telling.briefly(wish, made[0]), is_reading=True)
    return Act(((ability.key, arguments),))


def _which_rows(wish: Wish, ability: Ability) -> Which:
    """What is to be looked for in the rows, for the tool does not choose by it."""
    can_tag = wish.tag is None or ability.parameter(*TAGS) is not None
    return wish.which if can_tag else replace(wish.which, traits=(*wish.which.traits, Trait("tag", wish.tag)))


def _sifted(wish: Wish, which: Which, ability: Ability, items: list[Item], desk: Desk) -> Move | None:
    kept = sift(items, which)
    if kept is None:
        return telling.untold(which)
    query = ability.parameter(*QUERY)
    if not kept and wish.tag and query and not which.traits:
        words = arguments_for(ability, replace(wish, tag=None), wish.tag)
        return read_all(ability, words, lambda found: telling.tasks(wish, found, desk.now))
    return telling.tasks(wish, kept, desk.now)


def _plan_change(wish: Wish, ability: Ability, desk: Desk) -> Move:
    if wish.action == Action.UPDATE and not wish.changes:
        return Ask("To when should I move it?", wish=wish, missing="due")
    if wish.scope is not None:
        return _change_all(wish, wish.scope, desk)
    which = reference(ability)
    calls: list[tuple[str, dict[str, Any]]] = []
    for title in wish.titles:
        names = [str(item.id) for item in resolve(title, desk.memory)] if is_reference(title) else [title]
        if not names and means_all(title):
            return _change_all(wish, Wish(Action.LIST), desk)
        if not names:
            calls.clear()
            break
        if not is_reference(title) and which is not None and not takes_words(which):
            return _look_up(wish, desk)
        calls.extend((ability.key, arguments_for(ability, wish, name)) for name in names)
    return (
        _at_once(wish, tuple(calls))
        if calls
        else Ask(_WHICH[wish.action], wish=replace(wish, titles=()), missing="title")
    )


def _change_all(wish: Wish, scope: Wish, desk: Desk) -> Move:
    """Look for the tasks that are described, then change each."""
    lister, ability = desk.tools.by_action.get(Action.LIST), desk.tools.by_action[wish.action]
    if lister is None:
        return Say("I can't find out which tasks those are.")
    status = scope.status or ("done" if wish.action == Action.REOPEN else "open")
    which = _which_rows(scope, lister)

    def found(items: list[Item]) -> Move:
        meant = sift(items, which)
        if meant is None:
            return telling.untold(which)
        if wish.title:
            meant = resolve(wish.title, Memory((tuple(meant),)))
        if not meant:
            return Say("There are no such tasks.")
        return _at_once(wish, tuple((ability.key, arguments_for(ability, wish, str(item.id))) for item in meant))

    return read_all(lister, arguments_for(lister, replace(scope, status=status), None), found)


def _at_once(wish: Wish, calls: tuple[tuple[str, dict[str, Any]], ...]) -> Move:
    """The calls, after a question where they are many."""
    if len(calls) < _MANY:
        return _act(wish, calls)
    return Ask(f"Those are {count(len(calls), 'task')}. Shall I do that to all of them?", wish=wish, calls=calls)


def _look_up(wish: Wish, desk: Desk) -> Move:
    """The tool only knows ids: list the tasks first."""
    lister, ability = desk.tools.by_action.get(Action.LIST), desk.tools.by_action[wish.action]
    if lister is None:
        return Say("I can't find out which task that is.")
    status = "done" if wish.action == Action.REOPEN else "open"

    def found(calls: tuple[Call, ...]) -> Move:
        items = read_output(calls[-1].output or "").items or []
        acts: list[tuple[str, dict[str, Any]]] = []
        for title in wish.titles:
            named = matching(title, [(item.name, item.id) for item in items])
            if not named:
                return Say(f"I couldn't find {title}.")
            if len(named) > 1:
                return Ask(
                    f"Which one: {listing([name for name, _ in named[:4]], last='or')}?",
                    wish=replace(wish, titles=()),
                    missing="title",
                )
            acts.append((ability.key, arguments_for(ability, wish, str(named[0][1]))))
        return Act(tuple(acts))

    return Act(
        ((lister.key, arguments_for(lister, Wish(Action.LIST, status=status), None)),), then=found, is_reading=True
    )


def answer(asked: Ask, words: str, desk: Desk) -> Move | None:
    """Go on with the wish that was waiting for `words`; None where they are no answer."""
    wish = asked.wish
    if asked.calls:
        return Act(asked.calls) if _YES.fullmatch(words.strip(" .,!?")) else None
    if wish is None:
        return None
    rest, due = times.split(words)
    if asked.missing == "due":
        return plan((replace(wish, due=due),), desk) if due else None
    title = tidy(rest)
    if not title or (is_nothing(title) and not is_reference(title)):
        return Ask(asked.text, wish=replace(wish, due=due or wish.due), missing="title")
    action = Action.CREATE if wish.action == Action.CLARIFY else wish.action
    return plan((replace(wish, action=action, titles=several(title), due=due or wish.due),), desk)
