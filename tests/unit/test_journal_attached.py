"""Images that come with results are kept beside the lines, and never for ever."""

from __future__ import annotations

from typing import Any

import pytest

from voice_agent.agents.events import ToolReturned
from voice_agent.bridge.types import Media, Result, Status
from voice_agent.session.journal import Journal
from voice_agent.session.record import record_tools

pytestmark = pytest.mark.unit


def image(size: int) -> Media:
    return Media("image", "image/png", None, bytes(size))


def test_a_line_tells_what_came_and_the_journal_keeps_it() -> None:
    journal = Journal()
    lines: list[dict[str, Any]] = []
    journal.listen(lines.append)
    record_tools(journal)(ToolReturned("c1", Result(Status.OK, "Drawn.", media=(image(3),))))
    assert lines[0]["media"] == [{"kind": "image", "mime_type": "image/png", "uri": None, "size": 3}]
    assert journal.attached("c1") == (image(3),)
    assert journal.attached("c2") == ()


def test_the_oldest_goes_when_it_is_too_much() -> None:
    journal = Journal()
    for call in ("c1", "c2", "c3"):
        journal.attach(call, (image(16 * 1024 * 1024),))
    assert [bool(journal.attached(call)) for call in ("c1", "c2", "c3")] == [False, True, True]
