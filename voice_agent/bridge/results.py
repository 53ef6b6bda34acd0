"""Turns what a tool call brought back into text that a model can use and a page can show (pure)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from voice_agent.bridge.cleaning import clean, clean_json
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
_MANUALS = re.compile(r"\s*For further information visit https?://\S+")
_STACK = re.compile(r"Traceback \(most recent call last\):.*?\n(?=\S)", re.DOTALL)
_BIG = 50_000


@dataclass(slots=True)
class _Parts:
    """The blocks of a result, sorted."""

    texts: list[str] = field(default_factory=list[str])
    media: list[Media] = field(default_factory=list[Media])


def shape(answer: CallToolResult, redact: Callable[[str], str]) -> Result:
    """Return the result of a call that was answered (MCP, server/tools, “Tool Result”); an error keeps its advice."""
    parts = _sorted(answer.content)
    structured = answer.structured_content
    whole = cast("Json", clean_json(structured)) if isinstance(structured, dict) else None
    if answer.is_error:
        return Result(Status.ERROR, _advice(parts.texts, whole, redact), whole, tuple(parts.media))
    texts, data, has_data = _told_apart(parts.texts, whole)
    prose = clean("\n".join(texts))
    text = _composed(prose, data, has_data=has_data)
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
    text = _dumped(value)
    if len(text) <= limit:
        return text
    rows, rebuild = _longest_list(value)
    if rows is not None:
        sizes = [len(_dumped(row)) + 1 for row in rows]
        room = limit - (len(text) - sum(sizes)) - 60
        kept = 0
        while kept < len(rows) and room - sizes[kept] >= 0:
            room -= sizes[kept]
            kept += 1
        if kept:
            return f"{_dumped(rebuild(rows[:kept]))} … (the first {kept} of {len(rows)}; the rest is left out)"
    return _cut(text, limit)


def _sorted(blocks: Sequence[Any]) -> _Parts:
    parts = _Parts()
    for block in blocks:
        match block.type:
            case "text":
                parts.texts.append(block.text)
            case "image" | "audio":
                parts.media.append(Media(block.type, block.mime_type, None, _decoded(block.data)))
            case "resource_link":
                parts.media.append(Media("link", block.mime_type, str(block.uri)))
                parts.texts.append(f"{block.title or block.name}: {block.uri}")
            case "resource":
                resource = block.resource
                text = getattr(resource, "text", None)
                data = text.encode("utf-8", "replace") if text is not None else _decoded(resource.blob)
                parts.media.append(Media("resource", resource.mime_type, str(resource.uri), data))
                if text is not None:
                    parts.texts.append(text)
            case _:
                pass
    parts.media = parts.media[:_MOST_MEDIA]
    return parts


def _told_apart(texts: list[str], whole: Json | None) -> tuple[list[str], Any, bool]:
    """Return the prose, the data, and whether there is data; text that only repeats the data is left out."""
    if whole is None:
        if len(texts) == 1 and (found := _parsed(texts[0])) is not None:
            return [], clean_json(found[0]), True
        return texts, None, False
    data: Any = whole["result"] if set(whole) == {"result"} else whole
    if data is None and not texts:
        return [], None, False
    parsed = [_parsed(text) for text in texts]
    values = [clean_json(found[0]) for found in parsed if found is not None]
    if len(values) == len(texts) and values == data:
        return [], data, True
    prose = [
        text
        for text, found in zip(texts, parsed, strict=True)
        if not (found is not None and clean_json(found[0]) in (whole, data)) and clean(text) != data
    ]
    if isinstance(data, str | bool | int | float) and not isinstance(data, bool) and not prose:
        # A bare word or number needs no quotes.
        return [str(data)], None, False
    return prose, data, True


def _parsed(text: str) -> tuple[Any] | None:
    """Return the JSON value in `text`, in a tuple for it may be null; None where it is prose."""
    stripped = text.strip()
    if not stripped or stripped[0] not in '{["-0123456789tfn':
        return None
    try:
        return (json.loads(stripped),)
    except (ValueError, RecursionError):
        return None


def _composed(prose: str, data: Any, *, has_data: bool) -> str:
    if not has_data:
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
