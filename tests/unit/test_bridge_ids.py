from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.tools import a_tool
from voice_agent.bridge.ids import ids_of, is_id, lookups, unmentioned

if TYPE_CHECKING:
    from voice_agent.bridge.types import Tool

pytestmark = pytest.mark.unit


def tool(name: str, *required: str, server: str = "board", **properties: Any) -> Tool:
    shapes = {**{one: {"type": "string"} for one in required}, **properties}
    return a_tool(name, server=server, schema={"type": "object", "properties": shapes, "required": list(required)})


@pytest.mark.parametrize(
    ("name", "schema", "wanted"),
    [
        ("cardId", {"type": "string"}, True),
        ("card_ids", {"type": "array", "items": {"type": "string"}}, True),
        ("parentTagID", {"type": "string"}, True),
        ("entity_id", {"anyOf": [{"type": "string"}, {"type": "null"}]}, True),
        ("issue_key", {"type": "string"}, True),
        ("inReplyTo", {"type": "string", "description": "Message ID being replied to"}, True),
        ("projects", {"type": "array", "description": "Array of project IDs to add this to"}, True),
        ("api_key", {"type": "string"}, False),
        ("key", {"type": "string"}, False),
        ("client_id", {"type": "string"}, False),
        ("title", {"type": "string"}, False),
        ("paid", {"type": "string"}, False),
        ("kind_id", {"type": "string", "enum": ["a", "b"]}, False),
        ("select", {"type": "string", "description": "Fields to return, e.g. ID,subject"}, False),
        ("includeId", {"type": "boolean"}, False),
    ],
)
def test_a_parameter_that_wants_an_identifier_is_known_by_its_name_or_what_is_said_of_it(
    name: str, schema: dict[str, Any], wanted: bool
) -> None:
    assert is_id(name, schema) is wanted


def test_the_tool_that_lists_the_things_comes_first_and_one_that_wants_the_identifier_itself_is_none() -> None:
    move = tool("move_card", "cardId", "listId")
    cards, lists = tool("get_my_cards"), tool("get_lists", "boardId")
    others = [tool("get_card", "cardId"), tool("get_card_comments", "cardId"), tool("list_cards", server="other")]
    tools = [move, *others, tool("delete_card", "cardId"), lists, cards]
    assert ids_of(move) == ("cardId", "listId")
    assert lookups(move, "cardId", tools) == (cards,)
    assert lookups(move, "listId", tools) == (lists,)


def test_a_tool_that_the_description_names_comes_first() -> None:
    told = {"type": "integer", "description": "The tag (from tag_overview)"}
    write, named, listing = tool("put_tag", tag_id=told), tool("tag_overview"), tool("list_tags")
    assert lookups(write, "tag_id", [write, listing, named])[0] is named


def test_the_word_with_which_all_names_begin_tells_nothing() -> None:
    names = ("wiki_list_spaces", "wiki_list_pages", "wiki_search", "wiki_delete_page")
    spaces, pages, search, delete = [tool(name, *(["page_id"] if "delete" in name else [])) for name in names]
    assert lookups(delete, "page_id", [spaces, pages, search, delete]) == (pages, search)


@pytest.mark.parametrize(
    ("value", "texts", "is_known"),
    [
        ("N-17", ['[{"id": "n-17", "title": "Shopping"}]'], True),
        ("N-17", ["archive note n seventeen"], True),
        ("N-42", ["archive note n forty two"], True),
        ("two-one", ["it is called two-one"], True),
        (7, ["delete card seven"], True),
        (7, ["there are 17 cards"], False),
        ("n1", ["n 1"], True),
        (1, ["delete card one"], True),
        (1, ["delete the milk one", "one of them"], False),
        ("N-17", ["archive the shopping", "nothing"], False),
        ("", [], True),
    ],
)
def test_an_identifier_is_mentioned_however_it_is_said(value: str | int, texts: list[str], is_known: bool) -> None:
    delete = tool("delete_card", "card_id")
    assert unmentioned(delete, {"card_id": value}, texts) == (() if is_known else ("card_id",))


def test_what_the_schema_itself_names_and_the_name_of_what_is_made_need_not_be_mentioned() -> None:
    told = {"type": "string", "description": "Calendar ID, 'primary' for the main one"}
    assert not unmentioned(tool("delete_event", calendar_id=told), {"calendar_id": "primary"}, [])
    assert not unmentioned(tool("create_page", "page_id"), {"page_id": "groceries"}, [])
    assert unmentioned(tool("create_page", "space_id"), {"space_id": "s-1"}, []) == ("space_id",)
    assert unmentioned(tool("move_pages", "page_ids"), {"page_ids": ["p-1", "p-2"]}, ["p-1"]) == ("page_ids",)


NESTED: dict[str, Any] = {
    "type": "object",
    "$defs": {"To": {"type": "object", "properties": {"list_id": {"type": "string"}}}},
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "task_id": {"type": "string", "description": "From list_tasks"},
                    "id": {"type": "string"},
                    "text": {"type": "string"},
                    "to": {"anyOf": [{"$ref": "#/$defs/To"}, {"type": "null"}]},
                },
            },
        }
    },
}


@pytest.mark.parametrize(
    ("item", "unknown"),
    [
        ({"task_id": "t-417", "text": "x"}, ("items.task_id",)),
        ({"task_id": "t-12", "text": "t-417"}, ()),
        ({"to": {"list_id": "l-9"}}, ("items.to.list_id",)),
        ({"to": None, "id": "1"}, ("items.id",)),
        ({"to": None, "id": "12"}, ()),
        ({"id": "8f31c2a7"}, ("items.id",)),
    ],
)
def test_an_identifier_inside_lists_and_objects_is_looked_for_too(
    item: dict[str, Any], unknown: tuple[str, ...]
) -> None:
    move, listing = a_tool("move_tasks", server="board", schema=NESTED), tool("list_tasks")
    assert unmentioned(move, {"items": [item]}, ["the one with t-12"]) == unknown
    assert lookups(move, "items.task_id", [move, listing]) == (listing,)


@pytest.mark.parametrize(
    ("name", "given", "is_known"),
    [
        ("update_tasks", ["7"], False),
        ("update_tasks", ["7", "12"], False),
        ("update_tasks", ["12"], True),
        ("update_tasks", ["1", "2", "3"], True),
        ("delete_tasks", ["1", "2", "3"], False),
        ("write_plan", ["1"], True),
        ("write_plan", ["8f31c2a7"], False),
    ],
)
def test_numbers_that_the_caller_gives_the_things_of_a_list_are_told_from_identifiers(
    name: str, given: list[str], *, is_known: bool
) -> None:
    arguments = {"items": [{"id": one, "text": "x"} for one in given]}
    unknown = unmentioned(a_tool(name, server="board", schema=NESTED), arguments, ["the one with t-12"])
    assert unknown == (() if is_known else ("items.id",))


def test_a_schema_that_refers_to_itself_comes_to_an_end() -> None:
    node: dict[str, Any] = {"$ref": "#/properties/node"}
    schema: dict[str, Any] = {"type": "object", "properties": {"node": {"properties": {"node": node, "file_id": {}}}}}
    loop: dict[str, Any] = {"type": "object", "properties": {"node": {"$ref": "#/properties/node"}}}
    tree: dict[str, Any] = {"file_id": "made-up-1"}
    for _ in range(50):
        tree = {"node": tree}
    assert unmentioned(a_tool("move_file", schema=schema), {"node": {"node": {"file_id": "f-77"}}}, []) == (
        "node.node.file_id",
    )
    assert unmentioned(a_tool("move_file", schema=schema), tree, []) == ()
    assert unmentioned(a_tool("move_file", schema=loop), {"node": {"file_id": "f-77"}}, []) == ()
