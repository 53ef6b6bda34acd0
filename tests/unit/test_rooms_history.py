"""What a page is sent that comes in the middle of a conversation."""

from __future__ import annotations

import pytest

from voice_agent.session.history import History
from voice_agent.session.journal import Journal

pytestmark = pytest.mark.unit


def result(journal: Journal, call: str, structured: object) -> None:
    journal.write("tool_result", call=call, status="ok", text="", structured=structured)


def test_the_lines_come_in_order_with_only_the_newest_state_and_progress() -> None:
    journal = Journal()
    history = History(journal)
    journal.write("state", agent="idle", user="listening")
    journal.write("ready", profile="offline")
    journal.write("user", text="hello")
    journal.write("progress", call="1", done=1)
    journal.write("progress", call="2", done=1)
    journal.write("progress", call="1", done=2)
    journal.write("state", agent="speaking", user="listening")

    shown = [(line["event"], line.get("agent"), line.get("done")) for line in history.lines]

    assert shown == [
        ("ready", None, None),
        ("user", None, None),
        ("progress", None, 1),
        ("progress", None, 2),
        ("state", "speaking", None),
    ]


def test_a_result_too_big_to_send_unasked_is_cut_and_kept_for_who_asks() -> None:
    journal = Journal()
    history = History(journal)
    big = {"rows": ["x" * 1000] * 100}
    result(journal, "big", big)
    result(journal, "small", {"rows": []})

    first, second = history.lines

    assert (first["structured"], first["is_cut"]) == (None, True)
    assert history.result("big") == big
    assert second["structured"] == {"rows": []}
    assert "is_cut" not in second
    assert history.result("small") is None


def test_a_very_long_conversation_is_remembered_from_its_end() -> None:
    journal = Journal()
    history = History(journal)
    journal.write("ready", profile="offline")
    for number in range(5000):
        journal.write("user", text=str(number))

    lines = history.lines

    assert lines[0]["event"] == "ready"
    assert lines[-1]["text"] == "4999"
    assert len(lines) <= 1001
