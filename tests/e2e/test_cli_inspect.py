"""`voice-agent inspect`, as the author of a server runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.bridges import raw_entry
from tests.support.program import run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


def listed(name: str, description: str, parameter: str, *, reads: bool) -> dict[str, Any]:
    schema = {"type": "object", "properties": {parameter: {"type": "string"}}, "required": [parameter]}
    hints = {"readOnlyHint": reads, "destructiveHint": False}
    return {"name": name, "description": description, "inputSchema": schema, "annotations": hints}


def test_a_request_for_each_tool_is_spoken_heard_decided_on_and_told(tmp_path: Path) -> None:
    tools = [
        listed("get_forecast", "Get the weather forecast for a city.", "city", reads=True),
        listed("create_invoice", "Create an invoice for a customer.", "name", reads=False),
    ]
    entry = raw_entry(tools=tools, hide_own=True)
    done = run("voice-agent", "inspect", "--spoken", "--json", "--", entry.command, *entry.args, home=tmp_path)
    assert done.status == 0, done.err
    report = json.loads(done.out)
    forecast, invoice = report["heard"]
    assert forecast["spoken"] == "Please get forecast paris."
    assert "forecast" in forecast["heard"].lower()
    assert (forecast["tool"], forecast["arrived"]) == ("get_forecast", "get_forecast")
    assert (invoice["tool"], invoice["arrived"]) == ("create_invoice", "create_invoice")
    assert {"score", "areas", "findings", "providers", "calls", "not_called"} <= report.keys()
    assert [call["tool"] for call in report["calls"]] == ["get_forecast"]
    assert list(report["not_called"]) == ["create_invoice"]
