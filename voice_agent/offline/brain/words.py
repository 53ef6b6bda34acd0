"""What people say, made plain: hesitations, politeness and the many names of the list taken out."""

from __future__ import annotations

import re
import unicodedata

from voice_agent.offline.brain.phrases import load

LIST = "LIST"
"""Stands for every way of naming the user's task list."""

_SAYS = load("words")
_HESITATION = _SAYS.pattern("hesitation")
_FILLER = _SAYS.pattern("filler")
_STUTTER = _SAYS.pattern("stutter")
_OPENERS = _SAYS.pattern("openers")
_ASKING = _SAYS.pattern("asking")
_GERUND = _SAYS.pattern("gerund")
_CLOSERS = _SAYS.pattern("closers")
_LISTS = _SAYS.pattern("lists")
_TWICE = _SAYS.pattern("twice")
_THERE = _SAYS.pattern("there")
_PLAIN_NAMES = _SAYS.words("plain_names")


def clean(text: str) -> str:
    """`text` with plain quotes and single spaces, without hesitations and stuttered words."""
    plain = unicodedata.normalize("NFKC", text).translate({0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"'})
    plain = "".join(char if char.isprintable() else " " for char in plain)
    plain = re.sub(r"\s+", " ", _HESITATION.sub("", _FILLER.sub(" ", plain.strip()))).strip()
    plain = re.sub(r"\s+([,.!?])", r"\1", plain)
    return _STUTTER.sub(
        lambda m: m[0] if m[1].isdigit() or m[1].lower() in {"bye", "no", "had", "that"} else m[1], plain
    )


def strip_courtesy(text: str) -> str:
    """A command without greeting, “could you”, “please” and what else surrounds it."""
    before = None
    while before != text:
        before = text
        text = _GERUND.sub(lambda match: _plain_verb(match["verb"]), text.strip(" ,;"), count=1)
        text = _OPENERS.sub("", text.strip(" ,;"), count=1)
        text = _ASKING.sub("", text, count=1)
        shorter = _CLOSERS.sub("", text)
        text = (shorter or text).strip(" ,;").rstrip(".!?")
    return text


def _plain_verb(stem: str) -> str:
    """“add” of “add(ing)”, “delete” of “delet(ing)”, “put” of “putt(ing)”."""
    if stem[-1:] == stem[-2:-1] and stem[-1] not in "lsd":
        return stem[:-1]
    return (
        stem + "e"
        if re.search(
            r"(?:let|mov|creat|mak|writ|renam|includ|updat|chang|eras|schedul|tak|plac|complet|not|giv|postpon|wip|bik|us|sav)$",
            stem,
            re.IGNORECASE,
        )
        else stem
    )


def name_list(text: str) -> tuple[str, str | None]:
    """`text` with every name of the list as `LIST`, and the list's own name (“shopping”), if it has one."""
    names: list[str] = []

    def stand_in(match: re.Match[str]) -> str:
        words = (match["name"] or match["own"] or "").lower().split()
        name = " ".join(word for word in words if word not in _PLAIN_NAMES and not word.endswith("'s"))
        if name:
            names.append(name)
        return LIST

    once = _THERE.sub(LIST, _LISTS.sub(stand_in, text))
    return _TWICE.sub(LIST, once), names[0] if names else None
