"""What an inspection comes to: findings by area, calls that were made, and a score (pure)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voice_agent.bridge.types import Json


class Area(StrEnum):
    """What is looked at."""

    SCHEMAS = "schemas"
    NAMES = "names and descriptions"
    PARAMETERS = "parameters"
    ANNOTATIONS = "annotations"
    SAFETY = "safety"
    RESULTS = "results"
    ERRORS = "errors"
    SPEED = "speed"
    CANCELLING = "cancelling"
    ERAS = "protocol"


POINTS = {
    Area.SCHEMAS: 15,
    Area.NAMES: 20,
    Area.PARAMETERS: 15,
    Area.ANNOTATIONS: 15,
    Area.SAFETY: 15,
    Area.RESULTS: 8,
    Area.ERRORS: 5,
    Area.SPEED: 3,
    Area.CANCELLING: 2,
    Area.ERAS: 2,
}
"""What each area counts in a score of 100; what could not be measured does not count."""
UNSAFE = 40
"""The most that a server scores that hides something or gives orders."""


class Level(StrEnum):
    """How bad a finding is."""

    FAULT = "fault"
    WARNING = "warning"
    NOTE = "note"


_COST = {Level.FAULT: 1.0, Level.WARNING: 0.4, Level.NOTE: 0.0}
_COST_OF_ALL = {Level.FAULT: 0.7, Level.WARNING: 0.3, Level.NOTE: 0.0}
"""What a finding costs that is about the server and not one of its tools."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that could be better."""

    area: Area
    level: Level
    tool: str | None
    """As its server spells it; None: the whole server."""
    what: str
    """A sentence, with how it was judged where that is not plain."""
    fix: str
    """What to do about it, a sentence."""
    detail: str = ""
    """What differs from tool to tool of the same finding."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was made to try a tool."""

    tool: str
    arguments: Json
    status: str
    seconds: float
    characters: int
    """Of the server's answer, as JSON."""
    said: str
    """What a model is shown of it, its beginning."""
    is_structured: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """One request, spoken to the server's tools through the offline voice, ears and brain."""

    tool: str
    spoken: str
    heard: str
    arrived: str | None
    """The tool that was chosen; None where nothing was."""
    arguments: Json
    """What it would have been called with."""


@dataclass(slots=True)
class Report:
    """All that is known of one server."""

    server: str
    protocol: str | None
    older: str | None
    """The protocol version spoken with a client of the older era, where that was tried."""
    tools: int
    seconds: float
    """Until the tools were listed."""
    providers: dict[str, dict[str, int]] = field(default_factory=dict[str, "dict[str, int]"])
    """By provider: for how many tools each reason holds why it would not take the schema as it is sent."""
    findings: list[Finding] = field(default_factory=list[Finding])
    calls: list[Call] = field(default_factory=list[Call])
    not_called: dict[str, str] = field(default_factory=dict[str, str])
    """Tools that were not called, and why."""
    heard: list[Heard] | None = None
    unmeasured: set[Area] = field(default_factory=set[Area])

    @property
    def scores(self) -> dict[Area, float]:
        """What each area that was measured comes to, 0 to 1."""
        return {area: _score(area, self.findings, self.tools) for area in Area if area not in self.unmeasured}

    @property
    def score(self) -> int:
        """Out of 100."""
        scores = self.scores
        whole = sum(POINTS[area] for area in scores)
        got = sum(POINTS[area] * score for area, score in scores.items())
        total = round(100 * got / whole) if whole else 0
        is_unsafe = any(one.area is Area.SAFETY and one.level is Level.FAULT for one in self.findings)
        return min(total, UNSAFE) if is_unsafe else total


def _score(area: Area, findings: Iterable[Finding], tools: int) -> float:
    mine = [one for one in findings if one.area is area]
    worst: dict[str, float] = {}
    for one in mine:
        if one.tool is not None:
            worst[one.tool] = max(worst.get(one.tool, 0.0), _COST[one.level])
    whole = sum(_COST_OF_ALL[one.level] for one in mine if one.tool is None)
    return max(0.0, 1.0 - sum(worst.values()) / max(tools, 1) - whole)


def told(report: Report) -> list[str]:
    """Return the report as lines for a person."""
    spoken = f", {report.older} too" if report.older and report.older != report.protocol else ""
    lines = [
        f"{report.server}: {report.score} of 100{' for what could be measured' if report.unmeasured else ''}",
        f"{_count(report.tools, 'tool')}, listed after {report.seconds:.1f} s; speaks MCP {report.protocol}{spoken}.",
        "",
    ]
    for area, score in report.scores.items():
        lines.append(f"  {area.value:<24}{round(100 * score):>4} %")
    if report.unmeasured:
        lines.append(f"  Not measured: {', '.join(area.value for area in Area if area in report.unmeasured)}.")
    lines += ["", *_of_providers(report), *_of_findings(report.findings), *_of_calls(report), *_of_heard(report)]
    while lines[-1] == "":
        lines.pop()
    return lines


def _of_providers(report: Report) -> list[str]:
    lines = ["Schemas as they are sent (the bridge adapts them for every model):"]
    for provider, reasons in report.providers.items():
        refused = reasons.get("", 0)
        taken = f"{report.tools - refused} of {report.tools} taken"
        why = "; ".join(f"{reason} ({count})" for reason, count in reasons.items() if reason)
        lines.append(f"  {provider}: {taken}{f' - {why}' if why else ''}")
    return [*lines, ""]


def _of_findings(findings: Sequence[Finding]) -> list[str]:
    if not findings:
        return ["Nothing was found that should be better.", ""]
    lines: list[str] = []
    order = list(Level)
    for level in order:
        chosen = [one for one in findings if one.level is level]
        if not chosen:
            continue
        lines.append(f"{level.value.capitalize()}s:")
        for area, what, fix, tools in _merged(chosen):
            names = f" [{_names(tools)}]" if tools else ""
            lines += [f"  {area.value}: {what}{names}", f"    → {fix}"]
        lines.append("")
    return lines


def _merged(findings: Iterable[Finding]) -> Iterable[tuple[Area, str, str, list[str]]]:
    """Say once what is true of several tools."""
    groups: dict[tuple[Area, str, str], list[str]] = {}
    for one in findings:
        groups.setdefault((one.area, one.what, one.fix), []).extend(_labelled(one))
    return [(area, what, fix, tools) for (area, what, fix), tools in groups.items()]


def _labelled(finding: Finding) -> list[str]:
    if finding.tool is None:
        return [finding.detail] if finding.detail else []
    return [f"{finding.tool} ({finding.detail})" if finding.detail else finding.tool]


def _of_calls(report: Report) -> list[str]:
    lines = ["Called (tools that only read, with arguments that are safe; others only by --call):"]
    lines += [
        f"  {call.tool}: {call.status}, {call.seconds * 1000:.0f} ms, {call.characters:,} characters"
        for call in report.calls
    ]
    if not report.calls:
        lines.append("  none")
    lines += ["", "Not called:"] if report.not_called else []
    groups: dict[str, list[str]] = {}
    for tool, why in report.not_called.items():
        groups.setdefault(why, []).append(tool)
    lines += [f"  {why}: {_names(tools, 30)}" for why, tools in groups.items()]
    return [*lines, ""]


def _of_heard(report: Report) -> list[str]:
    if report.heard is None:
        return []
    right = sum(one.arrived == one.tool for one in report.heard)
    lines = [f"Spoken: {right} of {len(report.heard)} requests arrived at the tool that they were for."]
    for one in report.heard:
        mark = "ok  " if one.arrived == one.tool else "MISS"
        arrived = f"{one.arrived} {json.dumps(one.arguments, ensure_ascii=False)}" if one.arrived else "nothing"
        lines.append(f"  {mark} {one.tool}: “{one.spoken}” heard as “{one.heard}” → {arrived}")
    return lines


def _names(tools: Sequence[str], most: int = 8) -> str:
    names = ["".join(letter if letter.isprintable() else "�" for letter in tool) for tool in tools[:most]]
    return ", ".join(names) + (f" and {len(tools) - most} more" if len(tools) > most else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
