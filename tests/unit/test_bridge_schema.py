from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from voice_agent.bridge.cleaning import is_plain
from voice_agent.bridge.schema import Unusable, adapt

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json

pytestmark = pytest.mark.unit


def one(node: object) -> Any:
    """Adapt `node` as the only, required parameter."""
    return adapt({"type": "object", "properties": {"p": node}, "required": ["p"]})["properties"]["p"]


@pytest.mark.parametrize(
    "empty", [None, True, {}, {"type": "object"}, {"$schema": "http://json-schema.org/draft-07/schema#"}]
)
def test_a_tool_without_parameters_has_an_empty_object(empty: object) -> None:
    assert adapt(empty) == {"type": "object", "properties": {}}


@pytest.mark.parametrize("wrong", [False, "string", 3, [], {"type": "array"}, {"type": "string"}])
def test_parameters_that_are_no_object_are_refused(wrong: object) -> None:
    with pytest.raises(Unusable):
        adapt(wrong)


def test_what_every_provider_takes_stays_as_it_is() -> None:
    schema: Json = {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "What to do", "minLength": 1},
            "priority": {"type": "string", "enum": ["low", "high"], "default": "low"},
            "due": {"type": "string", "format": "date"},
            "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            "count": {"type": "integer", "minimum": 0},
        },
        "required": ["title"],
        "additionalProperties": False,
    }
    assert adapt(schema) == schema


def test_references_are_written_out() -> None:
    schema = {
        "$defs": {
            "Point": {"type": "object", "properties": {"x": {"$ref": "#/$defs/Number"}}},
            "Number": {"type": "number"},
        },
        "properties": {"at": {"$ref": "#/$defs/Point", "description": "Where"}},
    }
    assert adapt(schema)["properties"]["at"] == {
        "type": "object",
        "properties": {"x": {"type": "number"}},
        "description": "Where",
    }


def test_a_schema_that_holds_itself_ends_as_anything() -> None:
    schema = {
        "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
        "properties": {"first": {"$ref": "#/$defs/Node"}},
    }
    assert adapt(schema)["properties"]["first"] == {"type": "object", "properties": {"next": {}}}


def test_references_that_multiply_stay_small() -> None:
    definitions: Json = {
        f"L{level}": {"type": "object", "properties": {k: {"$ref": f"#/$defs/L{level + 1}"} for k in "abcdefgh"}}
        for level in range(9)
    }
    definitions["L9"] = {"type": "string"}
    adapted = adapt({"$defs": definitions, "properties": {"p": {"$ref": "#/$defs/L0"}}})
    assert len(json.dumps(adapted)) < 100_000


@pytest.mark.parametrize(
    "reference", ["http://example.com/schema", "#/$defs/missing", "other.json#/x", "#/properties/p", "#nowhere"]
)
def test_a_reference_that_leads_nowhere_is_anything(reference: str) -> None:
    assert one({"$ref": reference, "description": "Something"}) == {"description": "Something"}


def test_or_null_is_dropped_where_a_parameter_may_be_left_out() -> None:
    schema = {
        "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None, "description": "A"}}
    }
    assert adapt(schema)["properties"]["a"] == {"type": "string", "description": "A"}
    assert adapt({"properties": {"a": {"type": ["integer", "null"]}}})["properties"]["a"] == {"type": "integer"}


def test_or_null_stays_where_a_parameter_is_required() -> None:
    assert one({"type": ["integer", "null"]}) == {"anyOf": [{"type": "integer"}, {"type": "null"}]}


def test_choices_become_an_enum_or_any_of() -> None:
    assert one({"const": "x"}) == {"type": "string", "enum": ["x"]}
    assert one({"oneOf": [{"const": "a"}, {"const": "b"}]}) == {"type": "string", "enum": ["a", "b"]}
    assert one({"oneOf": [{"type": "string"}, {"type": "integer"}]}) == {
        "anyOf": [{"type": "string"}, {"type": "integer"}]
    }
    assert one({"anyOf": [{"type": "string"}]}) == {"type": "string"}


def test_all_of_is_one() -> None:
    schema = {
        "allOf": [
            {"properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"properties": {"b": {"type": "number"}}},
        ]
    }
    assert one(schema) == {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "number"}},
        "required": ["a"],
    }


def test_alternatives_of_a_whole_call_become_its_parameters() -> None:
    schema = {
        "type": "object",
        "oneOf": [
            {"properties": {"id": {"type": "integer"}, "x": {"type": "string"}}, "required": ["id", "x"]},
            {"properties": {"name": {"type": "string"}, "x": {"type": "string"}}, "required": ["name", "x"]},
        ],
    }
    adapted = adapt(schema)
    assert set(adapted["properties"]) == {"id", "name", "x"}
    assert adapted["required"] == ["x"]


def test_a_pattern_that_not_every_provider_knows_is_said_instead() -> None:
    assert one({"type": "string", "pattern": "^[a-z]+$"}) == {"type": "string", "pattern": "^[a-z]+$"}
    assert one({"type": "string", "pattern": "^(?!x)"}) == {"type": "string", "description": "Must match ^(?!x)"}


def test_an_array_always_says_what_is_in_it() -> None:
    assert one({"type": "array"}) == {"type": "array", "items": {}}
    assert one({"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}]})["items"] == {
        "type": "number"
    }


def test_what_only_validators_understand_is_left_out() -> None:
    node: Json = {
        "type": "object",
        "propertyNames": {"pattern": "x"},
        "patternProperties": {"^x": {}},
        "if": {},
        "then": {},
        "not": {},
        "title": "T",
        "$comment": "c",
        "x-mcp-header": "H",
        "unevaluatedProperties": False,
        "properties": {"a": True, "b": False},
    }
    assert one(node) == {"type": "object", "properties": {"a": {}}}


def test_descriptions_are_cleaned_and_capped() -> None:
    text = one({"type": "string", "description": "a\u202e" + "b" * 5000})["description"]
    assert "\u202e" not in text
    assert len(text) <= 400


def test_a_parameter_whose_name_cannot_be_written_is_left_out_unless_it_is_required() -> None:
    properties: Json = {"ok": {}, "bad\x00name": {}, "": {}}
    assert list(adapt({"properties": properties})["properties"]) == ["ok"]
    with pytest.raises(Unusable):
        adapt({"properties": properties, "required": [""]})


def test_required_names_that_do_not_exist_are_dropped() -> None:
    assert "required" not in adapt({"properties": {}, "required": ["ghost", 3]})


WORDS = (
    *("type", "properties", "items", "anyOf", "oneOf", "allOf", "$ref", "enum", "const", "required", "description"),
    *("default", "pattern", "$defs", "a"),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_whatever_a_server_sends_becomes_a_valid_object_schema_or_is_refused(value: object) -> None:
    try:
        adapted = adapt(value)
    except Unusable:
        return
    assert adapted["type"] == "object"
    assert isinstance(adapted["properties"], dict)
    Draft202012Validator.check_schema(adapted)
    assert "$ref" not in json.dumps({k: v for k, v in adapted.items() if k != "properties"})


def test_references_are_written_out_by_anchors_and_through_signs_of_an_address() -> None:
    definitions: Json = {"a b": {"type": "integer"}, "x": {"$anchor": "size", "enum": ["s", "m"]}}
    adapted = adapt({"$defs": definitions, "properties": {"n": {"$ref": "#/$defs/a%20b"}, "s": {"$ref": "#size"}}})
    assert adapted["properties"] == {"n": {"type": "integer"}, "s": {"type": "string", "enum": ["s", "m"]}}


def test_nothing_that_cannot_be_seen_is_in_what_a_model_is_shown() -> None:
    hidden = "a\u200b\u202eb\U000e0041"
    schema = {
        "properties": {
            "choice": {"enum": [hidden, "c"], "default": hidden, "description": hidden, "examples": [hidden]},
            "shape": {"type": "string", "pattern": hidden, "format": hidden},
            hidden: {"type": "string"},
        }
    }
    adapted = adapt(schema)
    assert adapted["properties"]["choice"]["enum"] == ["ab", "c"]
    assert list(adapted["properties"]) == ["choice", "shape"]
    assert is_plain(json.dumps(adapted, ensure_ascii=False))
    with pytest.raises(Unusable, match="cannot be written"):
        adapt({"properties": {hidden: {}}, "required": [hidden]})


def test_choices_that_are_too_many_are_told_and_none_is_ruled_out() -> None:
    adapted = adapt({"properties": {"a": {"type": "string", "enum": [f"city {n}" for n in range(5_000)]}}})
    assert "enum" not in adapted["properties"]["a"]
    assert adapted["properties"]["a"]["description"].startswith("One of 5000, such as city 0, city 1")
