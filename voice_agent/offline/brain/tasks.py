"""From wishes about tasks to calls of whatever tools look after them, and from their answers to speech."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voice_agent.offline.brain import times
from voice_agent.offline.brain.dialogue import Act, Ask, Call, Move, Say
from voice_agent.offline.brain.lookup import matching
from voice_agent.offline.brain.memory import resolve
from voice_agent.offline.brain.results import Output, read_output
from voice_agent.offline.brain.spoken import listing
from voice_agent.offline.brain.task_tools import TaskTools, arguments_for, reference, takes_words
from voice_agent.offline.brain.wishes import Action, Wish, is_nothing, is_pronoun, is_reference, several, tidy

if TYPE_CHECKING:
    from typing import Any

    from voice_agent.offline.brain.catalog import Ability
    from voice_agent.offline.brain.memory import Memory

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


@dataclass(frozen=True, slots=True)
class Planned:
    """Calls to be made for some wishes, or the question that comes first."""

    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    move: Move | None = None


def plan(wishes: tuple[Wish, ...], tools: TaskTools, memory: Memory) -> Move:
    """The calls that carry out all `wishes`, or the first question that stands in the way."""
    calls: list[tuple[str, dict[str, Any]]] = []
    for wish in wishes:
        planned = _plan_one(wish, tools, memory)
        if planned.move is not None:
            return planned.move
        calls.extend(planned.calls)
    if len(wishes) == 1 and len(calls) == 1:
        return Act(tuple(calls), then=lambda made: _settle(wishes[0], made[0]))
    return Act(tuple(calls))


_NO_TIME = re.compile(
    r"\b(?:understand|parse|read|invalid)\b.*\b(?:time|date|day|due)\b|\bas a (?:time|date)\b", re.IGNORECASE
)


def _settle(wish: Wish, call: Call) -> Move | None:
    """What to ask where the tool could not make out when; None where its answer is to be said."""
    if wish.action == Action.LIST and not call.is_error and (wish.is_count or wish.is_whether):
        return _told_briefly(wish, read_output(call.output or ""))
    if call.is_error and wish.due and _NO_TIME.search(call.output or ""):
        return Ask("I didn't get when that should be. When?", wish=wish, missing="due")
    return None


def _told_briefly(wish: Wish, output: Output) -> Move | None:
    """A number, or yes or no, out of what was listed; None where the tool gave no data."""
    if output.items is None:
        return None
    if wish.is_count:
        return Say(output.prose.partition(":")[0].rstrip(".") + ".") if output.prose else None
    names = listing([item.name for item in output.items[:3]])
    return Say(f"Yes, it's there: {names}." if names else f"No, {wish.title} isn't on your list.")


def _plan_one(wish: Wish, tools: TaskTools, memory: Memory) -> Planned:
    ability = tools.by_action.get(wish.action)
    if wish.action == Action.CLARIFY or (wish.action == Action.CREATE and ability):
        return _plan_create(wish, ability, memory)
    if ability is None:
        return Planned(move=Say(f"I can't {_VERB.get(wish.action, 'do that')} with the tools I have."))
    if wish.action == Action.LIST:
        return _plan_list(wish, ability, memory)
    if wish.action == Action.CLEAR:
        return Planned(((ability.key, arguments_for(ability, wish, None)),))
    return _plan_change(wish, tools, memory)


def _plan_create(wish: Wish, ability: Ability | None, memory: Memory) -> Planned:
    titles = wish.titles
    if wish.title and is_pronoun(wish.title):
        titles = tuple(item.name for item in resolve(wish.title, memory))
    if not titles or ability is None:
        waiting = replace(wish, action=Action.CLARIFY, titles=())
        return Planned(move=Ask("What should I remind you of?", wish=waiting, missing="title"))
    return Planned(tuple((ability.key, arguments_for(ability, wish, title)) for title in titles))


def _plan_list(wish: Wish, ability: Ability, memory: Memory) -> Planned:
    title = wish.title
    if title and is_reference(title):
        found = resolve(title, memory)
        title = found[0].name if found else None
    return Planned(((ability.key, arguments_for(ability, wish, title)),))


def _plan_change(wish: Wish, tools: TaskTools, memory: Memory) -> Planned:
    ability = tools.by_action[wish.action]
    if wish.action == Action.UPDATE and not (wish.due or wish.new_title or wish.priority or wish.notes or wish.tag):
        return Planned(move=Ask("To when should I move it?", wish=wish, missing="due"))
    if not wish.titles:
        return Planned(move=Ask(_WHICH[wish.action], wish=wish, missing="title"))
    which = reference(ability)
    calls: list[tuple[str, dict[str, Any]]] = []
    for title in wish.titles:
        if is_reference(title):
            found = resolve(title, memory)
            if not found:
                return Planned(move=Ask(_WHICH[wish.action], wish=replace(wish, titles=()), missing="title"))
            calls.extend((ability.key, arguments_for(ability, wish, str(item.id))) for item in found)
        elif which is None or takes_words(which):
            calls.append((ability.key, arguments_for(ability, wish, title)))
        else:
            return _look_up(wish, tools)
    return Planned(tuple(calls))


def _look_up(wish: Wish, tools: TaskTools) -> Planned:
    """The tool only knows ids: list the tasks first."""
    ability = tools.by_action.get(Action.LIST)
    if ability is None:
        return Planned(move=Say("I can't find out which task that is."))
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
            acts.append(
                (tools.by_action[wish.action].key, arguments_for(tools.by_action[wish.action], wish, str(named[0][1])))
            )
        return Act(tuple(acts))

    call = (ability.key, arguments_for(ability, Wish(Action.LIST, status=status), None))
    return Planned(move=Act((call,), then=found))


def answer(asked: Ask, words: str, tools: TaskTools, memory: Memory) -> Move | None:
    """Go on with the wish that was waiting for `words`; None where they are no answer."""
    wish = asked.wish
    if wish is None:
        return None
    rest, due = times.split(words)
    if asked.missing == "due":
        return plan((replace(wish, due=due),), tools, memory) if due else None
    title = tidy(rest)
    if not title or (is_nothing(title) and not is_reference(title)):
        return Ask(asked.text, wish=replace(wish, due=due or wish.due), missing="title")
    action = Action.CREATE if wish.action == Action.CLARIFY else wish.action
    return plan((replace(wish, action=action, titles=several(title), due=due or wish.due),), tools, memory)
