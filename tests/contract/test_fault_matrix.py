from __future__ import annotations

import gc
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.cell import SECRET, Column, run_cell
from tests.faults.certificates import write_certificate
from tests.faults.table import CELLS, DOC, Fault, Outcome, document
from tests.support.web_servers import kept_port
from voice_agent.bridge.types import Status

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

pytestmark = pytest.mark.contract

_ADDRESS = re.compile(r"https?://127\.0\.0\.1:\d+/mcp")


@pytest.fixture(scope="module", autouse=True)
def nothing_stays_in_memory() -> Generator[None]:
    """Fail where any cell has left a part of a bridge behind: looked at once, for a look takes a second."""
    before = parts_in_memory()
    yield
    assert parts_in_memory() - before == Counter()


def parts_in_memory() -> Counter[str]:
    """What is in memory of the classes that live as long as a server or a call does, ours and the SDK's."""
    gc.collect()
    kinds: list[type[Any]] = [type(one) for one in gc.get_objects()]
    return Counter(
        kind.__name__ for kind in kinds if str(kind.__module__).startswith(BRIDGE) and kind.__name__ in PARTS
    )


BRIDGE = ("voice_agent.bridge.", "fastmcp.client.", "mcp.client.")
PARTS = {
    *("Bridge", "Supervisor", "ClientConnection", "Child", "Caller", "Beside", "Library", "Reached", "Catalog", "Wire"),
    *("WatchedClient", "BridgeSession", "WatchedStream", "ChildTransport", "HttpTransport", "Logs", "Questions"),
    *("Client", "ClientSession"),
}


def specification(fault: Fault, folder: Path, nobody: int) -> dict[str, Any]:
    """What `run_cell` needs to know of a row; `nobody`: a port that refuses connections."""
    more = dict(fault.more)
    if more.pop("nobody", False):
        more["url"] = f"http://127.0.0.1:{nobody}/mcp"
    if begins := more.pop("certificate", None):
        more["tls"] = str(write_certificate(folder / "certificate.pem", begins))
    return {"fault": fault.does, "at": fault.at, **more}


@pytest.mark.parametrize(
    ("fault", "column", "outcome"), CELLS, ids=[f"{fault.name}, {column.name}" for fault, column, _ in CELLS]
)
async def test_a_fault_is_told_as_it_is_and_harms_nothing_else(
    tmp_path: Path, fault: Fault, column: Column, outcome: Outcome
) -> None:
    comes_up, hangs = outcome.read is not None, HANGS.get(outcome.word, ())
    with kept_port() as nobody:
        row = specification(fault, tmp_path, nobody)
        seen = await run_cell(column, row, tmp_path, comes_up=comes_up, hangs=hangs)
    reason = _ADDRESS.sub("URL", seen.reason) if seen.reason else None
    assert (seen.state, reason) == (outcome.state, outcome.reason)
    assert told(seen.read) == outcome.read
    assert told(seen.write) == outcome.write
    assert set(seen.well) == {Status.OK}, "another server was disturbed"
    assert seen.writes <= 1, "a write took effect twice"
    assert not any(SECRET in request for request in seen.heard_elsewhere)
    assert seen.left == []


HANGS = {"silent": ("start",), "late": ("read", "write"), "late after one": ("write",)}


def told(call: tuple[Status, str] | None) -> tuple[str, str] | None:
    return (call[0].value, _ADDRESS.sub("URL", call[1])) if call is not None else None


def test_the_table_of_faults_is_up_to_date() -> None:
    assert DOC.read_text("utf-8") == document(), "write it anew: python -m tests.faults.table"


def test_no_two_outcomes_are_called_the_same() -> None:
    assert len({outcome for _, _, outcome in CELLS}) == len({outcome.word for _, _, outcome in CELLS})
