"""Paths, addresses and quotations in a request."""

from __future__ import annotations

import re

from voice_agent.offline.brain.phrases import load

_SAYS = load("values")
_PATH, _SPOKEN_PATH = _SAYS.pattern("path"), _SAYS.pattern("spoken_path")
_URL, _EMAIL = _SAYS.pattern("url"), _SAYS.pattern("email")


def quoted(text: str) -> str | None:
    """The first words in quotes."""
    match = re.search(r"\"([^\"]+)\"", text) or re.search(r"(?<!\w)'([^']+)'(?!\w)", text)
    return match[1] if match else None


def path(text: str) -> str | None:
    """The first path or file name in `text` (“notes dot txt” is one)."""
    match = _PATH.search(_SPOKEN_PATH.sub(r"\1.\2", _URL.sub(" ", text) if "://" in text else text))
    return match[0] if match else None


def paths(text: str) -> list[str]:
    """All paths and file names in `text`, in order."""
    found: list[str] = []
    rest = _SPOKEN_PATH.sub(r"\1.\2", text)
    while (one := path(rest)) and one in rest:
        found.append(one)
        rest = rest[rest.index(one) + len(one) :]
    return found


def url(text: str) -> str | None:
    """The first web address in `text`, with its scheme."""
    match = _URL.search(text)
    return None if match is None else match[0] if "://" in match[0] else f"https://{match[0]}"


def email(text: str) -> str | None:
    """The first mail address in `text`."""
    match = _EMAIL.search(text)
    return match[0] if match else None
