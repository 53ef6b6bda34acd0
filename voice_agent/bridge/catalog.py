"""Turns what servers list into tools with stable names and identities (pure)."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from rapidfuzz import process

from voice_agent.bridge.cleaning import clean, clean_json
from voice_agent.bridge.keys import Keys
from voice_agent.bridge.policy import decide
from voice_agent.bridge.schema import Unusable, adapt
from voice_agent.bridge.types import Hints, Tool
from voice_agent.config.types import HttpEntry
from voice_agent.errors import ToolUnknown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from voice_agent.bridge.types import Json
    from voice_agent.config.types import ServerEntry

    Judge: TypeAlias = Callable[[Iterable[Tool]], Mapping[str, str]]
    """Returns which tools are held back, by name, and why."""

DESCRIPTION_LIMIT = 1024
TITLE_LIMIT = 80
_NAME_LIMIT = 256
_CLOSE_MATCHES = 3
IDEMPOTENCY_KEY = "idempotency_key"
"""A parameter of this name is filled by the bridge and never shown to the model."""
_KEY_LENGTH = 36
_JUDGED = ("name", "title", "description", "inputSchema", "annotations")
HEADER = "x-mcp-header"
"""In the schema of a parameter: the header by which it travels too."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one listing changed."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    trouble: str | None = None
    """Why the list is not taken as it is."""


class Catalog:
    """All tools of all servers. Unchanged tools stay the same objects, over re-lists and reconnections."""

    def __init__(self, servers: Collection[str]) -> None:
        """`servers`: all configured names, for a tool's key must not depend on who happens to be up."""
        self._servers, self._naming = tuple(servers), Keys(servers)
        self._tools: dict[str, dict[str, Tool]] = {}
        self._keys: dict[str, Tool] = {}

    @property
    def tools(self) -> tuple[Tool, ...]:
        """Everything known, by server in the order of configuration, each in its server's own order."""
        return tuple(tool for server in self._servers for tool in self._tools.get(server, {}).values())

    def of(self, server: str) -> tuple[Tool, ...]:
        """Return the tools of one server, in its order."""
        return tuple(self._tools.get(server, {}).values())

    def get(self, key: str) -> Tool | None:
        """Return the tool that the model knows as `key`."""
        return self._keys.get(key)

    def find(self, server: str, name: str) -> Tool | None:
        """Return a tool by the names that its server and its user use."""
        return self._tools.get(server, {}).get(name)

    def named(self, name: str) -> Tool | None:
        """Return the tool called `SERVER.TOOL`, the server being the longest name that matches, or by its key."""
        for server in sorted(self._servers, key=len, reverse=True):
            if name.startswith(f"{server}.") and (tool := self.find(server, name[len(server) + 1 :])):
                return tool
        return self.get(name)

    def resolve(self, name: str, away: Mapping[str, str | None]) -> Tool:
        """Return the tool called `name`, as `named` does; `away`: servers that are not there, and why.

        Raises:
            ToolUnknown: There is none; the message offers what is nearest.
        """
        if (tool := self.named(name)) is not None:
            return tool
        for server, reason in away.items():
            if name.startswith(f"{server}."):
                raise ToolUnknown(f"There is no tool “{name}”: {server} {reason or 'is still starting'}.")
        near = self.near(name)
        hint = f" Did you mean {' or '.join(near)}?" if near else " Write it as SERVER.TOOL."
        raise ToolUnknown(f"There is no tool “{clean(name, one_line=True)}”.{hint}")

    def near(self, name: str) -> list[str]:
        """Return the names, `SERVER.TOOL`, that are most like one that is unknown."""
        names = [f"{tool.server}.{tool.shown}" for tool in self.tools]
        return [found for found, _, _ in process.extract(name, names, limit=_CLOSE_MATCHES, score_cutoff=50)]

    def update(self, entry: ServerEntry, listed: Sequence[Json], judge: Judge | None = None) -> Change:
        """Take the whole list of one server and return what it changed; `judge` says what is held back.

        With thousands of tools this takes seconds. It may run in a thread, one at a time.
        """
        before = self._tools.get(entry.name, {})
        after: dict[str, Tool] = {}
        crowded, twice = _crowded(listed), dict[str, None]()
        named = [raw for raw in listed if isinstance(raw.get("name"), str) and len(raw["name"]) <= _NAME_LIMIT]
        for raw in named:
            name = cast("str", raw["name"])
            if name in after:
                # A server that lists a name twice means the first; where pages overlap, both are the same.
                twice |= {} if after[name].pin == pin_of(raw) else {name: None}
                continue
            known = before.get(name)
            is_crowded = name.casefold() in crowded
            key = known.key if known is not None else self._naming.key(entry.name, name, crowded=is_crowded)
            is_same = known is not None and known.pin == pin_of(raw) and known.output_schema == _output_of(raw)
            after[name] = known if known is not None and is_same else make_tool(entry, raw, key)
        trouble = _left_out(len(listed) - len(named), list(twice))
        return replace(self._take(entry.name, after, judge), trouble=trouble)

    def set_servers(self, servers: Collection[str]) -> None:
        """Take other configured names; tools that are known keep their keys."""
        self._servers = self._naming.servers = tuple(servers)
        self._keys = {tool.key: tool for tool in self.tools}

    def remove(self, server: str) -> None:
        """Forget the tools of one server, but not their keys."""
        self._tools.pop(server, None)

    def decide_again(self, entry: ServerEntry) -> None:
        """Apply the policy of an entry whose options have changed."""
        before = self._tools.get(entry.name, {})
        after: dict[str, Tool] = {}
        for name, tool in before.items():
            decision = decide(name, tool.hints, entry.voice)
            may_stand = entry.voice.standing_yes
            is_same = decision is tool.decision and may_stand is tool.may_stand
            after[name] = tool if is_same else replace(tool, decision=decision, may_stand=may_stand)
        self._tools[entry.name] = after
        self._keys = {tool.key: tool for tool in self.tools}

    def judge_again(self, server: str, judge: Judge) -> Change:
        """Have the known tools of one server judged anew, and return what that changed."""
        return self._take(server, self._tools.get(server, {}), judge)

    def _take(self, server: str, made: dict[str, Tool], judge: Judge | None) -> Change:
        before = self._tools.get(server, {})
        held: Mapping[str, str] = judge(made.values()) if judge is not None else {}
        after: dict[str, Tool] = {}
        for name, tool in made.items():
            now = tool if tool.held == held.get(name) else replace(tool, held=held.get(name))
            known = before.get(name)
            after[name] = known if known is not None and _same(known, now) else now
        self._tools[server] = after
        self._keys = {tool.key: tool for tool in self.tools}
        old, new = {tool.key: tool for tool in before.values()}, {tool.key: tool for tool in after.values()}
        added = tuple(key for key, tool in new.items() if old.get(key) is not tool)
        removed = tuple(key for key, tool in old.items() if new.get(key) is not tool)
        return Change(added, removed)


def make_tool(entry: ServerEntry, raw: Json, key: str) -> Tool:
    """Return the tool that `raw`, one element of a server's list, describes; one that no provider takes is broken."""
    name = cast("str", raw["name"])
    original = raw.get("inputSchema")
    hints = hints_of(raw)
    broken: str | None = None
    adapted: Json = {"type": "object", "properties": {}}
    try:
        adapted = _hide_idempotency_key(adapt(original), original)
    except Unusable as error:
        broken = str(error)
    except RecursionError:
        broken = "its parameters are nested too deep"
    except Exception:  # noqa: BLE001 - one bad tool must not cost the others
        broken = "its parameters cannot be read"
    if not name.strip():
        broken = "it has no name"
    if broken is None and isinstance(entry, HttpEntry) and _has_wrong_header(original):
        broken = "it asks for a parameter as an HTTP header in a way that is not allowed"
    annotations = _object(raw.get("annotations"))
    title = raw.get("title") or annotations.get("title")
    description = raw.get("description")
    return Tool(
        server=entry.name,
        name=name,
        key=key,
        title=clean(title, TITLE_LIMIT, one_line=True) if isinstance(title, str) else title_of(name),
        description=clean(description, DESCRIPTION_LIMIT) if isinstance(description, str) else "",
        input_schema=adapted,
        original_schema=_object(original),
        output_schema=_output_of(raw),
        hints=hints,
        decision=decide(name, hints, entry.voice),
        pin=pin_of(raw),
        broken=broken,
        may_stand=entry.voice.standing_yes,
    )


def _output_of(raw: Json) -> Json | None:
    """Return what a tool says that it answers with: no model of ours reads it, those of text clients may."""
    output = raw.get("outputSchema")
    return cast("Json", clean_json(output)) if isinstance(output, dict) else None


def _has_wrong_header(schema: Any) -> bool:
    """Tell whether a parameter is to travel as a header that may not be sent (MCP 2026-07-28, basic/transports)."""
    if HEADER not in json.dumps(schema, default=str):
        return False
    # The library is there wherever tools come by HTTP; importing it takes a second elsewhere.
    from mcp.shared.inbound import find_invalid_x_mcp_header

    return find_invalid_x_mcp_header(schema) is not None


def hints_of(raw: Json) -> Hints:
    """Return the annotations of a listed tool; what is no truth value is as good as silent."""
    annotations = _object(raw.get("annotations"))

    def hint(word: str) -> bool | None:
        value = annotations.get(word)
        return value if isinstance(value, bool) else None

    return Hints(hint("readOnlyHint"), hint("destructiveHint"), hint("idempotentHint"), hint("openWorldHint"))


def pin_of(raw: Json) -> str:
    """Return the SHA-256 of what a model, the policy and the user judge a tool by, as sent."""
    judged = {word: _ordered(raw.get(word)) for word in _JUDGED}
    text = json.dumps(judged, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _ordered(value: Any) -> Any:
    """Return a schema with those lists in order whose order means nothing: servers often keep them as sets."""
    if isinstance(value, list):
        return [_ordered(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    found = {key: _ordered(item) for key, item in cast("Json", value).items()}
    for word in ("required", "enum", "type"):
        if isinstance(found.get(word), list):
            found[word] = sorted(found[word], key=repr)
    return found


def say_of(entry: ServerEntry) -> str:
    """Return the spoken name of a server."""
    return entry.voice.say or title_of(entry.name)


def title_of(name: str) -> str:
    """Return a tool's name as people would write it: `listTasks` and `list_tasks` are “list tasks”."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_\-./]+", " ", clean(name, TITLE_LIMIT, one_line=True))
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in spaced.split())


def has_idempotency_key(tool: Tool) -> bool:
    """Tell whether the tool takes a key by which its server recognises a call that is sent again."""
    return _takes_key(tool.original_schema)


def _takes_key(original: Any) -> bool:
    """Tell whether the bridge can fill the key in: a text without a form of its own."""
    node = _object(_object(_object(original).get("properties")).get(IDEMPOTENCY_KEY))
    if not node:
        return IDEMPOTENCY_KEY in _object(_object(original).get("properties"))
    branches = [branch for word in ("anyOf", "oneOf") for branch in node.get(word) or ()] or [node]
    return any(_is_text(_object(branch)) for branch in branches)


def _is_text(node: Json) -> bool:
    kind = node.get("type", "string")
    longest = node.get("maxLength", _KEY_LENGTH)
    if (kind != "string" and not (isinstance(kind, list) and "string" in kind)) or "pattern" in node or "enum" in node:
        return False
    return isinstance(longest, int) and longest >= _KEY_LENGTH and node.get("format", "uuid") == "uuid"


def _hide_idempotency_key(adapted: Json, original: Any) -> Json:
    if not _takes_key(original):
        return adapted
    shown = {name: node for name, node in adapted["properties"].items() if name != IDEMPOTENCY_KEY}
    required = [name for name in adapted.get("required", []) if name != IDEMPOTENCY_KEY]
    rest = {word: value for word, value in adapted.items() if word not in ("properties", "required")}
    return {**rest, "properties": shown, **({"required": required} if required else {})}


def _crowded(listed: Iterable[Json]) -> set[str]:
    """Return the names, case folded, that several tools of one list share."""
    names = {name for raw in listed if isinstance(name := raw.get("name"), str)}
    counted = Counter(name.casefold() for name in names)
    return {name for name, count in counted.items() if count > 1}


def _left_out(unnamed: int, twice: Sequence[str]) -> str | None:
    """Say what of a list is not used."""
    told = [f"lists {unnamed} {'tool' if unnamed == 1 else 'tools'} without a proper name"] if unnamed else []
    if twice:
        more = f" and {len(twice) - 1} more" if len(twice) > 1 else ""
        told.append(f"lists “{title_of(twice[0])}”{more} twice, of which the first counts")
    return "; ".join(told) or None


def _same(one: Tool, other: Tool) -> bool:
    return all(getattr(one, field.name) == getattr(other, field.name) for field in fields(Tool))


def _object(value: Any) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}
