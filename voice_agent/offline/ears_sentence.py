"""Whether a sentence is plainly not at its end, by its last words. Pure, English.

LiveKit's turn detector listens to the melody of the last second. A speaker who stops to think often lets it fall; the
words give it away.
"""

from __future__ import annotations

import re

_OPEN = {
    "a", "an", "the", "my", "your", "our", "their", "his", "this", "these", "to", "for", "of", "with", "from", "by",
    "at", "and", "or", "but", "because", "if", "when", "than", "into", "until", "till", "about", "called", "named",
    "titled", "labelled", "every", "um", "uh", "er", "uhm", "i'll", "i'd", "i'm", "you", "we", "they", "is", "are",
    "was", "very",
}  # fmt: skip
"""What a sentence seldom ends with."""
_NEVER_LAST = {"a", "an", "the", "my", "your", "our", "their", "and", "or", "because", "every", "i'll", "i'd", "i'm"}
"""What not even a question ends with."""
_ENDS = re.compile(r"(?:where|what|who|how|which)\b.*|.*\b(?:love|help|tell|thank|with|for|to|are|than|meet|see) you")
"""What ends in an open word all the same: questions ("what is this for"), thanks."""
_BEGUN = re.compile(
    r"(?:please |and |also |then |okay |ok |so |um |uh )*"
    r"(?:(?:can|could|would|will) you(?: please)?|please|i (?:want|need|would like|have|think)|i'd like|let's|remind me"
    r"|add|move|rename|change|set|put|tell me|show me|give me|mark|remove|delete|create|make|call|schedule|book)"
)
"""The whole of what was said is only how a request begins."""
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


def is_unfinished(text: str) -> bool:
    """Whether more words must follow: "remind me to", "add milk and", "can you please"."""
    words = [word.replace("\u2019", "'") for word in _WORD.findall(text.casefold())]
    said = " ".join(words)
    if _BEGUN.fullmatch(said):
        return True
    if not words or _ENDS.fullmatch(said):
        return False
    return words[-1] in (_NEVER_LAST if text.rstrip().endswith("?") else _OPEN)
