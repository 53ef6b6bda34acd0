"""One person's sign-in at one server: vouches for each request, renews itself, and asks the person where it must."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import httpx2
from typing_extensions import override

from voice_agent.bridge.credentials.doorstep import Doorstep, Return
from voice_agent.bridge.credentials.refusal import NEEDED, Challenge, SignInFailed, is_spent
from voice_agent.bridge.credentials.vault import VaultLocked
from voice_agent.bridge.wire import TRACE, Renewing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from voice_agent.bridge.credentials.vault import Vault
    from voice_agent.bridge.types import Json
    from voice_agent.config.types import HttpEntry

PATIENCE = 600.0
"""Seconds that a link is good for."""
_LINK_WITHIN = 20.0
_IN_VAIN = 3
"""Sign-ins in a row that the server did not take, after which there is no further link."""
_LOOK = 0.5
"""Seconds between two looks at whether another process has signed in."""

logger = logging.getLogger(__name__)


class SignIn(Renewing):
    """Puts a token on each request to the server of one entry, and on no other."""

    def __init__(
        self, entry: HttpEntry, vault: Vault, subject: str | None, *, asks: bool, page: str | None = None
    ) -> None:
        """Take where tokens rest; `asks`: the person can be given a link; `page`: where their browser comes back to."""
        self._page = page
        self._entry, self._vault, self.subject, self._asks = entry, vault, subject, asks
        self._record: Json | None = None
        self._stamp: object = None
        self._is_keeping = False
        self._renewing = asyncio.Lock()
        self._refused: str | None = None
        """The token that the server does not take any more, or not for everything."""
        self._unrenewable: str | None = None
        """The token that could not be exchanged for another one."""
        self._login: asyncio.Task[bool] | None = None
        self._door: Doorstep | None = None
        self._wanted: Challenge | None = None
        """How the server refused the last time, where that has not led to anything yet."""
        self._asked_for: Challenge | None = None
        """What `_login` is for."""
        self._shown = asyncio.Event()
        self.link: str | None = None
        """Where the person signs in, while that is waited for."""
        self.trouble: SignInFailed | None = None
        """Why signing in failed the last time."""
        self._in_vain = 0
        self.refusals = 0
        """How often the server has refused a request for want of a sign-in."""
        self.on_change: Callable[[], None] = _nothing
        """Called when `link` has changed."""

    @property
    def name(self) -> str:
        """The server's name."""
        return self._entry.name

    @property
    def is_signed_in(self) -> bool:
        """There is a token that the server has not refused."""
        token = _token(self._record)
        return token is not None and token != self._refused

    @property
    def is_needed(self) -> bool:
        """The server refused the last request for want of a sign-in."""
        return self._wanted is not None

    @override
    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Put the token on `request`, a new one where it is about to end."""
        if _origin(str(request.url)) == _origin(self._entry.url):
            await self._load()
            if self._record is not None and is_spent(self._record):
                # Where the other side is in trouble, the old token is tried.
                with contextlib.suppress(SignInFailed):
                    await self._renew(_token(self._record))
            if (token := _token(self._record)) is not None:
                request.headers["Authorization"] = f"Bearer {token}"
        yield request

    @override
    async def refused(self, response: httpx2.Response, *, is_last: bool = False) -> bool:
        """Take notice of a refusal; True: there is a new token, and the request can be made again.

        `is_last`: it was the new token that was refused.

        Raises:
            httpx2.ConnectError: Whoever gives tokens cannot be reached.
        """
        challenge = Challenge(response.status_code, response.headers.get("www-authenticate"))
        if response.status_code != HTTPStatus.UNAUTHORIZED and not challenge.wants_more:
            return False
        sent = response.request.headers.get("authorization", "").removeprefix("Bearer ") or None
        if not is_last and _token(self._record) not in (None, sent, self._refused):
            # Somebody has signed in while the request was on its way.
            return True
        if not challenge.wants_more and sent is not None and not is_last:
            try:
                if await self._renew(sent):
                    return True
            except SignInFailed as failed:
                raise httpx2.ConnectError(failed.reason) from failed
        if sent is not None and _token(self._record) == sent:
            self._refused = sent
        self._wanted = challenge
        self.refusals += 1
        if (trace := TRACE.get()) is not None:
            trace.challenge = challenge
        return False

    async def begin(self, challenge: Challenge | None = None) -> str | None:
        """Begin to sign in, where that is not under way; return the link, or None where there is none.

        `challenge`: what the server wants; None: what it wanted last. `trouble` tells why there is no link.
        """
        challenge = challenge or self._wanted or Challenge(HTTPStatus.UNAUTHORIZED)
        if challenge.wants_more and self._asked_for is not None and challenge.header != self._asked_for.header:
            # What is wanted now goes beyond what the link is for.
            await self._give_up()
        if self._in_vain >= _IN_VAIN:
            self.trouble = SignInFailed("wants you to sign in again and again")
            return None
        if self._login is None or self._login.done():
            self._asked_for, self.trouble = challenge, None
            self._shown.clear()
            self._login = asyncio.create_task(self._sign_in(challenge), name=f"sign-in at {self._entry.name}")
        shown = asyncio.ensure_future(self._shown.wait())
        try:
            await asyncio.wait({shown, self._login}, timeout=_LINK_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        finally:
            shown.cancel()
        return self.link

    async def welcome(self) -> None:
        """Take notice that the server takes what there is; a link is of no more use then, unless it is for more."""
        self._in_vain = 0
        if self._asked_for is not None and not self._asked_for.wants_more and not self._is_keeping:
            await self._give_up()

    async def finished(self) -> bool:
        """Wait until what was begun is over; tell whether the person is signed in."""
        if (login := self._login) is not None:
            await asyncio.wait({login})
            return self.is_signed_in if login.cancelled() else login.result()
        return self.is_signed_in

    def take(self, address: str) -> bool:
        """Take the address that the browser came back to, as pasted by the person; False: it is not for this."""
        return self._door is not None and self._door.take(address)

    async def noticed(self) -> None:
        """Wait until there is another token than the one that was refused, whoever brought it."""
        while True:
            await self._load()
            if self.is_signed_in:
                # Where another process has done it, the link is of no more use.
                return await self._give_up()
            await asyncio.sleep(_LOOK)

    async def revoke(self) -> bool | None:
        """Have the server forget what it has given; None: it offers no way to, False: it has not done it."""
        from voice_agent.bridge.credentials.flow import Flow

        await self._load()
        return await Flow(self._entry, self._record).revoke() if self._record is not None else None

    async def forget(self) -> bool:
        """Drop what is kept; tell whether there was anything."""
        await self._give_up()
        self._record, self._stamp = None, None
        return await asyncio.to_thread(self._vault.forget, self._entry.url, self.subject)

    async def aclose(self) -> None:
        """Stop waiting for the person."""
        await self._give_up()

    async def _give_up(self) -> None:
        if self._login is not None:
            self._login.cancel()
            await asyncio.wait({self._login})
            self._login = None

    async def _sign_in(self, challenge: Challenge) -> bool:
        # What speaks MCP has been loaded by now.
        from voice_agent.bridge.credentials.flow import Flow

        oauth = self._entry.oauth
        try:
            await self._load()
            if oauth is not None and oauth.grant == "client_credentials":
                await self._keep(await Flow(self._entry, self._record).sign_in(challenge))
                self._in_vain += 1
                return True
            if not self._asks:
                self.trouble = SignInFailed(NEEDED, is_oauth=self._is_oauth(challenge))
                return False
            async with self._doorstep() as door, asyncio.timeout(PATIENCE):
                self._door = door
                await self._keep(await Flow(self._entry, self._record, self).sign_in(challenge))
            self._in_vain += 1
        except SignInFailed as failed:
            self.trouble = failed
        except TimeoutError:
            self.trouble = SignInFailed("needs you to sign in; the link is too old by now")
        except OSError:
            self.trouble = SignInFailed(f"cannot be signed in to: port {oauth and oauth.callback_port} is taken")
        finally:
            self._door = None
            self._show_link(None)
        return self.trouble is None

    def _is_oauth(self, challenge: Challenge) -> bool:
        return self._entry.auth == "oauth" or "resource_metadata" in (challenge.header or "")

    def _doorstep(self) -> Doorstep:
        client = cast("Json", (self._record or {}).get("client") or {})
        addresses: Any = client.get("redirect_uris")
        usual = urlsplit(str(addresses[0])).port if addresses else None
        port = self._entry.oauth.callback_port if self._entry.oauth is not None else None
        return Doorstep(port, usual=usual, page=self._page if port is None else None)

    @property
    def address(self) -> str:
        """Where the browser comes back to (`flow.Door`)."""
        assert self._door is not None
        return self._door.address

    async def send(self, url: str) -> None:
        """Show the link (`flow.Door`)."""
        assert self._door is not None
        self._door.expect(url)
        self._show_link(url)

    async def arrival(self) -> Return:
        """Wait until the person is back (`flow.Door`)."""
        assert self._door is not None
        return await self._door.arrival()

    def _show_link(self, url: str | None) -> None:
        if url != self.link:
            self.link = url
            self.on_change()
        self._shown.set()

    async def _renew(self, token: str | None) -> bool:
        """Have another token than `token`; once, however many ask.

        Raises:
            SignInFailed: Whoever gives tokens cannot be asked now.
        """
        async with self._renewing:
            await self._load()
            if self._record is None:
                return False
            if _token(self._record) not in (None, token):
                return True
            if token is not None and token == self._unrenewable:
                return False
            async with self._vault.alone(self._entry.url, self.subject):
                # Another process may have been first, and have used up the token for renewing.
                await self._load()
                if _token(self._record) not in (None, token):
                    return True
                from voice_agent.bridge.credentials.flow import Flow

                record = await Flow(self._entry, self._record).renew()
                if record is None:
                    self._unrenewable = token
                    return False
                await self._keep(record)
                return True

    async def _keep(self, record: Json) -> None:
        self._is_keeping = True
        try:
            await asyncio.to_thread(self._vault.write, self._entry.url, self.subject, record)
        except OSError as error:
            logger.warning("the sign-in at “%s” cannot be kept: %s", self._entry.name, error.strerror or error)
        finally:
            self._is_keeping = False
        # Nothing is awaited from here to the end of a login, which is then done when it is noticed.
        self._record, self._refused, self._wanted = record, None, None
        self._stamp = self._vault.stamp(self._entry.url, self.subject)

    async def _load(self) -> None:
        """Take in what another process has written since."""
        stamp = self._vault.stamp(self._entry.url, self.subject)
        if stamp is None or stamp == self._stamp or self._is_keeping:
            return
        self._stamp = stamp
        try:
            found = await asyncio.to_thread(self._vault.read, self._entry.url, self.subject)
        except VaultLocked:
            logger.warning("the sign-in at “%s” cannot be read with the key that is there", self._entry.name)
            found = None
        if found is not None:
            self._record = found


def _token(record: Json | None) -> str | None:
    tokens = cast("Json", (record or {}).get("tokens") or {})
    return tokens.get("access_token")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return (parts.scheme, parts.hostname, port)


def _nothing() -> None:
    return
