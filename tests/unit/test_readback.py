from __future__ import annotations

from typing import Any

import pytest

from tests.support.tools import a_tool
from voice_agent.agents.readback import describe, describe_all

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("delete_task", {"task": "call the dentist"}, "delete the task “call the dentist”"),
        ("clear_tasks", {"status": "done"}, "clear all done tasks"),
        ("clear_tasks", {"status": "all"}, "clear all tasks"),
        ("delete_task", {"id": 7}, "delete the task 7"),
        ("deleteEntities", {"entityNames": ["Anna", "Bob"]}, "delete the entities “Anna” and “Bob”"),
        ("write_file", {"path": "a.txt", "content": "hi"}, "write the file “a.txt”, with content “hi”"),
        ("send", {"urgent": True, "to": None}, "send, with urgent yes"),
        ("!!!", {}, "run"),
        ("öffne_Fenster", {"fenster": "Küche"}, "öffne the fenster “Küche”"),
        ("天気", {"city": "Oban"}, "天気, with city “Oban”"),
    ],
)
def test_every_argument_of_a_call_is_said(name: str, arguments: dict[str, Any], said: str) -> None:
    assert describe(a_tool(name), arguments) == said


def test_the_name_of_the_server_is_not_taken_for_the_verb() -> None:
    assert describe(a_tool("git_reset", server="git"), {"repo_path": "code"}) == "reset, with repo path “code”"


def test_a_long_argument_is_cut_and_stays_on_one_line() -> None:
    said = describe(a_tool("write_note"), {"text": "line\n" * 200})
    assert "\n" not in said
    assert len(said) < 120


def test_the_server_is_named_where_it_is_asked_for() -> None:
    assert describe(a_tool("delete_task"), {"task": "x"}, server="Memory") == "delete the task “x” on Memory"


def entity(name: str) -> dict[str, Any]:
    return {"name": name, "entityType": "person", "observations": ["drinks tea"]}


@pytest.mark.parametrize(
    ("entities", "said"),
    [
        ([{"name": "Ada", "entityType": "person"}], "create entities: name Ada, type person"),
        ([entity("Ada")], "create entities: name Ada, type person, observations drinks tea"),
        (
            [entity("Ada"), entity("Bo"), entity("Cy"), entity("Di")],
            (
                "create entities: name Ada, type person, observations drinks tea; and "
                "name Bo, type person, observations drinks tea; and 2 more"
            ),
        ),
    ],
)
def test_things_given_as_objects_are_one_sentence(entities: list[dict[str, Any]], said: str) -> None:
    assert describe(a_tool("create_entities"), {"entities": entities}) == said


def test_a_sentence_stays_short_however_much_is_given() -> None:
    much = {f"field{number}": ["word " * 50] * 9 for number in range(9)}
    assert len(describe(a_tool("create_entities"), {"entities": [much] * 9}).split()) < 80
    assert describe(a_tool("delete_rows"), {"rows": list(range(9))}) == "delete the rows 0, 1, 2 and 6 more"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (["delete the task “A”", "delete the task “B”"], "delete the tasks “A” and “B”"),
        (["delete the task “A”", "delete the task “B”", "delete the task “C”"], "delete the tasks “A”, “B” and “C”"),
        (["send “A” on mail", "send “B” on mail"], "send “A” and “B” on mail"),
        (["delete the task “A”", "clear all done tasks"], "delete the task “A” and clear all done tasks"),
        (["move “A” to “B”", "move “C” to “D”"], "move “A” to “B” and move “C” to “D”"),
        (["delete the task “A”"], "delete the task “A”"),
    ],
)
def test_calls_that_differ_in_a_name_alone_are_read_back_as_one_list(said: list[str], told: str) -> None:
    assert describe_all(said) == told
