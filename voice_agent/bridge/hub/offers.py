"""Under which names the hub offers what one person's servers have beside tools, and what such a name means.

A prompt is called `SERVER_PROMPT`, as tools are. An address is what it is at its server, for it may stand in results
and be known beforehand; only where several servers have it is it told apart, as `SERVER+ADDRESS`, from then on. In this
longer way every address can be asked for at any time.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voice_agent.bridge.cleaning import clean
from voice_agent.bridge.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import mcp_types

    from voice_agent.bridge.beside import Beside
    from voice_agent.bridge.hub.people import Desk
    from voice_agent.bridge.library import Library
    from voice_agent.bridge.types import Json

_TEXT = 1000
_NOT_IN_SCHEME = re.compile(r"[^a-z0-9.-]")
_EXPRESSION = re.compile(r"\{([+#./;?&]?)[^}]*\}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")


class NotOffered(LookupError):
    """There is nothing of that name, or it is not clear of which server; the message says which."""


@dataclass
class Offers:
    """The names of one person's resources and prompts, which stay what they are."""

    desk: Desk
    _keys: Keys = field(init=False)
    _prompts: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    _of_several: set[str] = field(default_factory=set[str])
    """Addresses that more than one server has had."""

    def __post_init__(self) -> None:
        """Take the configured names."""
        self._keys = Keys(())
        self.move(self.desk)

    def move(self, desk: Desk) -> None:
        """Take another desk of the same person; what has a name keeps it."""
        self.desk = desk
        names = self._keys.servers = tuple(entry.name for entry in desk.config.servers)
        self._marks = dict(zip(_marks(names), names, strict=True))

    @property
    def resources(self) -> list[Json]:
        """All resources, as `resources/list` tells them."""
        return [self._row(server, "uri", one) for server, one in self._all("resources")]

    @property
    def templates(self) -> list[Json]:
        """All templates, as `resources/templates/list` tells them."""
        return [self._row(server, "uriTemplate", one) for server, one in self._all("templates")]

    @property
    def prompts(self) -> list[Json]:
        """All prompts, as `prompts/list` tells them."""
        found: list[Json] = []
        for server, one in self._all("prompts"):
            key = self._keys.key(server, one.name)
            self._prompts[key] = (server, one.name)
            found.append({**_row(one), "name": key})
        return found

    def address(self, server: str, uri: str) -> str:
        """Return how what a server has at `uri` is called here."""
        self._note_clashes()
        return self._long(server, uri) if uri in self._of_several else uri

    def rename(self, server: str, block: Json) -> None:
        """Write into a block of content what its address is called here."""
        if block.get("type") == "resource_link" and "uri" in block:
            block["uri"] = self.address(server, block["uri"])
        elif block.get("type") == "resource" and "uri" in block.get("resource", {}):
            block["resource"]["uri"] = self.address(server, block["resource"]["uri"])

    def find(self, address: str) -> tuple[str, str]:
        """Return the server that has what is at an address, or the template that is one, and its URI there.

        Raises:
            NotOffered: None has it, or several have.
        """
        self._note_clashes()
        having = self._having(address)
        if len(having) == 1:
            return having[0], address
        if having:
            ways = " or ".join(self._long(server, address) for server in having)
            raise NotOffered(f"Several servers have {address}: ask for {ways}.")
        mark, plus, rest = address.partition("+")
        server = self._marks.get(mark.lower())
        if plus and _SCHEME.match(rest) and server is not None and server in dict(self.servers):
            return server, rest
        raise NotOffered(f"There is no resource {clean(address, _TEXT, one_line=True)}.")

    def find_prompt(self, key: str) -> tuple[str, str]:
        """Return the server that has a prompt, and its name there.

        Raises:
            NotOffered: None has it.
        """
        offered = {row["name"] for row in self.prompts}
        if key not in offered:
            raise NotOffered(f"There is no prompt “{clean(key, _TEXT, one_line=True)}”.")
        return self._prompts[key]

    def library(self, server: str) -> Library:
        """Return the library in which this person finds a server."""
        own = self.desk.own
        return own.library if own is not None and server in own.library.offerings else self.desk.shared.library

    @property
    def servers(self) -> list[tuple[str, Beside]]:
        """The servers of this person that are there, each by its name, in the order of configuration."""
        shared = self.desk.shared.library.offerings
        found = {name: one for name, one in shared.items() if name in self.desk.names}
        if self.desk.own is not None:
            found |= self.desk.own.library.offerings
        places = {name: place for place, name in enumerate(self._keys.servers)}
        return sorted(found.items(), key=lambda one: places.get(one[0], len(places)))

    def _all(self, what: str) -> Iterator[tuple[str, Any]]:
        self._note_clashes()
        return ((name, one) for name, beside in self.servers for one in getattr(beside, what))

    def _row(self, server: str, word: str, one: mcp_types.Resource | mcp_types.ResourceTemplate) -> Json:
        row = _row(one)
        return {**row, word: self.address(server, row[word])}

    def _note_clashes(self) -> None:
        counted = Counter(uri for _, beside in self.servers for uri in set(_addresses(beside)))
        self._of_several |= {uri for uri, count in counted.items() if count > 1}

    def _having(self, address: str) -> list[str]:
        """Return the servers that list an address; else those with a template for it; else those of its kind."""
        servers = self.servers
        listed = [name for name, beside in servers if address in _addresses(beside)]
        if listed:
            return listed
        fitting = [
            name for name, beside in servers if any(_fits(one.uri_template, address) for one in beside.templates)
        ]
        if fitting:
            return fitting
        scheme = address.partition(":")[0]
        kin = [name for name, beside in servers if any(one.partition(":")[0] == scheme for one in _addresses(beside))]
        # Of one that is not listed only its server can say that it is there.
        return kin if len(kin) == 1 else []

    def _long(self, server: str, uri: str) -> str:
        mark = next(mark for mark, name in self._marks.items() if name == server)
        return f"{mark}+{uri}"


def _addresses(beside: Beside) -> list[str]:
    return [*(str(one.uri) for one in beside.resources), *(one.uri_template for one in beside.templates)]


def _fits(template: str, address: str) -> bool:
    """Tell whether an address may come from a template (RFC 6570, as far as one can tell from the outside)."""
    pattern, at = "", 0
    for found in _EXPRESSION.finditer(template):
        # Only these two let what is filled in have slashes; what asks for more is optional.
        inside = {"+": ".*", "#": ".*", "": "[^/?#]+"}.get(found[1], ".*")
        pattern += re.escape(template[at : found.start()]) + inside
        at = found.end()
    return re.fullmatch(pattern + re.escape(template[at:]), address) is not None


def _row(one: mcp_types.Resource | mcp_types.ResourceTemplate | mcp_types.Prompt) -> Json:
    row = one.model_dump(by_alias=True, mode="json", exclude_none=True, exclude={"meta", "icons"})
    texts = {word: clean(row[word], _TEXT) for word in ("title", "description") if word in row}
    return {**row, **texts}


def _marks(names: Sequence[str]) -> list[str]:
    """Return what stands for each server before an address: letters that a URI's scheme may have, each its own."""
    plain = [_NOT_IN_SCHEME.sub("-", name.lower()) for name in names]
    plain = [mark if mark[:1].isalpha() else f"s{mark}" for mark in plain]
    counted = Counter(plain)
    return [
        mark if counted[mark] == 1 else f"{mark}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
        for mark, name in zip(plain, names, strict=True)
    ]
