"""What is said where a conversation goes on in another process, from the record of the one that died."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.fakes.chat import Call
from tests.pipeline.test_session_unasked import HEARD_OR_NOT, Notes
from tests.support.talk import Speeches, Talk, a_talk
from voice_agent.session.resume import Resumption, read_story
from voice_agent.session.typed import hear_typed

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.bridge.types import Json
    from voice_agent.session.journal import Line

pytestmark = pytest.mark.pipeline

BACK = "Sorry, I was cut off. I'm back."
CALL: Json = {"call": "c1", "server": "notes", "tool": "delete_note", "arguments": {"note": "milk"}}
ASKED: Line = {"event": "confirm", **CALL, "text": "Delete the note “milk”? Shall I go ahead?"}
USER: Line = {"event": "user", "text": "delete the milk note", "via": "text"}
LATE = 1000.0
"""Seconds after which nothing that was asked waits any more."""


def resumption(talk: Talk, *lines: Line, after: float = 0.0) -> Resumption:
    """What goes on from these lines, `after` so many seconds."""
    now = time.time()
    story = read_story([(datetime.fromtimestamp(now, UTC), line) for line in lines])
    return Resumption(talk.conversation, story, now=now + after)


@HEARD_OR_NOT
@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([USER], "Sorry, I was cut off. Could you say that again?"),
        (
            [USER, {"event": "tool_call", **CALL}],
            "Sorry, I was cut off while I did this, and I don't know whether it went through: delete the note “milk”.",
        ),
        (
            [
                USER,
                {"event": "tool_call", **CALL},
                {"event": "tool_result", "call": "c1", "status": "ok", "text": "Deleted milk."},
            ],
            f"{BACK} Deleted milk.",
        ),
    ],
    ids=["owed", "unknown", "done"],
)
async def test_who_was_cut_off_hears_so_and_what_came_of_it(
    tmp_path: Path, cut_off: tuple[int, ...], lines: list[Line], told: str
) -> None:
    async with a_talk(tmp_path, [], {}) as talk:
        speeches = Speeches(talk, cut_off.__contains__)
        await resumption(talk, *lines).go_on()
        await talk.until(lambda: talk.said("apology"))
        await talk.all_told("cut off")
        assert talk.said("apology") == [told]
        assert speeches.count == len(cut_off) + 1


@pytest.mark.parametrize("cut_off", [(), (1,), (0, 1)])
async def test_a_read_back_of_before_is_asked_until_that_is_heard(tmp_path: Path, cut_off: tuple[int, ...]) -> None:
    notes = Notes()
    async with a_talk(tmp_path, ["Gone."], {"notes": notes.server}) as talk:
        Speeches(talk, cut_off.__contains__)
        await resumption(talk, USER, ASKED).go_on()
        await talk.until(lambda: talk.said("confirm"))
        await talk.conversation.settle()
        assert talk.said("confirm") == [ASKED["text"]]
        assert {line["call"] for line in talk.of("confirm")} == {"c1"}
        assert await talk.say("yes") == "Gone."
        await talk.all_told("cut off")
        assert talk.said("apology") == ([] if 0 in cut_off else [BACK])
    assert notes.notes == {"eggs"}


async def test_who_speaks_again_at_once_is_not_asked_to_say_it_again(tmp_path: Path) -> None:
    async with a_talk(tmp_path, ["Hello."], {}) as talk:
        speaking: list[asyncio.Task[None]] = []
        Speeches(
            talk,
            (0,).__contains__,
            lambda: speaking.append(asyncio.create_task(hear_typed(talk.conversation, "hello"))),
        )
        await resumption(talk, USER).go_on()
        await talk.until(lambda: talk.said("reply"))
        await talk.all_told("cut off")
        assert talk.said("reply") == ["Hello."]
        assert talk.said("apology") == []


@pytest.mark.parametrize("is_wanted", [False, True])
async def test_what_was_dropped_is_told_unless_the_user_asks_for_it_at_that_moment(
    tmp_path: Path, *, is_wanted: bool
) -> None:
    words = "delete the milk note" if is_wanted else "hello"
    dropped = "I have not done this: delete the note “milk”."
    script = [(Call("notes_delete_note", {"note": "milk"}),), "Gone."] if is_wanted else ["Hello."]
    async with a_talk(tmp_path, script, {"notes": Notes().server}) as talk:
        speaking: list[asyncio.Task[None]] = []
        Speeches(
            talk,
            (0, 1).__contains__,
            lambda: speaking.append(asyncio.create_task(hear_typed(talk.conversation, words))),
        )
        await resumption(talk, USER, ASKED, after=LATE).go_on()
        if is_wanted:
            await talk.until(lambda: talk.said("confirm"))
            assert await talk.say("yes") == "Gone."
        else:
            await talk.until(lambda: talk.said("apology"))
        await talk.all_told("cut off")
        assert [text for text in talk.said("apology") if text != BACK] == ([] if is_wanted else [dropped])
