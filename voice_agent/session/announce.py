"""Lets servers speak up: news in a resource that is announced is said at a moment when it interrupts nobody."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from voice_agent.agents.speech import Kind
from voice_agent.bridge.cleaning import clean
from voice_agent.offline.brain.results import items_in
from voice_agent.offline.brain.spoken import clock, listing, number
from voice_agent.session.unasked import tell

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json, News
    from voice_agent.offline.brain.results import Item
    from voice_agent.session.conversation import Conversation

_LATE = timedelta(minutes=5)
"""How long after its time a thing is still said to be now."""
_MOST = 5
_LONGEST_NAME, _LONGEST_LINE = 80, 160
_TIMES = ("remind", "remind_at", "reminder", "at", "start", "due", "time", "when")


def announce_news(conversation: Conversation) -> None:
    """Say what the servers announce, for as long as the conversation goes on."""

    def note(news: News) -> None:
        if words := in_words(news, datetime.now(conversation.aloud.zone)):
            tell(conversation, lambda: conversation.speech.say(conversation.session, words, Kind.ANNOUNCEMENT), "news")

    conversation.bridge.library.subscribe(note)


def in_words(news: News, now: datetime) -> str:
    """Return what is said of news: `It's 3 pm: call the dentist.`; empty where there is nothing to say."""
    after, before = news.after.structured, news.before.structured if news.before is not None else None
    if after is None:
        line = clean(news.after.text, _LONGEST_LINE, one_line=True)
        return f"{news.say}: {line}" if line and (news.before is None or news.before.text != news.after.text) else ""
    items = items_in(after)
    if items is None:
        return f"{news.say}: “{news.resource.title or news.resource.uri}” has changed."
    known = {_mark(item) for item in items_in(before) or []}
    new = [item for item in items if _mark(item) not in known]
    if not new:
        return ""
    names = [clean(item.name, _LONGEST_NAME, one_line=True) for item in new[:_MOST]]
    told = listing([*names, f"{number(len(new) - _MOST)} more"] if len(new) > _MOST else names)
    is_now = all(_is_now(item.fields, now) for item in new)
    lead = f"It's {clock(now.time())}" if is_now else news.say
    return f"{lead}: {told}."


def _mark(item: Item) -> tuple[str, str]:
    """Return what tells a thing from what it was: its id and its time."""
    return str(item.id), str(next((item.fields[name] for name in _TIMES if item.fields.get(name)), ""))


def _is_now(fields: Json, now: datetime) -> bool:
    """Tell whether the thing's time has just come."""
    for name in _TIMES:
        value: Any = fields.get(name)
        with contextlib.suppress(ValueError, TypeError):
            if timedelta(seconds=-1) <= now - datetime.fromisoformat(value) <= _LATE:
                return True
    return False
