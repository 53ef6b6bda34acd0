"""Every kind of result, from a real server to what the model sees and what the offline brain says."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.tools import ToolResult
from mcp_types import AudioContent, EmbeddedResource, ImageContent, ResourceLink, TextContent, TextResourceContents

from tests.fakes.chat import Call, Chat, Turn
from tests.support.talk import a_talk

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pipeline

PIXEL = base64.b64encode(b"\x89PNG" + b"p" * 60_000).decode()
LONE = "half \ud83d a pair"


def _structured() -> ToolResult:
    content = {"city": "Rome", "degrees": 21.5}
    return ToolResult([TextContent(type="text", text=json.dumps(content))], content)


def _media() -> ToolResult:
    page = TextResourceContents(uri="notes://1", text="Water the plants.", mime_type="text/plain")
    return ToolResult(
        [
            ImageContent(type="image", data=PIXEL, mime_type="image/png"),
            AudioContent(type="audio", data=PIXEL, mime_type="audio/wav"),
            ResourceLink(type="resource_link", uri="https://example.org/a", name="a", title="The page"),
            EmbeddedResource(type="resource", resource=page),
        ]
    )


def _said(text: str) -> ToolResult:
    return ToolResult([TextContent(type="text", text=text)])


def _data(data: dict[str, Any]) -> ToolResult:
    return ToolResult([TextContent(type="text", text=json.dumps(data))], data)


def _rows(count: int) -> ToolResult:
    rows = [{"name": f"row {number}", "amount": number} for number in range(count)]
    return ToolResult([TextContent(type="text", text="Here you are.")], {"rows": rows, "total": count})


def _refused() -> ToolResult:
    raise ToolError("There is no such city. Ask for one of Rome, Paris or Oslo.")


ANSWERS: dict[str, Any] = {
    "structured": _structured,
    "empty": lambda: ToolResult([]),
    "nothing": lambda: ToolResult([TextContent(type="text", text="[]")], {"result": []}),
    "media": _media,
    "table": lambda: _said("| city | price |\n|---|---|\n| Rome | 12 |\n| Oslo | 30 |"),
    "rows": lambda: _rows(40),
    "dozen": lambda: _rows(12),
    "many_rows": lambda: _rows(20_000),
    "nan": lambda: ToolResult([TextContent(type="text", text='{"value": NaN, "name": "gauge"}')]),
    "surrogate": lambda: _said(json.dumps({"name": LONE})),
    "wrong_schema": lambda: ToolResult([TextContent(type="text", text="x")], {"degrees": "warm"}),
    "refused": _refused,
    "money": lambda: _said(
        "It is 1234.5 EUR, see https://example.org/a?b=c, code X9-204, due 2026-11-21T15:00:00+01:00."
    ),
    "account": lambda: _data({"name": "Savings", "balance": -1520.75, "currency": "EUR", "rate_percent": 1.25}),
    "tiny": lambda: _data({"result": 0.0000123}),
    "long": lambda: _said("word " * 200_000),
}


class Kinds:
    """A server with one tool for each kind of result."""

    def __init__(self) -> None:
        self.server: FastMCP[Any] = FastMCP("kinds")
        for name, answer in ANSWERS.items():
            schema = (
                {"type": "object", "properties": {"degrees": {"type": "number"}}} if name == "wrong_schema" else None
            )
            self._add(name, answer, schema)

    def _add(self, name: str, answer: Any, schema: dict[str, Any] | None) -> None:
        async def get() -> ToolResult:
            """Get it."""
            return answer()

        self.server.tool(get, name=f"get_{name}", output_schema=schema, annotations={"readOnlyHint": True})


def model(chat: Chat) -> Turn:
    return f"Told: {chat.results[-1]}" if chat.results else Call(f"kinds_get_{chat.user}")


SEEN = {
    "structured": ['{"city":"Rome","degrees":21.5}'],
    "empty": ["Done."],
    "nothing": ["[]"],
    "media": ["The page: https://example.org/a", "Water the plants."],
    "table": ["| Rome | 12 |"],
    "rows": ["Here you are.", '"name":"row 39"', '"total":40'],
    "many_rows": ["Here you are.", "of 20000; the rest is left out)"],
    "nan": ['"value":null', "gauge"],
    "surrogate": ["half \ufffd a pair"],
    "wrong_schema": ['{"degrees":"warm"}'],
    "refused": ["There is no such city. Ask for one of Rome, Paris or Oslo."],
    "money": ["1234.5 EUR"],
    "long": ["more characters are left out"],
}


async def test_each_kind_reaches_the_model_bounded_and_without_what_it_cannot_use(tmp_path: Path) -> None:
    async with a_talk(tmp_path, model, {"kinds": Kinds().server}) as talk:
        for kind, parts in SEEN.items():
            said = await talk.say(kind)
            assert all(part in said for part in parts), (kind, said[:400])
            assert len(said) < 7_000, kind
            assert PIXEL[:40] not in said, kind
        results = {line["call"]: line for line in talk.of("tool_result")}
    assert len(results) == len(SEEN)
    [many] = [line for line in results.values() if "of 20000" in line["text"]]
    assert len(many["structured"]["rows"]) == 20_000
    assert [line["status"] for line in results.values()].count("error") == 1


SPOKEN = {
    "structured": "Rome",
    "empty": "Done.",
    "nothing": "nothing",
    "rows": "Shall I go on?",
    "refused": "There is no such city. Ask for one of Rome, Paris or Oslo.",
    "money": "3 pm",
    "table": "Rome 12 and Oslo 30",
    "account": "Savings: balance -€1,520.75, rate 1.25%.",
    "tiny": "0.000012.",
    "nan": "gauge: value unknown.",
}
SILENT = {"structured": "{", "rows": "row 39", "money": "https", "refused": "ToolError"}


async def test_the_brain_of_rules_says_each_kind_as_people_do(tmp_path: Path) -> None:
    async with a_talk(tmp_path, [], {"kinds": Kinds().server}, profile="offline") as talk:
        for kind, part in SPOKEN.items():
            said = await talk.say(f"get {kind}")
            assert part in said, (kind, said)
            assert SILENT.get(kind, "{") not in said, (kind, said)
        first = await talk.say("get rows")
        more = await talk.say("yes")
        assert await talk.say("no thanks") == "Okay."
        dozen = [await talk.say(said) for said in ("get dozen", "carry on", "go on", "more")]
    assert "row 0" in first
    assert "row 0" not in more
    assert "row 5" in more
    assert dozen[1:] == [
        "row 5, row 6, row 7, row 8, row 9 and two more. Shall I go on?",
        "row 10 and row 11.",
        "That was all.",
    ]
