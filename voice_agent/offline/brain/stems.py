"""One form for words that mean the same here, so that a request and a tool's description can meet."""

from __future__ import annotations

import re
from functools import lru_cache

_SAME = {
    word: group.split()[0]
    for group in (
        "sum add plus total addition adding", "directory folder folders dir directories", "file document files documents", "image picture photo pictures photos images",
        "repository repo repos repositories", "log history logs commits", "diff difference differences changed", "person people contact contacts", "event meeting appointment events meetings",
        "memory remember recall memorize memories know knowledge forget", "echo repeat say back", "zone timezone", "email mail mails emails e-mail", "page webpage website site pages",
        "list show display enumerate", "get fetch retrieve give tell", "search find lookup look", "create make new", "delete remove erase", "update edit modify change", "send post",
        "weather forecast temperature", "message msg messages", "branch branches", "stage staged staging", "entity entities", "text words", "observation fact facts observations",
        "current now currently", "allowed permitted", "size big large", "info information details", "environment env", "convert translate conversion", "stock share shares", "price cost costs",
        "song music track songs tracks", "user account users accounts", "channel channels", "issue ticket bug issues tickets bugs", "command commands",
    )
    for word in group.split()
}  # fmt: skip
STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "my",
        "your",
        "our",
        "his",
        "her",
        "their",
        "its",
        "this",
        "that",
        "these",
        "those",
        "some",
        "any",
        "of",
        "for",
        "in",
        "on",
        "at",
        "to",
        "from",
        "by",
        "with",
        "and",
        "or",
        "but",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "am",
        "do",
        "does",
        "did",
        "have",
        "has",
        "had",
        "can",
        "could",
        "would",
        "will",
        "should",
        "i",
        "me",
        "you",
        "we",
        "us",
        "it",
        "he",
        "she",
        "they",
        "them",
        "what's",
        "whats",
        "which",
        "who",
        "whom",
        "what",
        "how",
        "when",
        "where",
        "why",
        "please",
        "just",
        "there",
        "here",
        "as",
        "if",
        "so",
        "then",
        "than",
        "also",
        "all",
        "about",
        "into",
        "using",
        "use",
        "via",
        "through",
        "want",
        "need",
        "let",
        "like",
        "hey",
        "ok",
        "okay",
        "returns",
        "return",
        "given",
        "specified",
        "provided",
        "tool",
    ]
)


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A word without its ending, or the word that stands for its group."""
    word = word.lower()
    if word in _SAME:
        return _SAME[word]
    for ending, least in (("ings", 4), ("ing", 4), ("ied", 2), ("ies", 2), ("ed", 4), ("es", 4), ("s", 3)):
        if word.endswith(ending) and len(word) - len(ending) >= least - 1 and not word.endswith(("ss", "us", "is")):
            word = word[: -len(ending)] + ("y" if ending.startswith("ie") else "")
            break
    word = word[:-1] if len(word) > 4 and word.endswith("e") else word  # noqa: PLR2004 - short words keep it
    return _SAME.get(word, word)


def stems(text: str) -> list[str]:
    """The stems of the words of `text` that carry meaning."""
    return [stem(word) for word in re.findall(r"[a-z]+|\d+", text.lower()) if word not in STOP]
