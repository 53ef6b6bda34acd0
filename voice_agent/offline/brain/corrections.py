"""What is said right after a task was added or changed, to put that right or take it back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from voice_agent.offline.brain import times
from voice_agent.offline.brain.dialogue import Say
from voice_agent.offline.brain.memory import remember, resolve
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.wishes import Action, Wish, is_nothing, tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voice_agent.offline.brain.dialogue import Turn
    from voice_agent.offline.brain.task_tools import TaskTools

_SAYS = load("corrections")
_LEAD, _MEANT, _UNDO = _SAYS.pattern("lead"), _SAYS.pattern("meant"), _SAYS.pattern("undo")
_NO = _SAYS.pattern("no")
_WAITS = "Not done yet: the user has been asked"
"""So begins what a call came back with that was read back."""
DEEDS = frozenset({Action.DELETE, Action.COMPLETE, Action.REOPEN, Action.CLEAR, Action.CREATE})
"""What can be wanted instead of something else, in words of its own."""
_OPPOSITE = {Action.COMPLETE: Action.REOPEN, Action.REOPEN: Action.COMPLETE}
_LONGEST = 6
"""Words of a title that is said again."""


def read(said: str, turns: Sequence[Turn], tools: TaskTools) -> Wish | Say | None:
    """The change that `said` asks for of what was done in the last of `turns`; None where it asks for none."""
    last = turns[-1].calls[-1] if turns and turns[-1].calls else None
    if last is None or last.is_error or last.output is None:
        return None
    done = next((action for action, ability in tools.by_action.items() if ability.key == last.key), None)
    words = said.strip(" .,!?")
    if done is None:
        return None
    if is_undo(words):
        return _undone(done, turns, tools)
    return _corrected(words) if done in {Action.CREATE, Action.UPDATE} else None


def after_no(said: str) -> str | None:
    """What is said after a “no”; None where it does not begin so, or says nothing more."""
    match = _NO.match(said.strip(" .,!?"))
    return match["rest"] if match else None


def other_one(rest: str, turns: Sequence[Turn], tools: TaskTools) -> Wish | None:
    """The same deed for another task, where it was read back for one in the last of `turns`; None where it was not."""
    asked = [call for call in turns[-1].calls if (call.output or "").startswith(_WAITS)] if turns else []
    action = next(
        (action for action, ability in tools.by_action.items() for call in asked if ability.key == call.key), ""
    )
    title = tidy(rest)
    if action not in {Action.DELETE, Action.COMPLETE, Action.REOPEN} or is_nothing(title):
        return None
    return Wish(Action(action), (title,), is_explicit=True) if len(title.split()) <= _LONGEST else None


def is_undo(said: str) -> bool:
    """Whether the last deed is to be taken back."""
    return _UNDO.fullmatch(said.strip(" .,!?")) is not None


def _corrected(words: str) -> Wish | None:
    """Another time, or another title, for the task just touched."""
    words = re.sub(r",? (?:and )?not (?:at |on |for )?[\w ]+$", "", words) if not words.startswith("not") else words
    lead = _LEAD.match(words)
    rest = words[lead.end() :] if lead else words
    if times.is_only_time(rest) or (lead and times.is_hour(rest)):
        _, due = times.split(rest)
        return Wish(Action.UPDATE, ("it",), due=due or rest, is_explicit=True)
    meant = _MEANT.match(words)
    title = tidy(meant["title"]) if meant else ""
    if title and not is_nothing(title) and len(title.split()) <= _LONGEST and times.split(title)[1] is None:
        return Wish(Action.UPDATE, ("it",), new_title=title, is_explicit=True)
    return None


def _undone(done: Action, turns: Sequence[Turn], tools: TaskTools) -> Wish | Say | None:
    """The opposite of what was done, or what can be done instead."""
    opposite = _OPPOSITE.get(done)
    if opposite is not None and opposite in tools.by_action:
        return Wish(opposite, ("them" if len(turns[-1].calls) > 1 else "it",), is_explicit=True)
    named = resolve("it", remember(turns))
    if done == Action.CREATE and Action.DELETE in tools.by_action and named:
        return Say(f"I can't undo that, but I can delete {named[0].name}: just say “delete it”.")
    if done == Action.UPDATE:
        return Say("I can't undo that. Tell me how it should be, and I'll change it.")
    return Say("I can't undo that.") if done not in {Action.LIST, Action.CLARIFY} else None
