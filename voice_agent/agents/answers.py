"""What the user's words mean to code, before any model sees them: a yes, a no, or one of a few standing requests.

Only whole utterances count. "Yes" is a yes; "yes, but make it Friday" is not, and goes to the model. Patterns are in
`prompts/heard.toml`.
"""

from __future__ import annotations

import re
import tomllib
from enum import Enum
from functools import cache
from importlib.resources import files


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


@cache
def _pattern(name: str) -> re.Pattern[str]:
    heard: dict[str, list[str]] = tomllib.loads((files("voice_agent.agents") / "prompts/heard.toml").read_text("utf-8"))
    either = "|".join(heard[name])
    if name == "always":
        return re.compile(f" (?:{either})$")
    if name not in {"yes", "no"}:
        return re.compile(f"(?:{either})")
    filling = "|".join(heard["filling"])
    return re.compile(f"(?:(?:{filling}) )*(?:{either})(?: (?:{either}|{filling}))*")


def learn() -> None:
    """Read all patterns, which the first words of a user would wait for."""
    for name in ("yes", "no", "no_but", "always", "check", *(kind.value for kind in Request)):
        _pattern(name)


def plain(text: str) -> str:
    """Return `text` in lower case, without punctuation, as single spaced words."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def answer_of(text: str) -> Answer:
    """Judge an utterance as an answer to a confirmation; what does not begin as a yes or a no is `OTHER`."""
    words = plain(text)
    if is_standing(text):
        return Answer.YES
    if _pattern("no").fullmatch(words):
        return Answer.NO
    if _pattern("yes").fullmatch(words):
        return Answer.YES
    return Answer.NO_BUT if _pattern("no_but").match(words) else Answer.OTHER


def echoes(text: str, said: str) -> bool:
    """Tell whether an utterance is a yes in the words in which it was asked, and no more: “yes, delete the task”.

    Args:
        text: The utterance.
        said: The one call that was read back, as a clause that begins with its verb.
    """
    first, *rest = plain(text).split() or [""]
    verb, *others = plain(said).split() or [""]
    is_yes = _pattern("yes").fullmatch(first) is not None
    return is_yes and verb in rest and all(word in {verb, *others} or _pattern("echo").fullmatch(word) for word in rest)


def is_standing(text: str) -> bool:
    """Tell whether an utterance is a yes that shall count for the next times too: “yes, and don't ask again”."""
    words = plain(text)
    end = _pattern("always").search(words)
    return end is not None and _pattern("yes").fullmatch(words[: end.start()]) is not None


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
