"""The composition root of a conversation: reads as a table of contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from livekit.agents import AgentSession
from livekit.agents.voice.agent_session import DEFAULT_TTS_TEXT_TRANSFORMS
from tzlocal import get_localzone_name

from voice_agent.agents.aloud import Aloud
from voice_agent.agents.assistant import Assistant
from voice_agent.agents.deeds import Deeds
from voice_agent.agents.phone import slow_digits
from voice_agent.agents.sentences import Sentences
from voice_agent.agents.speech import Speech
from voice_agent.agents.toolset import BridgeToolset
from voice_agent.bridge.find.finder import Finder
from voice_agent.session.announce import announce_news
from voice_agent.session.answered import follow_confirmations, follow_questions
from voice_agent.session.apology import apologise_for_failures
from voice_agent.session.briefing import Briefing
from voice_agent.session.conversation import Conversation
from voice_agent.session.manners import keep_manners
from voice_agent.session.proposals import hear_proposals
from voice_agent.session.record import record_session, record_tools
from voice_agent.session.returns import tell_returns
from voice_agent.session.shorten import keep_short
from voice_agent.session.signed_in import go_on_after_sign_in
from voice_agent.session.words import keep_vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.agents.events import ToolEvent
    from voice_agent.bridge.bridge import Bridge
    from voice_agent.config.load import Config
    from voice_agent.config.settings import Settings
    from voice_agent.providers.build import Stack
    from voice_agent.session.journal import Journal
    from voice_agent.session.resume import Story

_LAST_WORDS = 0.3
"""Seconds that the end waits for words that are being recognised."""
_ECHO_WARM_UP = 1.0
"""Seconds of the first speech that cannot be interrupted: the echo canceller is still learning the room."""


def build_conversation(
    config: Config,
    *,
    profile: str,
    bridge: Bridge,
    stack: Stack,
    journal: Journal,
    has_microphone: bool = False,
    story: Story | None = None,
    on_phone: bool = False,
) -> Conversation:
    """Put one conversation together; nothing runs until it is started.

    Args:
        config: The user's settings and servers.
        profile: The name of the profile that `stack` was built from.
        bridge: All servers, started or not.
        stack: The models.
        journal: Gets a line for everything that happens.
        has_microphone: What the agent says may be heard by its own ears.
        story: What happened before, where the conversation goes on in another process.
        on_phone: The user is on a telephone: there is no screen, and digits are said slowly.
    """
    settings = config.settings
    zone = settings.time_zone or get_localzone_name()
    sentences = Sentences(on_phone=on_phone)
    briefing = Briefing(settings.language, zone, on_phone=on_phone)
    deeds = _deeds(sentences, story)
    speech = Speech(on_aside=lambda text, kind, interrupted: _aside(journal, text, kind.value, interrupted=interrupted))
    toolset = BridgeToolset(
        bridge,
        speech=speech,
        sentences=sentences,
        filler_after=settings.limits.filler_after,
        background_after=settings.limits.background_after,
        wait_for_servers=settings.limits.wait_for_servers,
        on_event=_both(deeds.note, record_tools(journal)),
        finder=Finder(config.home),
        zone=ZoneInfo(zone),
    )
    toolset.questions.has_screen = not on_phone
    aloud = Aloud(settings.language, ZoneInfo(zone))
    voice = [*([slow_digits] if on_phone else []), aloud]
    session = _session(stack, toolset, settings, voice, has_microphone=has_microphone)
    past = story.items if story is not None else []
    session.history.insert(past)
    assistant = Assistant(
        instructions=briefing.text(settings),
        toolset=toolset,
        speech=speech,
        sentences=sentences,
        deeds=deeds,
        has_pace=stack.set_speed(1.0),
        past=past,
    )
    parts = (settings, journal, bridge, stack, session, toolset, assistant, speech, aloud)
    conversation = Conversation(*parts, profile=profile, problems=config.problems, briefing=briefing)
    _attend(conversation, config, sentences)
    return conversation


def _deeds(sentences: Sentences, story: Story | None) -> Deeds:
    deeds = Deeds(sentences)
    for deed in story.deeds if story is not None else []:
        deeds.note(deed)
    return deeds


def _session(
    stack: Stack, toolset: BridgeToolset, settings: Settings, voice: list[Any], *, has_microphone: bool
) -> AgentSession[None]:
    return AgentSession(
        **stack.session_options(),
        tools=[toolset],
        tts_text_transforms=[*DEFAULT_TTS_TEXT_TRANSFORMS, *voice],
        max_tool_steps=settings.limits.tool_steps,
        aec_warmup_duration=_ECHO_WARM_UP if has_microphone else None,
        user_away_timeout=None,
        session_close_transcript_timeout=_LAST_WORDS,
    )


def _attend(conversation: Conversation, config: Config, sentences: Sentences) -> None:
    """Have everything follow the conversation that goes beside the talk itself."""
    record_session(conversation)
    follow_confirmations(conversation)
    follow_questions(conversation)
    keep_manners(conversation)
    apologise_for_failures(conversation, sentences)
    keep_short(conversation)
    tell_returns(conversation, sentences)
    hear_proposals(conversation)
    go_on_after_sign_in(conversation)
    announce_news(conversation)
    keep_vocabulary(conversation, {entry.name: entry.voice.vocabulary for entry in config.servers})


def _both(*listeners: Callable[[ToolEvent], None]) -> Callable[[ToolEvent], None]:
    def tell(event: ToolEvent) -> None:
        for listener in listeners:
            listener(event)

    return tell


def _aside(journal: Journal, text: str, kind: str, *, interrupted: bool) -> None:
    journal.write("agent", text=text, kind=kind, interrupted=interrupted, latency_ms=None)
