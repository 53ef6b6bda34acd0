"""What the user's words mean to code, before any model sees them: a yes, a no, or one of a few standing requests.

Only whole utterances count. "Yes" is a yes; "yes, but make it Friday" is not, and goes to the model. "Delete it" is a
yes to a deletion, and to nothing else. Patterns are in `prompts/heard.toml`.
"""

from __future__ import annotations

import re
import tomllib
from enum import Enum
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class Answer(Enum):
    """What an utterance is as an answer to "shall I?"."""

    YES = "yes"
    NO = "no"
    NO_BUT = "no_but"
    """A no that says more: what was asked is off, and the rest is a request."""
    OTHER = "other"


class Request(Enum):
    """What can be asked of any assistant, whatever its tools and its model."""

    REPEAT = "repeat"
    SLOWER = "slower"
    FASTER = "faster"
    RECAP = "recap"
    """What did you just do?"""
    STATUS = "status"
    """Which servers are not there?"""
    STOP = "stop"
    """Give up what is running."""
    GOODBYE = "goodbye"


_LEADING = re.compile(
    r"^(?:(?:um|uh|oh|hey|ok|okay|well|please|alright|all right|great|perfect|no|cool|thanks|thank you) )+"
)
_TRAILING = re.compile(r"(?: (?:please|thanks|thank you|thank you very much|thanks a lot|bye|now|then|everyone))+$")
_LONGEST = 9
"""Words of one of the phrases that a yes or a no is made of."""
_ARTICLES = frozenset({"the", "my"})
_MORE = 16
"""Words that a yes in the words of the question may have beyond the question's."""


@cache
def _heard() -> dict[str, Any]:
    return tomllib.loads((files("voice_agent.agents") / "prompts/heard.toml").read_text("utf-8"))


@cache
def _pattern(name: str) -> re.Pattern[str]:
    either = "|".join(_heard()[name])
    return re.compile(f" (?:{either})$" if name == "always" else f"(?:{either})")


@lru_cache(maxsize=256)
def _yes(ways: frozenset[str]) -> re.Pattern[str]:
    """Return what one phrase of a yes is, to a deed that is said in these ways."""
    every = "|".join(_heard()["all"])
    things = {"IT": f"(?:{'|'.join(_heard()['it'])}|{every})", "ALL": f"(?:{every})"}
    deeds = [re.sub(r"\b(?:IT|ALL)\b", lambda at: things[at[0]], _with_thing(way)) for way in sorted(ways)]
    return re.compile("|".join([_pattern("yes").pattern, *deeds]))


def _with_thing(way: str) -> str:
    return way if re.search(r"\b(?:IT|ALL)\b", way) else f"{way} IT"


def learn() -> None:
    """Read all patterns, which the first words of a user would wait for."""
    for name in ("no", "no_but", "always", "check", "echo", "filling", *(kind.value for kind in Request)):
        _pattern(name)
    _yes(frozenset[str]())


def plain(text: str) -> str:
    """Return `text` in lower case, without punctuation, as single spaced words."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def ways_to_say(deed: str, name: Collection[str] = ()) -> frozenset[str]:
    """Return how people say a deed, for `answer_of`.

    Args:
        deed: The verb, a plain word.
        name: All words of the name of what does it: to mark done is to complete.
    """
    known: dict[str, list[str]] = _heard()["ways"]
    words = {deed, *name}
    more = [
        ways
        for said, ways in known.items()
        if said.startswith(f"{deed} ") and words.issuperset(said.split()) and "not" not in words
    ]
    return frozenset(known.get(deed, [re.escape(deed)])).union(*more)


def answer_of(text: str, ways: frozenset[str] = frozenset()) -> Answer:
    """Judge an utterance as an answer to a confirmation; what does not begin as a yes or a no is `OTHER`.

    Args:
        text: The utterance.
        ways: How people say the deed that was asked about, see `ways_to_say`: “delete it” is a yes to nothing else.
    """
    words = plain(text).split()
    if is_standing(text, ways):
        return Answer.YES
    if len(words) in _ends(words, _pattern("no")):
        return Answer.NO
    if len(words) in _ends(words, _yes(ways)):
        return Answer.YES
    return Answer.NO_BUT if _pattern("no_but").match(" ".join(words)) else Answer.OTHER


def _ends(words: Sequence[str], phrase: re.Pattern[str]) -> set[int]:
    """Return after how many words there was a `phrase`, and nothing but such and filling.

    As one pattern this would take time exponential in the length of “please please please…”.
    """
    filling = _pattern("filling")
    reached = {0: False}
    for at in range(len(words)):
        if at not in reached:
            continue
        for end in range(at + 1, min(at + _LONGEST, len(words)) + 1):
            part = " ".join(words[at:end])
            if phrase.fullmatch(part):
                reached[end] = True
            elif filling.fullmatch(part):
                reached[end] = reached.get(end, False) or reached[at]
    return {end for end, has_phrase in reached.items() if has_phrase}


def echoes(text: str, said: str, deed: str = "", ways: frozenset[str] = frozenset()) -> bool:
    """Tell whether an utterance is a yes in the words in which it was asked, and no more: “yes, delete the task”.

    Args:
        text: The utterance.
        said: The one call that was read back, as a clause that begins with its verb.
        deed: The verb, where that is not the first word.
        ways: How people say it, see `ways_to_say`; by default as they say `deed`.
    """
    deed = deed or (plain(said).split() or [""])[0]
    who, *calls = re.split(rf"\b{re.escape(deed)}\b", said, maxsplit=1)
    heard, known = plain(text).split(), plain(said).split()
    ends = _ends(heard, _yes(frozenset[str]()))
    if not ends or len(heard) > len(known) + _MORE:
        return False
    before, call = (plain(who).split(), calls[0]) if calls else ([], said)
    rest = " ".join(heard[max(ends) :])
    for way in ways or ways_to_say(deed):
        found = _named(way).fullmatch(rest)
        if (
            found is not None
            and all(word in before or _is_echo(word) for word in found["before"].split())
            and all(map(_is_echo, found["after"].split()))
            and _names((found["thing"] or "").split(), call)
        ):
            return True
    return False


@lru_cache(maxsize=256)
def _named(way: str) -> re.Pattern[str]:
    """Return the pattern of a deed with a thing that is named in any words."""
    every = r"(?=(?:all|both|these|those) )"
    way, count = re.subn(
        r"\b(IT|ALL)( |$)", lambda at: f"{every if at[1] == 'ALL' else ''}(?P<thing>\\w+(?: \\w+)*?){at[2]}", way
    )
    rest = r"(?P<after>(?: \w+)*)" if count else r"(?: (?P<thing>\w+(?: \w+)*))?(?P<after>)"
    return re.compile(rf"(?P<before>(?:\w+ )*?)(?:{way}){rest}")


def _is_echo(word: str) -> bool:
    return _pattern("echo").fullmatch(word) is not None


def _names(thing: Sequence[str], call: str) -> bool:
    """Tell whether words are from the call that was read back, and say nothing else when put together anew.

    A word of a name stands after others of the name alone, and a value of a detail is whole: “yes, move it to Friday”
    is no yes to moving “plan Friday” to Monday, nor “delete it, call Anna” to deleting “call Anna”.
    """
    asked, frame = plain(call).split(), set(plain(re.sub("“[^”]*”", " ", call)).split())
    values = [plain(value).split() for value in re.findall(r"“[^”]*”|\d+", call.partition(", with ")[2])]
    pairs = set(pairwise(asked))
    for at, (last, word) in enumerate(pairwise(["", *thing])):
        if word in frame or _is_echo(word) or any(one and list(thing[at : at + len(one)]) == one for one in values):
            continue
        is_led = not last or last in _ARTICLES or (last in asked and not _is_echo(last))
        if word not in asked or not (is_led or (last, word) in pairs):
            return False
    return True


def is_standing(text: str, ways: frozenset[str] = frozenset()) -> bool:
    """Tell whether an utterance is a yes that shall count for the next times too: “yes, and don't ask again”.

    `ways`: as for `answer_of`.
    """
    words = plain(text)
    end = _pattern("always").search(words)
    if end is None:
        return False
    before = words[: end.start()].split()
    return len(before) in _ends(before, _yes(ways))


def wants_check(text: str) -> bool:
    """Tell whether the whole utterance asks to find out what became of a call."""
    return _pattern("check").fullmatch(plain(text)) is not None


def request_of(text: str) -> Request | None:
    """Return the standing request that the whole utterance is, or None."""
    words = plain(text)
    stripped = _TRAILING.sub("", _LEADING.sub("", words)) or words
    for kind in Request:
        pattern = _pattern(kind.value)
        if pattern.fullmatch(words) or pattern.fullmatch(stripped):
            return kind
    return None
