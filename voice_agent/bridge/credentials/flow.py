"""OAuth 2.1 as MCP wants it (basic/authorization, 2025-03-26 to 2026-07-28), over the SDK's own client.

The SDK discovers, registers, makes the link and exchanges the code. What it leaves open is here: PKCE that the server
does not promise, addresses that nobody outside should make us ask, scopes from the configuration, a client that is
registered already, and renewing after a restart, for which it would ask the wrong host.
"""

from __future__ import annotations

import asyncio
import ipaddress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import httpx2
from mcp.client.auth import OAuthClientProvider, OAuthFlowError, OAuthRegistrationError, OAuthTokenError
from mcp.client.auth.utils import union_scopes
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthMetadata,
    OAuthToken,
    ProtectedResourceMetadata,
)
from mcp_types import LATEST_PROTOCOL_VERSION
from pydantic import AnyUrl, ValidationError
from typing_extensions import override

from voice_agent.bridge.credentials.refusal import NEEDED, SignInFailed
from voice_agent.bridge.wire import trust

if TYPE_CHECKING:
    from voice_agent.bridge.credentials.doorstep import Return
    from voice_agent.bridge.credentials.refusal import Challenge
    from voice_agent.bridge.types import Json
    from voice_agent.config.types import HttpEntry

_ANSWER_WITHIN = 15.0
_LARGEST = 512 * 1024
_BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


class Door(Protocol):
    """Brings a person to the page where they sign in, and back."""

    @property
    def address(self) -> str:
        """Where the browser comes back to."""
        ...

    async def send(self, url: str) -> None:
        """Show the link."""
        ...

    async def arrival(self) -> Return:
        """Wait until they are back."""
        ...


class Flow(OAuthClientProvider):
    """One signing in, or one renewal, of one person; made anew for each."""

    def __init__(self, entry: HttpEntry, record: Json | None, door: Door | None = None) -> None:
        """Take what is known from before; `door`: None where nobody is there to sign in."""
        self._entry, self._record, self._door, self._oauth = entry, record or {}, door, entry.oauth
        metadata = OAuthClientMetadata(
            client_name="Voice Agent",
            redirect_uris=[AnyUrl(door.address if door is not None else "http://127.0.0.1/callback")],
        )
        super().__init__(
            entry.url,
            metadata,
            _Nowhere(),
            redirect_handler=self._show,
            callback_handler=self._come_back,
            client_metadata_url=self._oauth.client_metadata_url if self._oauth is not None else None,
        )
        self._load()

    async def sign_in(self, challenge: Challenge) -> Json:
        """Sign in as the server's refusal says; returns the new record.

        Raises:
            SignInFailed: It could not be done.
        """
        version = {"mcp-protocol-version": LATEST_PROTOCOL_VERSION}
        request = httpx2.Request("POST", self._entry.url, headers=version)
        header = {"www-authenticate": challenge.header} if challenge.header else {}
        response = httpx2.Response(challenge.status, headers=header, request=request)
        flow = self.async_auth_flow(request)
        try:
            async with _client() as client:
                await anext(flow)
                while (outgoing := await flow.asend(response)) is not request:
                    response = await self._ask(client, outgoing)
        except Exception as error:
            raise self._failed(error) from error
        finally:
            await flow.aclose()
        return self._kept()

    async def renew(self) -> Json | None:
        """Return the record with a new token; None where one has to sign in again.

        Raises:
            SignInFailed: The server that gives tokens cannot be asked now.
        """
        if not self._record or not self.context.can_refresh_token():
            return None
        try:
            async with _client() as client:
                response = await self._ask(client, await self._refresh_token())
        except Exception as error:
            raise self._failed(error) from error
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status_code in _BUSY:
            raise SignInFailed("has a sign-in server that is in trouble", is_passing=True)
        return self._kept() if await self._handle_refresh_response(response) else None

    async def revoke(self) -> bool | None:
        """Have the server forget the tokens (RFC 7009); None: there is no way to, False: it has not done it."""
        context = self.context
        tokens, metadata = context.current_tokens, context.oauth_metadata
        endpoint = metadata.revocation_endpoint if metadata is not None else None
        if tokens is None or endpoint is None:
            return None
        # What it could be renewed with first: many servers end the other with it.
        kinds = (("refresh_token", tokens.refresh_token), ("access_token", tokens.access_token))
        try:
            async with _client() as client:
                for kind, token in kinds:
                    if token is not None and not await self._revoked(client, str(endpoint), kind, token):
                        return False
        except (SignInFailed, OAuthTokenError, httpx2.HTTPError, OSError):
            return False
        return True

    async def _revoked(self, client: httpx2.AsyncClient, endpoint: str, kind: str, token: str) -> bool:
        data = {"token": token, "token_type_hint": kind}
        if self.context.client_info is not None:
            data["client_id"] = str(self.context.client_info.client_id)
        data, headers = self.context.prepare_token_auth(data, {"content-type": "application/x-www-form-urlencoded"})
        response = await self._ask(client, httpx2.Request("POST", endpoint, data=data, headers=headers))
        return response.is_success

    def _load(self) -> None:
        """Take what is known from before."""
        context, record = self.context, self._record
        try:
            context.current_tokens = _read(OAuthToken, record.get("tokens"))
            context.client_info = _read(OAuthClientInformationFull, record.get("client"))
            context.oauth_metadata = _read(OAuthMetadata, record.get("metadata"))
            context.protected_resource_metadata = _read(ProtectedResourceMetadata, record.get("resource"))
        except ValidationError:
            self._record = {}
        context.auth_server_url = record.get("issuer")
        self._initialized = True
        known, oauth = context.client_info, self._oauth
        if oauth is not None and oauth.client_id is not None:
            # Registered by hand: bound to the server that it was first used with.
            is_same = known is not None and known.client_id == oauth.client_id
            context.client_info = OAuthClientInformationFull(
                client_id=oauth.client_id,
                client_secret=oauth.client_secret,
                redirect_uris=context.client_metadata.redirect_uris,
                token_endpoint_auth_method=known.token_endpoint_auth_method if is_same and known is not None else None,
                issuer=known.issuer if is_same and known is not None else None,
            )
        elif known is not None and self._door is not None and not _has_address(known, self._door.address):
            # It was registered with an address that this machine does not have any more.
            context.client_info = None

    def _kept(self) -> Json:
        context = self.context
        client, tokens = context.client_info, context.current_tokens
        if client is not None and client.issuer is None and context.oauth_metadata is not None:
            client.issuer = self._expected_issuer()
        until = context.token_expiry_time if tokens is not None and tokens.expires_in is not None else None
        return {
            "tokens": _dumped(tokens),
            "until": until,
            "client": _dumped(client),
            "metadata": _dumped(context.oauth_metadata),
            "resource": _dumped(context.protected_resource_metadata),
            "issuer": context.auth_server_url,
        }

    @override
    async def _perform_authorization(self) -> httpx2.Request:
        metadata, client, oauth = self.context.oauth_metadata, self.context.client_info, self._oauth
        # Who has to sign in again is asked once for all that they had agreed to.
        had = self.context.current_tokens.scope if self.context.current_tokens is not None else None
        self.context.client_metadata.scope = union_scopes(had, self.context.client_metadata.scope)
        if oauth is not None:
            if oauth.scopes:
                asked = self.context.client_metadata.scope if self.context.current_tokens is not None else None
                self.context.client_metadata.scope = union_scopes(" ".join(oauth.scopes), asked)
            if client is not None and client.client_id == oauth.client_id:
                client.token_endpoint_auth_method = _method(metadata, has_secret=oauth.client_secret is not None)
            if oauth.grant == "client_credentials":
                return self._by_itself()
        # “If absent, MCP clients MUST refuse to proceed” (basic/authorization, “Authorization Code Protection”).
        if metadata is not None and "S256" not in (metadata.code_challenge_methods_supported or ()):
            raise SignInFailed("has a sign-in server without PKCE (S256), which is not safe")
        if self._door is None:
            raise SignInFailed(NEEDED)
        return await super()._perform_authorization()

    def _by_itself(self) -> httpx2.Request:
        """Return the request of a client that vouches for itself (RFC 6749, 4.4)."""
        data = {"grant_type": "client_credentials"}
        if self.context.should_include_resource_param(self.context.protocol_version):
            data["resource"] = self.context.get_resource_url()
        if self.context.client_metadata.scope:
            data["scope"] = self.context.client_metadata.scope
        headers = {"content-type": "application/x-www-form-urlencoded"}
        data, headers = self.context.prepare_token_auth(data, headers)
        return httpx2.Request("POST", self._get_token_endpoint(), data=data, headers=headers)

    async def _show(self, url: str) -> None:
        assert self._door is not None
        if not may_ask(url, self._entry.url):
            raise SignInFailed("sent a link for signing in that cannot be trusted")
        await self._door.send(url)

    async def _come_back(self) -> AuthorizationCodeResult:
        assert self._door is not None
        come = await self._door.arrival()
        if come.code is None:
            raise SignInFailed("was not allowed" if come.error == "access_denied" else "refused the sign-in")
        return AuthorizationCodeResult(code=come.code, state=come.state, iss=come.iss)

    async def _ask(self, client: httpx2.AsyncClient, request: httpx2.Request) -> httpx2.Response:
        """Send one of the flow's own requests, and read no more of the answer than fits."""
        if not may_ask(str(request.url), self._entry.url):
            raise SignInFailed("names an address for signing in that is not safe to ask")
        request.headers["accept-encoding"] = "identity"
        async with asyncio.timeout(_ANSWER_WITHIN):
            response = await client.send(request, stream=True, follow_redirects=False)
            try:
                body = b""
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > _LARGEST:
                        raise SignInFailed("has a sign-in server that answers with more than can be read")
            finally:
                await response.aclose()
        read = httpx2.Response(response.status_code, headers=response.headers, content=body, request=request)
        read.next_request = response.next_request
        return read

    def _failed(self, error: BaseException) -> SignInFailed:
        if isinstance(error, SignInFailed):
            return error
        if isinstance(error, (httpx2.TransportError, TimeoutError, OSError)):
            return SignInFailed("has a sign-in server that cannot be reached", is_passing=True)
        if isinstance(error, OAuthRegistrationError):
            found = (self.context.oauth_metadata, self.context.protected_resource_metadata)
            reason = "does not let programs register themselves; write “oauth”: {“clientId”: …} in its entry"
            return SignInFailed(reason, is_oauth=any(one is not None for one in found))
        if isinstance(error, OAuthTokenError):
            return SignInFailed("has a sign-in server that gave no token")
        if isinstance(error, (OAuthFlowError, ValidationError, ValueError)):
            return SignInFailed("says things about signing in that do not fit together")
        return SignInFailed("cannot be signed in to")


class _Nowhere:
    """The SDK's storage; what is kept is taken from the flow itself (`Flow._kept`)."""

    async def get_tokens(self) -> None:
        """Return None."""

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Keep nothing."""

    async def get_client_info(self) -> None:
        """Return None."""

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Keep nothing."""


def may_ask(url: str, server: str) -> bool:
    """Tell whether an address that `server` names may be asked.

    It is https; plain http, and hosts of this machine or network, only where the server itself is one (SSRF: MCP,
    security best practices).
    """
    parts, own = urlsplit(url), urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        return False
    is_inner = _is_inner(parts.hostname)
    if is_inner and not _is_inner(own.hostname or ""):
        return False
    return parts.scheme == "https" or is_inner or (own.scheme == "http" and parts.hostname == own.hostname)


def _is_inner(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def _method(metadata: OAuthMetadata | None, *, has_secret: bool) -> str:
    """Return how a registered client shows who it is (RFC 8414: basic where nothing is said)."""
    if not has_secret:
        return "none"
    known = (metadata.token_endpoint_auth_methods_supported if metadata is not None else None) or []
    return (
        "client_secret_post"
        if "client_secret_post" in known and "client_secret_basic" not in known
        else ("client_secret_basic")
    )


def _has_address(client: OAuthClientInformationFull, address: str) -> bool:
    return client.redirect_uris is None or any(str(one) == address for one in client.redirect_uris)


def _client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(verify=trust(), timeout=_ANSWER_WITHIN, follow_redirects=False)


def _read(kind: Any, found: object) -> Any:
    return kind.model_validate(found) if found is not None else None


def _dumped(model: Any) -> Json | None:
    return model.model_dump(mode="json", exclude_none=True) if model is not None else None
