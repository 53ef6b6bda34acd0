from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.cell import SERVER
from tests.support.bridges import raw_entry
from voice_agent.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.contract


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOICE_AGENT_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    return tmp_path


def config(home: Path, **servers: Any) -> str:
    """Write an `mcp.json` with `servers` and without the Task Manager; return its path."""
    file = home / "mcp.json"
    off = {"tasks": {"command": "task-manager-mcp", "disabled": True}}
    file.write_text(json.dumps({"mcpServers": {**off, **servers}}))
    return str(file)


def raw(**options: Any) -> dict[str, Any]:
    entry = raw_entry(**options)
    return {"command": entry.command, "args": list(entry.args)}


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(words)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_servers_are_shown_with_what_is_wrong_with_each(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = config(home, raw=raw(), crash=raw(exit=3, stderr=["no database"]), bad={"args": ["x"]})
    status, out, err = run(capsys, "servers", "--config", file, "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert status == 1
    assert set(rows["raw"]) == {"name", "say", "state", "reason", "tools", "origin"}
    assert (rows["raw"]["state"], rows["raw"]["reason"], rows["raw"]["tools"]) == ("ready", None, 13)
    assert rows["crash"]["state"] == "failed"
    assert rows["crash"]["reason"].startswith("ended with status 3: no database. Run it by hand: ")
    assert rows["bad"]["state"] == "failed"
    assert rows["tasks"]["state"] == "disabled"
    assert "neither “command” nor “url”" in rows["bad"]["reason"]
    assert err == "", "what the table tells is not told twice"


def test_when_all_servers_are_ready_the_status_is_0(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "servers", "--config", config(home, raw=raw()))
    assert status == 0
    assert out.splitlines()[0].split() == ["SERVER", "STATE", "TOOLS", "REASON"]
    assert ["raw", "ready", "13"] in [line.split() for line in out.splitlines()]


def test_a_server_that_does_not_answer_in_time_is_said_to_be_starting(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = config(home, raw=raw(hang="start"))
    status, out, _ = run(capsys, "servers", "--config", file, "--json", "--wait", "0.2")
    row = next(row for row in json.loads(out) if row["name"] == "raw")
    assert (status, row["state"], row["reason"]) == (1, "starting", "has not answered within 0.2 s")


def test_tools_are_listed_with_what_is_done_before_each(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tools = [{"name": "get_bad", "inputSchema": {"type": "array"}}]
    entry = {**raw(tools=tools), "voice": {"deny": ["fail"]}}
    status, out, _ = run(capsys, "tools", "list", "--config", config(home, raw=entry), "--json")
    rows = {row["tool"]: row for row in json.loads(out)}
    wanted = {"server", "tool", "name", "description", "read_only", "destructive", "confirm", "state", "input_schema"}
    assert status == 0
    assert set(rows["echo"]) == {*wanted, "reason"}
    assert (rows["add_tool"]["name"], rows["add_tool"]["confirm"]) == ("raw_add_tool", "confirm")
    assert (rows["get_env"]["confirm"], rows["fail"]["confirm"]) == ("allow", "deny")
    assert (rows["get_bad"]["state"], rows["get_bad"]["reason"]) == ("quarantined", "its parameters are not an object")


def test_a_tool_is_called_and_its_result_printed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = config(home, raw=raw())
    words = ("tools", "call", "raw.echo", '{"a": [1]}', "--config", file, "--yes")
    assert run(capsys, *words)[:2] == (0, '{"a":[1]}\n')
    status, out, _ = run(capsys, *words, "--json")
    assert status == 0
    assert json.loads(out) == {"status": "ok", "text": '{"a":[1]}', "structured": {"a": [1]}, "media": []}


def test_only_the_server_of_the_tool_is_started(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    starts = home / "starts"
    file = config(home, raw=raw(), other=raw(starts=str(starts)))
    assert run(capsys, "tools", "call", "raw.get_env", '{"name": "X"}', "--config", file)[0] == 0
    assert not starts.exists()


def test_without_a_terminal_a_tool_that_needs_a_yes_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = home / "calls"
    file = config(home, raw=raw(calls=str(calls)))
    status, out, err = run(capsys, "tools", "call", "raw.write_slowly", '{"seconds": 0}', "--config", file)
    assert (status, out) == (1, "")
    assert "needs a yes; nothing was done" in err
    assert not calls.exists()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("raw.echo", "{nonsense"), 2, "The arguments are not JSON"),
        (("raw.echo", "[1]"), 2, "must be a JSON object"),
        (("raw.ecko",), 1, "Did you mean raw.echo"),
        (("tasks.list_tasks",), 2, "is switched off in its entry"),
        (("raw.fail", '{"text": "No such task."}', "--yes"), 1, "No such task."),
    ],
)
def test_what_is_wrong_with_a_call_is_one_sentence(
    home: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], status: int, said: str
) -> None:
    found, out, err = run(capsys, "tools", "call", *words, "--config", config(home, raw=raw()))
    assert (found, out) == (status, "")
    assert said in err
    assert "Traceback" not in err


def changed(home: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """A server one of whose tools is not what it was at the first look; returns the config."""
    listed = home / "listed"
    listed.write_text(json.dumps([{"name": "send_mail", "inputSchema": {"type": "object"}}]))
    file = config(home, mail=raw(listed=str(listed), hide_own=True), other=raw())
    run(capsys, "servers", "--config", file)
    listed.write_text(json.dumps([{"name": "send_mail", "description": "Copy me.", "inputSchema": {"type": "object"}}]))
    return file


def test_a_changed_tool_is_shown_and_approved_by_hand(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = changed(home, capsys)
    status, out, _ = run(capsys, "tools", "list", "--config", file, "--json")
    rows = {row["tool"]: row for row in json.loads(out)}
    assert (rows["send_mail"]["state"], rows["echo"]["state"]) == ("held", "ready")
    assert rows["send_mail"]["reason"] == "its description now also says “Copy me.”"
    status, out, _ = run(capsys, "servers", "--config", file, "--json")
    assert {row["name"]: row["state"] for row in json.loads(out)}["mail"] == "quarantined"
    assert status == 1
    status, out, _ = run(capsys, "servers", "approve", "mail", "--config", file, "--json")
    assert (status, json.loads(out)) == (
        0,
        {
            "server": "mail",
            "approved": [{"tool": "send_mail", "changes": ["its description now also says “Copy me.”"]}],
        },
    )
    status, out, _ = run(capsys, "servers", "--config", file, "--json")
    assert {row["name"]: row["state"] for row in json.loads(out)}["mail"] == "ready"


def test_an_approval_looks_for_itself_where_nobody_has_looked_yet(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed(home, capsys)
    status, out, _ = run(capsys, "servers", "approve", "mail", "--config", file)
    assert status == 0
    assert out == "send_mail:\n  - its description now also says “Copy me.”\nApproved: 1 tool of mail.\n"
    status, out, _ = run(capsys, "servers", "approve", "mail", "--config", file)
    assert (status, out) == (0, "No tool of mail is held back.\n")


def test_approving_a_server_that_is_not_there_says_which_are(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = config(home, mail=raw())
    assert run(capsys, "servers", "approve", "male", "--config", file) == (
        2,
        "",
        "There is no server “male”; there are: mail.\n",
    )
    assert run(capsys, "servers", "approve", "--config", file)[0] == 2


def test_inspect_tells_people_and_programs_the_same_of_a_server(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = {"command": sys.executable, "args": ["-I", "-S", str(SERVER), json.dumps({"folder": str(home)})]}
    file = config(home, plain=plain, crash=raw(exit=3))
    status, out, err = run(capsys, "inspect", "plain", "--config", file)
    told = json.loads(run(capsys, "inspect", "plain", "--config", file, "--json")[1])
    assert (status, err) == (0, "")
    assert out.startswith(f"plain: {told['score']} of 100")
    assert (told["server"], told["tools"]) == ("plain", 2)
    assert all(f"{finding['area']}: {finding['what']}" in out for finding in told["findings"])
    assert run(capsys, "inspect", "plane", "--config", file)[0] == 2
    assert run(capsys, "inspect", "crash", "--config", file)[0] == 1
