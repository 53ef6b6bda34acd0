"""One entry of an `mcp.json`, in any client's dialect, made into a `ServerEntry`."""

from __future__ import annotations

import re
import shlex
import shutil
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from voice_agent.config import bundled
from voice_agent.config.expand import Scope, expand
from voice_agent.config.files import is_file, is_folder, is_there, read_text
from voice_agent.config.mistake import Mistake
from voice_agent.config.oauth import read_oauth
from voice_agent.config.types import HttpEntry, ServerEntry, StdioEntry, VoiceOptions
from voice_agent.config.voice import read_voice

if TYPE_CHECKING:
    from collections.abc import Mapping

_URL_KEYS = ("url", "httpUrl", "serverUrl")
_ENV_KEYS = ("env", "environment")
_TRANSPORTS: dict[str, str | None] = {
    "stdio": "stdio",
    "local": "stdio",
    "http": "http",
    "https": "http",
    "streamablehttp": "http",
    "httpstream": "http",
    "sse": "sse",
    "remote": None,
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an entry is read against."""

    scope: Scope
    folder: Path
    """What a relative `cwd` or `envFile` starts from: the folder of the file (then the workspace)."""
    voice: VoiceOptions
    """The defaults of its options."""
    cwd: Path | None = None
    """Where a server is started whose entry does not say."""


def is_entry(value: Any) -> bool:
    """Whether `value` looks like one server's entry."""
    return isinstance(value, dict) and any(key in value for key in ("command", *_URL_KEYS))


def is_off(raw: Mapping[str, Any]) -> bool:
    """Whether the entry switches itself off."""
    return raw.get("disabled") is True or raw.get("enabled") is False


def read_entry(name: str, raw: Any, around: Surroundings, origin: str) -> tuple[ServerEntry, list[Mistake]]:
    """The entry, and the mistakes in it that cost only their own key.

    Raises:
        Mistake: the entry cannot be used.
    """
    if not isinstance(raw, dict):
        raise Mistake("This entry is not an object.", 'Write it as {"command": "…"} or {"url": "…"}.')
    entry = cast("dict[str, Any]", raw)
    around = replace(around, scope=replace(around.scope, secrets=set()))
    transport, said = _transport(entry)
    url_key = next((key for key in _URL_KEYS if entry.get(key)), None)
    has_command = bool(entry.get("command"))
    if has_command and url_key:
        if not said:
            raise Mistake(
                f"This entry has both “command” and “{url_key}”.", "Remove one of them, or say which with “type”."
            )
        has_command = transport == "stdio"
    if not has_command and not url_key:
        raise Mistake("This entry has neither “command” nor “url”.", "Add the one that its documentation names.")
    server = _stdio(name, entry, around) if has_command else _http(name, entry, cast("str", url_key), around)
    if isinstance(server, HttpEntry) and transport in ("http", "sse"):
        server = replace(server, transport=transport)
    defaults = bundled.voice_options(around.voice) if bundled.runs(server) else around.voice
    voice, mistakes = read_voice(entry, defaults)
    secrets = frozenset(filter(None, around.scope.secrets))
    return replace(server, voice=voice, origin=origin, secrets=secrets), mistakes


def _transport(entry: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The transport in our words, and whether the entry says one at all."""
    key = next((key for key in ("type", "transport") if entry.get(key) is not None), None)
    if key is None:
        return None, False
    word = re.sub(r"[\s_-]", "", str(entry[key])).lower()
    if word not in _TRANSPORTS:
        raise Mistake(
            f"“{key}” is none that is known here.", "Write “stdio”, “http” or “sse”, or remove the key.", key=(key,)
        )
    return _TRANSPORTS[word], True


def _stdio(name: str, entry: Mapping[str, Any], around: Surroundings) -> StdioEntry:
    scope = around.scope
    own = _texts(entry, next((key for key in _ENV_KEYS if entry.get(key)), "env"))
    env = _env_file(entry, around) | {key: _expanded(value, scope, "env", key) for key, value in own.items()}
    scope = scope.within(env)
    words = entry["command"]
    listed = cast("list[Any]", words) if isinstance(words, list) else [words]
    command, *leading = [_expanded(_text(word, "command"), scope, "command") for word in listed] or [""]
    arguments = entry.get("args")
    if arguments is None:
        arguments = []
        if not leading:
            command, leading = _split(command, around.scope.environ.get("PATH"))
    if not isinstance(arguments, list):
        raise Mistake("“args” must be a list.", 'Write it as "args": ["-y", "some-package"].', key=("args",))
    args = [_expanded(_text(word, "args"), scope, "args") for word in cast("list[Any]", arguments)]
    if not command.strip():
        raise Mistake("“command” is empty.", "Write the program to start.", key=("command",))
    for word in (command, *leading, *args):
        if "\0" in word:
            raise Mistake("There is a NUL character in the command.", "Remove it.", key=("command",))
    cwd = _path(entry, "cwd", around)
    if cwd is not None and not is_folder(cwd):
        raise Mistake("The folder that “cwd” names does not exist.", "Create it, or correct the path.", key=("cwd",))
    if "/" in command or command.startswith("~"):
        command = _program(command, around)
    return StdioEntry(name, command, (*leading, *args), env, cwd or around.cwd)


def _program(command: str, around: Surroundings) -> str:
    """A path as written, with `~` meant as a shell does; relative ones start from the file's folder if they exist."""
    path = Path(re.sub(r"^~(?=/|$)", lambda _: str(around.scope.home), command))
    beside = around.folder / path
    return str(beside) if not path.is_absolute() and is_file(beside) else str(path)


def _split(command: str, path: str | None) -> tuple[str, list[str]]:
    """A whole command line in “command”, as some paste it, unless it is the path of a program with spaces."""
    if not re.search(r"\S\s+\S", command) or is_there(Path(command)) or shutil.which(command, path=path):
        return command, []
    try:
        first, *rest = shlex.split(command)
    except ValueError:
        raise Mistake("A quote in “command” is not closed.", "Close it.", key=("command",)) from None
    return first, rest


def _env_file(entry: Mapping[str, Any], around: Surroundings) -> dict[str, str]:
    path = _path(entry, "envFile", around)
    if path is None:
        return {}
    from io import StringIO

    from dotenv.parser import parse_stream

    try:
        text = read_text(path)
    except Mistake as mistake:
        raise Mistake(f"“envFile”: {mistake.message}", mistake.remedy, key=("envFile",)) from None
    values: dict[str, str] = {}
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            raise Mistake(
                f"“envFile”: line {binding.original.line} is not NAME=VALUE.", "Correct that line.", key=("envFile",)
            )
        if binding.key is not None and binding.value is not None:
            values[binding.key] = binding.value
    return values


def _http(name: str, entry: Mapping[str, Any], key: str, around: Surroundings) -> HttpEntry:
    url = _expanded(_text(entry[key], key), around.scope, key).strip()
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise Mistake(
            f"“{key}” is not an address that starts with http:// or https://.",
            "Correct it; other kinds of addresses are not supported.",
            key=(key,),
        )
    headers = {
        header: _expanded(value, around.scope, "headers", header) for header, value in _texts(entry, "headers").items()
    }
    for header, value in headers.items():
        if _CONTROL.search(value) or not value.isascii() or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", header):
            raise Mistake(
                f"The header “{header}” has a character that cannot be sent.",
                "Look for a line break, an accent or a typographic quote in it.",
                key=("headers", header),
            )
    oauth = read_oauth(entry, lambda text: _expanded(text, around.scope, "oauth"))
    if oauth is not None and oauth.client_secret:
        around.scope.secrets.add(oauth.client_secret)
    auth = "oauth" if oauth is not None else _auth(entry, around)
    return HttpEntry(name, url, "http" if key == "httpUrl" else None, headers, auth, oauth)


def _auth(entry: Mapping[str, Any], around: Surroundings) -> str | None:
    """The bearer token that `auth` is, as FastMCP writes it."""
    auth = entry.get("auth")
    if isinstance(auth, str) and auth.strip():
        token = _expanded(auth, around.scope, "auth").strip()
        return "oauth" if token.lower() == "oauth" else re.sub(r"(?i)^bearer\s+", "", token)
    if auth not in (None, "", False):
        raise Mistake("“auth” must be “oauth” or a token.", "Correct it, or remove it.", key=("auth",))
    return None


def _path(entry: Mapping[str, Any], key: str, around: Surroundings) -> Path | None:
    if entry.get(key) in (None, ""):
        return None
    text = _expanded(_text(entry[key], key), around.scope, key)
    if "\0" in text:
        raise Mistake(f"There is a NUL character in “{key}”.", "Remove it.", key=(key,))
    path = Path(re.sub(r"^~(?=/|$)", lambda _: str(around.scope.home), text))
    beside = around.folder / path
    return beside if is_there(beside) else around.scope.folder / path


def _texts(entry: Mapping[str, Any], key: str) -> dict[str, str]:
    """An object of texts; numbers and booleans become text, null leaves its name out."""
    raw = entry.get(key)
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise Mistake(f"“{key}” must be an object.", f'Write it as "{key}": {{"NAME": "value"}}.', key=(key,))
    pairs = cast("dict[str, Any]", raw).items()
    return {name: _text(value, key, name) for name, value in pairs if value is not None}


def _text(value: Any, *key: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | Decimal):
        return str(value)
    raise Mistake(f"“{'.'.join(key)}” holds something that is not text.", "Put it in quotes.", key=key)


def _expanded(text: str, scope: Scope, *key: str) -> str:
    try:
        return expand(text, scope)
    except Mistake as mistake:
        mistake.key = key
        raise
