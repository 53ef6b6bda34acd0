"""What may be written into a task: limits, each with its own error, and characters that are harmless anywhere. Pure."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from mcp_servers.task_manager.errors import BadRequest, TooMuch

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_TITLE = 500
LONGEST_NOTES = 20_000
LONGEST_TAG = 64
MOST_TAGS = 20
LONGEST_WORDS = 1_000
"""Letters of what a task is looked for by."""
LONGEST_KEY = 255
_TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}
"""Characters that turn the direction of writing, by which text can look like other text."""


def title_of(words: str) -> str:
    """One line. Raises `BadRequest` for an empty one, `TooMuch`."""
    clean = one_line(words)
    if not clean:
        raise BadRequest("A task needs a title: say what is to be done.")
    if len(clean) > LONGEST_TITLE:
        raise TooMuch(f"A title has at most {LONGEST_TITLE} letters. Shorten it, and put the rest into the notes.")
    return clean


def notes_of(words: str | None) -> str | None:
    """Lines; None for nothing. Raises `TooMuch`."""
    if words and len(words) > LONGEST_NOTES:
        raise TooMuch(f"Notes have at most {LONGEST_NOTES} letters. Shorten them.")
    lines = (words or "").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in lines if letter in "\n\t" or not _is_harmful(letter)).strip() or None


def tags_of(labels: Sequence[str]) -> tuple[str, ...]:
    """Each once, in lower case. Raises `TooMuch`."""
    clean = tuple(dict.fromkeys(tag for label in labels if (tag := tag_of(label))))
    if len(clean) > MOST_TAGS:
        raise TooMuch(f"A task has at most {MOST_TAGS} tags.")
    return clean


def tag_of(label: str) -> str:
    """In lower case, without its `#`. Raises `TooMuch`."""
    clean = one_line(label).lstrip("# ").casefold()
    if len(clean) > LONGEST_TAG:
        raise TooMuch(f"A tag has at most {LONGEST_TAG} letters.")
    return clean


def words_of(words: str) -> str:
    """What a task is looked for by, on one line. Raises `TooMuch`."""
    if len(words) > LONGEST_WORDS:
        raise TooMuch(f"A task is looked for by at most {LONGEST_WORDS} letters. Say fewer words.")
    return one_line(words)


def key_of(key: str) -> str:
    """An idempotency key. Raises `BadRequest`."""
    if not key.strip() or len(key) > LONGEST_KEY or any(_is_harmful(letter) for letter in key):
        raise BadRequest(f"idempotency_key is 1 to {LONGEST_KEY} printable letters, different for every call.")
    return key


def one_line(words: str) -> str:
    """Single blanks, and nothing that cannot be seen or turns the writing."""
    return " ".join("".join(" " if _is_harmful(letter) else letter for letter in words).split())


def _is_harmful(letter: str) -> bool:
    """Control characters, halves of a pair (lone surrogates), and what turns the direction of writing."""
    return unicodedata.category(letter) in {"Cc", "Cs", "Cn"} or ord(letter) in _TURNING
