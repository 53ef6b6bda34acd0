"""Calls of tools to see how they behave: those that only read, with safe arguments, and those that were asked for."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

from voice_agent.bridge.failures import CallFailed
from voice_agent.bridge.policy import is_read
from voice_agent.bridge.results import TEXT_LIMIT
from voice_agent.bridge.types import Status
from voice_agent.inspect.report import Area, Call, Finding, Level
from voice_agent.inspect.safety import holds_secret
from voice_agent.inspect.sample import Unknown, sample

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from voice_agent.bridge.bridge import Bridge
    from voice_agent.bridge.connection import Connection
    from voice_agent.bridge.types import Json, Progress, Tool
    from voice_agent.inspect.report import Report

MOST_CALLS = 40
_WITHIN, _SLOW, _VERY_SLOW = 30.0, 1.5, 5.0
"""Seconds: that a call gets; from which on people wait; from which on a conversation goes on without the answer."""
_MOST_ERRORS = 6
_SHOWN = 300
_SAYS_NOTHING = ("internal error", "unknown error", "an error occurred", "error: undefined", "something went wrong")
_STACK = ("Traceback (most recent call last)", "\n    at ", 'File "')
_LONGEST_ERROR = 1_200


async def try_tools(
    report: Report,
    bridge: Bridge,
    connection: Connection,
    asked: Mapping[str, Json | None],
    tell: Callable[[str], None],
) -> None:
    """Call what can be called and note in `report` how it went.

    `asked`: tools that are called even if they could change something, with arguments or (None) made-up ones;
    `tell`: is told what is being done.
    """
    plan = plan_calls(report, bridge.tools, asked)
    first: dict[str, str] = {}
    for number, (tool, arguments) in enumerate(plan, 1):
        tell(f"Calling {tool.name} ({number} of {len(plan)})")
        first[tool.name] = await _call(report, bridge, tool, arguments)
    if not report.calls:
        report.unmeasured |= {Area.RESULTS, Area.SPEED}
    if asked.keys() <= {tool.name for tool, _ in plan if _reads(tool)}:
        tell("Looking whether anything has changed")
        await _look_for_changes(report, bridge, plan, first)
    tell("Looking at errors")
    await _try_errors(report, connection, [tool for tool in bridge.tools if _reads(tool)])
    tell("Cancelling a call")
    await _try_cancelling(report, connection, plan)


def plan_calls(report: Report, tools: Sequence[Tool], asked: Mapping[str, Json | None]) -> list[tuple[Tool, Json]]:
    """Return what is called with what; why the others are not is noted in `report`."""
    plan: list[tuple[Tool, Json]] = []
    for tool in tools:
        if tool.name not in asked and not _reads(tool):
            report.not_called[tool.name] = "could change something (name it with --call to try it)"
        elif tool.name not in asked and len(plan) >= MOST_CALLS:
            report.not_called[tool.name] = f"only {MOST_CALLS} tools are tried"
        else:
            try:
                given = asked.get(tool.name)
                plan.append((tool, sample(tool) if given is None else given))
            except Unknown as error:
                report.not_called[tool.name] = f"{error} (give it with --call)"
    return plan


def _reads(tool: Tool) -> bool:
    return is_read(tool.name, tool.hints, trusted=False)


async def _call(report: Report, bridge: Bridge, tool: Tool, arguments: Json) -> str:
    """Call one tool, note how it went, and return the answer for comparison."""
    answers: list[Any] = []
    steps: list[Progress] = []
    begun = time.perf_counter()
    result = await bridge.call(tool, arguments, confirmed=True, on_answer=answers.append, on_progress=steps.append)
    seconds = time.perf_counter() - begun
    raw = answers[0].model_dump_json(by_alias=True, exclude_none=True) if answers else ""
    is_structured = bool(answers) and answers[0].structured_content is not None
    report.calls.append(
        Call(tool.name, arguments, result.status.value, seconds, len(raw), result.text[:_SHOWN], is_structured)
    )
    if holds_secret(raw):
        what = "Its answer holds what looks like a key or token, which then passes through the model."
        fix = "Leave it out, or show only its end."
        report.findings.append(Finding(Area.SAFETY, Level.FAULT, tool.name, what, fix))
    if result.status is Status.OK:
        _look_at_result(report, tool, len(raw), result.text, is_structured=is_structured)
    elif not answers:
        what, fix = f"It did not answer as it should: {result.text[:160]}", "See the server's own log."
        report.findings.append(Finding(Area.RESULTS, Level.FAULT, tool.name, what, fix))
    if seconds >= _SLOW and steps:
        what, fix = "It took long, and told its progress.", "Say in each message what is being done, in words."
        report.findings.append(Finding(Area.SPEED, Level.NOTE, tool.name, what, fix, f"{seconds:.1f} s"))
    elif seconds >= _SLOW:
        level = Level.FAULT if seconds >= _VERY_SLOW else Level.WARNING
        what = "It took long, and somebody who speaks waits in silence."
        fix = "Answer within a second, or report progress, which is said aloud."
        report.findings.append(Finding(Area.SPEED, level, tool.name, what, fix, f"{seconds:.1f} s"))
    return result.text


def _look_at_result(report: Report, tool: Tool, size: int, text: str, *, is_structured: bool) -> None:
    if len(text) >= TEXT_LIMIT:
        what = f"Its answer is long: a model is shown the first {TEXT_LIMIT:,} characters of its text."
        fix = "Answer with less, in pages, or take a limit; people listen to three to five things at once."
        report.findings.append(Finding(Area.RESULTS, Level.WARNING, tool.name, what, fix, f"{size:,} characters"))
    if tool.output_schema is not None and not is_structured:
        what = "It has an outputSchema, but its answer has no structured content."
        report.findings.append(Finding(Area.RESULTS, Level.WARNING, tool.name, what, "Send structuredContent with it."))
    elif not is_structured and text[:1] in "{[" and text:
        what = "It answers with JSON as text."
        fix = "Send it as structuredContent with an outputSchema, and one sentence for people as text."
        report.findings.append(Finding(Area.RESULTS, Level.NOTE, tool.name, what, fix))


async def _look_for_changes(
    report: Report, bridge: Bridge, plan: Sequence[tuple[Tool, Json]], first: Mapping[str, str]
) -> None:
    """Ask once more what was asked with no arguments: after reads alone, the answers should be the same."""
    for tool, arguments in plan:
        if arguments or not _reads(tool) or len(first[tool.name]) >= TEXT_LIMIT:
            continue
        again = await bridge.call(tool, arguments, confirmed=True)
        if again.text != first[tool.name]:
            what = "It answers otherwise after nothing but reads were called: a clock, the outside world, or a write."
            fix = "If a tool that says that it only reads has changed something, take its readOnlyHint away."
            report.findings.append(Finding(Area.ANNOTATIONS, Level.NOTE, tool.name, what, fix))


async def _try_errors(report: Report, connection: Connection, tools: Sequence[Tool]) -> None:
    """Call readers without what they require, past our own check, and look whether the error says what is missing."""
    tried = 0
    for tool in tools:
        required = list(tool.input_schema.get("required", []))
        if not required or tried >= _MOST_ERRORS:
            continue
        tried += 1
        text, is_error = await _error_of(connection, tool.name, {})
        if not is_error:
            what = f"It takes a call without “{required[0]}”, which its schema requires."
            fix = "Refuse it with an error that names what is missing, or do not require it."
            report.findings.append(Finding(Area.ERRORS, Level.WARNING, tool.name, what, fix))
        else:
            _look_at_error(report, tool.name, text, required)
    if not tried:
        report.unmeasured.add(Area.ERRORS)


def _look_at_error(report: Report, name: str, text: str, required: Sequence[str]) -> None:
    fix = "Say in a sentence what was wrong and what to do instead; the model reads it, and the user hears it."
    shown = " ".join(text.split())[:100]
    if any(mark in text for mark in _STACK):
        what, level = "Its error is a stack trace.", Level.FAULT
    elif not any(one.lower() in text.lower() for one in required):
        what, level = f"Called without “{required[0]}”, its error does not name it: “{shown}”.", Level.WARNING
    elif len(text) > _LONGEST_ERROR:
        what, level = f"Its error has {len(text):,} characters.", Level.WARNING
    else:
        return
    if any(words in text.lower() for words in _SAYS_NOTHING):
        level = Level.FAULT
    report.findings.append(Finding(Area.ERRORS, level, name, what, fix))


async def _error_of(connection: Connection, name: str, arguments: Json) -> tuple[str, bool]:
    try:
        answer = await connection.call(name, arguments, _WITHIN)
    except CallFailed as failed:
        return str(getattr(failed.error, "message", "") or failed.error), True
    texts = [str(block.text) for block in answer.content if getattr(block, "type", "") == "text"]
    return "\n".join(texts), bool(answer.is_error)


async def _try_cancelling(report: Report, connection: Connection, plan: Sequence[tuple[Tool, Json]]) -> None:
    """Cancel a call of the slowest reader, and look whether the server goes on to answer."""
    took = {call.tool: call.seconds for call in report.calls}
    readers = [(took.get(tool.name, 0.0), tool, arguments) for tool, arguments in plan if _reads(tool)]
    if not readers:
        report.unmeasured.add(Area.CANCELLING)
        return
    seconds, tool, arguments = max(readers, key=lambda one: one[0])
    call = asyncio.create_task(connection.call(tool.name, arguments, _WITHIN))
    await asyncio.wait([call], timeout=min(seconds / 2, 1.0))
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    begun = time.perf_counter()
    with contextlib.suppress(Exception):
        await connection.list_tools(_VERY_SLOW)
        waited = time.perf_counter() - begun
        if waited < seconds or waited < _SLOW:
            return
        what = f"After a call was cancelled, it took {waited:.1f} s to answer the next."
        fix = "Stop what was cancelled (notifications/cancelled), and do not hold up other requests."
        report.findings.append(Finding(Area.CANCELLING, Level.WARNING, tool.name, what, fix))
        return
    what = f"After a call of “{tool.name}” was cancelled, it answered nothing for {_VERY_SLOW:g} s."
    fix = "Handle notifications/cancelled; an answer to a cancelled request is not wanted, but the next one is."
    report.findings.append(Finding(Area.CANCELLING, Level.FAULT, None, what, fix))
