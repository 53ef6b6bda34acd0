"""What a server asks its user: its form read from the schema, or its link; all of it the server's words (pure).

MCP 2025-11-25 and 2026-07-28, client/elicitation: flat forms of texts, numbers, yes or no, and choices with or without
titles; links that are never opened by themselves; no secrets in a form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast
from urllib.parse import urlsplit

from voice_agent.bridge.arguments import Arguments
from voice_agent.bridge.cleaning import clean

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json

MOST_FIELDS = 24
MOST_CHOICES = 200
_TEXT, _TITLE, _DESCRIPTION = 600, 80, 200
"""Characters of what a server asks, of a title, and of a description."""
_LONGEST_URL = 2_000
_ABROAD = "passwort|kennwort|geheimzahl|mot de passe|contraseña|senha|wachtwoord|hasło|пароль"
_SECRET = re.compile(
    r"\b(?:password|passwd|passphrase|passcode|secret|token|api ?key|private key|access key|credentials?|pin|pin code"
    r"|otp|one time (?:code|password)|verification code|security code|cvv|cvc|(?:credit|debit)? ?card (?:number|no)"
    r"|credit card|iban|account number|social security|ssn|seed phrase|recovery (?:code|phrase)|tan|cvn|mfa code"
    r"|(?:login|log in|sign in|auth|authentication|authenticator|two factor|2fa|access|sms) code"
    rf"|{_ABROAD})\b"
)
_SECRET_ABROAD = re.compile(rf"\b(?:{_ABROAD})\b")
_DEMANDS = re.compile(
    r"\b(?:enter|type|give|tell|provide|say|supply|input|send|need|needs|requires?|confirm|what is|what s|speak|spell"
    r"|repeat)\b(?: (?:in|us|me|it|your|the|a|an|this|that|my|current|old|new|\w+ s)){0,4}"
    r"(?: (?!(?:of|for|to|name|which|with|about|from|in|on)\b)\w+){0,2} " + _SECRET.pattern
)
"""Words of a question that want what follows."""


class Kind(StrEnum):
    """What a field of a form takes."""

    TEXT = "text"
    EMAIL = "email"
    URI = "uri"
    DATE = "date"
    DATE_TIME = "date-time"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CHOICES = "choices"


_SPOKEN_OUT = frozenset({Kind.TEXT, Kind.NUMBER, Kind.INTEGER})
"""What a secret could be given as."""
_FORMATS = {"email": Kind.EMAIL, "uri": Kind.URI, "date": Kind.DATE, "date-time": Kind.DATE_TIME}
_TYPES = {"number": Kind.NUMBER, "integer": Kind.INTEGER, "boolean": Kind.BOOLEAN}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values that a field takes."""

    value: str
    title: str
    """Cleaned; the value itself where the server gives no title."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form."""

    name: str
    """As the server spells it."""
    title: str
    """Cleaned, for people."""
    kind: Kind
    is_required: bool
    description: str = ""
    """Cleaned; empty where it says no more than the title."""
    default: Any = None
    choices: tuple[Choice, ...] = ()
    least: float | None = None
    """Of a number; else the fewest characters or choices."""
    most: float | None = None
    is_secret: bool = False
    """It asks for what must not be said aloud."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a server asks its user while a call waits (an elicitation)."""

    server: str
    say: str
    """The server's spoken name."""
    text: str
    """Cleaned and capped; the server's words."""
    fields: tuple[Field, ...] = ()
    schema: Json = field(default_factory=dict[str, "object"], repr=False)
    """As the server sent it."""
    url: str | None = None
    """What the user is asked to open; then there are no fields."""
    is_waited_for: bool = False
    """The call goes on when the user has done at the link what it is for."""
    is_ours: bool = False
    """The server comes with this program."""
    is_sign_in: bool = False
    """The link is where the user signs in, and the question ends by itself when they have; it is ours to ask."""
    is_for_more: bool = False
    """They have signed in, but not agreed to what this call needs."""
    trouble: str | None = None
    """Why it cannot be put to anybody, as a clause: `asks for something that cannot be said`."""

    @property
    def domain(self) -> str:
        """The host of the link, as it is looked up: letters that only look like others show as `xn--`."""
        return _host(self.url or "") or ""

    def problem(self, content: Json) -> str | None:
        """Return why the server would not take `content`, or None."""
        return Arguments(self.schema).problem(content)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the user says to it (client/elicitation, “Response Actions”)."""

    action: Literal["accept", "decline", "cancel"]
    content: Json | None = None
    """Of an accepted form."""


class Asker(Protocol):
    """Puts the questions that come up in one call to whoever made the call."""

    @property
    def person(self) -> object:
        """Who is asked: questions of two calls that cannot be told apart go to the one person who made both."""
        ...

    async def __call__(self, question: Question, /) -> Reply:
        """Return the answer; cancelled when it is not wanted any more."""
        ...


def form(server: str, say: str, text: str, schema: Any, *, is_ours: bool = False) -> Question:
    """Return the question that a form is."""
    said = clean(text, _TEXT, one_line=True)
    properties = cast("Any", schema).get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return Question(server, say, said, is_ours=is_ours, trouble="asks for something that cannot be read")
    listed = cast("Json", schema).get("required")
    required = set(map(str, cast("list[Any]", listed))) if isinstance(listed, list) else set[str]()
    fields: list[Field] = []
    for name, described in cast("Json", properties).items():
        one = _field(name, described, is_required=name in required)
        if one is not None:
            fields.append(one)
        elif name in required:
            return Question(server, say, said, is_ours=is_ours, trouble="asks for something that cannot be said")
    if not any(one.is_secret for one in fields) and _demands_secret(said):
        fields = [replace(one, is_secret=one.kind in _SPOKEN_OUT) for one in fields]
    trouble = "asks for too much at once" if len(fields) > MOST_FIELDS else None
    return Question(server, say, said, tuple(fields), cast("Json", schema), is_ours=is_ours, trouble=trouble)


def link(server: str, say: str, text: str, url: str, *, is_ours: bool = False, is_waited_for: bool = False) -> Question:
    """Return the question that a link is: shall it be opened? Nothing opens or fetches it here."""
    said, shown = clean(text, _TEXT, one_line=True), clean(url, one_line=True)
    if _host(shown) is None or len(shown) > _LONGEST_URL or shown != url.strip() or " " in shown:
        return Question(server, say, said, is_ours=is_ours, trouble="sent a link that cannot be trusted")
    return Question(server, say, said, url=shown, is_ours=is_ours, is_waited_for=is_waited_for)


def _host(url: str) -> str | None:
    """Return the host of a web address as it is looked up; None where it is no web address."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https"} or not host:
            return None
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return None


def _field(name: str, described: Any, *, is_required: bool) -> Field | None:
    """Return a field; None where it is of a kind that no form may have."""
    if not isinstance(described, dict):
        return None
    schema = cast("Json", described)
    choices, kind = _choices(schema), _kind(schema)
    if kind is None or len(choices) > MOST_CHOICES or (kind in {Kind.CHOICE, Kind.CHOICES} and not choices):
        return None
    title = clean(str(schema.get("title") or ""), _TITLE, one_line=True) or _words(name)
    told = clean(str(schema.get("description") or ""), _DESCRIPTION, one_line=True)
    default = schema.get("default")
    known = {choice.value for choice in choices}
    chosen = cast("list[Any]", default) if isinstance(default, list) else [default]
    if choices and not all(isinstance(one, str) and one in known for one in chosen):
        default = None
    bounds = {Kind.NUMBER: ("minimum", "maximum"), Kind.INTEGER: ("minimum", "maximum")}
    least, most = bounds.get(kind, ("minItems", "maxItems") if kind is Kind.CHOICES else ("minLength", "maxLength"))
    return Field(
        name,
        title,
        kind,
        is_required=is_required,
        description="" if _plain(told) == _plain(title) else told,
        default=default,
        choices=choices,
        least=_number(schema.get(least)),
        most=_number(schema.get(most)),
        is_secret=_is_secret(name, title, told, schema),
    )


def _kind(schema: Json) -> Kind | None:
    if schema.get("type") == "array":
        return Kind.CHOICES
    if any(isinstance(schema.get(key), list) for key in ("enum", "oneOf", "anyOf")):
        return Kind.CHOICE if schema.get("type", "string") == "string" else None
    if schema.get("type") == "string":
        return _FORMATS.get(str(schema.get("format")), Kind.TEXT)
    return _TYPES.get(str(schema.get("type")))


def _choices(schema: Json) -> tuple[Choice, ...]:
    """Return the values of a field: `enum`, with `enumNames` (up to 2025-06-18), or `oneOf`/`anyOf` with titles."""
    items = cast("Json", schema["items"]) if isinstance(schema.get("items"), dict) else schema
    if isinstance(values := items.get("enum"), list):
        values = cast("list[Any]", values)
        names = cast("list[Any]", items["enumNames"]) if isinstance(items.get("enumNames"), list) else values
        names = names if len(names) == len(values) else values
        return tuple(_choice(value, name) for value, name in zip(values, names, strict=True) if isinstance(value, str))
    options = items.get("oneOf") or items.get("anyOf")
    titled = [cast("Json", one) for one in options or () if isinstance(one, dict)]
    return tuple(_choice(value, one.get("title")) for one in titled if isinstance(value := one.get("const"), str))


def _choice(value: str, title: Any) -> Choice:
    said = clean(title, _TITLE, one_line=True) if isinstance(title, str) else ""
    return Choice(value, said or _words(value))


def _is_secret(name: str, title: str, told: str, schema: Json) -> bool:
    if str(schema.get("format")) == "password" or schema.get("writeOnly") is True:
        return True
    if schema.get("type") in ("boolean", "array") or "enum" in schema or "oneOf" in schema:
        return False
    return any(_SECRET.search(_plain(text)) for text in (_words(name), title, told))


def _demands_secret(text: str) -> bool:
    """Tell whether a question wants a secret, whatever it calls the field, as in `enter your password`."""
    said = _plain(text)
    return bool(_DEMANDS.search(said) or _SECRET_ABROAD.search(said))


def _words(name: str) -> str:
    """Return an identifier as words: `first_name`, `firstName` → `first name`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", clean(name, _TITLE, one_line=True))
    return " ".join(re.split(r"[\s_]+", spaced.strip(" _"))) or "value"


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
