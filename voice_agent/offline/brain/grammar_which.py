"""How people describe which tasks they mean (“everything tagged work”, “the overdue ones”), and ask for those."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from voice_agent.offline.brain import times
from voice_agent.offline.brain.figures import in_words
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.which import Trait
from voice_agent.offline.brain.wishes import Action, Wish, starts_with_verb, tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAYS = load("which")
_ASKING, _ASKED_AFTER = _SAYS.pattern("asking"), _SAYS.pattern("asked_after")
_TRAITS = _SAYS.named("traits")
_NOUN = re.compile(rf"\b{_SAYS.text('NOUN')}\b", re.IGNORECASE)
_HIGH = re.compile(_SAYS.text("HIGH"), re.IGNORECASE)
_FILLING, _NUMBER = _SAYS.pattern("filling"), _SAYS.pattern("number")
_SET_OF, _NOT_AFTER_SET, _CHANGING = (
    _SAYS.pattern("set_of"),
    _SAYS.pattern("not_after_set"),
    _SAYS.pattern("changing"),
)
_FIELD_OF = _SAYS.pattern("field_of")
_EXCEPT = re.compile(load("titles").text("EXCEPT"), re.IGNORECASE)
_ONE_LIST = re.compile(r"\w+ (?:tasks|reminders|to-?dos)", re.IGNORECASE)
_NO_TAGS = _SAYS.words("no_tags")
_COUNT = load("listing").pattern("count")
_NAMES = (("due", r"due|date|deadline|time|sched"), ("tag", r"tag|label|categ|project"), ("priority", "prior"))
THEM = "THEM"
"""Stands for the words that describe the tasks of a change."""
_LONGEST_SET = 9
"""Words of a description."""


def _field(words: str) -> str:
    """The name of a field as `which.sift` knows it."""
    return next((name for name, like in _NAMES if re.search(like, words, re.IGNORECASE)), "notes")


def read_which(phrase: str) -> Wish | None:
    """The tasks that a phrase describes, and nothing else; None where there are other words in it."""
    rest, due = times.split(phrase.strip(" .,?!"))
    rest = re.sub(r"(?<!\w)(?:'s|for|due)(?!\w)", " ", rest) if due else rest
    wish = Wish(Action.LIST, due=due, is_explicit=True)
    for name, pattern in _TRAITS:
        if match := pattern.search(rest):
            wish = _with_trait(wish, name, match)
            rest = f"{rest[: match.start()]} {rest[match.end() :]}"
    if (match := _NUMBER.match(rest.strip().removeprefix("the "))) and (match["n"] or wish.which.order):
        many = in_words(match["many"].lower())
        which = replace(wish.which, most=-many if match["n"] and match["n"].lower() == "last" else many)
        wish, rest = replace(wish, which=which), rest.strip().removeprefix("the ")[match.end() :]
    has_noun = bool(_NOUN.search(rest))
    left = re.sub(r"\s+", " ", _FILLING.sub(" ", _NOUN.sub(" ", rest))).strip(" ,.?!'")
    if not left:
        return wish
    is_tag = has_noun and re.fullmatch(r"[a-z][\w-]+", left, re.IGNORECASE) and left.lower() not in _NO_TAGS
    is_before_noun = re.search(rf"\b{re.escape(left)} (?:tasks|reminders|to-?dos|items|things|stuff|ones|LIST)\b", rest)
    return replace(wish, tag=left) if is_tag and is_before_noun and not wish.tag else None


def _with_trait(wish: Wish, name: str, match: re.Match[str]) -> Wish:
    which, told = wish.which, match.groupdict()
    if name in {"overdue", "done", "open"}:
        return replace(wish, status=name)
    if name in {"newest", "oldest"}:
        return replace(wish, which=replace(which, order=name, most=1 if _is_one(match[0]) else which.most))
    if name == "tagged":
        return replace(wish, tag=next(tag for tag in (told["tag"], told["tag2"], told["tag3"], told["tag4"]) if tag))
    if name == "priority":
        said = told["p"] or told["p2"] or told["p3"]
        level = "low" if re.match("low|unim", said) else "high" if _HIGH.match(said) else "normal"
        trait = Trait("priority", level)
    else:
        trait = Trait(_field(told["field"] or match[0]), is_there=name == "dated")
    return replace(wish, which=replace(which, traits=(*which.traits, trait)))


def _is_one(words: str) -> bool:
    """Whether “the last thing” is one thing, and not “the latest tasks”."""
    return not re.search(r"\b(?:tasks|things|items|ones|reminders|entries)\b", words)


def read_which_question(text: str) -> Wish | None:
    """A question about tasks that are described by more than their time or status."""
    if match := _FIELD_OF.match(text):
        title = tidy(match["q"] or match["q2"] or match["q3"] or match["q4"] or "")
        field = _field(match["field"] or match["field2"] or "priority")
        if title and times.split(title)[0]:
            return Wish(Action.LIST, (title,), status="all", asked_field=field, is_explicit=True)
    asking = _ASKING.match(text)
    rest = text[asking.end() :] if asking else text
    is_order = _CHANGING.match(text) or (starts_with_verb(text) and not _ONE_LIST.fullmatch(text))
    if asking is None and is_order:
        return None
    wish = read_which(_ASKED_AFTER.sub("", rest.strip(" ?.!")))
    if wish is None or not (wish.which or wish.tag):
        return None
    if asking is None and (wish.status or (wish.which.most and not wish.which.order)):
        return None
    return replace(wish, is_count=bool(_COUNT.search(text)))


def set_aside(text: str) -> Iterator[tuple[str, Wish]]:
    """A change with `THEM` for the words that describe what is changed, and what they describe: the longest first."""
    if not _CHANGING.match(text):
        return
    for start in _SET_OF.finditer(text):
        words = text[start.start() :].split(" ")
        for many in range(min(len(words), _LONGEST_SET), 0, -1):
            phrase = " ".join(words[:many])
            is_cut = re.search(r" (?:to|until|till)\b|[.,;:!?]$", phrase)
            if is_cut or phrase.lower() in {"all", "every", "each"} or _NOT_AFTER_SET.match(words[many - 1]):
                continue
            if _EXCEPT.match(" ".join(words[many:])):
                return
            wish = read_which(phrase)
            if wish and wish.tag and re.search(r" (?:stuff|things)$", phrase):  # as likely the words of a title
                continue
            if wish and (many == len(words) or not _is_cut(" ".join(words[many:]))):
                yield f"{text[: start.start()]}{THEM} {' '.join(words[many:])}".strip(), wish


def _is_cut(after: str) -> bool:
    """Whether the words that follow cannot follow a description (“all tasks about the garden”)."""
    return (
        re.match(
            r"(?:to|as|is|are|off|until|till|by|from|done|high|low|urgent|important|tagged|back|forward|on|for|at|with|complete|completed|finished|due|instead|over|one|in|an?)\b",
            after,
        )
        is None
        and not times.split(after)[1]
    )
