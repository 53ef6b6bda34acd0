"""What `voice-agent.toml`, `VOICE_AGENT_*` variables and secret files can say, with its types and defaults."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("It must be the name of a time zone, such as Europe/Berlin") from None
    return name


class Part(BaseModel):
    """One part of a profile, as the user overrides it; None leaves the profile's choice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str | None = None
    """`deepgram`, `openai`, `cartesia`, `openai-compatible` or `offline`."""
    model: str | None = None
    base_url: str | None = Field(default=None, repr=False)
    """May hold a password."""
    api_key: SecretStr | None = None
    language: str | None = None
    """BCP 47."""
    voice: str | None = None
    speed: float | None = Field(default=None, ge=0.25, le=4.0)
    """1.0 is the voice's own pace."""
    temperature: float | None = Field(default=None, ge=0.0, le=2.0)


class Turn(BaseModel):
    """When a turn of the user is over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    detection: Literal["semantic", "vad", "stt", "manual"] = "semantic"
    min_delay: float | None = Field(default=None, ge=0.0, le=5.0)
    """Seconds of silence after which a finished sentence is answered; None: the profile's."""
    max_delay: float | None = Field(default=None, ge=0.0, le=30.0)
    """Seconds of silence after which an unfinished one is; None: the profile's."""


class Limits(BaseModel):
    """Bounds of a conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    call_timeout: float = Field(default=30.0, gt=0, le=3600)
    """Seconds one tool call may take, where its server's entry says nothing."""
    wait_for_servers: float = Field(default=15.0, ge=0, le=120)
    """Seconds from the start of a conversation in which what may need a server that is still starting waits for it."""
    filler_after: float = Field(default=1.2, ge=0, le=60)
    """Seconds of silence in a slow call before something is said."""
    background_after: float = Field(default=15.0, gt=0, le=3600)
    """Seconds after which a call goes on in the background, and the talk without it."""
    tool_steps: int = Field(default=6, ge=1, le=50)
    """Rounds of tool calls in one turn."""
    tools: int = Field(default=64, ge=1, le=128)
    """Tools shown to the model at once."""


class LiveKit(BaseModel):
    """Where rooms are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    """`ws://` or `wss://`; None: `voice-agent up` starts a LiveKit server of its own."""
    public_url: str | None = None
    """How pages reach it, where that is another address than ours; None: `url`."""
    api_key: str | None = None
    """The name of the key; not secret."""
    api_secret: SecretStr | None = None


class Rooms(BaseModel):
    """Conversations in rooms."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    grace: float = Field(default=60.0, ge=0, le=3600)
    """Seconds that a conversation waits for someone whose page was reloaded or lost."""
    capacity: int = Field(default=10, ge=1, le=1000)
    """Conversations that one worker holds at once."""
    busy: float = Field(default=0.95, gt=0, le=100)
    """Share of the processors in use, by anybody, at which a worker takes no second conversation; 100: any share."""
    drain: float = Field(default=600.0, ge=0, le=86400)
    """Seconds that running conversations may go on when their worker is told to end."""
    hear_others: bool = False
    """The assistant hears who else is in the room too, and knows what they said; only its own participant commands."""


class Hub(BaseModel):
    """The hub that the jobs of a worker attach in place of the servers themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str | None = None
    """`unix:PATH` or `tcp:HOST:PORT`; None: each job attaches all servers itself."""
    token: SecretStr | None = None
    """Lets in whoever has it; None: that of the file which `voice-agent hub` keeps."""
    hold: float = Field(default=0.0, ge=0, le=3600)
    """Seconds that what a text client wants done, and the user must agree to, waits for a conversation to be opened."""
    permit_key: SecretStr | None = None
    """With it the web part tells the hub whom each job acts for; None: all act for the owner of this machine."""


class Web(BaseModel):
    """Who may open the page. With neither `secret` nor `subject_header` only this machine's owner, on this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    """The address that people open, such as `https://talk.example.org`; None: whichever they came by."""
    secret: SecretStr | None = None
    """Lets in whoever types it, as the owner of this machine."""
    subject_header: str | None = None
    """The header in which a proxy says who has logged in."""
    name_header: str | None = None
    """The header in which it says what to call them."""
    proxies: str | None = None
    """Addresses or networks that the proxy speaks from, with commas between them."""
    proxy_secret: SecretStr | None = None
    """What the proxy shows in the header `X-Proxy-Secret`."""
    owner: str | None = None
    """Who, of those that log in by the proxy, is the owner of this machine."""
    languages: str | None = None
    """That can be chosen on the page beside `language`: BCP 47, with commas between them."""


class Store(BaseModel):
    """Where conversations are recorded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr | None = None
    """A database, as SQLAlchemy writes it; None: `conversations.db` in the folder of this user's files."""


class Settings(BaseModel):
    """One typed result of all sources but `mcp.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile: str = "auto"
    language: str = "en"
    """BCP 47."""
    time_zone: Annotated[str, AfterValidator(_known_zone)] | None = None
    """IANA name; None: this machine's."""
    stt: Part = Part()
    llm: Part = Part()
    tts: Part = Part()
    turn: Turn = Turn()
    limits: Limits = Limits()
    livekit: LiveKit = LiveKit()
    rooms: Rooms = Rooms()
    hub: Hub = Hub()
    web: Web = Web()
    store: Store = Store()
    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = Field(default=None, repr=False)
    """Where every OpenAI part goes that has no `base_url` of its own; may hold a password."""
    deepgram_api_key: SecretStr | None = None
    cartesia_api_key: SecretStr | None = None
    instructions: str | None = None
    """Added to the assistant's prompt."""
