"""Texts as the word pieces of BERT, uncased (Devlin et al. 2018; Wu et al. 2016)."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LONGEST_WORD = 100
_LONGEST_TEXT = 2_000
"""Characters that are looked at: far more than the word pieces that count."""
_IDEOGRAPHS = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0xF900, 0xFAFF), (0x20000, 0x2FA1F))


class WordPiece:
    """Cuts texts into the longest pieces of a vocabulary."""

    def __init__(self, vocabulary: Sequence[str], longest: int) -> None:
        """Take the pieces in the order of their numbers, and how many pieces of a text count, marks included."""
        self._numbers = {piece: number for number, piece in enumerate(vocabulary)}
        self._begin, self._end = self._numbers["[CLS]"], self._numbers["[SEP]"]
        self._unknown = self._numbers["[UNK]"]
        self._longest = longest

    def __call__(self, text: str) -> list[int]:
        """Return the numbers of the pieces of a text between the two marks."""
        pieces: list[int] = []
        for word in _words(text[:_LONGEST_TEXT]):
            pieces.extend(self._cut(word))
            if len(pieces) >= self._longest - 2:
                break
        return [self._begin, *pieces[: self._longest - 2], self._end]

    def _cut(self, word: str) -> list[int]:
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        numbers: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = word[start:end] if start == 0 else f"##{word[start:end]}"
                if (number := self._numbers.get(piece)) is not None:
                    numbers.append(number)
                    start = end
                    break
            else:
                return [self._unknown]
        return numbers


def _words(text: str) -> Iterator[str]:
    """Yield words in lower case without accents; each mark and each ideograph is a word."""
    word: list[str] = []
    for char in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(char)
        if category == "Mn" or char == "\ufffd" or (category.startswith("C") and char not in "\t\n\r"):
            continue
        stands_alone = _is_mark(char, category) or any(low <= ord(char) <= high for low, high in _IDEOGRAPHS)
        if (stands_alone or char.isspace()) and word:
            yield "".join(word)
            word.clear()
        if stands_alone:
            yield char
        elif not char.isspace():
            word.append(char)
    if word:
        yield "".join(word)


def _is_mark(char: str, category: str) -> bool:
    return category.startswith("P") or (char.isascii() and char.isprintable() and not char.isalnum() and char != " ")
