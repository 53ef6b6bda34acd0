from __future__ import annotations

import logging

import pytest

from voice_agent.cli.logs import Redacting

pytestmark = pytest.mark.unit


def test_keys_are_taken_out_of_messages_and_tracebacks() -> None:
    formatter = Redacting(["sk-secret", "sk-secret-longer"])
    error = ValueError("the key sk-secret-longer is wrong")
    info = (type(error), error, None)
    record = logging.LogRecord("x", logging.WARNING, "x.py", 1, "refused %s", ("sk-secret",), info)
    text = formatter.format(record)
    assert "sk-secret" not in text
    assert "refused •••" in text
    assert "the key ••• is wrong" in text


def test_without_secrets_a_record_stays_as_it_is() -> None:
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "hello", None, None)
    assert Redacting([""]).format(record) == "INFO x: hello"
