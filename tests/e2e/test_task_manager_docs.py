"""What docs/task-manager.md says of the program is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import httpx
import pytest

from mcp_servers.task_manager.options import OPTIONS, Options
from mcp_servers.task_manager.over_http import limits
from mcp_servers.task_manager.snippets import CLIENTS
from tests.interop.test_task_manager_clients import TOOLS
from tests.interop.test_task_manager_conformance import CHECKS_THAT_DO_NOT_APPLY, DO_NOT_APPLY
from tests.support.program import run
from tests.support.task_service import HANDSHAKE, MODERN, serving

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]

DOCS = (Path(__file__).parents[2] / "docs" / "task-manager.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{re.escape(kind)}\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("command", [line for block in blocks("sh") for line in block.splitlines()])
def test_a_command_of_the_docs_works(tmp_path: Path, command: str) -> None:
    done = run(*shlex.split(command), home=tmp_path)
    assert done.status == 0, done.err
    assert "task-manager-mcp" in done.out or "/mcp" in done.out


@pytest.mark.parametrize("command", [line for block in blocks("sh serve") for line in block.splitlines()])
def test_a_service_of_the_docs_starts_and_knows_its_tokens(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tokens,) = blocks("text tokens.txt")
    (tmp_path / "tokens.txt").write_text(tokens)
    program, transport, *arguments = shlex.split(command)
    assert (program, transport) == ("task-manager-mcp", "http")
    with serving(tmp_path, *arguments) as service:
        url = service.url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - what it was told
        assert httpx.get(url.replace("/mcp", "/readyz")).status_code == 200
        needs = "--tokens" in arguments
        assert (httpx.post(url, json={}).status_code == 401) == needs
        token = {"Authorization": f"Bearer {tokens.splitlines()[1].split()[0]}"}
        assert httpx.post(url, json={}, headers=token).status_code != 401


def test_the_docs_name_every_option_with_its_default_and_every_client() -> None:
    rows = [line for line in DOCS.splitlines() if line.startswith("| `--")]
    named = {flag for row in rows for flag in re.findall(r"--[a-z-]+", row.split("|")[1])}
    assert named == {option.flag for option in OPTIONS}
    for row in rows:
        for flag in re.findall(r"--[a-z-]+", row.split("|")[1]):
            default = getattr(Options(), flag.removeprefix("--").replace("-", "_"))
            if default:
                assert f"{default:g}" in row if isinstance(default, float) else str(default) in row, row
    for client in CLIENTS:
        assert f"`{client}`" in DOCS


def test_the_docs_name_the_limits_that_are_held() -> None:
    assert f"within {limits.BODY_WITHIN:g} s; headers have {limits.HEADERS_WITHIN:g} s" in DOCS
    assert f"({limits.LARGEST_HEADERS // 1024} KiB)" in DOCS


def test_the_docs_name_every_tool_resource_and_prompt() -> None:
    assert all(f"`{name}`" in DOCS for name in TOOLS)
    assert all(f"`{name}`" in DOCS for name in ("tasks://open", "tasks://today", "tasks://reminders", "tasks://{id}"))
    assert all(f"`{name}`" in DOCS for name in ("daily_review", "plan_my_week"))


def test_the_docs_name_every_conformance_scenario_that_is_left_out_with_its_reason() -> None:
    told = (Path(__file__).parents[2] / "docs" / "task-manager-conformance.md").read_text("utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in told.splitlines() if line[:1] == "|"]
    scenarios = {
        version: {row[0]: row[3] for row in rows if len(row) == 4 and row[place] == "left out"}
        for place, version in enumerate((HANDSHAKE, MODERN), start=1)
    }
    assert scenarios == DO_NOT_APPLY
    checks = {(row[1], row[0]): row[2] for row in rows if len(row) == 3 and row[1] in (HANDSHAKE, MODERN)}
    assert checks == {
        (version, name): reason
        for version, left_out in CHECKS_THAT_DO_NOT_APPLY.items()
        for name, reason in left_out.items()
    }
