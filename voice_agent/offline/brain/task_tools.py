"""Which of the tools at hand look after tasks, found by what they are called and take; never by whose they are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voice_agent.offline.brain.grammar_repeat import repeats
from voice_agent.offline.brain.wishes import Action, Wish

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voice_agent.offline.brain.catalog import Ability, Catalog, Parameter
    from voice_agent.offline.brain.which import Which

_NOUN = re.compile(r"^(?:tasks?|todos?|reminders?|chores?|errands?|assignments?)$")
_VERBS: dict[Action, tuple[str, ...]] = {
    Action.CREATE: ("create", "add", "new", "make", "set", "insert"),
    Action.LIST: ("list", "get", "show", "search", "find", "query", "fetch", "read", "view"),
    Action.COMPLETE: ("complete", "finish", "check", "done", "close", "resolve", "tick", "mark"),
    Action.REOPEN: ("reopen", "uncomplete", "uncheck", "restore", "reactivate"),
    Action.UPDATE: ("update", "edit", "modify", "change", "reschedule", "rename", "move"),
    Action.DELETE: ("delete", "remove"),
    Action.CLEAR: ("clear", "purge", "wipe", "empty"),
}
TITLE = (
    "title",
    "name",
    "content",
    "text",
    "task",
    "summary",
    "subject",
    "todo",
    "item",
    "what",
    "description",
    "reminder",
    "message",
)
DUE = (
    "due",
    "due_date",
    "due_at",
    "due_string",
    "due_on",
    "deadline",
    "when",
    "remind_at",
    "date",
    "time",
    "dueDate",
    "datetime",
)
REFERENCE = (
    "task",
    "todo",
    "reminder",
    "item",
    "task_id",
    "todo_id",
    "reminder_id",
    "item_id",
    "id",
    "ids",
    "title",
    "name",
    "query",
)
STATUS = ("status", "state", "filter", "completed", "done", "show")
QUERY = ("query", "search", "q", "text", "keyword", "contains", "title", "words")
TAGS = ("tags", "tag", "labels", "label", "list", "category", "project", "list_name")
REPEAT = ("repeat", "repeats", "recurrence", "recurring", "recur", "rrule", "frequency")
REMIND = ("remind", "reminder", "remind_at", "reminder_at", "remind_when", "alert", "notify")
NOTES = ("notes", "note", "details", "body", "comment", "description")


def _fit(ability: Ability, action: Action) -> float:
    """How well a tool does the action; 0 where it does not."""
    verbs = _VERBS[action]
    words = ability.words
    verb = next((word for word in words if word in {one for many in _VERBS.values() for one in many}), "")
    if verb not in verbs:
        return 0.0
    nouns = [word for word in words if word != verb]
    named = any(_NOUN.match(word) for word in nouns) or (
        (ability.name in verbs or not nouns)
        and bool(re.search(r"\b(?:tasks?|to-?dos?|reminders?)\b", ability.description, re.IGNORECASE))
    )
    if not named:
        return 0.0
    score = 10.0 - verbs.index(verb) - 0.5 * sum(not _NOUN.match(word) for word in nouns)
    many = any(word.endswith("s") for word in nouns if _NOUN.match(word)) or "all" in words
    if action == Action.LIST:
        score += 2 if many else -4
        score -= 3 * len(ability.required)
    elif action == Action.CREATE:
        score += 2 if ability.parameter(*TITLE, kinds=("string",)) else -6
    elif action in (Action.COMPLETE, Action.DELETE, Action.UPDATE, Action.REOPEN):
        score += 1 if ability.parameter(*REFERENCE) else -6
    return max(score, 0.0)


@dataclass(frozen=True, slots=True)
class TaskTools:
    """The tools of one server that look after tasks, by what they do."""

    by_action: dict[Action, Ability] = field(default_factory=dict[Action, "Ability"])

    def __bool__(self) -> bool:
        """Whether tasks can be made and heard."""
        return Action.CREATE in self.by_action or Action.LIST in self.by_action

    @property
    def server(self) -> str:
        """The name of the server that they are of."""
        return next((ability.server for ability in self.by_action.values()), "")


def find_task_tools(catalog: Catalog) -> TaskTools:
    """The task tools of the server that has most of them."""
    return max(
        (_of_server(abilities) for abilities in catalog.servers.values()),
        key=lambda tools: len(tools.by_action),
        default=TaskTools(),
    )


def _of_server(abilities: Iterable[Ability]) -> TaskTools:
    best: dict[Action, tuple[float, Ability]] = {}
    for ability in abilities:
        for action in _VERBS:
            fit = _fit(ability, action)
            if fit > 0 and (action not in best or fit > best[action][0]):
                best[action] = (fit, ability)
    return TaskTools({action: ability for action, (_, ability) in best.items()})


def _as_type(parameter: Parameter, value: str) -> Any:
    return [value] if parameter.kind == "array" else value


def _status(parameter: Parameter, status: str) -> Any:
    """The status in the parameter's own words; None where it has none for it."""
    if parameter.kind == "boolean":
        return {"done": True, "open": False}.get(status)
    same = {
        "done": ("done", "completed", "complete", "finished", "closed"),
        "open": ("open", "todo", "pending", "active", "incomplete", "needs_action", "not_started", "opened"),
        "all": ("all", "any", "everything"),
    }.get(status, (status,))
    if not parameter.enum:
        return same[0]
    return next((value for value in parameter.enum if value.lower() in same), None)


def reference(ability: Ability) -> Parameter | None:
    """The parameter that says which task is meant."""
    required = [parameter for parameter in ability.required if parameter.kind in ("string", "integer", "array")]
    return required[0] if len(required) == 1 else ability.parameter(*REFERENCE, kinds=("string", "integer", "array"))


def takes_words(parameter: Parameter) -> bool:
    """Whether a task may be named to the tool by its words; if not, its id must be looked up."""
    if parameter.kind != "string" or parameter.format == "uuid":
        return False
    is_id = parameter.words[-1:] in (["id"], ["ids"], ["uuid"])
    return not is_id or bool(re.search(r"\b(?:words?|title|name)\b", parameter.description, re.IGNORECASE))


def _traits_for(ability: Ability, which: Which) -> dict[str, Any]:
    """What a listing tool can choose by itself of what is asked for."""
    found = [(ability.parameter(trait.field, kinds=("string",)), trait.value) for trait in which.traits]
    return {one.name: value for one, value in found if one and value and (not one.enum or value in one.enum)}


def arguments_for(ability: Ability, wish: Wish, title: str | None) -> dict[str, Any]:
    """The arguments that carry out `wish` for one title (or id), as far as the tool has parameters for it."""
    given: dict[str, Any] = {}

    def give(names: tuple[str, ...], value: str | None) -> None:
        parameter = ability.parameter(*names)
        if value is not None and parameter is not None and parameter.name not in given:
            given[parameter.name] = _as_type(parameter, value)

    if wish.action == Action.CREATE:
        give(TITLE, title)
    elif wish.action == Action.LIST:
        give(QUERY, title)
    elif title is not None and (parameter := reference(ability)):
        title = re.sub(r"^(?:the|my|our) (?=\S)", "", title, flags=re.IGNORECASE)
        given[parameter.name] = (
            int(title) if parameter.kind == "integer" and title.isdigit() else _as_type(parameter, title)
        )
    if wish.action == Action.UPDATE:
        give(("new_title", "new_name", *TITLE), wish.new_title)
    if wish.action == Action.LIST:
        given |= _traits_for(ability, wish.which)
    if wish.action in (Action.CREATE, Action.UPDATE, Action.LIST):
        is_repeating = wish.action != Action.LIST and wish.due is not None and repeats(wish.due)
        give(REPEAT if is_repeating and ability.parameter(*REPEAT) else DUE, wish.due)
        give(TAGS, wish.tag)
        give(REPEAT, wish.repeat)
        give(REMIND, None if is_repeating and wish.remind == wish.due else wish.remind)
    give(("priority", "importance"), wish.priority)
    give(NOTES, wish.notes)
    if (
        wish.status
        and (parameter := ability.parameter(*STATUS))
        and (value := _status(parameter, wish.status)) is not None
    ):
        given[parameter.name] = value
    return given
