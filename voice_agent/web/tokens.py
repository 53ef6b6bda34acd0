"""Tokens: each lets one participant into one room, for a short time to come in."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
from livekit import api

from voice_agent.session.dispatch import AGENT, Dispatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.bridge.hub.permits import Permits

_TO_COME_IN = timedelta(minutes=2)
"""A connected participant needs no newer one: the LiveKit server renews it."""
_TO_COME_BACK = timedelta(hours=12)
_AUDIENCE = "voice-agent/return"


LANGUAGE = "language"
"""The participant's attribute that workers obey (BCP 47)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who sits in which room."""

    room: str
    identity: str
    """Of the participant; says nothing of the person."""
    subject: str | None = None
    """Who it is, as we have verified it; None: the owner of this machine."""
    name: str | None = None
    """What to call them."""
    zone: str | None = None
    """Their time zone, by its IANA name."""
    profile: str | None = None
    """That they have chosen; None: the usual one."""
    language: str | None = None
    """That they have chosen (BCP 47); None: the usual one."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Signs tokens and return tickets with the key of the LiveKit server."""

    api_key: str
    api_secret: str
    grace: float
    """Seconds that a room waits for someone who has left."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    permits: Permits | None = None
    """Lets each job act for its person at the hub; None: there is one user."""

    def new_place(self, subject: str | None = None) -> Place:
        """Return a room that nobody can guess, and an identity in it."""
        return Place(f"talk-{secrets.token_urlsafe(16)}", f"user-{secrets.token_urlsafe(8)}", subject)

    def dispatch(self, place: Place, profile: str | None) -> Dispatch:
        """Return what the job in `place` is told."""
        permit = self.permits.give(place.subject) if self.permits is not None else None
        chosen = place.profile or profile
        return Dispatch(place.identity, chosen, place.subject, place.name, place.zone, permit, place.language)

    def token(self, place: Place, profile: str | None) -> str:
        """Return a LiveKit token for `place`, which also asks for the assistant.

        It grants what a page needs: to join this room, hear, publish a microphone, and send data.
        """
        metadata = self.dispatch(place, profile).to_json()
        waits = round(self.grace) + 15
        room = api.RoomConfiguration(
            empty_timeout=waits,
            departure_timeout=waits,
            agents=[api.RoomAgentDispatch(agent_name=AGENT, metadata=metadata)],
        )
        grants = api.VideoGrants(
            room_join=True,
            room=place.room,
            can_publish=True,
            can_publish_sources=["microphone"],
            can_subscribe=True,
            can_publish_data=True,
            can_update_own_metadata=False,
        )
        token = api.AccessToken(self.api_key, self.api_secret)
        token = token.with_identity(place.identity).with_name(place.name or "You")
        if place.language is not None:
            # Whoever comes back is a new participant, and still speaks it.
            token = token.with_attributes({LANGUAGE: place.language})
        return token.with_ttl(_TO_COME_IN).with_grants(grants).with_room_config(room).to_jwt()

    def ticket(self, place: Place) -> str:
        """Return what a page shows to come back to `place` after a reload."""
        claims = {"aud": _AUDIENCE, "place": asdict(place), "exp": self.now() + _TO_COME_BACK}
        return jwt.encode(claims, self.api_secret, algorithm="HS256")

    def place_of(self, ticket: object, subject: str | None = None) -> Place | None:
        """Return the place that a ticket of ours for `subject` is for; None where it is not theirs, or too old."""
        if not isinstance(ticket, str):
            return None
        try:
            claims: dict[str, Any] = jwt.decode(ticket, self.api_secret, algorithms=["HS256"], audience=_AUDIENCE)
            place = Place(**claims["place"])
        except (jwt.InvalidTokenError, KeyError, TypeError):
            return None
        return place if place.subject == subject else None
