from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from livekit.agents.llm import ChatMessage

from tests.support.tools import a_tool
from voice_agent.agents.answers import Answer, answer_of, is_standing
from voice_agent.agents.confirm import LIFETIME, Call, Confirmations

if TYPE_CHECKING:
    from livekit.agents.llm import ChatItem

pytestmark = pytest.mark.unit

DELETE = a_tool("delete_task")


class Conversation:
    """A clock and the messages of a conversation in which a deletion was read back."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.items: list[ChatItem] = []
        self.confirmations = Confirmations(clock=lambda: self.now)
        self.hears("delete the dentist")
        self.confirmations.ask("turn", Call("c1", DELETE, {"task": "dentist"}, "delete the task “dentist”"))

    def hears(self, text: str, role: str = "user") -> None:
        self.now += 1.0
        self.items.append(ChatMessage(role=role, content=[text], created_at=self.now))  # type: ignore[arg-type]  # one of two
        self.now += 1.0

    @property
    def answer(self) -> Answer | None:
        judged = self.confirmations.judge(self.items)
        return judged[1].answer if judged else None


def test_nothing_is_agreed_before_the_user_has_spoken() -> None:
    conversation = Conversation()
    assert conversation.answer is None
    assert conversation.confirmations.take(DELETE, {"task": "dentist"}, conversation.items) is None


def test_a_yes_lets_exactly_the_call_that_was_read_back_run_once() -> None:
    conversation = Conversation()
    conversation.hears("yes")
    assert conversation.answer is Answer.YES
    assert conversation.confirmations.take(DELETE, {"task": "doctor"}, conversation.items) is None
    call = conversation.confirmations.take(DELETE, {"task": "dentist"}, conversation.items)
    assert call is not None
    assert call.id == "c1"
    assert conversation.confirmations.take(DELETE, {"task": "dentist"}, conversation.items) is None


def test_a_yes_does_not_count_for_a_tool_that_has_changed_since() -> None:
    conversation = Conversation()
    conversation.hears("yes")
    changed = a_tool("delete_task", server="tasks2")
    assert conversation.confirmations.take(changed, {"task": "dentist"}, conversation.items) is None


def test_words_of_the_agent_are_never_a_yes() -> None:
    conversation = Conversation()
    conversation.hears("yes", role="assistant")
    assert conversation.answer is None


def test_a_yes_after_a_no_comes_too_late() -> None:
    conversation = Conversation()
    conversation.hears("no")
    conversation.hears("yes")
    assert conversation.answer is None


def test_a_no_that_says_more_ends_the_confirmation() -> None:
    conversation = Conversation()
    conversation.hears("no, the insurance")
    assert conversation.answer is Answer.NO_BUT
    conversation.hears("yes")
    assert conversation.answer is None


def test_a_question_between_leaves_the_confirmation_open_for_one_more_turn() -> None:
    conversation = Conversation()
    conversation.hears("what is on my list?")
    assert conversation.answer is Answer.OTHER
    conversation.hears("yes")
    assert conversation.answer is Answer.YES


def test_two_other_turns_end_the_confirmation() -> None:
    conversation = Conversation()
    conversation.hears("what is on my list?")
    conversation.hears("and tomorrow?")
    judged = conversation.confirmations.judge(conversation.items)
    assert judged is not None
    assert judged[1].is_last_turn
    conversation.hears("yes")
    assert conversation.answer is None


def test_a_confirmation_ends_with_its_time() -> None:
    conversation = Conversation()
    conversation.now += LIFETIME + 1
    conversation.hears("yes")
    assert conversation.answer is None


def test_a_new_read_back_replaces_the_one_before() -> None:
    conversation = Conversation()
    conversation.confirmations.ask("next turn", Call("c2", DELETE, {"task": "doctor"}, "delete the task “doctor”"))
    conversation.hears("yes")
    assert conversation.confirmations.take(DELETE, {"task": "dentist"}, conversation.items) is None
    assert conversation.confirmations.take(DELETE, {"task": "doctor"}, conversation.items) is not None


def test_calls_of_one_turn_are_agreed_to_together() -> None:
    conversation = Conversation()
    conversation.confirmations.ask("turn", Call("c2", DELETE, {"task": "doctor"}, "delete the task “doctor”"))
    conversation.hears("yes, all of them")
    for task in ("dentist", "doctor"):
        assert conversation.confirmations.take(DELETE, {"task": task}, conversation.items) is not None


def test_calls_are_kept_in_the_order_in_which_they_were_made() -> None:
    confirmations = Confirmations()
    for place in (1, 0, 2):
        confirmations.ask("turn", Call(f"c{place}", DELETE, {"task": str(place)}, "delete", place=place))
    assert confirmations.open is not None
    assert [call.id for call in confirmations.open.calls] == ["c0", "c1", "c2"]


def test_a_yes_that_names_one_thing_is_a_yes_where_it_is_the_only_one() -> None:
    conversation = Conversation()
    conversation.hears("yes, delete the dentist")
    assert conversation.answer is Answer.YES
    conversation = Conversation()
    conversation.confirmations.ask("turn", Call("c2", DELETE, {"task": "doctor"}, "delete the task “doctor”"))
    conversation.hears("yes, delete the dentist")
    assert conversation.answer is Answer.OTHER


def test_a_yes_for_the_next_times_too_is_bound_to_the_tool_as_it_is() -> None:
    permitted = replace(DELETE, may_stand=True)
    conversation = Conversation()
    conversation.confirmations.ask("again", Call("c2", permitted, {"task": "dentist"}, "delete the task “dentist”"))
    conversation.hears("yes and don't ask again")
    assert conversation.confirmations.take(permitted, {"task": "dentist"}, conversation.items) is not None
    assert conversation.confirmations.stands(permitted)
    assert not conversation.confirmations.stands(replace(permitted, pin="changed"))


@pytest.mark.parametrize(
    ("said", "is_so"),
    [
        ("Yes, and don't ask again.", True),
        ("sure, you don't have to ask me any more", True),
        ("ok, always do it", True),
        ("don't ask again", False),
        ("no, and don't ask again", False),
        ("yes, but don't delete it", False),
    ],
)
def test_only_a_yes_can_be_one_for_the_next_times_too(said: str, is_so: bool) -> None:
    assert is_standing(said) is is_so
    assert (answer_of(said) is Answer.YES) is is_so
