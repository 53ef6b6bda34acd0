"""The official checks, run against the Task Manager: the conformance suites of both eras, and the Inspector's CLI."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.program import PATIENCE, environment
from tests.support.task_service import ALICE, HANDSHAKE, MODERN, serving, write_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
MODULES = HERE / "node_modules" / "@modelcontextprotocol"
CONFORMANCE = MODULES / "conformance" / "dist" / "index.js"
INSPECTOR = HERE / "node_modules" / ".bin" / "mcp-inspector"

pytestmark = [
    pytest.mark.interop,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not CONFORMANCE.exists(), reason="npm packages are not installed; run: make test"),
]

_NO_TOOL = "wants a tool of the suite's own that answers with {}, which no tool here does"
_NO_PROMPT = "wants a prompt of the suite's own"
_NO_RESOURCE = "wants a resource of the suite's own, under test://"
_ASKS = "wants a tool of the suite's own that asks {}; here the user is asked only which of several tasks is meant"
_BOTH = {
    "json-schema-2020-12": "wants a tool of the suite's own with a schema to be kept as it is",
    "prompts-get-embedded-resource": _NO_PROMPT,
    "prompts-get-simple": _NO_PROMPT,
    "prompts-get-with-args": _NO_PROMPT,
    "prompts-get-with-image": _NO_PROMPT,
    "resources-read-binary": _NO_RESOURCE,
    "resources-read-text": _NO_RESOURCE,
    "resources-templates-read": _NO_RESOURCE,
    "tools-call-audio": _NO_TOOL.format("sound"),
    "tools-call-embedded-resource": _NO_TOOL.format("a resource of test://"),
    "tools-call-image": _NO_TOOL.format("an image"),
    "tools-call-mixed-content": _NO_TOOL.format("several kinds of content"),
    "tools-call-with-progress": "wants a tool of the suite's own that reports progress; here only imports do",
}
DO_NOT_APPLY: dict[str, dict[str, str]] = {
    HANDSHAKE: {
        **_BOTH,
        "elicitation-sep1034-defaults": _ASKS.format("for values with defaults"),
        "elicitation-sep1330-enums": _ASKS.format("for choices of every kind"),
        "resources-subscribe": _NO_RESOURCE,
        "resources-unsubscribe": _NO_RESOURCE,
        "server-sse-polling": "wants a tool of the suite's own that breaks off; streams are not resumed here",
        "tools-call-elicitation": _ASKS.format("the user something"),
        "tools-call-sampling": _ASKS.format("the client's model"),
        "tools-call-with-logging": "wants a tool of the suite's own that logs to the client",
    },
    MODERN: {
        **_BOTH,
        "http-custom-header-server-validation": "wants a tool whose parameters come as headers too; none here does",
        "input-required-result-basic-elicitation": _ASKS.format("the user something"),
        "input-required-result-basic-list-roots": _ASKS.format("for the client's roots"),
        "input-required-result-basic-sampling": _ASKS.format("the client's model"),
        "input-required-result-capability-check": _ASKS.format("the client's model"),
        "input-required-result-multi-round": _ASKS.format("twice"),
        "input-required-result-multiple-input-requests": _ASKS.format("several things at once"),
        "input-required-result-non-tool-request": _NO_PROMPT,
        "input-required-result-request-state": _ASKS.format("and keeps a state"),
        "input-required-result-result-type": _ASKS.format("the user something"),
        "input-required-result-tampered-state": _ASKS.format("and keeps a state"),
    },
}
"""Scenarios by protocol version, each with the reason. All look for what only a server made for the suite has."""
CHECKS_THAT_DO_NOT_APPLY = {
    MODERN: {
        "sep-2575-server-rejects-undeclared-capability": _ASKS.format("the client's model, unasked"),
        "sep-2575-missing-capability-http-400": _ASKS.format("the client's model, unasked"),
    },
    HANDSHAKE: {},
}
"""Single checks of scenarios that apply otherwise."""


async def node(home: Path, *command: str | Path) -> tuple[int, str, str]:
    """Run a program of npm's; its status and what it wrote."""
    env = {**environment(home), "MCP_INSPECTOR_HOME": str(home)}
    process = await asyncio.create_subprocess_exec(
        str(BIN / "node"), *map(str, command), env=env, cwd=home, stdout=asyncio.subprocess.PIPE, stderr=-1
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    return process.returncode or 0, out.decode(), err.decode()


@pytest.mark.parametrize("version", [HANDSHAKE, MODERN])
async def test_every_conformance_scenario_that_applies_passes(tmp_path: Path, version: str) -> None:
    results = tmp_path / "results"
    with serving(tmp_path, "--rate", "0") as service:
        asked = ("--url", service.url, "--suite", "all", "--spec-version", version, "-o", results)
        _, _, err = await node(tmp_path, CONFORMANCE, "server", *asked)
    failed: dict[str, set[str]] = {}
    ran: set[str] = set()
    for file in sorted(results.glob("*/checks.json")):
        scenario = re.sub(r"-\d{4}-\d\d-\d\dT.*", "", file.parent.name.removeprefix("server-"))
        checks: list[dict[str, Any]] = json.loads(file.read_text())
        ran.add(scenario)
        wrong = {check["id"] for check in checks if check["status"] == "FAILURE"}
        wrong -= CHECKS_THAT_DO_NOT_APPLY[version].keys()
        if wrong:
            failed[scenario] = wrong
    assert len(ran) > 30, err
    assert {name: checks for name, checks in failed.items() if name not in DO_NOT_APPLY[version]} == {}
    assert DO_NOT_APPLY[version].keys() <= failed.keys(), "these apply after all"


async def inspect(home: Path, *arguments: str) -> dict[str, Any]:
    """What the Inspector's CLI was answered."""
    status, out, err = await node(home, INSPECTOR, "--cli", *arguments, "--format", "json")
    assert status == 0, out + err
    return json.loads(out)["result"]


def given(**arguments: str) -> list[str]:
    return [word for name, value in arguments.items() for word in ("--tool-arg", f"{name}={value}")]


CALLS: Sequence[tuple[str, list[str], str]] = [
    ("create_task", given(title="buy milk", due="tomorrow"), "Added “buy milk”"),
    ("list_tasks", [], "buy milk"),
    ("get_task", given(task="milk"), "buy milk"),
    ("update_task", given(task="milk", priority="high"), "buy milk"),
    ("upcoming_deadlines", [], "buy milk"),
    ("complete_task", given(task="milk"), "as done"),
    ("reopen_task", given(task="milk"), "open again"),
    ("export_tasks", given(format="csv"), "buy milk"),
    ("delete_task", given(task="milk"), "Deleted “buy milk”."),
    ("undo_last_change", [], "buy milk"),
    ("import_tasks", given(format="todo.txt", text="call mom"), "one task"),
    ("clear_tasks", given(status="all"), "two"),
]


async def test_the_inspector_lists_and_calls_every_tool_over_http(tmp_path: Path) -> None:
    file = write_tokens(tmp_path)
    with serving(tmp_path, "--tokens", str(file)) as service:
        server = (service.url, "--transport", "http", "--header", f"Authorization: Bearer {ALICE}")
        tools = (await inspect(tmp_path, *server, "--method", "tools/list", "--strict"))["tools"]
        assert {tool["name"] for tool in tools} == {name for name, _, _ in CALLS}
        for number, (name, arguments, expected) in enumerate(CALLS):
            era = ("--protocol-era", "modern" if number % 2 else "legacy")
            result = await inspect(tmp_path, *server, *era, "--method", "tools/call", "--tool-name", name, *arguments)
            assert not result.get("isError"), name
            assert expected in json.dumps(result, ensure_ascii=False), name


async def test_the_inspector_starts_the_server_over_standard_input(tmp_path: Path) -> None:
    program = (str(BIN / "task-manager-mcp"), "--database", str(tmp_path / "tasks.db"))
    tools = (await inspect(tmp_path, *program, "--method", "tools/list"))["tools"]
    assert {tool["name"] for tool in tools} == {name for name, _, _ in CALLS}
    name, arguments, expected = CALLS[0]
    result = await inspect(tmp_path, *program, "--method", "tools/call", "--tool-name", name, *arguments)
    assert expected in result["content"][0]["text"]
