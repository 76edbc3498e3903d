"""Debian's Prometheus and its exporters: unpacked by tools/get-peers, or installed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

__all__ = ["peer"]

_UNPACKED = Path(__file__).parents[2] / ".tools/peers/usr/bin"


def peer(name: str) -> Path:
    """The program ``name``, such as ``promtool``.

    Skips the test where there is none, but in CI, for which ``make test`` fetches Prometheus and
    its exporters.
    """
    for found in (_UNPACKED / name, shutil.which(name)):
        if found and os.access(found, os.X_OK):
            return Path(found)
    sentence = f"there is no {name}; tools/get-peers fetches it on Debian"
    if os.environ.get("CI") == "true" and name.startswith("prom"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Prometheus' tool that checks and tests rule files."""
    return peer("promtool")
