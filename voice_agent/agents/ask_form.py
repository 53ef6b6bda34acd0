"""One question put field by field: what is said next follows from what has been said to it so far. Pure.

Nothing is remembered between two turns: the whole dialogue is gone through again from the user's messages, so that a
guess of what the user is saying can be judged ahead of time and thrown away.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from voice_agent.agents.answers import Answer, answer_of, plain, ways_to_say
from voice_agent.agents.ask_choices import is_only
from voice_agent.agents.ask_corrections import correction, is_correction
from voice_agent.agents.ask_fields import Read, read, spoken
from voice_agent.agents.ask_words import means, pattern, say
from voice_agent.agents.readback import join, question
from voice_agent.bridge.forms import Kind, Reply

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from voice_agent.bridge.forms import Field, Question
    from voice_agent.bridge.types import Json

TRIES = 3
"""Answers to one field that cannot be used, after which the question is cancelled."""
_SPARE_TURNS = 12
"""Turns that a form may take beyond two a field."""
_ASIDE_WORDS = 4
"""Words that a request of its own has at least."""
_LISTED = 6
"""Options that are all said."""
_RETOLD = 3
"""Answers that are all read back again when one is changed."""
_PLAIN = frozenset({Kind.BOOLEAN, Kind.CHOICE})
"""What is understood or not: the answer to a form of one such field is not read back."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where the dialogue stands."""

    say: str
    """What is said to the user next; may be empty at the end."""
    field: Field | None = None
    """What is asked for; None of a link, and when it is asked whether to send the form."""
    reply: Reply | None = None
    """What goes to the server; None while the dialogue goes on."""
    is_aside: bool = False
    """The last words were no answer but a request of their own, after which `say` asks again."""
    values: Json = dataclasses.field(default_factory=dict[str, Any])
    """What has been answered so far, by the names of the fields."""


def follow(asked: Question, said: Sequence[str], now: datetime) -> Step:
    """Return where the dialogue stands after the user has `said` these things, oldest first.

    Args:
        asked: What the server asks.
        said: The user's turns since.
        now: When it was asked; aware, in the user's zone.
    """
    talk: _Link | _Form = _Link(asked) if asked.url is not None else _Form(asked, now)
    step = talk.begin()
    for text in said:
        if step.reply is not None:
            break
        step = talk.hear(text)
    return replace(step, values=dict(talk.values)) if isinstance(talk, _Form) else step


def _early_end(asked: Question) -> Step | None:
    """Return the end of a question that is not even put."""
    if asked.trouble is not None:
        return Step(say("trouble", server=asked.say, trouble=asked.trouble), reply=Reply("cancel"))
    secrets = [one.title for one in asked.fields if one.is_secret and one.is_required]
    if secrets:
        return Step(say("secret", server=asked.say, title=join(secrets)), reply=Reply("decline"))
    return None


def _ended(text: str) -> Step | None:
    """Return the end that the user wants, if that is what was said."""
    if means("cancel", text):
        return Step(say("never_mind"), reply=Reply("cancel"))
    if means("decline", text):
        return Step("", reply=Reply("decline"))
    return None


class _Link:
    """A link that the user is asked to open."""

    def __init__(self, asked: Question) -> None:
        self._asked, self._tries, self._is_open = asked, 0, False

    def begin(self) -> Step:
        asked = self._asked
        if asked.is_sign_in:
            words = "sign_in_for_more" if asked.is_for_more else "sign_in"
            return Step(say(words, server=asked.say, domain=asked.domain))
        return _early_end(asked) or Step(say("link", server=asked.say, domain=asked.domain, text=_sentence(asked.text)))

    def hear(self, text: str) -> Step:
        if (self._is_open or self._asked.is_sign_in) and means("done", text):
            return Step("", reply=Reply("accept"))
        if (end := _ended(text)) is not None:
            return end
        if not self._is_open and answer_of(text) is Answer.YES:
            if not self._asked.is_waited_for:
                return Step("", reply=Reply("accept"))
            self._is_open = True
            return Step(say("link_done"))
        self._tries += not means("repeat", text)
        if self._tries >= TRIES:
            return Step(say("gave_up"), reply=Reply("cancel"))
        again = "sign_in_again" if self._asked.is_sign_in else "link_done" if self._is_open else "link_again"
        return Step(say(again, domain=self._asked.domain))


@dataclass
class _Form:
    """A form, field by field."""

    asked: Question
    now: datetime
    values: Json = field(default_factory=dict[str, Any])
    at: int = 0
    tries: int = 0
    turns: int = 0
    is_doubted: bool = False
    """What was read back has had a bare no."""
    fields: tuple[Field, ...] = ()

    def __post_init__(self) -> None:
        self.fields = tuple(one for one in self.asked.fields if not one.is_secret)

    @property
    def _field(self) -> Field | None:
        return self.fields[self.at] if self.at < len(self.fields) else None

    def begin(self) -> Step:
        """Say what the server asks, and the first field."""
        if (end := _early_end(self.asked)) is not None:
            return end
        secrets = [one.title for one in self.asked.fields if one.is_secret]
        first = self.fields[0] if self.fields else None
        shown = "asks_here" if self.asked.is_ours else "asks"
        if first is None:
            words = say(shown, server=self.asked.say, text=_sentence(self.asked.text))
            return Step(f"{words} {say('review_again')}" if not _is_question(words) else words)
        left_out = say("left_out", titles=join(secrets)) if secrets else ""
        if len(self.fields) == 1:
            words = say(shown, server=self.asked.say, text=_sentence(self.asked.text))
            more = self._hints(first, self.asked.text) if _is_question(self.asked.text) else self._prompt(first)
            return Step(_joined(words, left_out, more), first)
        words = say("one_at_a_time", server=self.asked.say, text=_sentence(self.asked.text), count=len(self.fields))
        return Step(_joined(words, left_out, say("first", field=self._prompt(first))), first)

    def hear(self, text: str) -> Step:
        """Take the user's next words."""
        self.turns += 1
        if self.turns > 2 * len(self.fields) + _SPARE_TURNS:
            return self._give_up()
        current = self._field
        found = read(current, text, self.now) if current is not None and current.choices else Read()
        if found.value is not None and current is not None and not is_correction(text):
            picked = [one for one in current.choices if one.value == found.value]
            if not _is_aside(text) or (picked and is_only(picked[0], text)) or _is_list(found.value):
                return self._take(current, found.value)
            return replace(self._again(), is_aside=True)
        return self._command(text, current) or self._corrected(text, current) or self._answer(text, current)

    def _command(self, text: str, current: Field | None) -> Step | None:
        """Act on what is about the form and no answer to it."""
        end = _ended(text)
        is_no = end is not None and end.reply is not None and end.reply.action == "decline"
        if is_no and current is not None and current.kind is Kind.BOOLEAN:
            end = end if read(current, text, self.now).value is None else None
        elif is_no and answer_of(text) is Answer.NO and (instead := self._no(current)) is not None:
            return instead
        if end is not None:
            return end
        if means("repeat", text):
            return self._again()
        if means("back", text):
            return self._go_back()
        return self._left(text, current) if current is not None else None

    def _no(self, current: Field | None) -> Step | None:
        """Take a bare “no” for less than the end of it all: to what can be left out, and to the review once."""
        if current is not None and not current.is_required and len(self.fields) > 1:
            self.values.pop(current.name, None)
            return self._go_on()
        if current is None and self.values and not self.is_doubted:
            self.is_doubted = True
            return Step(say("change_what"))
        return None

    def _left(self, text: str, current: Field) -> Step | None:
        """Take the default for the field, or leave it out, if that is what was said."""
        if means("keep", text):
            return self._take(current, current.default) if current.default is not None else self._invalid("")
        if means("skip", text):
            if current.is_required:
                return self._invalid(say("needed"))
            self.values.pop(current.name, None)
            return self._go_on()
        return None

    def _corrected(self, text: str, current: Field | None) -> Step | None:
        """Take what is said anew of a field that has been asked for."""
        known = [one for one in self.fields[: self.at] if one.name in self.values]
        is_yes = current is None and _shall_send(text)
        found = None if is_yes else correction(text, known, current, self.now, is_asked=self.is_doubted)
        if found is None:
            return None
        one, value = found
        self.values[one.name] = value
        changed = say("changed", title=question(one.title), value=spoken(one, value))
        if current is None and len(known) > _RETOLD:
            return Step(_joined(changed, say("review_rest")))
        return self._again(changed if len(known) > 1 or current is not None else "")

    def _answer(self, text: str, current: Field | None) -> Step:
        if current is None:
            if _shall_send(text):
                return self._send()
            return self._invalid("")
        found = read(current, text, self.now)
        if found.value is not None:
            return self._take(current, found.value)
        return replace(self._again(), is_aside=True) if _is_aside(text) else self._invalid(found.problem or "")

    def _take(self, current: Field, value: Any) -> Step:
        self.values[current.name] = value
        return self._go_on()

    def _go_on(self) -> Step:
        self.at, self.tries = self.at + 1, 0
        # What is asked here, and not sent to anybody else, can be put right by saying so.
        if self._field is None and len(self.fields) == 1 and (self.asked.is_ours or self.fields[0].kind in _PLAIN):
            return self._send()
        return self._again()

    def _go_back(self) -> Step:
        if self.at == 0:
            return self._again(say("no_field"))
        self.at -= 1
        self.values.pop(self.fields[self.at].name, None)
        return self._again()

    def _again(self, lead: str = "") -> Step:
        current = self._field
        if current is not None and len(self.fields) == 1 and not lead:
            return self.begin()
        if current is not None:
            return Step(_joined(lead, say("next", field=self._prompt(current))), current)
        told = [
            f"{_lower(one.title)} {spoken(one, self.values[one.name])}"
            for one in self.fields
            if one.name in self.values
        ]
        if not told:
            return Step(_joined(lead, say("review_again" if not self.fields else "empty")))
        return Step(_joined(lead, say("review", values=question(", ".join(told)))))

    def _invalid(self, problem: str) -> Step:
        self.tries += 1
        if self.tries >= TRIES:
            return self._give_up()
        current = self._field
        if current is None:
            return Step(_joined(problem, say("review_again")))
        lead = problem or say("nothing")
        hints = self._options(current) if current.choices else ""
        return Step(_joined(lead, hints or (self._prompt(current) if self.tries > 1 else "")), current)

    def _give_up(self) -> Step:
        return Step(say("gave_up"), reply=Reply("cancel"))

    def _send(self) -> Step:
        if self.asked.problem(self.values) is not None:
            return Step(say("unfit", server=self.asked.say), reply=Reply("cancel"))
        return Step("", reply=Reply("accept", dict(self.values)))

    def _prompt(self, current: Field) -> str:
        told = current.description
        words = say("described", title=question(current.title), description=_sentence(told)) if told else ""
        return _joined(words or say("field", title=question(current.title)), self._hints(current, told))

    def _hints(self, current: Field, told: str) -> str:
        """Say what can be answered, as far as `told` does not say it."""
        known = plain(told)
        is_told = bool(current.choices) and all(plain(one.title) in known for one in current.choices)
        is_near = bool(current.choices) and all(
            set(plain(one.title).split()[:3]) <= set(known.split()) for one in current.choices
        )
        parts = [] if is_told or is_near else [self._options(current)]
        if current.kind is Kind.CHOICES:
            parts.append(say("several"))
        if current.default is not None and len(self.fields) > 1:
            parts.append(say("default", value=spoken(current, current.default)))
        elif not current.is_required:
            parts.append(say("optional"))
        return _joined(*parts)

    def _options(self, current: Field) -> str:
        titles = [one.title for one in current.choices]
        if not titles:
            return ""
        if len(titles) > _LISTED:
            return say("options_many", count=len(titles), options=", ".join(titles[: _LISTED // 2]))
        return say("options", options=join(titles))


def _is_aside(text: str) -> bool:
    """Tell whether words that cannot be used as an answer are a request of their own."""
    return len(text.split()) >= _ASIDE_WORDS and pattern("aside").search(text) is not None


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_question(text: str) -> bool:
    return text.rstrip().endswith("?")


def _lower(title: str) -> str:
    """Return a title as it stands within a sentence: not what is a name or an abbreviation by its capitals."""
    return title[:1].lower() + title[1:] if title[1:].islower() else title


def _sentence(text: str) -> str:
    text = question(text.strip())
    return text if not text or text[-1] in ".!?…:" else f"{text}."


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _shall_send(text: str) -> bool:
    """Tell whether an utterance is a yes to “Shall I send it?”."""
    return answer_of(text, ways_to_say("send")) is Answer.YES or means("yes", text)
