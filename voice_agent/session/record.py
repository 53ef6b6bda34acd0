"""Writes what the session, its tools and its servers do into the journal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from voice_agent.agents.events import ConfirmAsked, QuestionAsked, QuestionClosed, ToolCalled, ToolProgressed
from voice_agent.agents.listen import listen
from voice_agent.agents.speech import Kind
from voice_agent.bridge.types import ServerChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from livekit.agents import AgentStateChangedEvent, ConversationItemAddedEvent, UserStateChangedEvent
    from livekit.agents.llm import ChatMessage

    from voice_agent.agents.events import ToolEvent
    from voice_agent.bridge.types import BridgeEvent, Media
    from voice_agent.session.conversation import Conversation
    from voice_agent.session.journal import Journal, Line

_PROGRESS_PAUSE = 0.2
"""Seconds between two progress lines of one call."""


def record_tools(journal: Journal) -> Callable[[ToolEvent], None]:
    """Return a listener that writes `confirm`, `tool_call`, `progress` and `tool_result` lines."""
    progressed: dict[str, float] = {}

    def note(event: ToolEvent) -> None:
        match event:
            case ConfirmAsked(call, server, tool, arguments, text):
                journal.write("confirm", call=call, server=server, tool=tool, arguments=arguments, text=text)
            case ToolCalled(call, server, tool, arguments):
                journal.write("tool_call", call=call, server=server, tool=tool, arguments=arguments)
            case QuestionAsked(call, server, text, field, kind, url, form):
                journal.write(
                    "question", call=call, server=server, text=text, field=field, kind=kind, url=url, form=form
                )
            case QuestionClosed(call, action):
                journal.write("question_closed", call=call, action=action)
            case ToolProgressed(call, progress):
                now = time.monotonic()
                if now - progressed.get(call, 0.0) < _PROGRESS_PAUSE:
                    return
                progressed[call] = now
                journal.write("progress", call=call, done=progress.done, total=progress.total, text=progress.message)
            case _:
                progressed.pop(event.call, None)
                result = event.result
                journal.write(
                    "tool_result",
                    call=event.call,
                    status=result.status.value,
                    text=result.text,
                    structured=result.structured,
                    media=[_shown(one) for one in result.media],
                )
                if result.media:
                    journal.attach(event.call, result.media)

    return note


def _shown(media: Media) -> Line:
    size = None if media.data is None else len(media.data)
    return {"kind": media.kind, "mime_type": media.mime_type, "uri": media.uri, "size": size}


def record_session(conversation: Conversation) -> None:
    """Write `user`, `agent`, `state` and `server` lines for as long as the conversation goes on."""
    journal, session = conversation.journal, conversation.session
    turn_over_at: float | None = None

    def note_item(event: ConversationItemAddedEvent) -> None:
        nonlocal turn_over_at
        item = event.item
        if item.type != "message":
            return
        text = (item.text_content or "").strip()
        if item.role == "user":
            spoken = item.metrics.get("stopped_speaking_at")
            turn_over_at = spoken if spoken is not None else item.created_at
            via = "text" if spoken is None else "speech"
            journal.write("user", text=text, via=via, wav=conversation.wav if via == "speech" else None)
        elif item.role == "assistant" and text:
            kind = conversation.speech.kind_of(text)
            latency = _latency(item, turn_over_at) if kind is Kind.REPLY else None
            journal.write("agent", text=text, kind=kind.value, interrupted=item.interrupted, latency_ms=latency)

    def note_state(_event: AgentStateChangedEvent | UserStateChangedEvent) -> None:
        if conversation.is_started:
            journal.write("state", agent=session.agent_state, user=session.user_state)

    def note_server(event: BridgeEvent) -> None:
        if isinstance(event, ServerChanged):
            status = event.status
            held = conversation.held(status.name)
            told = {"state": status.state.value, "reason": status.reason, "held": held, "login": status.link}
            journal.write("server", name=status.name, **told)

    listen(session, "conversation_item_added", note_item)
    listen(session, "agent_state_changed", note_state)
    listen(session, "user_state_changed", note_state)
    conversation.bridge.subscribe(note_server)


def _latency(item: ChatMessage, turn_over_at: float | None) -> int | None:
    """Milliseconds from the end of the user's turn to the first audio or text of `item`."""
    started = item.metrics.get("started_speaking_at")
    if turn_over_at is None or started is None:
        return None
    return max(0, round((started - turn_over_at) * 1000))
