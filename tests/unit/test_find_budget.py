"""What tools cost a model, and how they are made to fit."""

from __future__ import annotations

import json
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tools import a_tool
from voice_agent.bridge.find.budget import at_level, fit, price, schema_of
from voice_agent.bridge.find.compact import LEVELS, compact
from voice_agent.bridge.find.tokens import cost, tokens

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json, Tool

pytestmark = pytest.mark.unit

LONG = "Create a task in a project of the user. " + "It can be repeated, moved and much more besides. " * 20
SCHEMA: Json = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "description": "What is to be done, in a few words. " * 5},
        "due": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}], "description": "When."},
        **{f"option_{n}": {"type": "string", "enum": ["a", "b"], "default": "a"} for n in range(9)},
        "place": {"$ref": "#/$defs/Place"},
    },
    "required": ["title", "place"],
    "$defs": {"Place": {"type": "object", "properties": {"city": {"type": "string"}}}},
    "additionalProperties": False,
}


def rich(name: str) -> Tool:
    return replace(a_tool(name, schema=SCHEMA), description=LONG)


def test_each_level_is_shorter_and_level_0_is_the_tool_itself() -> None:
    schema = schema_of(rich("create"))
    costs = [cost(compact(schema, level)) for level in range(LEVELS)]
    assert compact(schema, 0) is schema
    assert costs == sorted(costs, reverse=True)
    assert len(set(costs)) == LEVELS


@pytest.mark.parametrize("level", range(LEVELS))
def test_at_every_level_a_tool_keeps_its_name_and_what_is_required(level: int) -> None:
    schema = compact(schema_of(rich("create")), level)
    parameters = schema["parameters"]
    assert schema["name"] == "tasks_create"
    assert parameters["required"] == ["title", "place"]
    assert parameters["properties"]["title"]["type"] == "string"
    assert parameters["properties"]["place"] == {"$ref": "#/$defs/Place"}
    assert parameters["$defs"] == SCHEMA["$defs"]


def test_choices_and_alternatives_stay_as_long_as_their_parameter_does() -> None:
    shown = compact(schema_of(rich("create")), 2)["parameters"]["properties"]
    assert shown["option_0"] == {"type": "string", "enum": ["a", "b"]}
    assert shown["due"] == {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}
    assert set(compact(schema_of(rich("create")), 3)["parameters"]["properties"]) == {"title", "place"}


def test_the_tool_itself_is_not_changed() -> None:
    tool = rich("create")
    before = json.dumps(schema_of(tool))
    for level in range(LEVELS):
        compact(schema_of(tool), level)
    assert json.dumps(schema_of(tool)) == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "properties", "items", "anyOf", "enum", "required", "x"]), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "properties", "type"]), JSON))
def test_any_schema_of_parameters_can_be_shortened(properties: dict[str, Any]) -> None:
    schema = {"name": "n", "description": None, "parameters": {"type": "object", "properties": properties}}
    for level in range(LEVELS):
        json.dumps(compact(schema, level))


@pytest.mark.parametrize("budget", [0, 60, 150, 300, 900, 5_000])
def test_what_is_chosen_never_costs_more_than_the_budget(budget: int) -> None:
    chosen = fit([rich(f"tool_{n}") for n in range(20)], budget)
    assert sum(cost(at_level(tool, level)) for tool, level in chosen) <= budget


def test_the_best_tools_are_chosen_and_told_most_of() -> None:
    tools = [rich(f"tool_{n}") for n in range(20)]
    chosen = fit(tools, 1_000)
    levels = [level for _, level in chosen]
    assert [tool for tool, _ in chosen] == tools[: len(chosen)]
    assert levels == sorted(levels)
    assert len(set(levels)) > 1


def test_with_room_for_all_of_them_tools_stay_as_they_are() -> None:
    assert all(level == 0 for _, level in fit([rich("a"), rich("b")], 10_000))


def test_a_tool_that_is_too_large_by_itself_does_not_keep_the_others_out() -> None:
    huge = {f"parameter_{n}": {"type": "string"} for n in range(500)}
    large = a_tool("large", schema={"type": "object", "properties": huge, "required": list(huge)})
    assert [tool.name for tool, _ in fit([large, a_tool("small")], 200)] == ["small"]


@pytest.mark.parametrize(
    ("text", "least"),
    [("hello world", 2), ("createSpreadsheetRows", 3), ("2026-11-21", 5), ('{"a":1}', 4), ("日本語", 3), ("", 0)],
)
def test_tokens_are_counted_rather_too_many_than_too_few(text: str, least: int) -> None:
    assert tokens(text) >= least


def test_of_a_tool_that_is_not_there_any_more_nothing_is_kept() -> None:
    tool = rich("changes")
    assert price(tool, 1) < price(tool, 0)
    gone = weakref.ref(tool)
    del tool
    assert gone() is None
