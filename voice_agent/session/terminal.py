"""Shows a conversation to the person at the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from voice_agent.session.journal import Line

_TROUBLE = {"failed", "reconnecting", "needs_login", "quarantined"}


class Terminal:
    """Prints what was said, and what went wrong, in plain words."""

    def __init__(self, out: TextIO | None = None, *, echo_user: bool) -> None:
        """Print to `out`, standard output where None; `echo_user`: also what the user said."""
        self._out = out or sys.stdout
        self._echo_user = echo_user
        self._link: str | None = None
        self._told: dict[str, str] = {}
        self._dim, self._plain = ("\x1b[2m", "\x1b[0m") if self._out.isatty() else ("", "")

    def note(self, line: Line) -> None:
        """Take notice of a line of the journal."""
        match line["event"]:
            case "agent":
                self._print(f"Agent: {line['text']}")
            case "user" if self._echo_user:
                self._print(f"You: {line['text']}")
            case "tool_call":
                self._print(f"{self._dim}  … {line['server']}.{line['tool']}{self._plain}")
            case "question" if line["url"]:
                self._print(f"  → {line['url']}")
            case "ready":
                for server in line["servers"]:
                    self._tell_trouble(server)
            case "server":
                self._tell_trouble(line)
            case "error":
                self._print(f"{self._dim}  ! {line['text']}{self._plain}")
            case _:
                pass

    def say(self, text: str) -> None:
        """Print something about the program itself."""
        self._print(f"{self._dim}{text}{self._plain}")

    def prompt(self) -> None:
        """Show that it is the user's turn to type."""
        if self._out.isatty():
            self._out.write("You: ")
            self._out.flush()

    def _tell_trouble(self, server: Line) -> None:
        # What was left out of the configuration has been told before the conversation began.
        told = f"  ({server['name']} {server['reason']})"
        is_news = self._told.get(server["name"]) != told
        self._told[server["name"]] = told
        if is_news and server["state"] in _TROUBLE and not str(server["reason"]).startswith("was left out"):
            self.say(told)
        if (link := server.get("login")) is not None and link != self._link:
            self._link = link
            self._print(f"  → {link}")

    def _print(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()
