"""Reads one field's value out of what the user says or types, and says it back. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from voice_agent.agents.answers import plain
from voice_agent.agents.ask_choices import pick, pick_several
from voice_agent.agents.ask_dates import read_day, read_moment
from voice_agent.agents.ask_numbers import read_number
from voice_agent.agents.ask_words import bare, pattern, say, truth, words
from voice_agent.agents.readback import join
from voice_agent.bridge.forms import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.bridge.forms import Field

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)
_SPELLED = 2
"""Letters said one after the other are a spelled word."""

_SPELLS = re.compile(
    r"(?:\b(?:it|that|which)(?:'s| is) |\bi )?\b(?:spelled|spelt|spell(?:ing)?)\b(?: (?:it|that|as))?[:,]? *",
    re.IGNORECASE,
)
_AS_IN = re.compile(r"\b([a-z]),? (?:as in|for|like) [a-z]+\b", re.IGNORECASE)
_DOUBLE = re.compile(r"\bdouble[ -]([a-z])\b", re.IGNORECASE)
_CAPITAL = re.compile(r"\b(?:capital|upper ?case|big)[ -]([a-z])\b", re.IGNORECASE)
_SPACE = re.compile(r"[, ]+(?:space|new word)[, ]+", re.IGNORECASE)
_NAMES = frozenset({"name", "names", "city", "town", "street", "place", "country", "company", "surname", "person"})
"""Words of titles of what is written with a capital letter."""
_CASED = re.compile(r"^(?:all |it's |in )*(?:(?:lower|small) ?case|small letters|one word)[, ]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Read:
    """What an utterance holds for a field."""

    value: Any = None
    problem: str | None = None
    """Why it holds nothing, as a sentence."""


def read(field: Field, text: str, now: datetime) -> Read:
    """Return the value for `field` in `text`, or what is wrong with it.

    Args:
        field: What was asked for.
        text: The user's words.
        now: Aware, in the user's zone; “Friday” counts from it.
    """
    changed = pattern("rather" if field.kind is Kind.TEXT else "no_but").split(text)
    if len(changed) > 1 and changed[0].strip() and (found := _read(field, changed[-1], now)).value is not None:
        return found
    return _read(field, text, now)


def _read(field: Field, text: str, now: datetime) -> Read:
    readers: dict[Kind, Callable[[], Read]] = {
        Kind.TEXT: lambda: _text(field, text),
        Kind.EMAIL: lambda: _email(text),
        Kind.URI: lambda: _uri(text),
        Kind.DATE: lambda: _date(text, now),
        Kind.DATE_TIME: lambda: _moment(text, now),
        Kind.NUMBER: lambda: _number(field, text),
        Kind.INTEGER: lambda: _number(field, text),
        Kind.BOOLEAN: lambda: _boolean(text),
        Kind.CHOICE: lambda: _choice(field, text),
        Kind.CHOICES: lambda: _choices(field, text),
    }
    return readers[field.kind]()


def spoken(field: Field, value: Any) -> str:
    """Return a value of `field` as it is read back."""
    titles = {choice.value: choice.title for choice in field.choices}
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        named = [titles.get(str(one), str(one)) for one in cast("list[Any]", value)]
        return join(named) if named else "none"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    try:
        if field.kind is Kind.DATE:
            return _day_said(date.fromisoformat(str(value)))
        if field.kind is Kind.DATE_TIME:
            moment = datetime.fromisoformat(str(value))
            return f"{_day_said(moment.date())} at {moment:%H:%M}"
    except ValueError:
        pass
    return titles.get(str(value), str(value))


def spell(text: str) -> str:
    """Return `text` with letters that were said one by one put together: `A D A` → `ADA`, `double u` not."""
    out: list[str] = []
    run: list[str] = []
    for word in [*text.split(), ""]:
        letter = _letter(word)
        if letter:
            run.append(letter)
            continue
        out += ["".join(run)] if len(run) >= _SPELLED else run
        run = []
        if word:
            out.append(word)
    return " ".join(out)


def spelled(text: str) -> str | None:
    """Return what `text` spells from its first word to its last, or after a word of it: `Meier, spelled M E I E R`."""
    said = _AS_IN.sub(r"\1", _SPELLS.sub("", text.strip()))
    if len(several := _SPACE.split(said)) > 1:
        first = several[0].split()
        start = next((place for place in range(len(first)) if all(map(_letter, first[place:]))), 0)
        each = [spelled(part) for part in (" ".join(first[start:]), *several[1:])]
        return " ".join(filter(None, each)) if all(each) else None
    said = _CAPITAL.sub(r"\1", said)
    told = _heard_letters(_DOUBLE.sub(r"\1 \1", said).split(), is_spelled=_SPELLS.search(text) is not None)
    start = next((place for place in range(len(told)) if all(map(_letter, told[place:]))), len(told))
    letters = "".join(map(_letter, told[start:]))
    is_that_word = start == 1 and told[0][:1].lower() == letters[:1].lower()
    if len(letters) < _SPELLED or (start and not is_that_word):
        return None
    return letters


def _heard_letters(told: list[str], *, is_spelled: bool) -> list[str]:
    """Return `told` with letters for what was heard in their place, from the first or the second word on: `M see D`."""
    names = cast("dict[str, str]", words()["spoken"]["letter_names"])
    letters = {name: letter for letter, alike in names.items() for name in alike.split("|")}
    for start in (0, 1):
        heard = [letters.get(word.strip(".,").lower(), word) for word in told[start:]]
        real = sum(1 for word in told[start:] if _letter(word))
        if len(heard) > _SPELLED and all(map(_letter, heard)) and (is_spelled or 2 * real >= len(heard)):
            return [*told[:start], *heard]
    return told


def _digits(text: str) -> str | None:
    """Return letters and digits that were said one by one, put together: `A B one two` → `AB12`."""
    named = cast("list[str]", words()["spoken"]["digits"])
    figures = {name: str(digit) for digit, names in enumerate(named) for name in names.split("|")}
    told = [figures.get(word, word) for word in re.sub(r"[,.\-]+", " ", text.lower()).split()]
    is_run = len(told) > _SPELLED and any(map(str.isdigit, told)) and all(map(str.isalnum, told))
    return "".join(told) if is_run and all(len(word) == 1 for word in told) else None


def _is_prose(field: Field) -> bool:
    """Whether a question may be what is asked for, rather than be about it."""
    return pattern("prose").search(plain(f"{field.title} {field.name} {field.description}")) is not None


def _letter(word: str) -> str:
    inner = re.sub(r"[.,\-]+$", "", word)
    if re.fullmatch(r"[A-Za-z]", inner):
        return inner
    if re.fullmatch(r"(?:[A-Za-z][.\-]){2,}[A-Za-z]?", word):
        return re.sub(r"[.\-]", "", word)
    return ""


def _text(field: Field, text: str) -> Read:
    said = bare(text)
    if pattern("about").search(text.strip()) is not None:
        if not _is_prose(field):
            return Read(problem=say("nothing"))
        said += "?" * text.strip().endswith("?")
    together = spelled(said) or _digits(said) or spell(said)
    if together != said and (" " not in together or _SPACE.search(said)):
        is_name = bool(_NAMES & {*plain(f"{field.title} {field.name}").split()})
        said = " ".join(map(str.capitalize, together.split())) if is_name else together.upper()
    if field.least is not None and len(said) < field.least:
        return Read(problem=say("too_short", least=f"{field.least:g}"))
    if field.most is not None and len(said) > field.most:
        return Read(problem=say("too_long", most=f"{field.most:g}"))
    return Read(said) if said else Read(problem=say("nothing"))


def _signs(text: str) -> str:
    """Return an address as it is written: `ada at example dot com` → `ada@example.com`."""
    said = f" {text.lower().rstrip('.!? ')} "
    for sign, names in cast("dict[str, str]", words()["spoken"]["signs"]).items():
        said = re.sub(rf"\s+(?:{names})(?=\s)", f" {sign}", said)
    for digit, names in enumerate(cast("list[str]", words()["spoken"]["digits"])):
        said = re.sub(rf"(?<=\s)(?:{names})(?=\s)", str(digit), said)
    return said


def _email(text: str) -> Read:
    said = _CASED.sub("", bare(text))
    local, at, host = _signs(said).partition(" @ ")
    if at and (letters := spelled(local.replace(",", " "))) is not None:
        said = f"{letters.lower()} at {host}"
    whole = re.sub(r"\s+", "", _signs(said))
    if _EMAIL.fullmatch(whole):
        return Read(whole)
    found = _EMAIL.search(re.sub(r"\s*([@.])\s*", r"\1", _signs(said)))
    return Read(found[0]) if found else Read(problem=say("not_an_email"))


def _uri(text: str) -> Read:
    whole = re.sub(r"\s+", "", _signs(bare(text))) if "://" not in text else bare(text)
    if re.fullmatch(r"[a-z][a-z0-9+.-]*:\S+", whole, re.IGNORECASE) and not _HOST.fullmatch(whole):
        return Read(whole)
    found = _HOST.fullmatch(re.sub(r"^https?:?/*", "", whole))
    return Read(f"https://{found[0]}") if found else Read(problem=say("not_a_uri"))


def _date(text: str, now: datetime) -> Read:
    found = read_day(text, now)
    return Read(found.isoformat()) if found else Read(problem=say("not_a_date"))


def _moment(text: str, now: datetime) -> Read:
    try:
        written = datetime.fromisoformat(text.strip())
        return Read((written if written.tzinfo else written.replace(tzinfo=now.tzinfo)).isoformat())
    except ValueError:
        pass
    found = read_moment(text, now)
    return Read(found.isoformat()) if found else Read(problem=say("not_a_moment"))


def _number(field: Field, text: str) -> Read:
    value = read_number(text, is_whole=field.kind is Kind.INTEGER)
    if value is None:
        return Read(problem=say("not_a_number"))
    if field.kind is Kind.INTEGER:
        if float(value) != int(value):
            return Read(problem=say("not_whole"))
        value = int(value)
    if field.least is not None and value < field.least:
        return Read(problem=say("too_small", least=f"{field.least:g}"))
    if field.most is not None and value > field.most:
        return Read(problem=say("too_big", most=f"{field.most:g}"))
    return Read(value)


def _boolean(text: str) -> Read:
    said = plain(bare(text))
    for value in (False, True):
        if truth(str(value).lower()).fullmatch(said) or truth(str(value).lower()).fullmatch(plain(text)):
            return Read(value)
    return Read(problem=say("not_yes_or_no"))


def _choice(field: Field, text: str) -> Read:
    picked = pick(field.choices, bare(text)) or pick(field.choices, text)
    return Read(picked.value) if picked else Read(problem=say("not_an_option"))


def _choices(field: Field, text: str) -> Read:
    picked = pick_several(field.choices, bare(text))
    if not picked:
        return Read(problem=say("not_an_option"))
    if field.least is not None and len(picked) < field.least:
        return Read(problem=say("too_few", least=f"{field.least:g}"))
    if field.most is not None and len(picked) > field.most:
        return Read(problem=say("too_many", most=f"{field.most:g}"))
    return Read([one.value for one in picked])


def _day_said(when: date) -> str:
    return f"{when:%A} {when.day} {when:%B} {when.year}"
