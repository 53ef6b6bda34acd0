from __future__ import annotations

import pytest

from voice_agent.bridge.policy import decide, is_read, is_repeatable, words_of
from voice_agent.bridge.types import Decision, Hints
from voice_agent.config.types import VoiceOptions

pytestmark = pytest.mark.unit

SILENT = Hints()
ALLOW, SPOKEN, CONFIRM, DENY = Decision.ALLOW, Decision.SPOKEN, Decision.CONFIRM, Decision.DENY


@pytest.mark.parametrize(
    "name",
    ["list_tasks", "getIssue", "search-files", "vault_list", "item.lookup", "read_file", "describe_table", "get_log"],
)
def test_a_plain_read_is_not_asked_about(name: str) -> None:
    assert decide(name, SILENT, VoiceOptions()) is ALLOW


@pytest.mark.parametrize(
    "name",
    [
        "delete_task",
        "clearList",
        "create_issue",
        "send_message",
        "get_or_create_label",
        "find_and_replace",
        "share_list",
        "check_in",
        "check_item",
        "d1_query",
        "do_something_unheard_of",
        "get_d\u0435lete",
        "run",
    ],
)
def test_everything_else_of_a_server_that_is_not_trusted_is_asked_about(name: str) -> None:
    assert decide(name, SILENT, VoiceOptions()) is CONFIRM


def test_an_annotation_makes_a_read_of_a_name_that_says_nothing() -> None:
    assert decide("weather", Hints(read_only=True), VoiceOptions()) is ALLOW
    assert decide("weather", SILENT, VoiceOptions()) is CONFIRM


def test_an_annotation_does_not_excuse_a_dangerous_name() -> None:
    assert decide("delete_everything", Hints(read_only=True), VoiceOptions()) is CONFIRM
    assert decide("delete_everything", Hints(destructive=False), VoiceOptions()) is CONFIRM


def test_an_annotation_against_a_harmless_name_is_believed() -> None:
    assert decide("get_it", Hints(read_only=False), VoiceOptions()) is CONFIRM
    assert decide("get_it", Hints(destructive=True), VoiceOptions()) is CONFIRM


def test_what_a_trusted_server_does_not_call_destructive_needs_only_the_users_own_words() -> None:
    trusted = VoiceOptions(trust=True)
    assert decide("update_task", Hints(read_only=False, destructive=False), trusted) is SPOKEN
    assert decide("clear_tasks", Hints(read_only=False, destructive=True), trusted) is CONFIRM
    assert decide("remove_cache", Hints(read_only=False, destructive=False), trusted) is SPOKEN
    assert decide("list_tasks", Hints(read_only=True), trusted) is ALLOW


def test_a_trusted_server_that_is_silent_is_judged_by_names() -> None:
    trusted = VoiceOptions(trust=True)
    assert decide("delete_task", SILENT, trusted) is CONFIRM
    assert decide("create_task", SILENT, trusted) is SPOKEN


def test_deny_is_stronger_than_allow_and_allow_than_confirm() -> None:
    options = VoiceOptions(allow=("list_*", "delete_*"), deny=("delete_all",), confirm=("list_*",))
    assert decide("delete_all", SILENT, options) is DENY
    assert decide("create_task", SILENT, options) is DENY
    assert decide("list_tasks", SILENT, options) is CONFIRM
    assert decide("delete_one", SILENT, options) is CONFIRM


def test_confirm_always_and_never_mean_it() -> None:
    assert decide("list_tasks", Hints(read_only=True), VoiceOptions(confirm="always")) is CONFIRM
    assert decide("delete_task", SILENT, VoiceOptions(confirm="never")) is ALLOW
    assert decide("delete_task", SILENT, VoiceOptions(confirm="never", deny=("delete_*",))) is DENY


def test_a_confirm_glob_adds_and_does_not_loosen() -> None:
    assert decide("delete_task", SILENT, VoiceOptions(confirm=("send_*",))) is CONFIRM


def test_only_a_trusted_annotation_makes_a_write_repeatable() -> None:
    idempotent = Hints(read_only=False, idempotent=True)
    assert is_repeatable("complete_task", idempotent, trusted=True)
    assert not is_repeatable("complete_task", idempotent, trusted=False)
    assert is_repeatable("list_tasks", SILENT, trusted=False)
    assert not is_read("list_tasks", Hints(read_only=False), trusted=True)


def test_names_are_read_in_every_spelling() -> None:
    assert words_of("getURLFor2Items") == ["get", "url", "for", "2", "items"]
    assert words_of("API-get-block.children") == ["api", "get", "block", "children"]
