"""Finding tools by words alone, and what people say for the words of tools."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.tools import a_tool
from voice_agent.bridge.find.finder import Finder
from voice_agent.bridge.find.lexical import first_sentence
from voice_agent.bridge.find.spoken import Spoken, spoken
from voice_agent.bridge.find.text import content, stems, words

if TYPE_CHECKING:
    from voice_agent.bridge.types import Tool

pytestmark = pytest.mark.unit

PHRASES = Spoken(
    """
    # a comment
    volume playback: louder, turn it up  # and another
    create add: jot down
    -: walk the dog, how are you
    """
)


def tool(name: str, description: str, server: str = "media", **properties: str) -> Tool:
    schema = {"type": "object", "properties": {key: {"description": text} for key, text in properties.items()}}
    return replace(a_tool(name, server=server, schema=schema), description=description)


TOOLS = (
    tool("set_volume", "Set the playback volume."),
    tool("next_track", "Skip to the next track."),
    tool("createNote", "Create a note.", "notes", body="What it says"),
    tool("list_notes", "List the notes. They are sorted by colour.", "notes"),
)


def finder(*tools: Tool) -> Finder:
    made = Finder(by_meaning=False, spoken=PHRASES)
    made.update(tools or TOOLS)
    return made


def first(text: str) -> str:
    return finder().find(text).tools[0].name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("listTasks", ["list", "tasks"]),
        ("get_all-lights.now", ["get", "all", "lights", "now"]),
        ("Don\u2019t stop", ["dont", "stop"]),
        ("Größe 3", ["größe", "3"]),
        ("", []),
    ],
)
def test_names_and_sentences_are_cut_into_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_forms_of_a_word_have_one_stem() -> None:
    assert len(set(stems("stop stops stopped stopping"))) == 1
    assert len(set(stems("story stories"))) == 1
    assert stems("bus") == ["bus"]


def test_words_that_say_nothing_are_left_out_of_the_content() -> None:
    assert content("could you please show me the notes") == stems("notes")


def test_the_first_sentence_of_a_description_has_some_words() -> None:
    assert first_sentence("Note. Creates a new note here. Then more.") == "Note. Creates a new note here."
    assert first_sentence("No end") == "No end"


def test_a_tool_is_found_by_its_name_its_description_its_server_and_its_parameters() -> None:
    assert first("skip it") == "next_track"
    assert first("sorted by colours") == "list_notes"
    assert finder().find("notes server").tools[0].server == "notes"
    assert first("body") == "createNote"


def test_a_tool_is_found_by_what_people_say_for_its_words() -> None:
    assert first("turn it up a bit") == "set_volume"
    assert first("jot down a note") == "createNote"


def test_words_that_were_said_count_more_than_what_tools_have_for_others() -> None:
    assert first("turn it up and list the notes sorted by colour") == "list_notes"


def test_no_more_tools_are_found_than_asked_for_and_only_those_that_share_a_word() -> None:
    assert len(finder().find("notes", 1).tools) == 1
    assert {found.name for found in finder().find("notes").tools} == {"createNote", "list_notes"}
    assert finder().find("notes", 0).tools == ()


@pytest.mark.parametrize("text", ["", "   ", "…?!", "walk the dog", "how are you", "xyzzy"])
def test_a_request_that_no_tool_serves_is_told_apart(text: str) -> None:
    assert not finder().find(text).fits


def test_a_request_that_a_tool_serves_fits() -> None:
    assert finder(*TOOLS, *(tool(f"other_{n}", "Does something else.") for n in range(40))).find("create a note").fits


def test_there_is_nothing_to_find_without_tools() -> None:
    made = Finder(by_meaning=False)
    assert made.find("create a note").tools == ()
    assert not made.find("create a note").fits


def test_tools_that_come_and_go_are_found_and_no_longer_found() -> None:
    made = finder(*TOOLS[:2])
    assert not made.find("create a note").tools
    made.update(TOOLS)
    assert made.find("create a note").tools[0] is TOOLS[2]
    made.update(TOOLS[:2])
    assert not made.find("create a note").tools
    assert made.tools == TOOLS[:2]


def test_a_server_that_was_used_before_goes_first_among_equals() -> None:
    twins = tuple(replace(tool("say", "Say it."), server=server, key=f"{server}_say") for server in ("one", "two"))
    made = finder(*twins)
    assert made.find("say it").tools[0].server == "one"
    assert made.find("say it", used={"two"}).tools[0].server == "two"


def test_the_same_request_finds_the_same_tools_in_the_same_order() -> None:
    assert finder().find("notes and volume").tools == finder().find("notes and volume").tools


def test_a_request_as_long_as_a_speech_is_searched_for_by_its_end() -> None:
    assert first("blah " * 5_000 + "skip to the next track") == "next_track"


def test_a_schema_of_any_shape_can_be_indexed() -> None:
    schema = {"type": "object", "properties": {"a": True, "b": {"enum": ["red", 3, None], "description": 7}}}
    odd = replace(a_tool("paint"), original_schema=schema)
    assert finder(odd, replace(a_tool("x"), original_schema={"properties": []})).find("red").tools == (odd,)


def test_each_line_that_comes_with_the_program_has_words_of_tools_and_phrases() -> None:
    lines = spoken()
    assert len(lines.lines) > 300
    assert all(line.stems and line.said for line in lines.lines)
    assert all(phrase and phrase == phrase.lower() for phrase in lines.nothing)
