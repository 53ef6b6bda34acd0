"""One form for words that mean the same here, so that a request and a tool's description can meet."""

from __future__ import annotations

import re
from functools import lru_cache

from voice_agent.offline.brain.phrases import load

_SAYS = load("tools")
_SAME = {word: line.split()[0] for line in _SAYS.lines("same") for word in line.split()}
STOP = _SAYS.words("stop")


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A word without its ending, or the word that stands for its group."""
    word = word.lower()
    if word in _SAME:
        return _SAME[word]
    if re.search(r"(?:s|x|z|ch|sh)es$", word):
        word = word[:-2]
    for ending, least in (("ings", 4), ("ing", 4), ("ied", 2), ("ies", 2), ("ed", 4), ("s", 3)):
        if word.endswith(ending) and len(word) - len(ending) >= least - 1 and not word.endswith(("ss", "us", "is")):
            word = word[: -len(ending)] + ("y" if ending.startswith("ie") else "")
            break
    word = word[:-1] if len(word) > 4 and word.endswith("e") else word  # noqa: PLR2004 - short words keep it
    return _SAME.get(word, word)


def stems(text: str) -> list[str]:
    """The stems of the words of `text` that carry meaning."""
    return [stem(word) for word in re.findall(r"[a-z]+|\d+", text.lower()) if word not in STOP]
