"""What the process of a server is given."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from voice_agent.config.inherited import child_environment

pytestmark = pytest.mark.unit

BESIDE = Path(sys.executable).parent


def test_programs_beside_our_own_python_are_found_after_all_others() -> None:
    path = child_environment({"A": "b"}, {"PATH": "/nowhere", "SECRET_KEY": "k"})
    assert path == {"A": "b", "PATH": f"/nowhere{os.pathsep}{BESIDE}"}
    assert shutil.which(Path(sys.executable).name, path=path["PATH"]) is not None


def test_the_path_of_an_entry_counts_and_our_folder_is_in_it_once() -> None:
    assert child_environment({"PATH": "/own"}, {"PATH": "/ours"})["PATH"] == f"/own{os.pathsep}{BESIDE}"
    assert child_environment({}, {"PATH": f"{BESIDE}{os.pathsep}/x"})["PATH"] == f"{BESIDE}{os.pathsep}/x"
