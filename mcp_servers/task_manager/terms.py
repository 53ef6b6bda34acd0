"""What a task can be found by: the stems of its title, its tags and its priority, as texts of the table `terms`. Pure.

A stem stands for itself; `=` begins the key of all the stems of a title in any order, `+` of their letters in order
("pass port" and "passport"), `#` a tag, `!` a priority. Whoever changes `matching.stems` writes the table anew with a
migration.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from mcp_servers.task_manager.matching import mistakable, plain, stems
from mcp_servers.task_manager.places import RANKS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mcp_servers.task_manager.models import Priority

LONGEST_WORD = 64
"""Letters of a stem that count."""
_BITS, _BITS_EACH = 63, 2


def terms_of(title: str, tags: Iterable[str], priority: Priority) -> set[str]:
    """All terms of a task."""
    said = stems(title)
    found = {word[:LONGEST_WORD] for word in said}
    found.add(same_words(said or (plain(title),)))
    if len(said) > 1:
        found.add(same_letters(said))
    found.update(tag_term(tag) for tag in tags)
    found.add(priority_term(priority))
    return found


def signature_of(terms: Iterable[str]) -> int:
    """The bits of all these terms: a task whose signature lacks a bit of a term does not have that term.

    Whoever changes this writes the table anew with a migration. The keys of whole titles have no bits: nobody asks for
    one together with another term.
    """
    found = 0
    for term in terms:
        if not term.startswith(("=", "+")):
            found |= bits_of(term)
    return found


@lru_cache(maxsize=4096)
def bits_of(term: str) -> int:
    """Two of the 63 bits of a positive number, or one."""
    digest = hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=4 * _BITS_EACH).digest()
    found = 0
    for start in range(0, len(digest), 4):
        found |= 1 << int.from_bytes(digest[start : start + 4], "big") % _BITS
    return found


def same_words(said: Iterable[str]) -> str:
    """The term of the titles that have these stems and no others."""
    return "=" + _digest(" ".join(sorted(set(said))))


def same_letters(said: Iterable[str]) -> str:
    """The term of the titles whose stems, run together, are these run together."""
    return "+" + _digest("".join(said))


def tag_term(tag: str) -> str:
    """The term of the tasks with that tag."""
    return f"#{tag}"


def priority_term(priority: Priority) -> str:
    """The term of the tasks of that priority."""
    return f"!{RANKS[priority]}"


def mistakable_words(said: Iterable[str]) -> set[str]:
    """The stems that are worth comparing with a misheard word."""
    return {word[:LONGEST_WORD] for word in said if mistakable(word)}


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()
