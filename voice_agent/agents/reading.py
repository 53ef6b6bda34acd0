"""What servers have beside tools, as two tools that any model can call: read a resource, use a prompt.

They are offered only while servers have any. What is meant is found by its title; where several could be meant, or an
argument is missing, the user is asked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote as percent

from voice_agent.agents.answers import plain
from voice_agent.agents.ask_choices import pick
from voice_agent.bridge.forms import Choice, form
from voice_agent.bridge.types import Decision, Hints, Prompt, Resource, Result, Status, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voice_agent.bridge.bridge import Bridge
    from voice_agent.bridge.forms import Asker
    from voice_agent.bridge.types import Contents, Json

READ, USE = "read_resource", "use_prompt"
_NAMED = 12
"""Titles that a model is told."""
_MOST_TITLE = 48
_NEAREST = 5
"""What a user is asked to choose from."""
_READ_SAYS = "Read what a server holds, where no tool of it does."
_USE_SAYS = "Do what the user asks for by the title of a prompt; returns what to do."
_FOR_MACHINES = re.compile(r"\s*Provide (?:a value|as a JSON string) matching the following (?:JSON )?schema:[^$]*")
"""What FastMCP adds to the descriptions of arguments."""
_NOT_FOUND = "There is nothing called “{name}”. There is: {titles}."


class Reading:
    """The two tools over one bridge, and what they do."""

    def __init__(self, bridge: Bridge) -> None:
        """Take the bridge whose servers' contents are offered."""
        self._bridge = bridge
        self._known: tuple[Contents, ...] = ()
        self._tools: tuple[Tool, ...] = ()

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools that there is something for; the same objects as long as that is the same."""
        if (now := self._bridge.library.contents) != self._known:
            self._known = now
            resources, prompts = self._resources, self._prompts
            made = [_read_tool(resources)] if resources else []
            made += [_use_tool(prompts)] if prompts else []
            taken = {tool.key for tool in self._bridge.tools}
            self._tools = tuple(tool for tool in made if tool.key not in taken)
        return self._tools

    def has(self, tool: Tool) -> bool:
        """Tell whether `tool` is one of these, of now or of before."""
        return not tool.server and tool.key in {READ, USE}

    def server_of(self, tool: Tool, arguments: Json) -> str:
        """Return the name of the server that a call of `tool` would go to; empty where that is not known."""
        found = _named(self._of(tool), str(arguments.get("name") or ""))
        return found[0].server if len(found) == 1 else ""

    async def call(self, tool: Tool, arguments: Json, asker: Asker | None) -> Result:
        """Return what a call of one of the tools comes to; `asker` puts questions to the user."""
        things, name = self._of(tool), str(arguments.get("name") or "")
        found = _named(things, name)
        if not found:
            titles = ", ".join(_said(one, things) for one in things[:_NAMED])
            return Result(Status.ERROR, _NOT_FOUND.format(name=name[:80], titles=titles))
        one = found[0] if len(found) == 1 else await self._which(found, things, asker)
        if one is None:
            return Result(Status.ERROR, "Nobody said which one. Nothing was read.")
        if isinstance(one, Prompt):
            return await self._use(one, arguments, asker)
        return await self._read(one, str(arguments.get("about") or ""), asker)

    @property
    def _resources(self) -> list[Resource]:
        return [one for contents in self._known for one in contents.resources]

    @property
    def _prompts(self) -> list[Prompt]:
        return [one for contents in self._known for one in contents.prompts]

    def _of(self, tool: Tool) -> Sequence[Resource | Prompt]:
        self._known = self._bridge.library.contents
        return self._resources if tool.key == READ else self._prompts

    def _say(self, server: str) -> str:
        return next((one.say for one in self._known if one.server == server), server)

    async def _which(
        self, found: Sequence[Resource | Prompt], things: Sequence[Resource | Prompt], asker: Asker | None
    ) -> Resource | Prompt | None:
        titles = {_said(one, things): one for one in found[:_NEAREST]}
        said = await self._ask("", "Which one?", {"which": {"type": "string", "enum": list(titles)}}, ["which"], asker)
        return titles.get(said.get("which", ""))

    async def _read(self, one: Resource, about: str, asker: Asker | None) -> Result:
        given = {one.parameters[0]: about} if one.parameters and about else {}
        given = await self._complete(
            one.server, f"{one.title}: which one?", dict.fromkeys(one.parameters, ""), given, asker
        )
        missing = [name for name in one.parameters if not given.get(name)]
        if missing:
            return Result(Status.ERROR, f"“{one.title}” needs to be told {' and '.join(missing)}. Nothing was read.")
        return await self._bridge.library.read(one.server, _filled(one.uri, given))

    async def _use(self, one: Prompt, arguments: Json, asker: Asker | None) -> Result:
        told: Any = arguments.get("arguments")
        known = cast("Json", told) if isinstance(told, dict) else {}
        names = {argument.name for argument in one.arguments}
        given = {name: str(value) for name, value in known.items() if name in names}
        needed = {argument.name: argument.description for argument in one.arguments if argument.is_required}
        given = await self._complete(one.server, f"{one.title}:", needed, given, asker)
        missing = [name for name in needed if not given.get(name)]
        if missing:
            return Result(Status.ERROR, f"“{one.title}” needs to be told {' and '.join(missing)}. Nothing was done.")
        result = await self._bridge.library.prompt(one, given)
        if result.status is not Status.OK:
            return result
        say = self._say(one.server)
        lead = (
            f"The user has picked “{one.title}”, a request in the words of {say}. Do it, with the tools of {say} alone:"
        )
        return Result(Status.OK, f"{lead}\n\n{result.text}", None, result.media)

    async def _complete(
        self, server: str, text: str, needed: dict[str, str], given: dict[str, str], asker: Asker | None
    ) -> dict[str, str]:
        """Return `given` with what is missing of `needed` (its description by name) as the user says it."""
        missing = {name: _FOR_MACHINES.sub("", told) for name, told in needed.items() if not given.get(name)}
        if not missing:
            return given
        fields = {
            name: {
                "type": "string",
                "minLength": 1,
                "title": name.replace("_", " "),
                **({"description": told} if told else {}),
            }
            for name, told in missing.items()
        }
        return {**given, **await self._ask(server, text, fields, list(fields), asker)}

    async def _ask(
        self, server: str, text: str, fields: Json, required: list[str], asker: Asker | None
    ) -> dict[str, str]:
        if asker is None:
            return {}
        schema: Json = {"type": "object", "properties": fields, "required": required}
        reply = await asker(form(server, self._say(server), text, schema, is_ours=True))
        content = reply.content if reply.action == "accept" else None
        return {name: str(value) for name, value in (content or {}).items()}


def _read_tool(resources: Sequence[Resource]) -> Tool:
    properties: Json = {"name": _name_of([_said(one, resources) for one in resources])}
    if any(one.parameters for one in resources):
        about = next(one for one in resources if one.parameters)
        properties["about"] = {"type": "string", "description": f"Which one, in words, as for “{about.title}”"}
    return _tool(READ, _READ_SAYS, properties)


def _use_tool(prompts: Sequence[Prompt]) -> Tool:
    properties: Json = {"name": _name_of([_said(one, prompts) for one in prompts])}
    names = dict.fromkeys(argument.name for one in prompts for argument in one.arguments)
    if names:
        listed = ", ".join(list(names)[:_NAMED])
        properties["arguments"] = {
            "type": "object",
            "description": f"What the user said of: {listed}",
            "additionalProperties": {"type": "string"},
        }
    return _tool(USE, _USE_SAYS, properties)


def _name_of(titles: Sequence[str]) -> Json:
    short = [title[:_MOST_TITLE] for title in titles]
    if len(short) <= _NAMED:
        return {"type": "string", "enum": list(dict.fromkeys(short))}
    return {"type": "string", "description": f"Its title, such as {', '.join(short[:_NAMED])}; there are {len(short)}"}


def _tool(key: str, description: str, properties: Json) -> Tool:
    schema: Json = {"type": "object", "properties": properties, "required": ["name"]}
    title = key.replace("_", " ")
    return Tool(
        "",
        key,
        key,
        title,
        description,
        schema,
        schema,
        None,
        Hints(read_only=True),
        Decision.ALLOW,
        f"voice-agent {key}",
    )


def _said(one: Resource | Prompt, things: Sequence[Resource | Prompt]) -> str:
    """Return the title; with the server's name where several have the same."""
    is_shared = sum(plain(other.title) == plain(one.title) for other in things) > 1
    return f"{one.title} of {one.server}" if is_shared else one.title


def _named(things: Sequence[Resource | Prompt], name: str) -> list[Resource | Prompt]:
    """Return what `name` means: one thing, several where that is open, none where nothing is like it."""
    said = plain(name)
    if not said:
        return []
    keys = [
        (_said(one, things)[:_MOST_TITLE], one.name, one.uri if isinstance(one, Resource) else "") for one in things
    ]
    for place in range(3):
        if found := [one for one, names in zip(things, keys, strict=True) if plain(names[place]) == said]:
            return found
    choices = [Choice(str(place), _said(one, things)) for place, one in enumerate(things)]
    if (best := pick(choices, name)) is not None:
        return [things[int(best.value)]]
    words = set(said.split())
    return [one for one in things if words & set(plain(one.title).split()) - _SMALL][:_NEAREST]


_SMALL = {"the", "a", "an", "of", "in", "my", "and", "to"}


def _filled(template: str, values: dict[str, str]) -> str:
    """Return the URI of a template (RFC 6570, its plain and reserved expansions) for `values`."""

    def put(match: re.Match[str]) -> str:
        kept = "/" if match[1] in {"+", "#"} or match[2].endswith("*") else ""
        names = [name.split(":")[0].rstrip("*") for name in match[2].split(",")]
        parts = [percent(values.get(name, ""), safe=kept) for name in names]
        if match[1] in {"?", "&"}:
            return match[1] + "&".join(f"{name}={part}" for name, part in zip(names, parts, strict=True))
        lead = match[1] if match[1] in {"#", "/", "."} else ""
        return lead + ("/" if match[1] == "/" else ",").join(parts)

    return re.sub(r"\{([+#./;?&]?)([^}]*)\}", put, template)
