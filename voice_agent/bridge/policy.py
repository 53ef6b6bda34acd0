"""Decides whether a tool may be called at all, and whether the user is asked first (pure).

In this order: what config says (`deny`, then `allow`, then `confirm`); of a trusted server, what its annotations say,
where a call that writes must be one that the user's own words account for; of any other, plain reads are allowed and
everything else is confirmed. A plain read is one by annotation and not against its name, or by its name and not against
its annotations. Honest servers rarely lie in annotations but mostly leave them out, so a name is believed when it is
cautious and never when it is dangerous.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from voice_agent.bridge.types import Decision

if TYPE_CHECKING:
    from voice_agent.bridge.types import Hints
    from voice_agent.config.types import VoiceOptions


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


READS = _words(
    """
    analyze browse calculate check compare compute convert count describe details diff display echo estimate examine
    explain explore fetch filter find get grep head help history info inspect introspect is list load locate lookup
    measure monitor overview peek ping preview profile read recall recommend retrieve scan search show stat stats
    status suggest summarize summary tail trace translate tree validate verify view whoami
    """
)
"""Words that say that a tool only looks."""
DANGERS = _words(
    """
    abort ban block cancel clean cleanup clear close deactivate delete demolish deprovision destroy detach disable
    discard disconnect drop empty erase evict expire flush force forget format kill leave lock nuke overwrite prune
    purge reject remove reset restore revert revoke rollback shutdown stop suspend terminate trash truncate unassign
    undo uninstall unlink unpublish unsubscribe wipe
    """
)
"""Words that say that something may be lost."""
WRITES = DANGERS | _words(
    """
    accept activate add allocate append apply approve archive assign attach authorize batch begin book broadcast
    build bulk buy call change checkout click clone comment commit complete configure connect control convert copy
    crawl create deploy dispatch download downvote drag edit email enable enqueue eval evaluate exec execute export
    extract fill finish follow fork generate grant hover import index init initialize insert install interact invite
    invoke issue join launch like log login logout mark merge message migrate modify mount move mutate navigate
    notify open order patch pay pin play post press provision publish push put query rate react rebuild record
    refund register remind rename reopen reorder replace replay reply report request resize resolve resume retry
    review rotate run save scale schedule scrape select send set share shell sign start store submit subscribe swap
    switch sync tag tap toggle train transfer transition trigger turn type unarchive unfollow unlike unlock unpin
    unsave update upgrade upload upsert upvote use vote watch withdraw write
    """
)
"""Words that say that a tool does something."""
NOUNS = _words(
    """
    batch block book build call change comment control copy dispatch display email export filter force format index
    issue launch leave like lock log message order payment play post query rate record report request review
    schedule share sync tag token transfer trash trigger type vote
    """
)
"""Words of `WRITES` that are things after a word of `READS`: `get_issue`, `search_log`."""
_CHECKED = frozenset({"in", "out", "off", "item", "task", "todo", "box"})
"""Words that make a deed of “check”: to check in, to check an item."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def decide(name: str, hints: Hints, options: VoiceOptions) -> Decision:
    """Return what may be done with the tool `name` (as its server spells it).

    `confirm` globs add to what would be asked about anyway; `"never"` and `trust` are how less is asked.
    """
    if _matches(name, options.deny) or not _matches(name, options.allow):
        return Decision.DENY
    if options.confirm == "always":
        return Decision.CONFIRM
    if options.confirm == "never":
        return Decision.ALLOW
    if options.confirm is not None and _matches(name, options.confirm):
        return Decision.CONFIRM
    if is_read(name, hints, trusted=options.trust):
        return Decision.ALLOW
    return Decision.SPOKEN if options.trust and not _is_destructive(name, hints) else Decision.CONFIRM


def is_read(name: str, hints: Hints, *, trusted: bool) -> bool:
    """Tell whether calling the tool changes nothing, so that it may be called twice and without being asked about."""
    if trusted and hints.read_only is not None:
        return hints.read_only
    words = words_of(name)
    if hints.read_only is True:
        return not _endangers(words)
    if hints.read_only is False or hints.destructive is True:
        return False
    # Of a name in other letters than these words', no word says that it only looks; some look just like them.
    return name.isascii() and _reads(words)


def is_repeatable(name: str, hints: Hints, *, trusted: bool) -> bool:
    """Tell whether a call whose answer was lost may be sent again: it reads, or is idempotent by trusted annotation."""
    return is_read(name, hints, trusted=trusted) or (trusted and hints.idempotent is True)


def words_of(name: str) -> list[str]:
    """Return the words of a tool's name, in lower case: `vaultList`, `vault-list` and `vault.list` are the same."""
    return [word.lower() for word in _WORD.findall(name)]


def _is_destructive(name: str, hints: Hints) -> bool:
    if hints.read_only is True:
        return False
    if hints.destructive is not None:
        return hints.destructive
    return _endangers(words_of(name))


def _endangers(words: list[str]) -> bool:
    """Tell whether a name says that something may be lost."""
    return any(word in DANGERS for word in _deeds(words))


def _reads(words: list[str]) -> bool:
    """Tell whether a name says that it only looks."""
    return not READS.isdisjoint(words) and not any(word in WRITES for word in _deeds(words))


def _deeds(words: list[str]) -> list[str]:
    """Return `words` without those that are things, for a word of reading stands before them."""
    deeds: list[str] = []
    reading = False
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "check" and following in _CHECKED:
            deeds.append("mark")
        elif not (reading and word in NOUNS):
            deeds.append(word)
        reading = reading or word in READS
    return deeds


def _matches(name: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
