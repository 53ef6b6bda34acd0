"""A text client by others at the hub: the Inspector's CLI finds all servers behind one endpoint, in both eras."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.interop.test_task_manager_conformance import INSPECTOR, given, inspect
from tests.support.bridges import raw_entry
from tests.support.hubs import running_hub
from voice_agent.config.types import VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.interop,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not INSPECTOR.exists(), reason="npm packages are not installed; run: make test"),
]


@pytest.mark.parametrize("era", ["legacy", "modern"])
async def test_the_inspector_uses_every_server_behind_the_hub(tmp_path: Path, era: str) -> None:
    one = raw_entry("one", voice=VoiceOptions(confirm="never"))
    two = raw_entry("two", voice=VoiceOptions(confirm="never", deny=("fail",)))
    async with running_hub(tmp_path, one, two) as running, running.http() as url:
        token = ("--header", f"Authorization: Bearer {running.token}")
        server = (url, "--transport", "http", *token, "--protocol-era", era)
        tools = (await inspect(tmp_path, *server, "--method", "tools/list", "--strict"))["tools"]
        assert {"one_echo", "two_echo", "one_fail"} <= {tool["name"] for tool in tools}
        assert "two_fail" not in {tool["name"] for tool in tools}
        call = ("--method", "tools/call", "--tool-name", "two_echo", *given(word="hello"))
        result = await inspect(tmp_path, *server, *call)
        assert "hello" in json.dumps(result)
        assert not result.get("isError")
