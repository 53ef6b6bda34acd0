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
    r"(?: (?:to|too|two))?"
)
"""The whole of what was said is only how a request begins. A “to” that is drawn out is heard as “too”."""
_DONE = re.compile(
    r".*\b(?:today|tonight|tomorrow|noon|midnight|(?:mon|tues|wednes|thurs|fri|satur|sun)day|weekend|week|month|year"
    r"|january|february|march|april|may|june|july|august|september|october|november|december|morning|afternoon"
    r"|evening|\d+ ?[ap]m|[ap]m|\d+(?:st|nd|rd|th)|o'clock|at \d+(?: \d+)?|minutes?|hours?|days?|list|tasks?"
    r"|reminders?|please|thanks|thank you|done|finished|priority|instead|again|too|now|later|everything"
    r"|all of (?:them|it))"
    r"|(?:yes|no|yeah|yep|nope|sure|ok|okay|right|correct|cancel|stop|never mind|slower|faster|go ahead|do it"
    r"|goodbye|bye|that's (?:all|it|right)|repeat that|help|hello|hi)(?: .{0,20})?"
)
"""Where requests to an assistant end: a time, what they are about, a courtesy; or an answer of a word or two."""
_QUESTION = re.compile(
    r"(?:what|which|who|when|where|why|how|do|does|did|is|are|was|were|have|has|can|could|will)\b(?: .+){2,}"
)
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


def is_unfinished(text: str) -> bool:
    """Whether more words must follow: "remind me to", "add milk and", "can you please"."""
    words = [word.replace("\u2019", "'") for word in _WORD.findall(text.casefold())]
    said = " ".join(words)
    if not words:
        return False
    if _BEGUN.fullmatch(said) or words[-1] in _NEVER_LAST:
        return True
    is_question = text.rstrip().endswith("?")
    return words[-1] in _OPEN and not is_question and _ENDS.fullmatch(said) is None


def is_finished(text: str) -> bool:
    """Whether it can well be the end: "add milk for tomorrow", "what's on my list", "yes"."""
    if is_unfinished(text):
        return False
    said = " ".join(word.replace("\u2019", "'") for word in _WORD.findall(text.casefold()))
    is_question = text.rstrip().endswith("?") and _QUESTION.fullmatch(said) is not None
    return is_question or _DONE.fullmatch(said) is not None
