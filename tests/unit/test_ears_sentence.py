import pytest

from voice_agent.offline.ears_sentence import is_finished, is_unfinished

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "text",
    [
        "Remind me to.", "Remind me to...", "Can you please?", "Add milk and", "Create a task called.", "Delete the",
        "Add.", "Move the dentist to", "I want to", "Remind me.", "Um,", "Set a reminder for my", "What about the?",
    ],
)  # fmt: skip
def test_more_must_follow(text: str) -> None:
    assert is_unfinished(text)
    assert not is_finished(text)


@pytest.mark.parametrize(
    "text",
    [
        "Add buy milk for tomorrow.", "What's on my list?", "Move the dentist to Friday at 3.", "Yes.", "No, thanks.",
        "That's all, thank you.", "What do I have to do today?", "Delete all finished tasks.", "Call Anna at 3 PM.",
        "Never mind.", "Is anything due this week?",
    ],
)  # fmt: skip
def test_it_can_be_the_end(text: str) -> None:
    assert is_finished(text)
    assert not is_unfinished(text)


@pytest.mark.parametrize("text", ["Add buy milk.", "Order a large latte.", "What is this for?", "Thank you.", ""])
def test_words_that_could_end_or_go_on_are_not_unfinished(text: str) -> None:
    assert not is_unfinished(text)
