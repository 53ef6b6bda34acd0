from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from voice_agent.bridge.reasons import Evidence, explain, last_sensible_line
from voice_agent.bridge.redaction import Redactor, shown_url
from voice_agent.bridge.types import State
from voice_agent.config.types import HttpEntry, ServerEntry, StdioEntry

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

CHILD = StdioEntry("files", "npx-that-is-not-there", ("--token", "abcd1234efgh"), env={"API_KEY": "hunter2hunter2"})
URL = HttpEntry("web", "http://bob:pa55word@host:81/mcp?key=qwertyui", headers={"X-Auth": "Bearer zyxwvuts"})


def reason(entry: ServerEntry, **seen: object) -> str:
    return explain(entry, Evidence(**seen), Redactor(entry)).reason  # pyright: ignore[reportArgumentType]


def test_a_missing_command_is_named_with_its_remedy() -> None:
    entry = StdioEntry("x", "docker", env={"PATH": "/nowhere"})
    trouble = explain(entry, Evidence(FileNotFoundError(2, "no")), Redactor(entry))
    assert trouble.reason == "could not be started: there is no command “docker” on this machine — install Docker"
    assert trouble.is_permanent
    assert trouble.state is State.FAILED


def test_a_missing_folder_is_not_mistaken_for_a_missing_command(tmp_path: Path) -> None:
    entry = StdioEntry("x", "python3", cwd=tmp_path / "gone")
    assert "there is no folder “" in reason(entry, error=FileNotFoundError(2, "no"))


def test_a_command_that_may_not_be_run_says_so(tmp_path: Path) -> None:
    program = tmp_path / "server"
    program.write_text("")
    assert "may not be run" in reason(StdioEntry("x", str(program)), error=PermissionError(13, "Permission denied"))


def test_a_child_that_ended_is_quoted_without_secrets() -> None:
    words = ["Traceback (most recent call last):", '  File "x.py", line 1', "KeyError: hunter2hunter2 and abcd1234efgh"]
    told = reason(CHILD, exit_status=1, last_words=words)
    assert told == "ended with status 1: KeyError: ••• and •••"


def test_a_child_that_was_killed_says_by_what() -> None:
    assert reason(CHILD, exit_status=-9) == "was ended by SIGKILL"


def test_a_server_that_says_nothing_is_told_with_the_time_waited() -> None:
    assert reason(CHILD, waited=10.0) == "did not answer within 10 s"
    assert reason(URL, waited=2.5) == "did not answer within 2.5 s"


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (401, State.NEEDS_LOGIN, "asked for a login (401) — it does not take the token in its entry"),
        (403, State.NEEDS_LOGIN, "asked for a login (403) — it does not take the token in its entry"),
        (404, State.FAILED, "does not speak MCP at http://host:81/mcp (404)"),
        (429, State.FAILED, "asks to be left alone for a while (429)"),
        (503, State.FAILED, "has an error of its own (503)"),
        (301, State.FAILED, "has moved away from http://host:81/mcp (301); write its new address"),
    ],
)
def test_an_http_status_becomes_words(status: int, state: State, words: str) -> None:
    trouble = explain(URL, Evidence(http_status=status), Redactor(URL))
    assert (trouble.state, trouble.reason) == (state, words)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "refused"), "refused the connection at http://host:81/mcp"),
        (socket.gaierror(-2, "x"), "could not be found: the name in http://host:81/mcp is not known"),
        (OSError("[SSL: CERTIFICATE_VERIFY_FAILED] x"), "the certificate or TLS of http://host:81/mcp"),
        (ValueError("?"), "closed the connection at http://host:81/mcp"),
    ],
)
def test_the_real_cause_is_dug_out_of_what_wraps_it(error: Exception, words: str) -> None:
    wrapped = RuntimeError("Client failed to connect")
    wrapped.__cause__ = ExceptionGroup("unhandled errors", [error])
    assert words in reason(URL, error=wrapped)


def test_addresses_are_shown_without_what_is_secret_in_them() -> None:
    assert shown_url(URL.url) == "http://host:81/mcp"
    assert shown_url("https://[::1]:8/x#frag") == "https://[::1]:8/x"


@pytest.mark.parametrize(
    "secret", ["pa55word", "qwertyui", "zyxwvuts", "sk-abcdefgh12345678", "ghp_abcdefgh12345678abcd", "Bearer abcdefgh"]
)
def test_secrets_of_an_entry_and_of_anybody_are_hidden(secret: str) -> None:
    assert secret.rsplit(maxsplit=1)[-1] not in Redactor(URL)(f"failed with {secret} at login")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("/home/me/tasks.db", "/home/me/tasks.db"),
        ("sqlite:////home/me/tasks.db", "sqlite:////home/me/tasks.db"),
        ("postgresql://me:hunter2@db/tasks", "postgresql://•••@db/tasks"),
        ("https://hooks.example.com/T01/a1b2c3d4e5f6g7h8i9j0", "•••"),
        ("hunter2hunter2", "•••"),
    ],
)
def test_of_a_path_or_an_address_among_the_variables_only_what_is_secret_is_hidden(value: str, shown: str) -> None:
    entry = StdioEntry("tasks", "task-manager-mcp", env={"TASK_MANAGER_DATABASE_URL": value})
    assert Redactor(entry)(f"The task file {value} cannot be used") == f"The task file {shown} cannot be used"


def test_words_that_are_no_secret_stay() -> None:
    entry = StdioEntry("x", "y", env={"LOG": "info", "DEBUG": "1"})
    assert Redactor(entry)("info: 1 problem") == "info: 1 problem"


def test_of_a_package_runner_the_first_error_is_the_telling_one() -> None:
    lines = [
        "npm warn something",
        "npm error code E404",
        "npm error 404 Not Found - GET https://x/nope",
        "npm error 404 Note that you can also install from a",
        "npm error A complete log of this run can be found in: /x",
    ]
    assert last_sensible_line(lines) == "npm error 404 Not Found - GET https://x/nope"


def test_of_a_node_stack_the_message_is_taken() -> None:
    lines = [
        "node:internal/x:1",
        "    throw e",
        "    ^",
        "Error: Missing API key",
        "    at f (x.js:1)",
        "Node.js v24.1.0",
    ]
    assert last_sensible_line(lines) == "Error: Missing API key"


def test_silence_stays_silence() -> None:
    assert last_sensible_line([]) is None
    assert last_sensible_line(["^^^^", "123"]) is None
