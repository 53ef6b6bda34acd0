"""Which parameters want an identifier that nobody says aloud, and which tools of the same server tell it (pure).

Nearly half of all tools want one. A model that has none makes one up now and then, whatever it has been told; so a call
that writes is looked at before it is made: an identifier that nobody has mentioned is looked up first.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from voice_agent.bridge.find.text import spaced, squeezed, stem
from voice_agent.bridge.policy import DANGERS, READS, WRITES, is_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from voice_agent.bridge.types import Json, Tool

_IDS = frozenset(
    {"id", "ids", "uuid", "uuids", "uid", "uids", "guid", "gid", "gids", "iid", "identifier", "sha", "slug"}
)
"""Last words of names of parameters that want an identifier, whatever it is of."""
_KEYS = frozenset({"key", "keys"})
_OTHER_KEYS = (
    "access api auth cache encryption hot idempotency license order partition press primary private public range"
    " routing secret service shared sort ssh"
)
_NO_KEYS = frozenset(_OTHER_KEYS.split())
"""Before “key”: another kind of key than one that names a thing."""
_OF_OTHERS = frozenset({"client", "correlation", "idempotency", "nonce", "request", "session", "trace"})
"""Before “id”: what programs make up for themselves, or keep to themselves."""
_TOLD = re.compile(r"\b(?:I[Dd]s?|UUIDs?|GUIDs?|[Ii]dentifiers?)\b|\b[a-z]+ keys\b")
_TOLD_WITHIN = 45
"""Characters of a description in which it says what the parameter is."""
_NOT_IDS = frozenset(
    {"account", "description", "fields", "filter", "format", "name", "query", "select", "sort", "text", "url"}
)
_PLAIN = frozenset({"string", "integer", "number"})
_LISTING = frozenset({"list", "ls", "all", "browse", "index", "overview"})
_SEARCHING = frozenset({"search", "find", "lookup", "query"})
_GETTING = frozenset({"get", "fetch", "read", "retrieve", "show"})
_FILLER = frozenset(
    {"a", "an", "the", "to", "of", "for", "from", "in", "by", "my", "api", "new", "parent", "source", "target", "tool"}
)
"""Words of names that name no thing."""
_BEYOND = frozenset({"by", "for", "from", "in", "of", "to", "with"})
"""Words of names after which comes what something is listed by."""
_SEVERAL = 3
"""Tools whose names begin alike before that beginning says nothing of each."""
_FAMILY = 0.3
"""What it counts that a tool is of the same product of the server."""
_MAKING = frozenset({"add", "create", "insert", "make", "new", "put", "register", "save", "set", "upsert"})
_OTHERS = frozenset({"from", "parent", "reference", "source", "target", "to"})
"""Words of names of objects that tell of another thing."""
_SHORT = 3
"""Letters and digits below which an identifier must be words of its own, for it is in many by chance."""
_LONG = 6
"""Letters and digits from which even an identifier that may be the caller's own is one that a server has made."""
_WHOLE = frozenset({"chart", "draw", "generate", "plan", "plot", "render", "replace", "think", "write"})
"""Words of tools that take a whole, whose parts the caller may number."""
_DEEPEST = 8
"""Objects and lists inside each other in which identifiers are looked for."""
_TEN = 10
_LETTERS = re.compile(r"[^\W_]+")
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {word: number for number, word in enumerate(_NUMBERS.split())} | {
    word: _TEN * number for number, word in enumerate(_TENS.split(), 2)
}
_POINTING = frozenset(
    {"a", "an", "another", "any", "each", "every", "no", "other", "some", "that", "the", "this", "which"}
)
_ONE_OF = frozenset({"about", "after", "for", "from", "in", "more", "of", "on", "that", "thing", "which", "with"})
_REACH = 3
"""Words before and after “one” that tell whether it stands for a thing; how far before."""
_NAMED, _SEARCHES, _ANYTHING = 10.0, 0.9, 0.1
"""What it counts that a parameter's description names a tool, that a tool searches, and that it searches anything."""


def is_id(name: str, schema: Json) -> bool:
    """Tell whether a parameter wants an identifier that a server has made: by its name, else by its description."""
    if "enum" in schema or not _kinds(schema) <= _PLAIN | {"array", "null"}:
        return False
    words = _words(name)
    last, before = words[-1:], frozenset(words[:-1])
    if _IDS.intersection(last):
        return not before & _OF_OTHERS
    if _KEYS.intersection(last):
        return bool(before) and not before & _NO_KEYS
    if _NOT_IDS.intersection(last):
        return False
    told = schema.get("description")
    return isinstance(told, str) and _TOLD.search(told[:_TOLD_WITHIN]) is not None


def ids_of(tool: Tool) -> tuple[str, ...]:
    """Return the names of the parameters of `tool` that want an identifier."""
    return tuple(name for name, schema in _properties(tool.original_schema) if is_id(name, schema))


def lookups(tool: Tool, parameter: str, tools: Iterable[Tool]) -> tuple[Tool, ...]:
    """Return those of `tools`, of the same server, that tell what may be put for a parameter; the likeliest first.

    `parameter`: its name; of one inside another, the names on the way to it with dots between.
    """
    told = str(_at(tool.original_schema, parameter).get("description") or "")
    parameter = parameter.rpartition(".")[2]
    others = [other for other in tools if other.server == tool.server]
    common = _prefixes(others) | frozenset(_words(tool.server))
    wanted = (
        _named(_words(parameter), common) or _things(_words(tool.name)[1:], common) or _things(_words(told), common)
    )
    family = frozenset(_words(tool.name)[:1]) & common
    found: list[tuple[float, Tool]] = []
    for other in others:
        if other is tool:
            continue
        score = _fitness(other, parameter, wanted, told, common)
        if score > 0:
            found.append((score + _FAMILY * bool(family & set(_words(other.name))), other))
    found.sort(key=lambda pair: (-pair[0], len(pair[1].name)))
    return tuple(other for _, other in found)


def unmentioned(tool: Tool, arguments: Json, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the parameters of `tool` for which `arguments` hold an identifier that occurs in none of `texts`.

    One inside another is named with the names on the way to it, with dots between.
    """
    given = [
        (path, schema, value)
        for path, schema, value in _given(tool.original_schema, tool.original_schema, arguments)
        if is_id(path.rpartition(".")[2], schema) and not _is_new(tool, path)
    ]
    heard = [_Heard(text) for text in texts] if given else []
    found: dict[str, None] = {}
    for path, schema, value in given:
        alike = [squeezed(str(other)) for at, _, other in given if at == path]
        shortest = _LONG if _may_be_own(tool, path, alike) else 1
        unheard = (
            one
            for one in map(squeezed, _values(value))
            if len(one) >= shortest and one not in _fixed(schema) and not any(text.has(one) for text in heard)
        )
        if any(unheard):
            found.setdefault(path)
    return tuple(found)


def _may_be_own(tool: Tool, path: str, values: Sequence[str]) -> bool:
    """Tell whether a bare “id” inside a list may be one with which the caller numbers the things of the list.

    It may in what is written as a whole, and where there are several, numbered from the first on. Of 1,647 tools of 69
    servers not one wants such numbers.
    """
    if "." not in path or not _IDS.issuperset(_words(path.rpartition(".")[2])):
        return False
    words = frozenset(_words(tool.name))
    is_numbered = len(values) > 1 and any(
        list(values) == [str(place) for place in range(first, first + len(values))] for first in (0, 1)
    )
    return bool(words & _WHOLE) or (is_numbered and not words & DANGERS)


class _Heard:
    """A text in which identifiers are looked for, however they were said: “n seventeen” is N-17."""

    def __init__(self, text: str) -> None:
        plain = _LETTERS.findall(text.casefold())
        both = (plain, _figures(plain))
        self._whole = " ".join("".join(words) for words in both)
        self._short = {
            short
            for words in both
            for start in range(len(words))
            for end in range(start + 1, start + _SHORT)
            if len(short := "".join(words[start:end])) < _SHORT
        }

    def has(self, value: str) -> bool:
        """Tell whether the text holds the letters and digits of an identifier."""
        return value in (self._short if len(value) < _SHORT else self._whole)


def _figures(words: Sequence[str]) -> list[str]:
    """Return `words` with numbers in figures: “forty”, “two” is 42; “the oat milk one” is no number."""
    found: list[str] = []
    tens = 0
    for place, word in enumerate(words):
        before, after = words[max(0, place - _REACH) : place], words[place + 1 : place + 2]
        is_thing = word == "one" and (_POINTING.intersection(before) or _ONE_OF.intersection(after))
        unit = None if is_thing else _UNITS.get(word)
        if tens and unit is not None and 0 < unit < _TEN:
            found[-1] = str(tens + unit)
        else:
            found.append(str(unit) if unit is not None else word)
        tens = unit if unit is not None and unit >= 2 * _TEN else 0
    return found


def _is_new(tool: Tool, parameter: str) -> bool:
    """Tell whether a parameter names the very thing that the call makes: then whoever calls may choose."""
    *around, parameter = parameter.split(".")
    words = _words(tool.name)
    if around and _IDS.issuperset(_words(parameter)) and _OTHERS.intersection(_words(around[-1])):
        return False
    if not _MAKING.intersection(words):
        return False
    main = _things([*itertools.takewhile(lambda word: word not in _BEYOND, words)], frozenset())
    things = _things(_words(parameter), frozenset())
    return not things or main[-1:] == things[-1:]


def _fitness(other: Tool, parameter: str, wanted: Sequence[str], told: str, common: frozenset[str]) -> float:
    """Return how likely `other` tells what may be put for a parameter; 0: not at all."""
    if re.search(rf"(?<![\w-]){re.escape(other.name)}(?![\w-])", told):
        return _NAMED
    if not is_read(other.name, other.hints, trusted=False):
        return 0.0
    needed = {name for name in other.original_schema.get("required", ()) if isinstance(name, str)}
    words = _words(other.name)
    listing = _listing([word for word in words if word not in common] or words)
    if not listing or not wanted or parameter in needed:
        # One that wants the very identifier does not tell it.
        return 0.0
    main = list(itertools.takewhile(lambda word: word not in _BEYOND, words))
    things = _things(main, common) or _things(words, common)
    if wanted[-1] not in things:
        return _ANYTHING if listing == _SEARCHES else 0.0
    shared = sum(word in things for word in wanted) / len(wanted)
    beside = sum(word not in wanted for word in things) / len(things)
    ids = sum(is_id(name, schema) for name, schema in _properties(other.original_schema) if name in needed)
    is_about = things[-1] == wanted[-1]
    return max(0.05, listing + is_about + shared - 0.8 * beside - 0.3 * ids - 0.05 * len(needed))


def _prefixes(tools: Sequence[Tool]) -> frozenset[str]:
    """Return the words, no verbs, with which the names of several tools begin: those of a product."""
    first = Counter(words[0] for tool in tools if len(words := _words(tool.name)) > 1)
    return frozenset(word for word, number in first.items() if number >= _SEVERAL and word not in READS | WRITES)


def _listing(words: Sequence[str]) -> float:
    """Return whether a name says that a tool shows several things: 1 of a list, a little less of a search, else 0."""
    edges = {words[0], words[-1]}
    if edges & _LISTING or (
        words[0] in _GETTING and any(word.endswith("s") and word[-2:] != "ss" for word in words[1:])
    ):
        return 1.0
    return _SEARCHES if edges & _SEARCHING else 0.0


def _things(words: Sequence[str], common: frozenset[str]) -> tuple[str, ...]:
    """Return the stems of the words in the name of a tool that name a thing, in order."""
    return _named([word for word in words if word not in _LISTING | _SEARCHING | _GETTING], common)


def _named(words: Sequence[str], common: frozenset[str]) -> tuple[str, ...]:
    """Return the stems of the words that name a thing; those that all names have only where there are no others."""
    named = [word for word in words if word not in _FILLER | _IDS | _KEYS]
    own = [word for word in named if word not in common]
    return tuple(dict.fromkeys(stem(word) for word in own or named))


def _words(name: str) -> list[str]:
    return spaced(name.replace("IDs", "Ids")).lower().split()


def _kinds(schema: Json) -> frozenset[str]:
    """Return the types of the values that a schema takes; of what is a list of them, also those of its items."""
    kinds: set[str] = set()
    for one in (schema, *(schema.get("anyOf") or ()), *(schema.get("oneOf") or ())):
        if not isinstance(one, dict):
            continue
        typed = cast("Json", one)
        kind: Any = typed.get("type")
        kinds |= {kind} if isinstance(kind, str) else set(cast("list[str]", kind)) if isinstance(kind, list) else set()
        items: Any = typed.get("items")
        if isinstance(items, dict) and isinstance(inner := cast("Json", items).get("type"), str):
            kinds.add(inner)
    return frozenset(kinds)


def _properties(schema: Json) -> Iterator[tuple[str, Json]]:
    found: Any = schema.get("properties")
    if isinstance(found, dict):
        for name, node in cast("Json", found).items():
            yield name, cast("Json", node) if isinstance(node, dict) else {}


def _given(schema: Json, root: Json, value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Json, Any]]:
    """Yield every parameter that a value of `schema` gives, also those inside others; `root`: where `$ref` leads."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for one in cast("list[Any]", value):
            yield from _given(schema, root, one, path, depth + 1)
        return
    if not isinstance(value, dict):
        return
    for name, inner in cast("Json", value).items():
        for node in _named_in(schema, root, name):
            yield f"{path}{name}", node, inner
            yield from _given(node, root, inner, f"{path}{name}.", depth + 1)


def _at(schema: Json, path: str) -> Json:
    """Return the schema of the parameter of this path; empty where there is none."""
    nodes = [schema]
    for name in path.split("."):
        nodes = [found for node in nodes for found in _named_in(node, schema, name)]
    return nodes[0] if nodes else {}


def _named_in(schema: Json, root: Json, name: str, depth: int = 0) -> Iterator[Json]:
    """Yield what `schema`, or what its list holds, or any of its variants, says of the property `name`."""
    if depth > _DEEPEST:
        return
    for found, node in _properties(schema):
        if found == name:
            yield node
    inner: list[Any] = [*(schema.get("anyOf") or ()), *(schema.get("oneOf") or ()), *(schema.get("allOf") or ())]
    inner += [schema.get("items"), _referred(schema.get("$ref"), root)]
    for one in inner:
        if isinstance(one, dict):
            yield from _named_in(cast("Json", one), root, name, depth + 1)


def _referred(reference: Any, root: Json) -> Any:
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    node: Any = root
    for name in reference.removeprefix("#/").split("/"):
        if isinstance(node, list):
            node = dict(enumerate(cast("list[Any]", node))).get(int(name)) if name.isdecimal() else None
        else:
            node = cast("Json", node).get(name) if isinstance(node, dict) else None
    return node


def _fixed(schema: Json) -> frozenset[str]:
    """Return what the schema itself names: a default, examples, words in quotes without a digit, single numbers."""
    described = str(schema.get("description") or "")
    named = [schema.get("default"), *(schema.get("examples") or ())]
    named += re.findall(r"['\"“`]([A-Za-z_-]+)['\"”`]", described) + re.findall(r"(?<![\w-])\d\b(?![\w-])", described)
    return frozenset(squeezed(str(one)) for one in named if one is not None)


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from (part for part in value.split(",") if part.strip())
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, list):
        for one in cast("list[Any]", value):
            yield from _values(one)
