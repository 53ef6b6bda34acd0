"""Where browsers come back to from signing in at a server, where the page is not opened on the machine of the hub.

What a browser brings is handed to the hub for whom that browser is logged in as: it is of no use to anybody else, so
that nobody can be led to sign in for another's conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from starlette.responses import HTMLResponse

from voice_agent.bridge.credentials.doorstep import PATH, looks_like_return
from voice_agent.bridge.hub.lines import Address

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from voice_agent.bridge.hub.permits import Permits
    from voice_agent.config.settings import Settings

RETURN = PATH
_PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>{text}</title><p>{text}</p></html>'
_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_TAKEN = "You are back from signing in. You can close this page and go on talking."
_STRAY = "This address belongs to no sign-in of yours that is going on."
_UNREACHED = "Copy the address of this page into the conversation, to be signed in."


class Returns(Protocol):
    """Takes what browsers bring back."""

    async def take(self, subject: str | None, address: str) -> bool | None:
        """Hand on an address; False: `subject` is not waited for with it, None: nobody can be asked."""
        ...


@dataclass(frozen=True, slots=True)
class ToHub:
    """Hands it to the hub, for one person at a time."""

    address: str
    """Of the hub, as in the settings."""
    token: str
    permits: Permits | None

    @classmethod
    def of(cls, settings: Settings, permits: Permits | None) -> ToHub | None:
        """Return what the settings say; None where there is no hub that could be reached from here."""
        hub = settings.hub
        if hub.address is None or hub.token is None:
            return None
        return cls(hub.address, hub.token.get_secret_value(), permits)

    async def take(self, subject: str | None, address: str) -> bool | None:
        """Hand on an address; False: `subject` is not waited for with it, None: the hub cannot be reached."""
        # Imported when the first comes: it takes a second.
        from voice_agent.bridge.hub.link import hand_on

        permit = self.permits.give(subject) if self.permits is not None else None
        return await hand_on(Address.read(self.address), self.token, permit, address)


async def answer(request: Request, returns: Returns | None, subject: str | None) -> Response:
    """Return what a browser is shown that comes back."""
    address = str(request.url)
    if not looks_like_return(address):
        return _page(_STRAY, 400)
    taken = await returns.take(subject, address) if returns is not None else None
    if taken is None:
        return _page(_UNREACHED, 200)
    return _page(_TAKEN, 200) if taken else _page(_STRAY, 400)


def _page(text: str, status: int) -> Response:
    # The address holds a code: it goes into no history of another site, and is not stored.
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return HTMLResponse(_PAGE.format(text=text), status, headers=headers)
