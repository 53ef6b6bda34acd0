"""Both kinds of database, for tests that hold for each: `databases` is a fixture to be parametrised over `KINDS`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support import postgres

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import pytest

KINDS = ("sqlite", "postgresql")


@contextmanager
def address(kind: str, folder: Path, factory: pytest.TempPathFactory) -> Generator[Path | str]:
    """An empty database of that kind."""
    if kind == "sqlite":
        yield folder / "tasks.db"
        return
    shared = factory.getbasetemp()
    shared = shared.parent if shared.name.startswith("popen-") else shared
    with postgres.server(shared) as url, postgres.database(url) as found:
        yield found
