"""From an entry's `"voice"` key, and from what other clients' keys say about its tools, to `VoiceOptions`.

Keys of other clients:

- Gemini's `trust`: its annotations are believed, as with our `trust`. Gemini also drops every confirmation; we do not,
  since a misheard deletion is likelier than a mistyped one.
- Gemini's `includeTools`, Codex' `enabled_tools` and the `tools` list of GitHub's agents are `allow`; `excludeTools`,
  `disabledTools`, `disabled_tools` and FastMCP's `tools: {NAME: {enabled: false}}` are `deny`.
- Cline's `autoApprove` and `alwaysAllow` are ignored: a click in a text client is no yes to what was heard. Say
  `"voice": {"confirm": "never"}` where it shall be one.
- `timeout`: milliseconds in most clients, seconds in Cline, Roo and Codex. Their own keys beside it (`disabled`,
  `autoApprove`, `alwaysAllow`, `disabledTools`, `enabled_tools`) tell them apart; else 1000 and more is milliseconds.

A mistake that could let a tool run that shall not (in `allow`, `deny` or `scope`) leaves the whole entry out; one in
`confirm` confirms every call; any other leaves the default.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from glob import escape
from typing import TYPE_CHECKING, Any, cast

from voice_agent.config.mistake import Mistake, meant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from voice_agent.config.types import VoiceOptions

_LONGEST = 3600.0
_COUNTS_SECONDS = {"disabled", "autoApprove", "alwaysAllow", "disabledTools", "enabled_tools", "disabled_tools"}
_GUARDS = {"allow", "deny", "scope"}


def read_voice(entry: Mapping[str, Any], defaults: VoiceOptions) -> tuple[VoiceOptions, list[Mistake]]:
    """The options of one entry over `defaults`, and the mistakes that cost only their own key.

    Raises:
        Mistake: one for which the whole entry must be left out.
    """
    options = _of_other_clients(entry, defaults)
    raw = entry.get("voice")
    if raw is None:
        return options, []
    if not isinstance(raw, dict):
        raise Mistake(
            "“voice” must be an object.", 'Write it as {"trust": true}, with the keys you need.', key=("voice",)
        )
    mistakes: list[Mistake] = []
    said: dict[str, Any] = {}
    for key, value in cast("dict[str, Any]", raw).items():
        try:
            said[key] = _read(key, value)
        except Mistake as mistake:
            mistake.key = ("voice", key)
            if key in _GUARDS or (key not in _READERS and meant(key, _READERS) in _GUARDS):
                raise
            mistakes.append(mistake)
            if key == "confirm":
                said[key] = "always"
    return replace(options, **{key: value for key, value in said.items() if key in _READERS}), mistakes


def _of_other_clients(entry: Mapping[str, Any], defaults: VoiceOptions) -> VoiceOptions:
    options = defaults
    seconds = _seconds(entry)
    if seconds is not None:
        options = replace(options, timeout=seconds)
    if entry.get("trust") is True:
        options = replace(options, trust=True)
    for key in ("includeTools", "enabled_tools", "tools"):
        names = _names(entry.get(key))
        if names is not None and names != ["*"]:
            options = replace(options, allow=tuple(map(escape, names)))
    denied = [
        name for key in ("excludeTools", "disabledTools", "disabled_tools") for name in _names(entry.get(key)) or ()
    ]
    if isinstance(transforms := entry.get("tools"), dict):
        pairs = cast("dict[str, Any]", transforms).items()
        denied += [name for name, said in pairs if isinstance(said, dict) and cast("Any", said).get("enabled") is False]
    return replace(options, deny=(*options.deny, *map(escape, denied))) if denied else options


def _names(value: Any) -> list[str] | None:
    """Names of tools in another client's list; Gemini may write `NAME(arguments)`."""
    if not isinstance(value, list):
        return None
    return [re.sub(r"\(.*\)$", "", name) for name in cast("list[Any]", value) if isinstance(name, str)]


def _seconds(entry: Mapping[str, Any]) -> float | None:
    value = entry.get("timeout")
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value <= 0:
        return None
    is_milliseconds = value >= 1000 and not _COUNTS_SECONDS & entry.keys()  # noqa: PLR2004 - the rule of the docstring
    return min(float(value) / (1000 if is_milliseconds else 1), _LONGEST)


def _read(key: str, value: Any) -> Any:
    reader = _READERS.get(key)
    if reader is None:
        guess = meant(key, _READERS)
        raise Mistake(
            f"“voice” has no key “{key}”.",
            f"Did you mean “{guess}”?" if guess else f"It knows {', '.join(sorted(_READERS))}.",
        )
    return reader(key, value)


def _globs(key: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    items = cast("list[Any]", value) if isinstance(value, list) else [None]
    globs = tuple(item for item in items if isinstance(item, str) and item)
    if len(globs) != len(items):
        raise Mistake(f"“{key}” must be a list of names of tools.", f'Write it as "{key}": ["list_*", "get_task"].')
    return globs


def _addresses(key: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    items = cast("list[Any]", value) if isinstance(value, list) else [None]
    globs = tuple(item for item in items if isinstance(item, str) and item)
    if len(globs) != len(items):
        raise Mistake(
            f"“{key}” must be a list of addresses of resources.", f'Write it as "{key}": ["tasks://reminders"].'
        )
    return globs


def _confirm(key: str, value: Any) -> Any:
    if value is None or value in ("always", "never"):
        return value
    if not isinstance(value, list):
        raise Mistake(
            f"“{key}” must be “always”, “never” or a list of names of tools; until then every call is confirmed.",
            f'Write it as "{key}": ["delete_*"].',
        )
    return _globs(key, cast("Any", value))


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Mistake(f"“{key}” must be true or false.", f'Write it as "{key}": true, without quotes.')
    return value


def _timeout(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 < value <= _LONGEST:
        raise Mistake(f"“{key}” must be a number of seconds, at most 3600.", f'Write it as "{key}": 30.')
    return float(value)


def _scope(key: str, value: Any) -> str:
    if value not in ("shared", "session"):
        raise Mistake(f"“{key}” must be “shared” or “session”.", f'Write it as "{key}": "session".')
    return value


def _say(key: str, value: Any) -> str | None:
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise Mistake(f"“{key}” must be the name as it is spoken.", f'Write it as "{key}": "Task Manager".')
    return value.strip() if value else None


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "allow": _globs,
    "deny": _globs,
    "confirm": _confirm,
    "trust": _flag,
    "timeout": _timeout,
    "scope": _scope,
    "required": _flag,
    "say": _say,
    "vocabulary": _globs,
    "announce": _addresses,
    "standing_yes": _flag,
}
