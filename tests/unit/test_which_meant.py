"""A model does not choose among several things that the user's words fit alike."""

from __future__ import annotations

from typing import Any

import pytest
from livekit.agents.llm import ChatMessage

from tests.support.tools import a_tool
from voice_agent.agents.events import ToolReturned
from voice_agent.agents.which_meant import Listed
from voice_agent.bridge.types import Result, Status

pytestmark = pytest.mark.unit

NOTES = [
    {"id": "n-17", "title": "Shopping for the party"},
    {"id": "n-18", "title": "Holiday plans"},
    {"id": "n-19", "title": "Shopping for the office"},
    {"id": "n-20", "title": "Shopping"},
]
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"note_id": {"type": "string"}}}
ARCHIVE = a_tool("archive_note", server="notes", schema=SCHEMA)


def unclear(said: str, note: str, *, structured: Any = None, text: str = "") -> str | None:
    listed = Listed()
    listed.note(ToolReturned("c", Result(Status.OK, text, structured)))
    return listed.unclear(ARCHIVE, {"note_id": note}, [ChatMessage(role="user", content=[said])])


@pytest.mark.parametrize(
    ("said", "note", "is_clear"),
    [
        ("archive the shopping note", "n-17", False),
        ("archive the shopping note", "n-20", True),
        ("archive the party note", "n-17", True),
        ("archive the holiday note", "n-18", True),
        ("archive the shopping note for the party", "n-17", True),
        ("archive the first shopping note", "n-17", True),
        ("archive the shopping notes", "n-17", True),
        ("archive both shopping ones", "n-17", True),
        ("archive it", "n-17", True),
        ("yes", "n-19", True),
        ("archive n 17, the shopping", "n-17", True),
    ],
)
def test_a_choice_is_stopped_only_where_the_words_leave_it_open(said: str, note: str, *, is_clear: bool) -> None:
    told = unclear(said, note, structured={"result": NOTES})
    assert (told is None) is is_clear
    if told is not None:
        assert "“Shopping for the party”" in told
        assert "“Shopping for the office”" in told
        assert "Holiday" not in told


def test_things_that_came_as_text_are_known_too_and_what_was_never_listed_is_not_judged() -> None:
    assert unclear("archive the shopping note", "n-17", text='[{"id": "n-17", "name": "Shopping"}]') is None
    rows = '{"notes": [{"id": 1, "name": "Shopping at home"}, {"id": 2, "name": "Shopping abroad"}]}'
    assert unclear("archive the shopping note", "2", text=rows) is not None
    assert unclear("archive the shopping note", "n-99", structured={"result": NOTES}) is None
