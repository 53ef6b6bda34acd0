"""The words of asking: what is said, and what the user's words mean, read from `prompts/asking.toml`."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from typing import Any, cast

from voice_agent.agents.answers import plain
from voice_agent.agents.sentences import PROMPTS


@cache
def words() -> dict[str, Any]:
    """Return the file as it is."""
    return tomllib.loads((PROMPTS / "asking.toml").read_text("utf-8"))


def say(name: str, **values: object) -> str:
    """Return the sentence `name` with `values` filled in, the same each time; it begins with a capital letter."""
    text = cast("str", words()["say"][name]).format(**values)
    return text[:1].upper() + text[1:]


@cache
def _whole(name: str) -> re.Pattern[str]:
    return re.compile("|".join(words()["hear"][name]))


@cache
def pattern(name: str) -> re.Pattern[str]:
    """Return a pattern over the user's words as they are."""
    return re.compile(words()["hear"][name], re.IGNORECASE)


def means(name: str, text: str) -> bool:
    """Tell whether the whole utterance is what `name` stands for."""
    return _whole(name).fullmatch(plain(text)) is not None


@cache
def truth(name: str) -> re.Pattern[str]:
    """Return the pattern of a yes (`true`) or a no (`false`) over plain words."""
    return re.compile(f"(?:um |uh |oh |well )*(?:{words()['hear']['truths'][name]})(?: .*)?")


def bare(text: str) -> str:
    """Return the user's words without what people say around an answer: `it's Ada, please` → `Ada`."""
    inner = text.strip().rstrip(".!?, ")
    stripped = pattern("after").sub("", pattern("around").sub("", inner)).strip(" ,.")
    return stripped or inner
