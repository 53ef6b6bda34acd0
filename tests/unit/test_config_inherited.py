"""What the process of a server is given."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from voice_agent.config.inherited import child_environment
from voice_agent.config.processes import set_unless_set

pytestmark = pytest.mark.unit

BESIDE = Path(sys.executable).parent


def test_programs_beside_our_own_python_are_found_after_all_others() -> None:
    path = child_environment({"A": "b"}, {"PATH": "/nowhere", "SECRET_KEY": "k"})
    assert path == {"A": "b", "PATH": f"/nowhere{os.pathsep}{BESIDE}"}
    assert shutil.which(Path(sys.executable).name, path=path["PATH"]) is not None


def test_the_path_of_an_entry_counts_and_our_folder_is_in_it_once() -> None:
    assert child_environment({"PATH": "/own"}, {"PATH": "/ours"})["PATH"] == f"/own{os.pathsep}{BESIDE}"
    assert child_environment({}, {"PATH": f"{BESIDE}{os.pathsep}/x"})["PATH"] == f"{BESIDE}{os.pathsep}/x"


def test_a_variable_for_a_library_is_set_unless_the_user_has_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_LIBRARY_WATCHES", "100")
    monkeypatch.setenv("A_LIBRARY_TELLS", "")
    monkeypatch.delenv("A_LIBRARY_TELLS")
    set_unless_set(A_LIBRARY_WATCHES="0", A_LIBRARY_TELLS="0")
    assert os.environ["A_LIBRARY_WATCHES"] == "100"
    assert os.environ["A_LIBRARY_TELLS"] == "0"
