"""Whose sign-ins there are, and at which servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from voice_agent.bridge.credentials.doorstep import looks_like_return
from voice_agent.bridge.credentials.vault import FOLDER, Vault
from voice_agent.config.types import HttpEntry

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.bridge.credentials.sign_in import SignIn
    from voice_agent.config.types import ServerEntry


class Credentials:
    """Vouches for people to servers that are reached by URL."""

    def __init__(
        self, home: Path, *, asks: bool, unasked: bool = True, keyring: bool = True, page: str | None = None
    ) -> None:
        """Take the folder of the user's files.

        Args:
            home: Tokens rest in a folder of it.
            asks: People can be given a link.
            unasked: The owner of this machine signs in wherever that is wanted, also where the entry does not say so.
            keyring: The key to them may be in the system's keyring.
            page: The address that people open, at which browsers come back; None: they come back to this machine.
        """
        self._vault = Vault(home / FOLDER, keyring=keyring)
        self._asks, self._unasked, self._page = asks, unasked, page
        self._made: WeakSet[SignIn] = WeakSet()

    def of(self, subject: str | None, entry: ServerEntry) -> SignIn | None:
        """Return the sign-in of `subject` (None: the owner of this machine) at the server of `entry`.

        None: the entry has credentials of its own, or nobody signs in there.
        """
        if not isinstance(entry, HttpEntry) or any(name.lower() == "authorization" for name in entry.headers):
            return None
        if entry.auth != "oauth" and (entry.auth is not None or subject is not None or not self._unasked):
            return None
        from voice_agent.bridge.credentials.sign_in import SignIn

        made = SignIn(entry, self._vault, subject, asks=self._asks, page=self._page)
        self._made.add(made)
        return made

    def of_person(self, subject: str | None) -> SignIns:
        """Return the sign-ins of `subject`."""
        return OwnSignIns(self, subject)

    def take(self, subject: str | None, text: str) -> bool | None:
        """Take the address that the browser of `subject` came back to, as they have pasted it.

        None: `text` is no such address. False: it belongs to no sign-in of theirs that is under way.
        """
        if not looks_like_return(text):
            return None
        return any(one.subject == subject and one.take(text) for one in list(self._made))


class SignIns(Protocol):
    """The sign-ins of one person."""

    def at(self, entry: ServerEntry) -> SignIn | None:
        """Return the sign-in at the server of `entry`, where there can be one."""
        ...

    def take(self, text: str) -> bool | None:
        """Take the address that the browser came back to (`Credentials.take`)."""
        ...


@dataclass(frozen=True, slots=True)
class OwnSignIns:
    """The sign-ins of one person that are kept here."""

    credentials: Credentials
    subject: str | None

    def at(self, entry: ServerEntry) -> SignIn | None:
        """Return the sign-in at the server of `entry`, where there can be one."""
        return self.credentials.of(self.subject, entry)

    def take(self, text: str) -> bool | None:
        """Take the address that the browser came back to (`Credentials.take`)."""
        return self.credentials.take(self.subject, text)
