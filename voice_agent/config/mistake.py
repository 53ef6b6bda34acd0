"""What the readers of this package raise; `load` makes it a `Problem` or a `ConfigError`, so it never leaves here."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


_LONGEST = 600


class Mistake(Exception):
    """One thing that the user wrote wrongly.

    `message` and `remedy` are whole sentences without any value of the user's; `place` is `LINE` or `LINE:COLUMN` in
    the file that is being read, or empty; `key` is where in an entry of `mcp.json` it stands.
    """

    def __init__(self, message: str, remedy: str, *, place: str = "", key: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = plain(message)
        self.remedy = plain(remedy)
        self.place = place
        self.key = key

    def at(self, what: str) -> str:
        """`what` with the place in it, as editors understand it."""
        return f"{what}:{self.place}" if self.place else what


def plain(text: str) -> str:
    """`text` on one line of bounded length, without what could steer a terminal: it may hold names from a file."""
    shown = "".join(c if c.isprintable() else "�" for c in text)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


def meant(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    close = get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.6)
    return close[0] if close else None
