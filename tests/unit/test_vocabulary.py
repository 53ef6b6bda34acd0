from dataclasses import dataclass, field
from typing import Any

import pytest

from voice_agent.offline.vocabulary import vocabulary

pytestmark = pytest.mark.unit


@dataclass(frozen=True)
class Tool:
    name: str
    input_schema: dict[str, Any] = field(default_factory=dict[str, Any])


CREATE = Tool(
    "create_task",
    {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "due": {"type": "string"},
            "priority": {"enum": ["low", "normal", "high"]},
            "idempotency_key": {"type": "string"},
        },
    },
)
LISTED = {"tasks": [{"id": "a1", "title": "Buy milk", "notes": "2 litres"}, {"id": "b2", "title": "Call Dr. Nguyen"}]}


def test_titles_come_first_then_choices_then_tool_names_then_parameters() -> None:
    words = vocabulary([CREATE], [LISTED])
    assert words == ("Buy milk", "Call Dr. Nguyen", "low", "normal", "high", "create task", "title", "due", "priority")


def test_the_newest_result_comes_first() -> None:
    assert vocabulary([], [{"title": "old"}, {"title": "new"}]) == ("new", "old")


def test_a_phrase_whose_words_are_all_known_is_left_out() -> None:
    assert vocabulary([], [{"items": [{"name": "oat milk"}, {"name": "Milk"}, {"name": "oat cookies"}]}]) == (
        "oat milk",
        "oat cookies",
    )


@pytest.mark.parametrize("name", ["createTask", "create-task", "CREATE_TASK", "create.task"])
def test_identifiers_become_words(name: str) -> None:
    assert vocabulary([Tool(name)]) == ("create task",)


@pytest.mark.parametrize(
    "title",
    [
        "https://example.com/x", "3f2a9c2e7b1d4c5e", "2026-12-04", "/etc/passwd", "{}", "", "   ",
        "one two three four five six seven eight nine",
    ],
)  # fmt: skip
def test_what_nobody_says_is_left_out(title: str) -> None:
    assert vocabulary([], [{"title": title}]) == ()


def test_no_more_than_asked_for() -> None:
    assert len(vocabulary([], [{"title": f"word{chr(97 + n)}"} for n in range(20)], most=5)) == 5


@pytest.mark.parametrize("result", [None, 3, "text", [], {}, {"title": None}, {"title": 4}])
def test_any_json_is_taken(result: Any) -> None:
    assert vocabulary([], [result]) == ()


def test_names_are_found_however_deep() -> None:
    assert vocabulary([], [[{"title": {"name": ["Ada", 4]}}]]) == ("Ada",)


@pytest.mark.parametrize(
    "schema", [{}, {"properties": None}, {"properties": {"x": True}}, {"anyOf": [{"enum": ["red", 4, None]}]}]
)
def test_odd_schemas_are_taken(schema: dict[str, Any]) -> None:
    assert "paint" in vocabulary([Tool("paint", schema)])
