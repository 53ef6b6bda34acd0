"""What the hub and the jobs that attach it tell each other beside MCP itself, all of it in `_meta` (pure).

| where | key | what |
|---|---|---|
| any request of a job | `voice-agent/person` | `zone` |
| `tools/call` of a job | `voice-agent/call` | `id`, `server`, `pin`, `confirmed`, `asks`: its user can be asked |
| `elicitation/create` to a job | `voice-agent/question` | `call`: the id of the call, and which server asks |
| its result | `voice-agent/result` | the whole `Result` |
| result of `tools/list` | `voice-agent/servers` | how each server is |
| the same | `voice-agent/permit` | what the job is to come back with |
| a listed tool | `voice-agent/tool` | its server, its name there, and what the policy says of it |

A job hands on the address that a person's browser came back to from a sign-in (`RETURN`, with `address`).

That somebody has said yes is believed of whoever has the hub's own token. Whom a job acts for it does not say here:
that is settled by its permit when it attaches.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from voice_agent.bridge.forms import form, link
from voice_agent.bridge.types import Decision, Hints, Media, Result, ServerStatus, State, Status, Tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voice_agent.bridge.forms import Question
    from voice_agent.bridge.types import Json

PERSON = "voice-agent/person"
CALL = "voice-agent/call"
RESULT = "voice-agent/result"
SERVERS = "voice-agent/servers"
TOOL = "voice-agent/tool"
QUESTION = "voice-agent/question"
PERMIT = "voice-agent/permit"
RETURN = "voice-agent/return"
_HINTS = {
    "readOnlyHint": "read_only",
    "destructiveHint": "destructive",
    "idempotentHint": "idempotent",
    "openWorldHint": "open_world",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says beside MCP."""

    is_job: bool = False
    """A job of ours asks, and not a text client."""
    zone: str | None = None
    """The time zone of that person, by its IANA name."""
    server: str | None = None
    pin: str | None = None
    confirmed: bool = False
    call: str | None = None
    """The job's own id of the call."""
    asks: bool = False
    """The user of the call can be asked."""


@dataclass(frozen=True, slots=True)
class Server:
    """How a server behind the hub is, and what a job needs to know for its calls."""

    status: ServerStatus
    trust: bool
    seconds: float
    """What one call may take."""


def read_asked(meta: object) -> Asked:
    """Read a request's `_meta`; what is of another type than ours is as good as not said."""
    found = _object(meta)
    if PERSON not in found:
        return Asked()
    person, call = _object(found[PERSON]), _object(found.get(CALL))
    return Asked(
        is_job=True,
        zone=_text(person.get("zone")),
        server=_text(call.get("server")),
        pin=_text(call.get("pin")),
        confirmed=call.get("confirmed") is True,
        call=_text(call.get("id")),
        asks=call.get("asks") is True,
    )


def person_meta(zone: str | None) -> Json:
    """Return the `_meta` of every request that is made for a person, who is in the time zone `zone`."""
    return {PERSON: {"zone": zone}}


def call_meta(identity: str, tool: Tool, *, confirmed: bool, asks: bool) -> Json:
    """Return what goes with the call `identity` of `tool`, beside `person_meta`."""
    return {CALL: {"id": identity, "server": tool.server, "pin": tool.pin, "confirmed": confirmed, "asks": asks}}


def question_meta(call: str | None, question: Question) -> Json:
    """Return what goes with a question that is put to the job which made `call`."""
    about: Json = {"call": call, "server": question.server, "say": question.say, "is_ours": question.is_ours}
    signs = {"is_sign_in": question.is_sign_in, "is_for_more": question.is_for_more}
    return {QUESTION: {**about, "is_waited_for": question.is_waited_for, **signs}}


def read_question(params: Json) -> tuple[str, Question] | None:
    """Return the call that `elicitation/create` of the hub belongs to, and the question; None for what is neither."""
    about = _object(_object(params.get("_meta")).get(QUESTION))
    call, server, say = _text(about.get("call")), _text(about.get("server")), _text(about.get("say"))
    if call is None or server is None or say is None:
        return None
    text, is_ours = str(params.get("message", "")), about.get("is_ours") is True
    if params.get("mode") == "url":
        is_waited_for = about.get("is_waited_for") is True
        found = link(server, say, text, str(params["url"]), is_ours=is_ours, is_waited_for=is_waited_for)
        is_for_more = about.get("is_for_more") is True
        return call, replace(found, is_sign_in=about.get("is_sign_in") is True, is_for_more=is_for_more)
    return call, form(server, say, text, params.get("requestedSchema"), is_ours=is_ours)


def tool_json(tool: Tool) -> Json:
    """Return `tool` as the hub lists it (MCP, server/tools)."""
    hints = {wire: value for wire, name in _HINTS.items() if (value := getattr(tool.hints, name)) is not None}
    about: Json = {"server": tool.server, "name": tool.name, "decision": tool.decision.value, "pin": tool.pin}
    if tool.may_stand:
        about["may_stand"] = True
    if tool.original_schema != tool.input_schema:
        about["schema"] = tool.original_schema
    listed: Json = {
        "name": tool.key,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "annotations": {"title": tool.title, **hints},
        "_meta": {TOOL: about},
    }
    if tool.output_schema is not None and tool.output_schema.get("type") == "object":
        listed["outputSchema"] = tool.output_schema
    return listed


def read_tool(listed: Json) -> Tool | None:
    """Return the tool that the hub lists; None for what is not one."""
    about = _object(_object(listed.get("_meta")).get(TOOL))
    hints = _object(listed.get("annotations"))
    try:
        return Tool(
            server=about["server"],
            name=about["name"],
            key=listed["name"],
            title=listed.get("title", ""),
            description=listed.get("description", ""),
            input_schema=listed["inputSchema"],
            original_schema=about.get("schema", listed["inputSchema"]),
            output_schema=listed.get("outputSchema"),
            hints=Hints(**{name: hints.get(wire) for wire, name in _HINTS.items()}),
            decision=Decision(about["decision"]),
            pin=about["pin"],
            may_stand=about.get("may_stand") is True,
        )
    except (KeyError, ValueError):
        return None


def server_json(server: Server) -> Json:
    """Return how a server is, as the hub tells it."""
    status = server.status
    return {
        "name": status.name,
        "say": status.say,
        "state": status.state.value,
        "reason": status.reason,
        "next_try": status.next_try.isoformat() if status.next_try else None,
        "tools": status.tools,
        "link": status.link,
        "withheld": status.withheld,
        "trust": server.trust,
        "seconds": server.seconds,
    }


def read_servers(meta: object) -> tuple[Server, ...]:
    """Return how the servers are, of the `_meta` of a listing."""
    found: Any = _object(meta).get(SERVERS)
    rows = [_object(row) for row in cast("list[Any]", found)] if isinstance(found, list) else []
    return tuple(
        Server(
            ServerStatus(
                row["name"],
                row["say"],
                State(row["state"]),
                row["reason"],
                datetime.fromisoformat(row["next_try"]) if row["next_try"] else None,
                row["tools"],
                row["link"],
                tuple((name, why) for name, why in row["withheld"]),
            ),
            row["trust"],
            row["seconds"],
        )
        for row in rows
    )


def read_permit(meta: object) -> str | None:
    """Return the new permit, of the `_meta` of a listing."""
    return _text(_object(meta).get(PERMIT))


def result_json(result: Result) -> Json:
    """Return the answer to a job: MCP's `CallToolResult` with the whole result in its `_meta`."""
    whole: Json = {"status": result.status.value, "text": result.text}
    if result.structured is not None:
        whole["structured"] = result.structured
    if result.check is not None:
        whole["check"] = result.check
    if result.media:
        whole["media"] = [
            {
                "kind": media.kind,
                "mime_type": media.mime_type,
                "uri": media.uri,
                "data": base64.b64encode(media.data).decode() if media.data is not None else None,
            }
            for media in result.media
        ]
    return {"content": [], "isError": result.status is not Status.OK, "_meta": {RESULT: whole}}


def read_result(answer: Json) -> Result | None:
    """Return the result in the hub's answer; None where there is none."""
    whole = _object(_object(answer.get("_meta")).get(RESULT))
    if not whole:
        return None
    media = tuple(
        Media(
            row["kind"],
            row["mime_type"],
            row["uri"],
            base64.b64decode(row["data"]) if row["data"] is not None else None,
        )
        for row in whole.get("media", ())
    )
    return Result(Status(whole["status"]), whole["text"], whole.get("structured"), media, whole.get("check"))


def _object(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
