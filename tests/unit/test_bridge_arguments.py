from __future__ import annotations

import weakref

import pytest

from tests.support.tools import a_tool
from voice_agent.bridge.arguments import Arguments
from voice_agent.bridge.calls import wrong_in

pytestmark = pytest.mark.unit

SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 1},
        "status": {"enum": ["open", "done"]},
        "count": {"type": "integer", "minimum": 1},
        "at": {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]},
    },
    "required": ["title"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "“title” is required."),
        ({"title": 3}, "“title” must be of type string, not 3."),
        ({"title": ""}, "“title” must be at least 1 characters long, not ''."),
        ({"title": "x", "status": "closed"}, "“status” must be one of 'open', 'done', not 'closed'."),
        ({"title": "x", "count": 0}, "“count” must be at least 1, not 0."),
        ({"title": "x", "at": {}}, "“x” is required in “at”."),
        ({"title": "x", "at": {"x": "1"}}, "“at.x” must be of type number, not '1'."),
    ],
)
def test_what_is_wrong_is_said_so_that_it_can_be_mended(arguments: dict[str, object], sentence: str) -> None:
    assert Arguments(SCHEMA).problem(arguments) == sentence


def test_unknown_parameters_are_told_with_the_known_ones() -> None:
    problem = Arguments(SCHEMA).problem({"title": "x", "due": "today"})
    assert problem is not None
    assert "it takes: title, status, count, at" in problem


def test_right_arguments_have_no_problem() -> None:
    assert Arguments(SCHEMA).problem({"title": "x", "status": "open", "count": 2, "at": {"x": 1}}) is None


def test_several_mistakes_are_told_at_once_but_not_endlessly() -> None:
    schema = {"properties": {f"p{n}": {"type": "string"} for n in range(20)}}
    problem = Arguments(schema).problem({f"p{n}": n for n in range(20)})
    assert problem is not None
    assert problem.endswith("And 16 more.")


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "strng"},
        {"properties": {"a": {"$ref": "http://127.0.0.1:9/never-fetched"}}},
        {"properties": {"a": {"$ref": "#/$defs/missing"}}},
        {"properties": {"a": {"type": "string", "pattern": "\\p{L}+["}}},
        {"properties": 3},
    ],
)
def test_a_schema_that_is_itself_wrong_does_not_keep_its_tool_from_being_called(schema: dict[str, object]) -> None:
    assert Arguments(schema).problem({"a": "x"}) is None


def test_a_pattern_is_checked_unless_it_could_run_for_ever() -> None:
    assert Arguments({"properties": {"a": {"pattern": "^[0-9]+$"}}}).problem({"a": "x"}) is not None
    evil = {"properties": {"a": {"pattern": "^(a+)+$"}}}
    assert Arguments(evil).problem({"a": "a" * 60 + "!"}) is None


def test_references_within_the_schema_hold() -> None:
    schema = {"$defs": {"N": {"type": "number"}}, "properties": {"n": {"$ref": "#/$defs/N"}}}
    assert Arguments(schema).problem({"n": "x"}) == "“n” must be of type number, not 'x'."


def test_older_drafts_are_understood() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "properties": {"n": {"minimum": 1, "exclusiveMinimum": True}},
    }
    assert Arguments(schema).problem({"n": 1}) is not None


def test_null_for_what_may_be_left_out_is_left_out_where_null_is_not_taken() -> None:
    text = {"type": "string"}
    schema = {"properties": {"a": text, "b": text, "c": {"type": ["string", "null"]}}, "required": ["a"]}
    assert Arguments(schema).mended({"a": "x", "b": None}) == {"a": "x"}
    assert Arguments(schema).mended({"a": "x", "c": None}) == {"a": "x", "c": None}
    assert Arguments(schema).mended({"a": None, "b": None}) == {"a": None}


@pytest.mark.parametrize("reference", ["http://127.0.0.1:9/never-fetched", "#/$defs/missing", "#nowhere", "other.json"])
def test_a_reference_that_leads_nowhere_does_not_keep_the_rest_from_being_checked(reference: str) -> None:
    schema = {"properties": {"a": {"$ref": reference}, "b": {"type": "integer"}}, "required": ["a", "b"]}
    assert Arguments(schema).problem({"a": {"any": "thing"}, "b": 1}) is None
    assert Arguments(schema).problem({"a": 1, "b": "x"}) == "“b” must be of type integer, not 'x'."


@pytest.mark.parametrize(
    "schema",
    [
        {"$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(60)}, "$ref": "#/$defs/d0"},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"properties": {"a": {"pattern": ".*.*.*.*.*.*x"}}},
        {"properties": {"a": {"pattern": f"{'a?' * 40}{'a' * 40}$"}}},
        {"properties": {"a": {"pattern": f"{'(a|a)' * 40}$"}}},
        {"$schema": ["draft"], "properties": {"a": {"type": "string"}}},
    ],
)
def test_a_schema_that_could_be_checked_for_ever_is_given_up(schema: dict[str, object]) -> None:
    assert Arguments(schema).problem({"a": "a" * 35 + "!"}) is None


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        (r"^[^@]+@[^@]+\.[a-z]+$", "nobody"),
        (r"^(red|green|blue|yellow)$", "pink"),
        (r"^\d{4}-\d{2}-\d{2}$", "tomorrow"),
        (r"^https?://[a-z.]+$", "example.com"),
    ],
)
def test_the_patterns_that_servers_have_are_checked(pattern: str, wrong: str) -> None:
    assert Arguments({"properties": {"a": {"pattern": pattern}}}).problem({"a": wrong}) is not None


def test_a_choice_that_was_shown_without_what_nobody_sees_is_sent_as_the_server_spells_it() -> None:
    spelled = "op\u200ben"
    choice = {"anyOf": [{"enum": [spelled, "done"]}, {"type": "null"}]}
    several = {"type": "array", "items": {"$ref": "#/$defs/c"}}
    schema = {"properties": {"a": choice, "b": several}, "$defs": {"c": choice}}
    mended = Arguments(schema).mended({"a": "open", "b": ["done", "open"]})
    assert mended == {"a": spelled, "b": ["done", spelled]}
    assert Arguments(schema).problem(mended) is None
    assert Arguments(schema).mended({"a": "opened"}) == {"a": "opened"}


def test_of_alternatives_that_differ_by_type_the_types_are_told() -> None:
    schema = {"properties": {"a": {"oneOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}}}
    assert Arguments(schema).problem({"a": "big"}) == "“a” must be of type integer or null, not 'big'."


def test_the_check_of_a_tool_goes_with_the_tool() -> None:
    tool = a_tool("changes", schema=SCHEMA)
    assert wrong_in(tool, {}) is not None
    gone = weakref.ref(tool)
    del tool
    assert gone() is None
