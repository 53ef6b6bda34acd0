"""The words of the language as data: patterns and tables of words from `phrases/*.toml`.

In those files a pattern may go over several lines (a line break and the blanks after it count for nothing), `{NAME}`
stands for the text of that name in the same file and `{file:NAME}` for one of another file. Case never matters.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

_STAND_IN = re.compile(r"\{(?:(?P<file>[a-z_]+):)?(?P<name>[A-Z_]+)\}")


@dataclass(frozen=True, slots=True)
class Phrases:
    """One file of phrases."""

    table: dict[str, Any]

    def text(self, name: str) -> str:
        """A pattern as text, with what stands in for other text put in."""
        return self._whole(cast("str", self.table[name]))

    def pattern(self, name: str) -> re.Pattern[str]:
        """One pattern."""
        return re.compile(self.text(name), re.IGNORECASE)

    def patterns(self, name: str) -> list[re.Pattern[str]]:
        """Patterns, in the order that they are tried in."""
        return [re.compile(self._whole(one), re.IGNORECASE) for one in cast("list[str]", self.table[name])]

    def named(self, name: str) -> list[tuple[str, re.Pattern[str]]]:
        """Patterns with what each stands for, in order."""
        table = cast("dict[str, str]", self.table[name])
        return [(key, re.compile(self._whole(one), re.IGNORECASE)) for key, one in table.items()]

    def replies(self, name: str) -> list[tuple[re.Pattern[str], str]]:
        """Pairs of a pattern and what is said to it."""
        pairs = cast("list[list[str]]", self.table[name])
        return [(re.compile(self._whole(heard), re.IGNORECASE), said) for heard, said in pairs]

    def words(self, name: str) -> frozenset[str]:
        """A table of words."""
        return frozenset(cast("str", self.table[name]).split())

    def lines(self, name: str) -> list[str]:
        """A table of phrases, one a line."""
        return [line.strip() for line in cast("str", self.table[name]).strip().splitlines()]

    def _whole(self, text: str) -> str:
        def put_in(match: re.Match[str]) -> str:
            return (load(match["file"]) if match["file"] else self).text(match["name"])

        return _STAND_IN.sub(put_in, re.sub(r"\n\s*", "", text))


@cache
def load(name: str) -> Phrases:
    """The phrases of `phrases/NAME.toml`."""
    text = (files("voice_agent.offline.brain") / "phrases" / f"{name}.toml").read_text("utf-8")
    return Phrases(tomllib.loads(text))
