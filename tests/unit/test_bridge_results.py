from __future__ import annotations

import base64
import json
from typing import Any

import mcp_types
import pytest

from voice_agent.bridge.results import TEXT_LIMIT, bounded_json, is_big, shape
from voice_agent.bridge.types import Result, Status

pytestmark = pytest.mark.unit


def text(words: str) -> mcp_types.TextContent:
    return mcp_types.TextContent(type="text", text=words)


def shaped(*blocks: mcp_types.ContentBlock, structured: Any = None, is_error: bool = False) -> Result:
    answer = mcp_types.CallToolResult(content=list(blocks), structured_content=structured, is_error=is_error)
    return shape(answer, lambda words: words.replace("s3cret", "•••"))


def test_prose_is_prose() -> None:
    assert shaped(text("You have two tasks.")) == Result(Status.OK, "You have two tasks.")


def test_nothing_returned_is_a_success() -> None:
    assert shaped() == Result(Status.OK, "Done.")
    assert shaped(text("  ")).text == "Done."
    assert shaped(structured={"result": None}).text == "Done."


def test_prose_comes_first_and_data_on_a_last_line() -> None:
    result = shaped(text("Added “milk”."), structured={"task": {"id": 1}})
    assert result.text == 'Added “milk”.\n{"task":{"id":1}}'
    assert result.structured == {"task": {"id": 1}}


def test_text_that_only_repeats_the_data_is_left_out() -> None:
    data = {"task": {"id": 1, "title": "milk"}}
    assert shaped(text(json.dumps(data, indent=2)), structured=data).text == '{"task":{"id":1,"title":"milk"}}'


def test_a_wrapped_result_is_unwrapped() -> None:
    assert shaped(text("[1, 2]"), structured={"result": [1, 2]}).text == "[1,2]"
    assert shaped(text("1"), text("2"), structured={"result": [1, 2]}).text == "[1,2]"
    assert shaped(text("hello"), structured={"result": "hello"}).text == "hello"
    assert shaped(text("3"), structured={"result": 3}).text == "3"
    assert shaped(text("true"), structured={"result": True}).text == "true"


def test_json_in_text_is_made_compact() -> None:
    assert shaped(text('{\n  "a": 1,\n  "b": "x"\n}')).text == '{"a":1,"b":"x"}'


def test_text_that_only_looks_like_json_is_prose() -> None:
    assert shaped(text("[draft] not json")).text == "[draft] not json"
    assert shaped(text("2 tasks")).text == "2 tasks"


def test_images_and_sounds_are_for_the_page() -> None:
    data = base64.b64encode(b"PNG").decode()
    result = shaped(
        mcp_types.ImageContent(type="image", data=data, mime_type="image/png"),
        mcp_types.AudioContent(type="audio", data="not base64!", mime_type="audio/wav"),
    )
    assert data not in result.text
    assert result.text == "It returned 1 image and 1 audio, for the page."
    assert (result.media[0].kind, result.media[0].data) == ("image", b"PNG")


def test_resources_and_links_are_kept_and_their_words_are_said() -> None:
    inner = mcp_types.TextResourceContents(uri="file:///a.txt", text="hello", mime_type="text/plain")
    result = shaped(
        mcp_types.EmbeddedResource(type="resource", resource=inner),
        mcp_types.ResourceLink(type="resource_link", name="b", uri="https://example.com/b"),
    )
    assert result.text == "hello\nb: https://example.com/b"
    assert [item.kind for item in result.media] == ["resource", "link"]


def test_long_text_is_cut_and_says_how_much_is_missing() -> None:
    result = shaped(text("x" * (TEXT_LIMIT + 500)))
    assert result.text.endswith("(500 more characters are left out)")
    assert len(result.text) < TEXT_LIMIT + 100


def test_of_a_long_list_the_beginning_is_shown_as_whole_rows() -> None:
    rows = [{"id": n, "title": f"task number {n}"} for n in range(1000)]
    shown = shaped(structured={"tasks": rows, "total": 1000})
    assert len(shown.text) <= TEXT_LIMIT + 100
    line, _, note = shown.text.partition(" … ")
    kept = json.loads(line)
    assert kept["tasks"] == rows[: len(kept["tasks"])]
    assert len(kept["tasks"]) > 50
    assert note == f"(the first {len(kept['tasks'])} of 1000; the rest is left out)"
    assert shown.structured == {"tasks": rows, "total": 1000}


def test_data_of_one_endless_text_is_cut() -> None:
    assert len(bounded_json({"a": "x" * 100_000}, 1000)) < 1100


def test_control_characters_single_surrogates_and_nan_do_not_get_through() -> None:
    result = shaped(text("a\x00\x1b[31mb\ud800"), structured={"n": float("nan"), "s": "\u202ex"})
    assert result.text == 'ab\ufffd\n{"n":null,"s":"x"}'
    assert result.structured == {"n": None, "s": "x"}
    result.text.encode()


def test_an_error_keeps_its_advice_and_nothing_else() -> None:
    said = (
        "1 validation error\n  due must be a date\n    For further information visit https://errors.pydantic.dev/2/v/x"
    )
    result = shaped(text(said), is_error=True)
    assert result.status is Status.ERROR
    assert "errors.pydantic.dev" not in result.text
    assert "due must be a date" in result.text


def test_an_error_without_words_says_so() -> None:
    assert shaped(is_error=True).text == "The tool failed and did not say why."


def test_an_error_does_not_give_a_secret_away_and_is_short() -> None:
    result = shaped(text("bad key s3cret " + "x" * 10_000), is_error=True)
    assert "s3cret" not in result.text
    assert len(result.text) < 1400


def test_a_big_answer_is_recognised_without_looking_at_all_of_it() -> None:
    small = mcp_types.CallToolResult(content=[text("x")], structured_content={"a": [1]})
    big = mcp_types.CallToolResult(content=[], structured_content={"a": list(range(1_000_000))})
    assert (is_big(small), is_big(big)) == (False, True)
