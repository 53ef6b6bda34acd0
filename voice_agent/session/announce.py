"""Lets servers speak up: news in a resource that is announced is said at a moment when it interrupts nobody."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from voice_agent.agents.speech import Kind, is_heard
from voice_agent.bridge.cleaning import clean
from voice_agent.offline.brain.results import items_in
from voice_agent.offline.brain.spoken import clock, listing, number
from voice_agent.session.unasked import tell

if TYPE_CHECKING:
    from livekit.agents.voice import SpeechHandle

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
    conversation.bridge.library.subscribe(Announcer(conversation).note)


@dataclass(slots=True)
class _Unheard:
    """What there is to be said of one resource: from what the user knows of it to what it is."""

    news: News


class Announcer:
    """Says news until they have been heard, as far as they are still so, each once."""

    def __init__(self, conversation: Conversation) -> None:
        """Take whose user is told."""
        self._conversation = conversation
        self._unheard: dict[tuple[str, str], _Unheard] = {}

    def note(self, news: News) -> None:
        """Take notice of news."""
        place = (news.resource.server, news.resource.uri)
        earlier = self._unheard.get(place)
        unheard = _Unheard(news if earlier is None else replace(news, before=earlier.news.before))
        self._unheard[place] = unheard
        tell(self._conversation, partial(self._say, place, unheard), "news")

    def _say(self, place: tuple[str, str], unheard: _Unheard) -> SpeechHandle | None:
        if self._unheard.get(place) is not unheard:
            # Newer news say it, where it still is so.
            return None
        news, conversation = unheard.news, self._conversation
        words = in_words(news, datetime.now(conversation.aloud.zone))
        if not words:
            del self._unheard[place]
            return None
        said = conversation.speech.say(conversation.session, words, Kind.ANNOUNCEMENT)
        said.add_done_callback(partial(self._note_end, place, unheard, news))
        return said

    def _note_end(self, place: tuple[str, str], unheard: _Unheard, news: News, said: SpeechHandle) -> None:
        """Remember what the user knows of the resource, where they have heard this."""
        newest = self._unheard.get(place)
        if newest is None or not is_heard(said):
            return
        if newest is unheard:
            del self._unheard[place]
        else:
            newest.news = replace(newest.news, before=news.after)


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
