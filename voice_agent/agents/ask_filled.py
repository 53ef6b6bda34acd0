"""A question answered as a form on a screen, all at once: the same questions as by voice, the same bounds. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from voice_agent.agents.ask_fields import spoken
from voice_agent.agents.ask_words import say
from voice_agent.bridge.forms import Kind, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voice_agent.bridge.forms import Field, Question
    from voice_agent.bridge.types import Json

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
_WORDS = {"decline": "I'd rather not.", "cancel": "Never mind."}


def form_shown(asked: Question, values: Mapping[str, Any]) -> Json:
    """Return what a page shows of a question: the server's words, its fields as far as they are shown, and the link.

    Args:
        asked: The question.
        values: What has been answered so far, by name.
    """
    return {
        "say": asked.say,
        "text": asked.text,
        "is_ours": asked.is_ours,
        "domain": asked.domain if asked.url is not None else None,
        "is_waited_for": asked.is_waited_for,
        "fields": [_shown(one) for one in asked.fields if not one.is_secret],
        "left_out": [one.title for one in asked.fields if one.is_secret],
        "values": dict(values),
    }


def filled(asked: Question, content: Json) -> Reply:
    """Return the answer that a form filled in on a screen is.

    Raises:
        ValueError: It does not fit; the message says why, in a sentence that names the field.
    """
    if asked.url is not None:
        return Reply("accept")
    fields = {one.name: one for one in asked.fields if not one.is_secret}
    if unknown := sorted(set(content) - set(fields)):
        raise ValueError(f"The form has no field “{unknown[0]}”.")
    for name, one in fields.items():
        problem = _problem(one, content[name]) if name in content else say("needed_here") if one.is_required else None
        if problem is not None:
            raise ValueError(f"{one.title}: {problem}")
    if asked.problem(content) is not None:
        raise ValueError(f"{asked.say} would not take these answers.")
    return Reply("accept", dict(content))


def words_of(asked: Question, reply: Reply) -> str:
    """Return what the user has said by filling in the form, as it stands in the transcript."""
    if reply.action != "accept":
        return _WORDS[reply.action]
    if asked.url is not None:
        return "Done." if asked.is_waited_for else "Yes."
    content = reply.content or {}
    told = [f"{one.title} {spoken(one, content[one.name])}" for one in asked.fields if one.name in content]
    return f"{', '.join(told)}." if told else "Yes, send it."


def _shown(one: Field) -> Json:
    return {
        "name": one.name,
        "title": one.title,
        "kind": one.kind.value,
        "is_required": one.is_required,
        "description": one.description,
        "default": one.default,
        "choices": [{"value": choice.value, "title": choice.title} for choice in one.choices],
        "least": one.least,
        "most": one.most,
    }


def _problem(one: Field, value: Any) -> str | None:
    """Return what is wrong with the value of a field, as a sentence; None where nothing is."""
    match one.kind:
        case Kind.BOOLEAN:
            return None if isinstance(value, bool) else say("not_yes_or_no")
        case Kind.NUMBER | Kind.INTEGER:
            return _of_number(one, value)
        case Kind.CHOICE:
            return None if value in {choice.value for choice in one.choices} else say("not_an_option")
        case Kind.CHOICES:
            return _of_choices(one, value)
        case _:
            return _of_text(one, value) if isinstance(value, str) else say("nothing")


def _of_number(one: Field, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return say("not_a_number")
    if one.kind is Kind.INTEGER and float(value) != int(value):
        return say("not_whole")
    if one.least is not None and value < one.least:
        return say("too_small", least=f"{one.least:g}")
    if one.most is not None and value > one.most:
        return say("too_big", most=f"{one.most:g}")
    return None


def _of_choices(one: Field, value: Any) -> str | None:
    known = {choice.value for choice in one.choices}
    picked = cast("list[Any]", value) if isinstance(value, list) else None
    if picked is None or not all(isinstance(each, str) and each in known for each in picked):
        return say("not_an_option")
    if one.least is not None and len(picked) < one.least:
        return say("too_few", least=f"{one.least:g}")
    if one.most is not None and len(picked) > one.most:
        return say("too_many", most=f"{one.most:g}")
    return None


def _of_text(one: Field, value: str) -> str | None:
    if one.least is not None and len(value) < one.least:
        return say("too_short", least=f"{one.least:g}")
    if one.most is not None and len(value) > one.most:
        return say("too_long", most=f"{one.most:g}")
    match one.kind:
        case Kind.EMAIL:
            return None if _EMAIL.fullmatch(value) else say("not_an_email_here")
        case Kind.URI:
            return None if _URI.fullmatch(value) else say("not_a_uri_here")
        case Kind.DATE | Kind.DATE_TIME:
            return _of_date(one, value)
        case _:
            return None


def _of_date(one: Field, value: str) -> str | None:
    try:
        if one.kind is Kind.DATE:
            date.fromisoformat(value)
        else:
            return None if datetime.fromisoformat(value).tzinfo is not None else say("not_a_moment")
    except ValueError:
        return say("not_a_date" if one.kind is Kind.DATE else "not_a_moment")
    return None
