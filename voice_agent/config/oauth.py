"""What an entry says about signing in: `auth` and `oauth`, as the clients write them that people have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, cast

from voice_agent.config.mistake import Mistake
from voice_agent.config.types import OAuth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MOST_PORT = 65_535
_GRANTS: dict[str, Literal["code", "client_credentials"]] = {
    "authorizationcode": "code",
    "code": "code",
    "clientcredentials": "client_credentials",
}
_REMEDY = "Correct it, or remove it."


def read_oauth(entry: Mapping[str, Any], expanded: Callable[[str], str]) -> OAuth | None:
    """Return what `entry` says of OAuth; None where it does not say that one signs in.

    Cursor has `auth: {CLIENT_ID, CLIENT_SECRET, scopes}`, Claude Code `oauth: {clientId, callbackPort, scopes}`,
    VS Code `oauth: {clientId}`, FastMCP `auth: "oauth"`; ours are all of them and `clientMetadataUrl` and `grant`.

    Args:
        entry: As written.
        expanded: Fills in placeholders.

    Raises:
        Mistake: A value cannot be used.
    """
    found: dict[str, Any] | None = None
    for key in ("auth", "oauth"):
        said = entry.get(key)
        if isinstance(said, dict):
            found = {**(found or {}), **{_plain(name): value for name, value in cast("dict[str, Any]", said).items()}}
        elif said is True or (isinstance(said, str) and said.strip().lower() == "oauth"):
            found = found or {}
    if found is None:
        return None

    def text(name: str) -> str | None:
        value = found.get(name)
        if value in (None, ""):
            return None
        if not isinstance(value, str):
            raise Mistake(f"“oauth”: “{name}” must be text.", _REMEDY, key=("oauth",))
        return expanded(value).strip() or None

    return OAuth(
        client_id=text("clientid"),
        client_secret=text("clientsecret"),
        scopes=_scopes(found.get("scopes", found.get("scope"))),
        client_metadata_url=_metadata_url(text("clientmetadataurl")),
        callback_port=_port(found.get("callbackport")),
        grant=_grant(text("grant") or text("granttype"), text("clientsecret")),
    )


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()


def _scopes(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in cast("list[Any]", words)):
        raise Mistake("“oauth”: “scopes” must be a list of words.", _REMEDY, key=("oauth",))
    return tuple(cast("list[str]", words))


def _port(value: Any) -> int | None:
    if value is None:
        return None
    number = int(str(value)) if str(value).isdecimal() else 0
    if not 0 < number <= _MOST_PORT:
        raise Mistake("“oauth”: “callbackPort” must be the number of a port.", _REMEDY, key=("oauth",))
    return number


def _metadata_url(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"https://[^/\s]+/\S+", value):
        raise Mistake(
            "“oauth”: “clientMetadataUrl” must be an https address with a path.",
            "Write where the document about this client is to be read.",
            key=("oauth",),
        )
    return value


def _grant(value: str | None, secret: str | None) -> Literal["code", "client_credentials"]:
    grant = _GRANTS.get(_plain(value or "code"))
    if grant is None:
        raise Mistake("“oauth”: “grant” is none that is known here.", "Write “client_credentials”.", key=("oauth",))
    if grant == "client_credentials" and secret is None:
        raise Mistake("“oauth”: this “grant” needs “clientSecret”.", "Add it, as a placeholder.", key=("oauth",))
    return grant
