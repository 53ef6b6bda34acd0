from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.support.config_folder import ConfigFolder
from voice_agent.config import variables

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / ".env.example").read_text(encoding="utf-8")
NAMES = re.findall(r"^# ([A-Z][A-Z0-9_]+)=", TEXT, re.MULTILINE)
OF_THE_TASK_MANAGER = {"TASK_MANAGER_DATABASE_URL"}


def test_the_example_names_every_variable_once_and_none_that_does_not_exist() -> None:
    known = {*variables.own(), *variables.CONVENTIONAL, *variables.in_files(), *variables.PLACES, *OF_THE_TASK_MANAGER}

    assert sorted(NAMES) == sorted(known)


def test_the_example_sets_nothing_as_it_is() -> None:
    assert dotenv_values(stream=StringIO(TEXT)) == {}


def test_every_value_in_the_example_is_a_good_one(tmp_path: Path) -> None:
    folder = ConfigFolder(tmp_path)
    values = dotenv_values(stream=StringIO(re.sub(r"^# (?=[A-Z][A-Z0-9_]+=)", "", TEXT, flags=re.MULTILINE)))
    places = {*variables.PLACES, *variables.in_files()}
    folder.environ |= {name: value for name, value in values.items() if value and name not in places}

    assert folder.load().problems == ()
