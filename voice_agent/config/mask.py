"""What may be shown of a command line or a URL: everything but what is, or looks like, a secret (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "•••"
_WORDS = (
    r"(?:api[_-]?key|key|token|secret|passw(?:or)?d|passphrase|pass|pwd|pat|auth|authorization|bearer|credentials?"
    r"|cookie|signature|dsn|jwt)s?"
)
_NAME = re.compile(rf"(?i)(?:^|[_.-]|x-){_WORDS}$|[a-z](?-i:Key|Token|Secret|Password|Auth|Credentials?)$")
_FLAG = re.compile(rf"(?i)(?P<flag>--?(?:[\w.]+[-_.])*{_WORDS})(?P<value>=.+)?", re.DOTALL)
_ASSIGNMENT = re.compile(r"(?P<name>-{0,2}[A-Za-z_][\w.-]*)=(?P<value>.*)", re.DOTALL)
_HEADER = re.compile(r"(?P<name>[A-Za-z][\w-]*):(?!//)\s*\S.*", re.DOTALL)
_HEADER_FLAGS = {"-H", "--header", "--headers"}
_VARIABLE_FLAGS = {"-e", "--env"}
_KNOWN_TOKEN = re.compile(
    r"\b(?:sk-[\w-]{8,}|gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{8,}|AKIA[A-Z0-9]{12,}"
    r"|AIza[\w-]{20,}|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?|(?i:bearer|basic)\s+[^\s\"']+)"
)
_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONG = re.compile(r"[A-Za-z0-9+=~]{16,}")
_PLAIN_VALUES = {"", "true", "false", "0", "1", "yes", "no", "none", "null"}


def is_secret_name(name: str) -> bool:
    """Whether a variable, option, header or parameter of this name holds a secret, as far as names tell."""
    return bool(_NAME.search(name))


def masked_url(url: str, secrets: Iterable[str] = ()) -> str:
    """`url` without user, password, fragment and values of its query, and without token-like parts of its path."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return HIDDEN
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    user = f"{HIDDEN}@" if "@" in parts.netloc else ""
    path = "/".join(HIDDEN if _looks_like_token(segment) else segment for segment in parts.path.split("/"))
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = "&".join(f"{quote(name)}={HIDDEN}" for name, value in pairs if value) or (HIDDEN if parts.query else "")
    return _without(urlunsplit((parts.scheme, user + host + port, path, query, "")), secrets)


def masked_args(args: Iterable[str], secrets: Iterable[str] = ()) -> tuple[str, ...]:
    """`args` without `secrets`, without values of secret-looking options, variables and headers, and without tokens."""
    known = tuple(secrets)
    shown: list[str] = []
    before = ""
    for word in args:
        flag = _FLAG.fullmatch(before)
        is_value = flag is not None and flag["value"] is None and not word.startswith("--")
        shown.append(HIDDEN if is_value else _without(_masked_word(word, before), known))
        before = word
    return tuple(shown)


def _without(text: str, secrets: Iterable[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN) if secret else text
    return text


def _masked_word(word: str, before: str) -> str:
    if before in _HEADER_FLAGS or ((header := _HEADER.fullmatch(word)) and is_secret_name(header["name"])):
        name, colon, _ = word.partition(":")
        return f"{name}: {HIDDEN}" if colon else HIDDEN
    if assignment := _ASSIGNMENT.fullmatch(word):
        name, value = assignment["name"], assignment["value"]
        is_secret = before in _VARIABLE_FLAGS or is_secret_name(name)
        is_hidden = is_secret and value.lower() not in _PLAIN_VALUES
        return f"{name}={HIDDEN if is_hidden else _masked_word(value, name)}"
    if re.match(r"[A-Za-z][\w+.-]*://", word):
        return masked_url(word)
    return HIDDEN if _looks_like_token(word) else _KNOWN_TOKEN.sub(HIDDEN, word)


def _looks_like_token(word: str) -> bool:
    """Whether a word is a known kind of token, or a long mix of letters and digits as no package or file is called."""
    if _KNOWN_TOKEN.fullmatch(word) or _UUID.fullmatch(word):
        return True
    if "/" in word or "@" in word:
        return False
    return any(len(re.findall(r"[A-Za-z]+|\d+", run)) >= 4 for run in _LONG.findall(word))  # noqa: PLR2004 - as said
