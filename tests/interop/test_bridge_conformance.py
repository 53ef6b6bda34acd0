"""The official conformance suite's client scenarios of both protocol eras, with the bridge as the client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.conformance import CONFORMANCE, Asked, run_suite
from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.forms import Question, Reply
from voice_agent.bridge.supervisor import Pace
from voice_agent.config.types import HttpEntry, VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.bridge.types import Json, Tool

pytestmark = [
    pytest.mark.interop,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not CONFORMANCE.exists(), reason="npm packages are not installed; run: make test"),
]

WITHIN = 45.0
SCENARIOS = {
    "2025-11-25": {
        "initialize",
        "tools_call",
        "elicitation-sep1034-client-defaults",
        "sse-retry",
        "json-schema-2020-12-preservation",
    },
    "2026-07-28": {
        "tools_call",
        "request-metadata",
        "sep-2322-client-request-state",
        "http-standard-headers",
        "http-custom-headers",
        "http-invalid-tool-headers",
        "json-schema-ref-no-deref",
        "json-schema-2020-12-preservation",
    },
}
ELSEWHERE = ("auth/",)
"""Scenarios that the tests of signing in are about."""
ONLY_REACHED = {"initialize"}
"""Scenarios without a check of their own beyond that a client comes."""


class Defaults:
    """Answers every question with the defaults of its fields, and yes; meanwhile it calls what is unrelated."""

    person = "somebody"

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    async def __call__(self, question: Question, /) -> Reply:
        for tool in self._bridge.tools:
            if tool.name.endswith("_unrelated"):
                await self._bridge.call(tool, {})
        return Reply("accept", {one.name: True if one.default is None else one.default for one in question.fields})


async def call_everything(asked: Asked) -> None:
    """Attach the server of a scenario as any other, and call what it offers."""
    if asked.scenario.startswith(ELSEWHERE):
        return
    entry = HttpEntry("suite", asked.url, voice=VoiceOptions(confirm="never"))
    bridge = Bridge([entry], asks=True, pace=Pace(connect_url=WITHIN))
    bridge.start()
    try:
        assert await bridge.settle(WITHIN)
        wanted: list[Json] = asked.context.get("toolCalls") or [
            {"name": tool.name, "arguments": arguments_for(tool, bridge)} for tool in bridge.tools
        ]
        for call in wanted:
            tool = bridge.resolve(f"suite.{call['name']}")
            await asyncio.wait_for(bridge.call(tool, call["arguments"], on_question=Defaults(bridge)), WITHIN)
    finally:
        await bridge.aclose()


def arguments_for(tool: Tool, bridge: Bridge) -> Json:
    if tool.name == "json_schema_echo":
        return {"schema": bridge.resolve("suite.json_schema_2020_12_tool").original_schema}
    kinds: dict[str, Any] = {"number": 2, "integer": 2, "boolean": True, "object": {}, "array": [], "null": None}
    properties: dict[str, Json] = tool.original_schema.get("properties", {})
    return {name: kinds.get(node.get("type", ""), "x") for name, node in properties.items()}


@pytest.mark.parametrize("version", SCENARIOS)
async def test_the_bridge_passes_every_client_scenario(tmp_path: Path, version: str) -> None:
    outcomes = await run_suite(tmp_path, "all", version, call_everything)
    ours = {name: found for name, found in outcomes.items() if not name.startswith(ELSEWHERE)}
    assert set(ours) == SCENARIOS[version]
    assert {name: found.errors for name, found in ours.items() if found.bad} == {}
    assert {name for name, found in ours.items() if not found.passed} <= ONLY_REACHED
