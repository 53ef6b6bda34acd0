"""Turns what a tool call brought back into text that a model can use and a page can show (pure)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from voice_agent.bridge.cleaning import clean, clean_json, clean_value
from voice_agent.bridge.types import Media, Result, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcp_types import CallToolResult

    from voice_agent.bridge.types import Json

TEXT_LIMIT = 6_000
"""Characters of a result that the model is shown."""
ERROR_LIMIT = 1_200
_MEDIA_LIMIT = 16 * 1024 * 1024
_MOST_MEDIA = 32
_NAME_LIMIT = 200
_MANUALS = re.compile(r"\s*For further information visit https?://\S+")
_STACK = re.compile(r"Traceback \(most recent call last\):.*?\n(?=\S)", re.DOTALL)
_SUSPICIOUS = re.compile(r"\\[bfru]")
"""Escapes, in JSON of ASCII, of what may have to be cleaned."""
_LONGER_BY_INDENT = 4
_NOTHING: Any = object()
_BIG = 200_000
"""Characters from which on a result is shaped in a thread."""


@dataclass(slots=True)
class _Parts:
    """The blocks of a result, sorted."""

    texts: list[str] = field(default_factory=list[str])
    media: list[Media] = field(default_factory=list[Media])


def shape(answer: CallToolResult, redact: Callable[[str], str]) -> Result:
    """Return the result of a call that was answered (MCP, server/tools, “Tool Result”); an error keeps its advice."""
    parts = _sorted(answer.content)
    structured = answer.structured_content
    whole = cast("Json", _clean_data(structured)) if isinstance(structured, dict) else None
    if answer.is_error:
        return Result(Status.ERROR, _advice(parts.texts, whole, redact), whole, tuple(parts.media))
    texts, data = _told_apart(parts.texts, whole)
    text = _composed(clean("\n".join(texts)), data)
    return Result(Status.OK, text or _of_media(parts.media) or "Done.", whole, tuple(parts.media))


def is_big(answer: CallToolResult) -> bool:
    """Tell whether shaping `answer` would hold an event loop for long."""
    length = 0
    waiting: list[Any] = [*answer.content, answer.structured_content]
    while waiting and length < _BIG:
        item = waiting.pop()
        length += 8
        match item:
            case str():
                length += len(item)
            case dict():
                waiting += cast("Json", item).values()
            case list():
                waiting += cast("list[Any]", item)
            case _:
                length += len(getattr(item, "text", None) or getattr(item, "data", None) or "")
    return length >= _BIG


def bounded_json(value: Any, limit: int) -> str:
    """Return `value` as compact JSON of at most about `limit` characters; of a list that is too long, the beginning."""
    rows, rebuild = _longest_list(value)
    if rows is None or len(rows) <= 1:
        return _cut(_dumped(value), limit)
    room = limit - len(_dumped(rebuild([])))
    kept = 0
    for row in rows:
        room -= len(_dumped(row)) + 1
        if room < 0:
            break
        kept += 1
    if kept == len(rows):
        return _dumped(value)
    if not kept:
        return _cut(_dumped(rebuild(rows[:1])), limit)
    return f"{_dumped(rebuild(rows[:kept]))} … (the first {kept} of {len(rows)}; the rest is left out)"


def _sorted(blocks: Sequence[Any]) -> _Parts:
    parts = _Parts()
    for block in blocks:
        match block.type:
            case "text":
                parts.texts.append(block.text)
            case "image" | "audio":
                parts.media.append(Media(block.type, _line(block.mime_type), None, _decoded(block.data)))
            case "resource_link":
                parts.media.append(Media("link", _line(block.mime_type), clean_value(str(block.uri))))
                parts.texts.append(f"{block.title or block.name}: {block.uri}")
            case "resource":
                resource = block.resource
                text = getattr(resource, "text", None)
                data = clean_value(text).encode("utf-8", "replace") if text is not None else _decoded(resource.blob)
                uri = clean_value(str(resource.uri))
                parts.media.append(Media("resource", _line(resource.mime_type), uri, data))
                if text is not None:
                    parts.texts.append(text)
            case _:
                pass
    parts.media = parts.media[:_MOST_MEDIA]
    return parts


def _line(text: str | None) -> str | None:
    return clean(text, _NAME_LIMIT, one_line=True) if text is not None else None


def _told_apart(texts: list[str], whole: Json | None) -> tuple[list[str], Any]:
    """Return the prose and the data (`_NOTHING` where there is none); text that only repeats the data is left out."""
    if whole is None:
        found = _parsed(texts[0]) if len(texts) == 1 else None
        return (texts, _NOTHING) if found is None else ([], _clean_data(found[0]))
    data: Any = whole["result"] if set(whole) == {"result"} else whole
    prose = [] if len(texts) == 1 and _repeats(texts[0], whole, data) else _beside(texts, whole, data)
    if data is None and not prose:
        return [], _NOTHING
    if isinstance(data, str | int | float) and not isinstance(data, bool) and not prose:
        # A bare word or number needs no quotes.
        return [str(data)], _NOTHING
    return prose, data


def _beside(texts: list[str], whole: Json, data: Any) -> list[str]:
    """Return the texts that say something beside the data."""
    parsed = [_parsed(text) for text in texts]
    values = [clean_json(found[0]) for found in parsed if found is not None]
    if len(values) == len(texts) and values == data:
        return []
    return [
        text
        for text, found in zip(texts, parsed, strict=True)
        if not (found is not None and clean_json(found[0]) in (whole, data)) and clean(text) != data
    ]


def _repeats(text: str, whole: Json, data: Any) -> bool:
    """Tell, of a long text, whether it is the data once more, by ends and length: reading it would take too long."""
    ends = text[:1] + text[-1:]
    if len(text) <= TEXT_LIMIT or not (ends == "{}" or (ends == "[]" and isinstance(data, list))):
        return False
    return len(text) < _LONGER_BY_INDENT * len(_dumped(whole))


def _clean_data(value: Any) -> Any:
    """Return `value` cleaned; in the usual case, plain ASCII, without a look at each text."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return clean_json(value)
    return value if text.isprintable() and not _SUSPICIOUS.search(text) else clean_json(value)


def _parsed(text: str) -> tuple[Any] | None:
    """Return the JSON value in `text`, in a tuple for it may be null; None where it is prose."""
    stripped = text.strip()
    if not stripped or stripped[0] not in '{["-0123456789tfn':
        return None
    try:
        return (json.loads(stripped),)
    except (ValueError, RecursionError):
        return None


def _composed(prose: str, data: Any) -> str:
    if data is _NOTHING:
        return _cut(prose, TEXT_LIMIT)
    if isinstance(data, str):
        return _cut("\n".join(part for part in (prose, clean(data)) if part), TEXT_LIMIT)
    prose = _cut(prose, TEXT_LIMIT // 2)
    line = bounded_json(data, TEXT_LIMIT - len(prose))
    return f"{prose}\n{line}" if prose else line


def _advice(texts: list[str], whole: Json | None, redact: Callable[[str], str]) -> str:
    text = "\n".join(texts)
    if not text.strip() and whole:
        text = _dumped(whole)
    text = _STACK.sub("", _MANUALS.sub("", clean(text[: 8 * ERROR_LIMIT])))
    return redact(_cut(text.strip(), ERROR_LIMIT)) or "The tool failed and did not say why."


def _of_media(media: Sequence[Media]) -> str:
    kinds = [item.kind for item in media]
    counted = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    words = [f"{count} {kind}{'s' if count > 1 and kind != 'audio' else ''}" for kind, count in counted.items()]
    return f"It returned {' and '.join(words)}, for the page." if words else ""


def _longest_list(value: Any) -> tuple[list[Any] | None, Callable[[list[Any]], Any]]:
    """Return the list that makes `value` long, and how to put a shorter one in its place."""
    if isinstance(value, list):
        return cast("list[Any]", value), lambda rows: rows
    if isinstance(value, dict):
        held = cast("Json", value)
        lists = {key: cast("list[Any]", item) for key, item in held.items() if isinstance(item, list)}
        if lists:
            longest = max(lists, key=lambda key: len(lists[key]))
            return lists[longest], lambda rows: {**held, longest: rows}
    return None, lambda rows: rows


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"{text[:limit].rstrip()} … ({len(text) - limit:,} more characters are left out)"


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _decoded(data: str) -> bytes | None:
    if len(data) > _MEDIA_LIMIT * 4 // 3:
        return None
    try:
        return base64.b64decode(data, validate=False)
    except (binascii.Error, ValueError):
        return None
