"""Whether model providers would take a tool's schema as its server sends it (pure).

The subsets are those of the providers' own manuals, autumn 2026: OpenAI function calling and structured outputs
(“strict”), Anthropic tool use, Gemini function declarations (an OpenAPI subset).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from voice_agent.inspect.report import Area, Finding, Level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from voice_agent.bridge.types import Json, Tool


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


OPENAI, STRICT, ANTHROPIC, GEMINI = "OpenAI", "OpenAI strict", "Anthropic", "Gemini (OpenAPI)"
MOST_TOOLS = 128
"""Tools in one request: OpenAI's and Gemini's limit."""
_OPENAI_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ANTHROPIC_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_GEMINI_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}")
_ANTHROPIC_PROPERTY = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_ROOT_CHOICES = ("anyOf", "oneOf", "allOf", "not", "enum")
_NOT_STRICT = _words(
    "allOf oneOf not dependentRequired dependentSchemas if then else patternProperties propertyNames contains"
    " minProperties maxProperties unevaluatedProperties uniqueItems"
)
_GEMINI_WORDS = _words(
    "type format title description nullable enum maxItems minItems properties required minProperties maxProperties"
    " minLength maxLength pattern example anyOf propertyOrdering default items minimum maximum"
)
_HARMLESS = frozenset({"$schema", "$id", "$comment", "x-mcp-header"})
_STRICT_DEPTH, _STRICT_PROPERTIES, _STRICT_CHOICES = 10, 5_000, 1_000
_DEEPEST = 40


def look_at_schemas(tools: Sequence[Tool]) -> tuple[dict[str, dict[str, int]], list[Finding]]:
    """Return for each provider how many tools it would refuse ("") and why, and the findings."""
    providers: dict[str, dict[str, int]] = {}
    findings: list[Finding] = []
    for provider, judge in _JUDGES.items():
        counted: Counter[str] = Counter()
        for tool in tools:
            reasons = judge(tool)
            counted.update([*dict.fromkeys(reasons), *([""] if reasons else [])])
            findings += _finding(provider, tool, reasons)
        providers[provider] = dict(counted.most_common())
    for tool in tools:
        if tool.broken is not None:
            fix = "Describe the parameters by an object with properties that can be named."
            findings.append(Finding(Area.SCHEMAS, Level.FAULT, tool.name, f"No model can use it: {tool.broken}.", fix))
    if len(tools) > MOST_TOOLS:
        what = f"It has {len(tools)} tools; OpenAI and Gemini take {MOST_TOOLS} in a request, beside other servers'."
        fix = "Merge tools, or let people switch groups of them off. This assistant shows a model what fits a request."
        findings.append(Finding(Area.SCHEMAS, Level.WARNING, None, what, fix))
    return providers, findings


def _finding(provider: str, tool: Tool, reasons: Sequence[str]) -> list[Finding]:
    """Only what a plain request would be refused for counts: nobody writes for strict mode or one subset."""
    if not reasons or provider not in (OPENAI, ANTHROPIC):
        return []
    what = f"{provider} refuses it as it is sent: {', '.join(dict.fromkeys(reasons))}."
    fix = "Put type “object” at the root of its inputSchema, choices inside properties, and plain letters in names."
    return [Finding(Area.SCHEMAS, Level.WARNING, tool.name, what, fix)]


def _openai(tool: Tool) -> list[str]:
    reasons = ["its name"] if not _OPENAI_NAME.fullmatch(tool.name) else []
    return [*reasons, *_of_root(tool.original_schema)]


def _strict(tool: Tool) -> list[str]:
    reasons = _openai(tool)
    properties = 0
    for node, depth in nodes(tool.original_schema):
        reasons += [f"“{word}”" for word in node if word in _NOT_STRICT]
        kinds = node.get("type")
        named = _dict(node.get("properties"))
        properties += len(named)
        if kinds == "object" or named:
            if node.get("additionalProperties") is not False:
                reasons.append("additionalProperties is not false")
            if set(named) - set(_list(node.get("required"))):
                reasons.append("optional parameters")
        if depth > _STRICT_DEPTH:
            reasons.append(f"deeper than {_STRICT_DEPTH}")
        if len(_list(node.get("enum"))) > _STRICT_CHOICES:
            reasons.append(f"more than {_STRICT_CHOICES} choices")
    return [*reasons, "too many properties"] if properties > _STRICT_PROPERTIES else reasons


def _anthropic(tool: Tool) -> list[str]:
    reasons = ["its name"] if not _ANTHROPIC_NAME.fullmatch(tool.name) else []
    reasons += _of_root(tool.original_schema, ("anyOf", "oneOf", "allOf"))
    for node, _ in nodes(tool.original_schema):
        if any(not _ANTHROPIC_PROPERTY.fullmatch(name) for name in _dict(node.get("properties"))):
            reasons.append("the name of a parameter")
    return reasons


def _gemini(tool: Tool) -> list[str]:
    reasons = ["its name"] if not _GEMINI_NAME.fullmatch(tool.name) else []
    reasons += _of_root(tool.original_schema)
    for node, _ in nodes(tool.original_schema):
        reasons += [f"“{word}”" for word in node if word not in _GEMINI_WORDS | _HARMLESS]
        if isinstance(node.get("type"), list):
            reasons.append("several types")
        if any(not isinstance(value, str) for value in _list(node.get("enum"))):
            reasons.append("choices that are no text")
        if node.get("type") == "array" and "items" not in node:
            reasons.append("an array without items")
    return reasons


_JUDGES: dict[str, Callable[[Tool], list[str]]] = {
    OPENAI: _openai,
    STRICT: _strict,
    ANTHROPIC: _anthropic,
    GEMINI: _gemini,
}


def _of_root(schema: Json, choices: Sequence[str] = _ROOT_CHOICES) -> list[str]:
    reasons = [f"“{word}” at the root" for word in choices if word in schema]
    return reasons if schema.get("type") == "object" else ["the root is not of type “object”", *reasons]


def nodes(schema: Json, depth: int = 0) -> Iterator[tuple[Json, int]]:
    """Yield every schema in a schema, with its depth in properties."""
    if depth > _DEEPEST:
        return
    yield schema, depth
    for word, value in schema.items():
        inner: list[Any] = []
        if word in ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas"):
            inner = list(_dict(value).values())
        elif word in ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"):
            inner = [value]
        elif word in ("anyOf", "oneOf", "allOf", "prefixItems"):
            inner = _list(value)
        for one in inner:
            if isinstance(one, dict):
                yield from nodes(cast("Json", one), depth + (word not in ("anyOf", "oneOf", "allOf")))


def _dict(value: object) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []
