"""Keeps what an entry holds in confidence out of everything that is said, shown or logged (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from voice_agent.config.mask import is_secret_name, masked_url
from voice_agent.config.types import StdioEntry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voice_agent.config.types import HttpEntry, ServerEntry

HIDDEN = "•••"
_SHORTEST = 4
_PLAIN = {"true", "false", "none", "null", "info", "debug", "warning", "error", "http", "https", "localhost", "utf-8"}
_SECRET_FLAG = re.compile(
    r"^--?[\w-]*(key|token|secret|password|passwd|auth|credential)[\w-]*(=(?P<value>.+))?$", re.IGNORECASE
)
_PLACE = re.compile(r"(?:[a-z][a-z\d+.-]*://|~?/|\.\.?/|[a-z]:[\\/])\S", re.IGNORECASE)
"""Begins a path or a URL."""
_TOKENS = re.compile(
    r"\b(?:sk-[\w-]{8,}|gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abposr]-[\w-]{8,}|AKIA[A-Z0-9]{12,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)"
    r"|(?<=://)[^/@\s]+(?=@)"
    r"|(?<=[Bb]earer )[\w.~+/=-]{6,}"
    r"|(?i:(?<=api_key=)|(?<=apikey=)|(?<=token=)|(?<=password=)|(?<=secret=))[^\s&\"',;]{4,}"
)


class Redactor:
    """Replaces every secret of one entry, and what looks like a secret of anybody."""

    def __init__(self, entry: ServerEntry) -> None:
        values = {*entry.secrets, *(_of_process(entry) if isinstance(entry, StdioEntry) else _of_url(entry))}
        found = {value for value in values if len(value) >= _SHORTEST and value.lower() not in _PLAIN}
        # The longest first, so that a secret that holds another one goes as a whole.
        self._values = sorted(found, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return `text` without secrets."""
        for value in self._values:
            text = text.replace(value, HIDDEN)
        return _TOKENS.sub(HIDDEN, text)


def shown_url(url: str) -> str:
    """Return scheme, host, port and path of `url`: no user, password, query or fragment."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    try:
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        port = ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def _of_process(entry: StdioEntry) -> Iterator[str]:
    for name, value in entry.env.items():
        yield from _of_variable(name, value)
    for index, argument in enumerate(entry.args):
        if match := _SECRET_FLAG.match(argument):
            value = match["value"]
            yield value if value is not None else "".join(entry.args[index + 1 : index + 2])


def _of_variable(name: str, value: str) -> Iterator[str]:
    """Of a path nothing and of an address what is confidential in it, for people need them to mend what is wrong."""
    if is_secret_name(name) or not _PLACE.match(value):
        yield value
    elif "://" in value:
        if HIDDEN in masked_url(value).partition("?")[0].rpartition("@")[2]:  # a path that opens what it names
            yield value
        yield from _of_address(value)


def _of_url(entry: HttpEntry) -> Iterator[str]:
    for value in (*entry.headers.values(), entry.auth if entry.auth != "oauth" else None):
        if value:
            yield value
            yield value.rpartition(" ")[2]
    yield from _of_address(entry.url)


def _of_address(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        yield url
        return
    for part in (parts.username, parts.password, *(value for _, value in parse_qsl(parts.query))):
        if part:
            yield part
            yield unquote(part)
