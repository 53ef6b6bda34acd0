"""Links, addresses, numbers that are names and ids, as written, made into words as they are said. Pure, English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LONG_ID = "with a long ID"
_ENDINGS = "com|org|net|io|dev|app|gov|edu|info|eu|uk|de|fr|es|it|nl|ch|at|be|pl|se|no|dk|fi|pt|ie|us|ca|au|jp|in|br"
_NAMED = r"code|PIN|pin|password|account|reference|ref|tracking|ticket|order|invoice|customer|serial|booking|ID|id"
_STEP = r"[/\\][\w.@+-]*\w"
"""Of a path."""
_VOWEL = re.compile(r"[AEIOUY]")
LEADS = rf"(?:{_NAMED}|number|[Nn]o\.|[Cc]ode|[Vv]ersion|ISBN|[A-Z]{{3}})[:#]?"
"""Words that may belong to the figure after them."""


def spelt(text: str) -> str:
    """Return the letters and digits of `text` one by one, with a pause where it has a space or a hyphen."""
    return ", ".join(" ".join(group) for group in re.split(r"[ -]", text) if group)


def _spelt(match: re.Match[str]) -> str:
    return spelt(match[0].replace(":", " ").upper())


def _numbered(match: re.Match[str]) -> str:
    return f"{match[1]} {spelt(match[2])}"


def _last_part(match: re.Match[str]) -> str:
    return re.split(r"[/\\]", match[0].rstrip("/\\"))[-1]


def _link(match: re.Match[str]) -> str:
    return f"a link to {match[1].removeprefix('www.')}"


def _address(match: re.Match[str]) -> str:
    return match[0].replace("@", " at ").replace(".", " dot ").replace("_", " underscore ").replace("-", " dash ")


def _host(match: re.Match[str]) -> str:
    return " dot ".join(match.groups()[:4]) + (f" port {match[5]}" if match[5] else "")


def _telephone(match: re.Match[str]) -> str:
    plus = "plus " if match[0].startswith("+") else ""
    return plus + spelt(re.sub(r"[^\d -]", "", match[0].replace("/", " ")))


def _mixed(match: re.Match[str]) -> str:
    """A code where letters and digits are mixed within one part of it, or that has three parts or more."""
    parts = match[0].split("-")
    is_mixed = any(re.search(r"\d", part) and re.search(r"[A-Z]", part) for part in parts)
    return spelt(match[0]) if is_mixed or len(parts) > 2 else match[0]  # noqa: PLR2004 - “F-16” is a word


def _key(match: re.Match[str]) -> str:
    """Letters and a number of three digits or more: letters that make no word are said one by one."""
    letters = match[1] if len(match[1]) > 3 and _VOWEL.search(match[1]) else spelt(match[1])  # noqa: PLR2004 - “ISO”
    return f"{letters}, {spelt(match[2])}"


_Rule = tuple[re.Pattern[str], "str | Callable[[re.Match[str]], str]"]
LINKS: tuple[_Rule, ...] = (
    (re.compile(r"!?\[([^\]]*)\]\((?:https?|mailto|tel)[^()\s]*\)"), r"\1"),
    (re.compile(r"\b(?:mailto|tel):(?=[\w+])"), ""),
    (
        # What comes before “@” is no host, whatever it looks like.
        re.compile(r"\bhttps?://(?:[^\s/?#@]*@)?([^\s/?#:@)\]<>\"]+)[^\s<>\"]*?(?=[.,;:!?)\]'\u2019\u201d]*(?:[\s<>\",;]|$))"),
        _link,
    ),
    (
        re.compile(rf"(?<![\w@./-])((?:[a-z0-9-]+\.)+(?:{_ENDINGS}))/[^\s<>\",;)]*[^\s<>\",;).!?:]", re.IGNORECASE),
        _link,
    ),
    (re.compile(r"\bwww\.(?=[\w-]+\.)"), ""),
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", re.IGNORECASE), _address),
    (
        re.compile(rf"(?<![\w/.:\\])(?:(?:~|[A-Za-z]:)(?:{_STEP}){{2,}}|(?:{_STEP}){{3,}})[/\\]?"),
        _last_part,
    ),
)  # fmt: skip
"""Before anything else."""
IDS: tuple[_Rule, ...] = (
    (re.compile(r"\b[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"), _spelt),
    (re.compile(r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b"), _spelt),
    (
        re.compile(
            r"(?<![\w:])(?=[\d:]*[a-f]|[0-9a-f:]*::)(?=[a-f:]*\d)(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?:/\d+)?(?![\w:])",
            re.IGNORECASE,
        ),
        "an IP version 6 address",
    ),
    (re.compile(r"\b(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?::(\d{2,5}))?\b"), _host),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){2,3}[0-9a-f]{4,12}\b", re.IGNORECASE), _LONG_ID),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{10,}\b", re.IGNORECASE), _LONG_ID),
    (re.compile(rf"\b(?:uu)?id[:=]? ?{_LONG_ID}", re.IGNORECASE), _LONG_ID),
    (re.compile(rf"(?<=[\w])[:=]{_LONG_ID}"), f" {_LONG_ID}"),
    (re.compile(r"(?<![\w-])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])(?!\d+e\d+\b)[0-9a-f]{7,9}(?![\w-])"), _spelt),
    (re.compile(r"\bv(?=\d+(?:\.\d+)+\b)"), "version "),
    (re.compile(r"\b\d{1,5}(?:-\d{1,7}){3,}\b"), _spelt),
    (re.compile(r"\b\d{4}(?: \d{4}){2,3}\b"), _spelt),
    (re.compile(rf"\b((?:{_NAMED})(?: (?:number|no\.|code|ID))?:?) #?(\d{{5,}})\b(?![.,:/-]\d)"), _numbered),
    (re.compile(r"\b((?:PIN|[Cc]ode)(?: is)?:?) (\d{4,})\b(?![.,:/-]\d)"), _numbered),
    (re.compile(r"(?<!\w)#(\d{5,})\b"), lambda match: f"number {spelt(match[1])}"),
)  # fmt: skip
"""Before days are told."""
NUMBERS: tuple[_Rule, ...] = (
    (
        re.compile(
            r"\+\d{7,15}\b|\+\d{1,3}(?:[ -]?\(\d+\)|[ -]\d{2,})+(?:[ /-]\d{2,})*|\(0?\d{2,4}\) ?\d{3,}(?:[ -]\d{2,})*"
            r"|\b\d{3}[ -]\d{3}[ -]\d{4}\b|\b\d{3}-\d{4}\b|(?<![\w.,:])0\d{2,4}(?:[ /-]\d{2,})+\b(?![.,:]\d)"
        ),
        _telephone,
    ),
    (re.compile(r"(?<![\w.,])0\d{3,}\b(?![.,]\d)"), _spelt),
    (re.compile(r"\b([A-Z]{2,5})-(\d{3,})\b(?!-)"), _key),
    (re.compile(r"\b(?=[A-Z-]*\d)(?=[\d-]*[A-Z])[A-Z0-9]{1,4}(?:-[A-Z0-9]{1,4})+\b"), _mixed),
    (re.compile(r"#?\b(?=[A-Z0-9]{5,9}\b)((?:[A-Z]+\d+){2,}[A-Z]*)\b"), lambda match: spelt(match[1])),
)
"""After days and money are told: telephone numbers and codes."""
