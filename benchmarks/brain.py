"""The offline brain on task utterances: right action, titles and due dates, beside plain key words in the same run.

Three sets: utterances of CLINC150 with labels (`--data`, where it is there), our own that the rules were made with, and
our own that they were not. What is scored is the call that the brain makes to the tools of the Task Manager server,
which is started over stdio for its schemas. Then the time for one decision among the Task Manager's tools alone and
among 20 and 200 tools, and how long the answers are.
Goals: actions 97 %, titles 93 %, due dates 95 %; 10 ms with 20 tools, 50 ms with 200; answers of 30 words at most.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from voice_agent.offline.brain.brain import Brain
from voice_agent.offline.brain.catalog import Catalog
from voice_agent.offline.brain.dialogue import Act, Ask, Call, Move, Say, Turn
from voice_agent.offline.brain.wishes import is_reference

OWN = Path(__file__).parent / "data" / "task_utterances.jsonl"
DATA = Path("../shared/data/todo_utterances.jsonl")
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
ACTIONS = ("create", "list", "complete", "delete", "delete_all", "update", "clarify", "other")
OF_TOOL = {
    "create_task": "create",
    "list_tasks": "list",
    "complete_task": "complete",
    "delete_task": "delete",
    "clear_tasks": "delete_all",
    "update_task": "update",
}
OFF = re.compile(r"\b(?:cross|scratch|check|tick)\b.*\boff\b")
Meaning = tuple[str, str, str]
"""Action, title and due as understood."""


@dataclass
class Score:
    """How one set went."""

    name: str
    size: int = 0
    actions: int = 0
    titles: list[bool] = field(default_factory=list[bool])
    dues: list[bool] = field(default_factory=list[bool])
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    def count(self, label: dict[str, Any], meaning: Meaning) -> None:
        """Add one utterance."""
        action, title, due = meaning
        is_either = {action, label["action"]} == {"complete", "delete"} and bool(OFF.search(label["text"]))
        right = action == label["action"] or is_either
        self.size += 1
        self.actions += right
        self.confusion[label["action"], label["action"] if right else action] += 1
        if label["title"] and not is_reference(label["title"]):  # “it” means nothing without a conversation
            self.titles.append(plain(title) == plain(label["title"]))
        if label["due"] and plain(label["due"]) != "right time":
            self.dues.append(plain(due) == plain(label["due"]))

    def figures(self) -> dict[str, float]:
        """Shares that are right."""
        return {
            "actions": self.actions / max(self.size, 1),
            "titles": statistics.fmean(self.titles or [False]),
            "dues": statistics.fmean(self.dues or [False]),
        }


def plain(words: str | None) -> str:
    """Without articles, possessives and leading prepositions, as the data's README asks for."""
    bare = re.sub(r"'s\b|s'\b|\b(?:the|a|an|my|our)\b", "", (words or "").lower())
    bare = re.sub(r"^(?:at|on|by|in|for)\s+", "", bare.strip())
    return re.sub(r"[^\w]+", " ", re.sub(r"s\b", "", bare)).strip()


LISTED = json.dumps(
    {"tasks": [{"id": str(n), "title": title} for n, title in enumerate(("buy milk", "pay the rent"), 1)]}
)
"""What stands in for the list where the brain looks at it before it changes anything."""


def meaning_of(move: Move) -> Meaning:
    """What a decision of the brain amounts to, once it has seen what it wants to look at."""
    if isinstance(move, Act) and move.is_reading and move.then:
        seen = move.then(tuple(Call(key, arguments, LISTED) for key, arguments in move.calls))
        move = seen if isinstance(seen, Act) else move
        if len(move.calls) > 1 and move.calls[0][0].endswith("delete_task"):
            return "delete_all", "", ""  # each of those that it has seen
    if isinstance(move, Say):
        return "other", "", ""
    if isinstance(move, Ask):
        wish = move.wish
        if wish is None:
            return "other", "", ""
        return str(wish.action), wish.title or "", wish.due or ""
    action = OF_TOOL.get(next(iter(move.calls))[0].split("_", 1)[1], "other")
    titles = [str(args.get("task") or args.get("query") or args.get("title") or "") for _, args in move.calls]
    if action == "create":
        titles = [str(args.get("title") or "") for _, args in move.calls]
    dues = dict.fromkeys(str(args["due"]) for _, args in move.calls if args.get("due"))
    return action, " and ".join(title for title in titles if title), " ".join(dues)


BASELINE = (
    ("delete_all", r"\b(?:clear|wipe|empty|erase|delete all|delete everything|remove all)\b"),
    ("delete", r"\b(?:delete|remove|cancel)\b"),
    ("complete", r"\b(?:done|finished|completed?|bought|mark|cross)\b"),
    ("update", r"\b(?:move|change|rename|reschedule|postpone|push)\b"),
    ("create", r"^(?:.*\b(?:remind me to|add|put|create|set a reminder (?:to|for))\b)"),
    ("list", r"\b(?:what|list|read|show|tell|is|do i)\b"),
)
TIMES = re.compile(
    r"\b(?:(?:on |next |this )?(?:today|tonight|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day|week|weekend|month)"
    r"(?: at \w+(?: [ap]m)?)?|at \w+ ?(?:[ap]m)?|in \w+ (?:minutes?|hours?|days?|weeks?))\b"
)
FRAMES = re.compile(
    r"^.*?\b(?:remind me to|add|put|create a task to|set a reminder (?:to|for)|delete|remove|mark|move|is)\b|"
    r"\b(?:to|on|from|off|as done|please)\b(?: (?:my|the) .*?list)?.*$"
)


def by_key_words(text: str) -> Meaning:
    """What a few key words make of it: the first that is there decides."""
    low = text.lower()
    action = next((action for action, pattern in BASELINE if re.search(pattern, low)), "other")
    found = TIMES.search(low)
    return action, FRAMES.sub("", TIMES.sub("", low)).strip(), found[0] if found else ""


async def task_manager_tools() -> list[dict[str, Any]]:
    """The schemas of the Task Manager, as a model is given them."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TASK_MANAGER_DATABASE_URL": f"sqlite:///{folder}/tasks.db"}
        server = StdioServerParameters(command=sys.executable, args=["-m", "mcp_servers.task_manager"], env=environment)
        async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            listed = await session.list_tools()
    return [
        {"name": f"tasks_{tool.name}", "description": tool.description or "", "parameters": tool.input_schema}
        for tool in listed.tools
    ]


def padded(tools: list[dict[str, Any]], size: int) -> list[dict[str, Any]]:
    """`tools` and as many made-up ones of other servers as make `size`."""
    verbs, nouns = ("get", "list", "create", "update", "delete"), ("page", "event", "invoice", "branch", "contact")
    made = [
        {
            "name": f"server{number % 9}_{verbs[number % 5]}_{nouns[number // 5 % 5]}_{number}",
            "description": f"{verbs[number % 5].title()} one {nouns[number // 5 % 5]} of the account, by its id.",
            "parameters": {
                "type": "object",
                "properties": {"id": {"type": "string"}, "query": {"type": "string", "description": "Words to find."}},
                "required": ["id"] if number % 2 else [],
            },
        }
        for number in range(size - len(tools))
    ]
    return [*tools, *made]


def decision_times(tools: list[dict[str, Any]], texts: list[str]) -> list[float]:
    """Milliseconds of each decision, the index made before, as it is kept over a conversation."""
    brain = Brain(Catalog.of(tools))
    spent: list[float] = []
    for text in texts:
        began = time.perf_counter()
        brain.decide([Turn(text)], NOW)
        spent.append((time.perf_counter() - began) * 1000)
    return spent


def answer_lengths(brain: Brain, texts: list[str]) -> list[int]:
    """Words of each answer; what tools say is stood in for by what the Task Manager says of a list of three."""
    output = (
        "You have three open tasks: buy milk, due tomorrow; call the dentist, due Friday at 3 PM; and water the plants."
    )
    lengths: list[int] = []
    for text in texts:
        move = brain.decide([Turn(text)], NOW)
        if isinstance(move, Act):
            calls = tuple(Call(key, arguments, output) for key, arguments in move.calls)
            move = brain.decide([Turn(text, calls)], NOW)
        if isinstance(move, Say | Ask):
            lengths.append(len(move.text.split()))
    return lengths


def read(path: Path, part: str | None = None) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [row for row in rows if part is None or row.get("part") == part]


def measure(data: Path) -> dict[str, Any]:
    tools = asyncio.run(task_manager_tools())
    brain = Brain(Catalog.of(tools))
    sets = {"own, made with": read(OWN, "development"), "own, held out": read(OWN, "held_out")}
    if data.exists():
        sets = {"CLINC150": read(data), **sets}
    scores: list[dict[str, Any]] = []
    for name, rows in sets.items():
        rules, words = Score(name), Score(name)
        for row in rows:
            rules.count(row, meaning_of(brain.decide([Turn(row["text"])], NOW)))
            words.count(row, by_key_words(row["text"]))
        ratio = {key: value / max(words.figures()[key], 0.001) for key, value in rules.figures().items()}
        confusion = {f"{a} as {b}": n for (a, b), n in sorted(rules.confusion.items()) if a != b}
        labelled = Counter(row["action"] for row in rows)
        per_class = {one: rules.confusion[one, one] / labelled[one] for one in ACTIONS if labelled[one]}
        scores.append(
            {
                "set": name,
                "size": rules.size,
                "rules": rules.figures(),
                "key_words": words.figures(),
                "ratio": ratio,
                "per_class": per_class,
                "confusion": confusion,
            }
        )
    texts = [row["text"] for row in sets["own, made with"]]
    spent = {len(some): decision_times(some, texts) for some in (tools, padded(tools, 20), padded(tools, 200))}
    return {
        "data": str(data) if data.exists() else None,
        "scores": scores,
        "decision_ms": {
            str(size): {"median": statistics.median(ms), "p95": statistics.quantiles(ms, n=20)[18], "most": max(ms)}
            for size, ms in spent.items()
        },
        "answer_words_median": statistics.median(answer_lengths(brain, texts)),
    }


def show(result: dict[str, Any], data: Path) -> None:
    if result["data"] is None:
        print(f"{data} is not there: only our own utterances are scored.\n")
    print(f"{'set':<16}{'n':>5}  {'':<10}{'actions':>9}{'titles':>9}{'due dates':>11}")
    for score in result["scores"]:
        for who in ("rules", "key_words"):
            row = score[who]
            print(
                f"{score['set']:<16}{score['size']:>5}  {who.replace('_', ' '):<10}"
                f"{row['actions']:>9.1%}{row['titles']:>9.1%}{row['dues']:>11.1%}"
            )
        ratio = score["ratio"]
        print(f"{'':<23}{'ratio':<10}{ratio['actions']:>8.2f}x{ratio['titles']:>8.2f}x{ratio['dues']:>10.2f}x")
        print(f"{'':<23}" + "  ".join(f"{name} {share:.0%}" for name, share in score["per_class"].items()))
        print(f"{'':<23}taken for another: {score['confusion'] or 'none'}")
    print("\none decision, ms     median      p95     most")
    for size, row in result["decision_ms"].items():
        print(f"{size + ' tools':<17}{row['median']:>10.2f}{row['p95']:>9.2f}{row['most']:>9.2f}")
    print(f"\nanswers: {result['answer_words_median']:.0f} words in the median")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, default=DATA, help="labelled utterances, JSON Lines (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    result = measure(options.data)
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        show(result, options.data)


if __name__ == "__main__":
    main()
