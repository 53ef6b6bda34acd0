"""Keeps a conversation that goes on for hours from growing without end: its older turns are let go of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from livekit.agents import llm

from voice_agent.agents.listen import listen

if TYPE_CHECKING:
    from livekit.agents import AgentStateChangedEvent

    from voice_agent.session.conversation import Conversation

_EVENTS = 200
"""Events of the session that LiveKit is left for its report."""


def keep_short(conversation: Conversation) -> None:
    """Cut the conversation whenever it has become long and the agent has nothing to say."""
    session, window = conversation.session, conversation.toolset.window

    def note_state(event: AgentStateChangedEvent) -> None:
        if event.new_state != "listening":
            return
        recorded: list[Any] = session._recorded_events  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - every event is kept there for ever
        del recorded[:-_EVENTS]
        items = session.history.items
        if not window.is_full(items):
            return
        kept = window.newest(items)
        ids = {item.id for item in kept}
        window.remember([item for item in items if item.id not in ids])
        items[:] = kept
        conversation.toolset.forget(kept)
        if not isinstance(session.llm, llm.RealtimeModel):  # pyright: ignore[reportUnknownMemberType] - LiveKit leaves it open
            # A realtime model has the conversation itself, and cuts it itself.
            conversation.beside(_cut_what_the_model_sees(conversation), "cut of the conversation")

    listen(session, "agent_state_changed", note_state)


async def _cut_what_the_model_sees(conversation: Conversation) -> None:
    agent = conversation.assistant
    kept = llm.ChatContext(conversation.toolset.window.newest(agent.chat_ctx.items))
    # Calls of tools whose server is away for the moment are to stay.
    await agent.update_chat_ctx(kept, exclude_invalid_function_calls=False)
