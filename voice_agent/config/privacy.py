"""Keeps libraries from telling anybody that they are used."""

from __future__ import annotations

import os

_REFUSALS = {
    # onnxruntime, which the offline voice runs on, reports the machine to its maker from its import on.
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "FASTMCP_CHECK_FOR_UPDATES": "off",
}


def refuse_telemetry() -> None:
    """Set the variables by which they can be told to be quiet; call before they are imported."""
    os.environ.update(_REFUSALS)
