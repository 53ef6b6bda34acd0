from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from livekit.agents.llm import ChatMessage

from tests.support.tools import a_tool
from voice_agent.agents.answers import Answer, answer_of, is_standing
from voice_agent.agents.confirm import LIFETIME, Call, Confirmations, Pending

if TYPE_CHECKING:
    from livekit.agents.llm import ChatItem

pytestmark = pytest.mark.unit

DELETE = a_tool("delete_task")
ASKED = {
    "delete_task": "delete the task “call the dentist Friday”",
    "send_message": "send the message “hello”, with to “Ada”",
    "complete_task": "complete the task “call the dentist”",
    "create_task": "create the task “prepare Monday meeting”, with due “Tuesday”",
    "cancel_event": "let Archive cancel the event “lunch”",
    "add_reminder": "add the reminder, with text “Monday meeting”, due “Friday at 5 pm” and count 3",
    "mark_task_done": "mark the task done “call the dentist”",
}
"""By the name of the tool, how its call is read back."""
AGREED = {
    "delete_task": (
        "yes please delete it|yeah go ahead and delete it|sure, remove it|ok delete the task|yep get rid of it|do it"
        "|go on then, delete it|delete it|delete them|please delete it|yes, delete|go ahead, delete|yes, throw it away"
        "|yes, delete the dentist task|okay, you can delete it|yes, delete all of them, please"
    ),
    "send_message": "go on then, send it|send it|yes, submit that|yes, post it|yes, send it to Ada|ok send the message",
    "complete_task": (
        "complete it|sure, finish it|yes, mark it as done|yes, mark the task as done|tick it off"
        "|yes, tick off the dentist|yes, close it|do it, complete it|yes complete the task"
    ),
    "create_task": (
        "create it|yes add it|yeah, go ahead and add it|put it on my list|yes, create the task|yes, make it Tuesday"
        "|yes, create it for Tuesday|yes, add the meeting"
    ),
    "cancel_event": "yes, let it|let it do it|yes, cancel it|yes, let Archive cancel it|sure, cancel lunch|call it off",
    "add_reminder": "yes, add the reminder|yes, add it for Friday at 5 pm|sure, add this reminder",
    "mark_task_done": "complete it|yes, mark it as done|yes, mark the task done",
}
OTHER_DEEDS = {
    "delete_task": (
        "archive it|move it|yes complete it|yes, complete it|yes archive it instead|go ahead and archive it"
        "|do it, complete it|yes, and then delete the other one too|yes move it to Friday|okay, cancel it"
        "|yes, cancel it|send it|sure, run it|yes, update it|yes add it|yes, clear it|yes, delete the list"
        "|yes, delete it Friday|yes, delete that, call the dentist|yes, delete it, call the dentist"
        "|yes, delete it and complete it|archive it and don't ask again"
    ),
    "send_message": "delete it|yes, delete it|yes, save it|go ahead and save it|send it to Bob|yes, send it to Bob",
    "complete_task": "delete it|yes, delete it|go ahead and remove it|yes, archive it|yes, complete it and delete it",
    "create_task": (
        "delete it|yes, complete it|yes, and then delete it|yes, make it Monday|yes, create it for Monday"
        "|yes, add the meeting for Monday|yes, move it to Wednesday"
    ),
    "cancel_event": (
        "archive it|yes, archive it|yes, let it archive it|yes, cancel it, archive it|let it be|yes, move it"
        "|yes, delete it"
    ),
    "add_reminder": "yes, add it for Monday|yes, add the meeting for Monday|yes, add another reminder",
    "mark_task_done": "delete it|yes, delete it|yes, mark it as urgent",
}


def pairs_of(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(tool, text) for tool, texts in table.items() for text in texts.split("|")]


def waiting_for(*tools: str) -> Pending:
    return Pending("turn", 0.0, [Call(tool, a_tool(tool), {}, ASKED[tool]) for tool in tools])


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

    def hears_spoken(self, text: str, began: float) -> None:
        self.hears(text)
        message = self.items[-1]
        assert message.type == "message"
        message.transcript_confidence = 1.0
        message.metrics = {"started_speaking_at": began}

    @property
    def answer(self) -> Answer | None:
        judged = self.confirmations.judge(self.items)
        return judged[1].answer if judged else None

    @property
    def runs(self) -> bool:
        return self.confirmations.take(DELETE, {"task": "dentist"}, self.items) is not None


def test_nothing_is_agreed_before_the_user_has_spoken() -> None:
    conversation = Conversation()
    assert conversation.answer is None
    assert conversation.confirmations.take(DELETE, {"task": "dentist"}, conversation.items) is None


def test_a_spoken_yes_counts_only_once_the_read_back_is_being_heard() -> None:
    conversation = Conversation()
    conversation.hears_spoken("yes", began=conversation.now)
    judged = conversation.confirmations.judge(conversation.items)
    assert judged is not None
    assert not judged[1].is_heard
    assert not conversation.runs

    conversation.hears("Delete the task. Shall I go ahead?", "assistant")
    assert not conversation.runs
    conversation.hears_spoken("yes please", began=conversation.now - 3)
    assert not conversation.runs, "They began to say it before."
    conversation.hears_spoken("yes", began=conversation.now - 0.5)
    assert conversation.answer is Answer.YES
    assert conversation.runs


@pytest.mark.parametrize("words", ["no", "no, the insurance", "stop"])
def test_a_spoken_no_counts_also_before_the_read_back_is_heard(words: str) -> None:
    conversation = Conversation()
    conversation.hears_spoken(words, began=conversation.now)
    assert conversation.answer in {Answer.NO, Answer.NO_BUT}
    conversation.hears("All right. What else?", "assistant")
    conversation.hears_spoken("yes", began=conversation.now)
    assert not conversation.runs


def test_a_typed_yes_counts_as_soon_as_the_question_can_be_read() -> None:
    conversation = Conversation()
    conversation.hears("yes")
    assert conversation.runs


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


@pytest.mark.parametrize(("tool", "text"), pairs_of(AGREED))
def test_the_deed_that_was_asked_about_said_in_the_users_words_is_a_yes(tool: str, text: str) -> None:
    assert waiting_for(tool).answer_in(text) is Answer.YES


@pytest.mark.parametrize(("tool", "text"), pairs_of(OTHER_DEEDS))
def test_a_yes_that_asks_for_another_deed_is_no_yes_to_what_was_asked(tool: str, text: str) -> None:
    assert waiting_for(tool).answer_in(text) is Answer.OTHER


@pytest.mark.parametrize(
    ("tools", "text", "answer"),
    [
        (("delete_task", "delete_task"), "yes, delete them", Answer.YES),
        (("delete_task", "delete_task"), "get rid of both of them", Answer.YES),
        (("delete_task", "delete_task"), "complete them", Answer.OTHER),
        (("delete_task", "complete_task"), "yes, delete them", Answer.OTHER),
        (("delete_task", "complete_task"), "complete both", Answer.OTHER),
        (("delete_task", "complete_task"), "yes, do it", Answer.YES),
    ],
)
def test_a_deed_is_a_yes_to_several_calls_only_where_all_do_it(
    tools: tuple[str, ...], text: str, answer: Answer
) -> None:
    assert waiting_for(*tools).answer_in(text) is answer


@pytest.mark.parametrize(
    ("tool", "deed"),
    [
        ("deleteTask", "delete"),
        ("tasks_delete", "delete"),
        ("bulk_delete_tasks", "delete"),
        ("get_order", "get"),
        ("pause_timer", "pause"),
        ("mark_task_done", "mark"),
    ],
)
def test_the_deed_of_a_call_is_the_verb_in_its_tools_name(tool: str, deed: str) -> None:
    assert Call("c", a_tool(tool), {}, "").deed == deed


def test_to_mark_as_not_done_is_not_to_complete() -> None:
    not_done = Call("c", a_tool("mark_task_not_done"), {}, "mark the task not done “dentist”")
    assert Pending("turn", 0.0, [not_done]).answer_in("yes, complete it") is Answer.OTHER


def test_a_yes_in_the_deeds_own_words_can_hold_for_the_next_times() -> None:
    for text, is_so in (("yes, delete it and don't ask again", True), ("yes, archive it and don't ask again", False)):
        conversation = Conversation()
        conversation.hears(text)
        judged = conversation.confirmations.judge(conversation.items)
        assert judged is not None
        assert judged[1].is_standing is is_so
        assert (judged[1].answer is Answer.YES) is is_so


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
