from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_agent.bridge.catalog import Catalog, has_idempotency_key, make_tool, pin_of, title_of
from voice_agent.config.types import HttpEntry, StdioEntry

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json

pytestmark = pytest.mark.unit

KEY = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


def raw(name: str, **more: Any) -> Json:
    return {"name": name, "description": f"Does {name}.", "inputSchema": {"type": "object", "properties": {}}, **more}


def keys(catalog: Catalog) -> list[str]:
    return [tool.key for tool in catalog.tools]


def listed(server: str, names: list[str], servers: tuple[str, ...] = ()) -> Catalog:
    catalog = Catalog(servers or (server,))
    catalog.update(StdioEntry(server, "x"), [raw(name) for name in names])
    return catalog


def test_a_plain_name_is_server_and_tool() -> None:
    assert keys(listed("tasks", ["create_task"])) == ["tasks_create_task"]


@pytest.mark.parametrize("name", ["naïve", "", "a.b", "日本", "x" * 80, "a b", "a/b"])
def test_a_name_that_no_provider_takes_gets_a_mark_that_is_always_the_same(name: str) -> None:
    first, second = keys(listed("s", [name])), keys(listed("s", [name]))
    assert first == second
    assert KEY.match(first[0])
    assert first[0] != f"s_{name}"


def test_names_that_differ_only_by_case_or_accent_stay_apart() -> None:
    found = keys(listed("s", ["Read", "read", "naïve", "naive", "na_ve"]))
    assert len({key.casefold() for key in found}) == 5
    assert "s_na_ve" in found


def test_the_same_tool_name_on_two_servers_stays_apart() -> None:
    catalog = Catalog(("a", "b"))
    for server in ("a", "b"):
        catalog.update(StdioEntry(server, "x"), [raw("add")])
    assert keys(catalog) == ["a_add", "b_add"]


@pytest.mark.parametrize("order", [("a", "a_b"), ("a_b", "a")])
def test_a_key_does_not_depend_on_which_server_comes_up_first(order: tuple[str, str]) -> None:
    catalog = Catalog(("a", "a_b"))
    names = {"a": "b_c", "a_b": "c"}
    for server in order:
        catalog.update(StdioEntry(server, "x"), [raw(names[server])])
    found = {tool.server: tool.key for tool in catalog.tools}
    assert found["a_b"] == "a_b_c"
    assert re.fullmatch(r"a_b_c_[0-9a-f]{6}", found["a"])


def test_an_unchanged_tool_is_the_same_object_after_a_new_list() -> None:
    catalog = listed("s", ["a", "b"])
    before = catalog.tools
    change = catalog.update(StdioEntry("s", "x"), [raw("a"), raw("b"), raw("c")])
    assert catalog.tools[:2] == before
    assert (change.added, change.removed) == (("s_c",), ())


def test_a_changed_tool_is_another_object_under_the_same_key() -> None:
    catalog = listed("s", ["a"])
    (before,) = catalog.tools
    change = catalog.update(StdioEntry("s", "x"), [raw("a", description="Does something else.")])
    (after,) = catalog.tools
    assert after is not before
    assert (after.key, after.pin == before.pin) == (before.key, False)
    assert change.added == change.removed == ("s_a",)


def test_a_key_is_not_given_to_another_tool_when_its_own_has_gone() -> None:
    catalog = listed("s", ["Read"])
    catalog.update(StdioEntry("s", "x"), [raw("read")])
    assert keys(catalog) != ["s_Read"]
    assert keys(catalog)[0].startswith("s_read_")


def test_a_tool_that_is_listed_twice_is_there_once() -> None:
    assert keys(listed("s", ["a", "a"])) == ["s_a"]


def test_one_bad_tool_is_set_aside_alone() -> None:
    catalog = Catalog(("s",))
    catalog.update(
        StdioEntry("s", "x"),
        [raw("good"), raw("bad", inputSchema={"type": "array"}), {"description": "nameless"}, raw("  "), {"name": 3}],
    )
    assert {tool.name: tool.broken is None for tool in catalog.tools} == {"good": True, "bad": False, "  ": False}


def test_a_schema_without_a_type_is_no_reason_to_set_a_tool_aside() -> None:
    tool = make_tool(StdioEntry("s", "x"), raw("a", inputSchema={"properties": {"q": {"type": "string"}}}), "s_a")
    assert tool.broken is None
    assert tool.input_schema == {"type": "object", "properties": {"q": {"type": "string"}}}


@pytest.mark.parametrize("field", ["description", "inputSchema", "annotations", "name", "title"])
def test_the_pin_covers_what_a_tool_is_judged_by(field: str) -> None:
    changed = {"description": "x", "inputSchema": {}, "annotations": {"readOnlyHint": True}, "name": "z", "title": "A"}
    assert pin_of(raw("a")) != pin_of({**raw("a"), field: changed[field]})
    assert pin_of(raw("a")) == pin_of({**raw("a"), "_meta": {"x": 1}, "outputSchema": {}})


def test_the_pin_does_not_depend_on_the_order_of_keys() -> None:
    assert pin_of(raw("a")) == pin_of(dict(reversed(raw("a").items())))


def test_the_pin_does_not_depend_on_the_order_of_what_servers_keep_as_sets() -> None:
    one, other = ({"required": names, "enum": names, "type": names} for names in (["a", "b"], ["b", "a"]))
    assert pin_of(raw("a", inputSchema=one)) == pin_of(raw("a", inputSchema=other))


def test_descriptions_are_cleaned_and_capped() -> None:
    tool = make_tool(StdioEntry("s", "x"), raw("a", description="\u202eevil " * 2000), "s_a")
    assert len(tool.description) <= 1024
    assert "\u202e" not in tool.description


@pytest.mark.parametrize("wrong", ["yes", 1, None, {}])
def test_an_annotation_that_is_no_truth_value_says_nothing(wrong: object) -> None:
    tool = make_tool(StdioEntry("s", "x"), raw("a", annotations={"readOnlyHint": wrong}), "s_a")
    assert tool.hints.read_only is None


def test_titles_are_what_people_would_write() -> None:
    assert title_of("listTasks") == "list tasks"
    assert title_of("get_URL") == "get URL"
    assert make_tool(StdioEntry("s", "x"), raw("a", annotations={"title": "All tasks"}), "s_a").title == "All tasks"


def test_an_idempotency_key_is_never_shown_to_the_model() -> None:
    schema = {"properties": {"idempotency_key": {"type": "string"}, "a": {}}, "required": ["idempotency_key"]}
    tool = make_tool(StdioEntry("s", "x"), raw("a", inputSchema=schema), "s_a")
    assert has_idempotency_key(tool)
    assert tool.input_schema == {"type": "object", "properties": {"a": {}}}


@given(
    st.lists(st.text(max_size=90), max_size=12),
    st.lists(st.text(alphabet="ab_-", min_size=1, max_size=5), min_size=1, max_size=4, unique=True),
)
def test_keys_are_accepted_everywhere_unique_and_lead_back(names: list[str], servers: list[str]) -> None:
    catalog = Catalog(tuple(servers))
    for server in servers:
        catalog.update(StdioEntry(server, "x"), [raw(name) for name in names])
    assert all(KEY.match(key) for key in keys(catalog))
    assert len({key.casefold() for key in keys(catalog)}) == len(catalog.tools)
    assert all(catalog.get(tool.key) is tool for tool in catalog.tools)
    assert len(catalog.tools) == len(set(names)) * len(servers)


@pytest.mark.parametrize("header", ["", "My Region", 3])
def test_a_tool_whose_parameter_may_not_travel_as_its_header_is_set_aside_by_http_alone(header: object) -> None:
    parameter = {"region": {"type": "string", "x-mcp-header": header}}
    listed = raw("t", inputSchema={"type": "object", "properties": parameter})
    by_url = make_tool(HttpEntry("a", "http://127.0.0.1/mcp"), listed, "a_t")
    by_pipe = make_tool(StdioEntry("a", "x"), listed, "a_t")
    assert by_url.broken == "it asks for a parameter as an HTTP header in a way that is not allowed"
    assert by_pipe.broken is None
