"""Identifiers that nobody says: which parameters of 1,647 real tools want one, and which tool of the server tells it.

`data/id_parameters.jsonl` holds parameters, drawn by chance and labelled by hand before the rule was run on them:
whether each wants an identifier, and the tools of its server that would tell it. The set `looked_at` (100 whose name or
description has any sign of an identifier, 50 others) was then worked on: before that the rule had a recall of 0.96, and
in 0.79 the first tool was right. `held_out` (40 required ones that look like it, a server drawn first) was drawn and
labelled after that work, and has been looked at by nobody. Baseline: names that end in “id”, and the first tool of the
server that is called a list or a search.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.tool_search import DATA, interval, name_of
from voice_agent.bridge.find.catalog_file import read_catalog
from voice_agent.bridge.ids import ids_of, is_id, lookups, unmentioned
from voice_agent.bridge.policy import is_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from voice_agent.bridge.types import Json, Tool

LABELS = Path(__file__).parent / "data" / "id_parameters.jsonl"
_ID = re.compile(r"(?:id|ids)$", re.IGNORECASE)
_DEEPEST = 4
_LIST = re.compile(r"list|search", re.IGNORECASE)


def plain_ids(tool: Tool) -> tuple[str, ...]:
    """The baseline: names that end in “id”."""
    return tuple(name for name in tool.original_schema.get("properties", {}) if _ID.search(name))


def plain_lookups(tool: Tool, parameter: str, tools: Sequence[Tool]) -> tuple[Tool, ...]:
    """The baseline: whatever lists or searches."""
    del parameter
    return tuple(one for one in tools if one.server == tool.server and one is not tool and _LIST.search(one.name))


def judge(
    rows: Sequence[Json],
    tools: Sequence[Tool],
    ids: Callable[[Tool], tuple[str, ...]],
    finds: Callable[[Tool, str, Sequence[Tool]], tuple[Tool, ...]],
) -> dict[str, Any]:
    """Return how a rule does on the labelled parameters."""
    known = {name_of(tool): tool for tool in tools}
    told = [(row, row["parameter"] in ids(known[row["tool"]])) for row in rows]
    right = sum(said and row["is_id"] for row, said in told)
    first = three = none = 0
    wanted = [row for row in rows if row["is_id"] and row["lookups"]]
    without = [row for row in rows if row["is_id"] and not row["lookups"]]
    missed: list[str] = [
        f"{row['tool']} {row['parameter']}: {'not ' * (not said)}an id" for row, said in told if said != row["is_id"]
    ]
    for row in wanted:
        names = [one.name for one in finds(known[row["tool"]], row["parameter"], tools)][:3]
        first += names[:1] != [] and names[0] in row["lookups"]
        three += bool(set(names) & set(row["lookups"]))
        if not set(names[:1]) & set(row["lookups"]):
            missed.append(f"{row['tool']} {row['parameter']}: {names}, not {row['lookups']}")
    for row in without:
        none += not finds(known[row["tool"]], row["parameter"], tools)
    return {
        "precision": interval(right, sum(said for _, said in told)),
        "recall": interval(right, sum(row["is_id"] for row in rows)),
        "lookup_first": interval(first, len(wanted)),
        "lookup_among_three": interval(three, len(wanted)),
        "none_where_none": f"{none} of {len(without)}",
        "missed": missed,
    }


def run(tools: Sequence[Tool]) -> dict[str, Any]:
    rows = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]
    found = [(tool, name) for tool in tools for name in ids_of(tool)]
    required = [(tool, name) for tool, name in found if name in tool.original_schema.get("required", ())]
    with_lookup = [pair for pair in required if lookups(*pair, tools)]
    writes = {name_of(tool) for tool, _ in required if not is_read(tool.name, tool.hints, trusted=False)}
    return {
        "tools": len(tools),
        "id_parameters": len(found),
        "required": len(required),
        "tools_that_want_one": len({name_of(tool) for tool, _ in required}),
        "of_them_writing": len(writes),
        "required_with_a_lookup": len(with_lookup),
        "given_at_any_depth": given_at_any_depth(tools),
        "sets": {
            kind: {
                "baseline": judge(some, tools, plain_ids, plain_lookups),
                "rule": judge(some, tools, ids_of, lookups),
            }
            for kind in ("looked_at", "held_out")
            if (some := [row for row in rows if row["set"] == kind])
        },
    }


MADE_UP = "Zq84731905"
"""An identifier that nobody has mentioned."""


def given_at_any_depth(tools: Sequence[Tool]) -> dict[str, int]:
    """Have each writing tool called with an identifier that is made up, and with one that was mentioned, at each place.

    Returns how many places there are, inside others and not, at how many it is noticed, and how often one that was
    mentioned is taken for made up. What names the very thing that a call makes may be made up.
    """
    found = {"places": 0, "noticed": 0, "inside": 0, "noticed_inside": 0, "wrongly": 0}
    for tool in tools:
        if is_read(tool.name, tool.hints, trusted=False):
            continue
        for path, arguments in _places(tool.original_schema, tool.original_schema):
            kind = "inside" if "." in path else "places"
            found[kind] += 1
            found["noticed_inside" if kind == "inside" else "noticed"] += unmentioned(tool, arguments, []) == (path,)
            found["wrongly"] += bool(unmentioned(tool, arguments, [f"It is {MADE_UP}."]))
    return found


def _places(schema: Json, root: Json, depth: int = 0) -> Iterator[tuple[str, Json]]:
    """Yield the path of every parameter that wants an identifier, with arguments that give one there."""
    if depth > _DEEPEST:
        return
    for name, node in cast("Json", schema.get("properties") or {}).items():
        if not isinstance(node, dict):
            continue
        given = cast("Json", node)
        if is_id(name, given):
            yield name, {name: [MADE_UP] if given.get("type") == "array" else MADE_UP}
        for is_list, inner in _inner(given, root):
            for path, value in _places(inner, root, depth + 1):
                yield f"{name}.{path}", {name: [value] if is_list else value}


def _inner(node: Json, root: Json) -> Iterator[tuple[bool, Json]]:
    """Yield the objects that a schema takes, and whether in a list."""
    for variant in (node, *(node.get("anyOf") or ()), *(node.get("oneOf") or ())):
        whole = _whole(variant, root)
        yield False, whole
        if isinstance(whole.get("items"), dict):
            yield True, _whole(whole["items"], root)


def _whole(node: Json, root: Json) -> Json:
    """Return what `$ref` leads to, within the schema; else the schema itself."""
    if not isinstance(reference := node.get("$ref"), str):
        return node
    found: Any = root
    for name in reference.removeprefix("#/").split("/"):
        found = cast("list[Any]", found)[int(name)] if isinstance(found, list) else cast("Json", found).get(name, {})
    return cast("Json", found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--missed", action="store_true", help="name the labelled parameters that the rule gets wrong")
    parser.add_argument("--data", type=Path, default=DATA, help=f"the tools (default: {DATA})")
    args = parser.parse_args()
    if not args.data.is_file():
        sys.stderr.write(f"The tools are not there: {args.data}. Name the file with --data.\n")
        return 0
    found = run(read_catalog(args.data))
    if args.json:
        print(json.dumps(found, indent=2))
        return 0
    print("{tools} tools have {id_parameters} parameters that want an identifier, {required} required".format(**found))
    print("in {tools_that_want_one} tools, of which {of_them_writing} write.".format(**found))
    print("For {required_with_a_lookup} the same server has a tool that tells it.".format(**found))
    told = "Made up by a model, {noticed} of {places} are noticed, and {noticed_inside} of {inside} inside others;"
    print(f"{told} mentioned and not known: {{wrongly}}.".format(**found["given_at_any_depth"]))
    for kind, found_by in found["sets"].items():
        print(f"\n{kind:10}{'precision':22}{'recall':22}{'lookup: first right':22}{'among three':22}none where none")
        for label, row in found_by.items():
            rates = "".join(f"{row[key]:22}" for key in ("precision", "recall", "lookup_first", "lookup_among_three"))
            print(f"{label:10}{rates}{row['none_where_none']}")
    if args.missed:
        print("\n".join(["", *found["sets"]["looked_at"]["rule"]["missed"]]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
