"""What the guides say themselves, and what of it stands in the examples."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from checks.runbooks.library import Library
from checks.runbooks.model import Runbook
from tests.examples.kit import loaded

__all__ = ["GUIDES", "guide_of", "runbook_of"]

GUIDES: Final = Path(__file__).parents[3] / "shared" / "seeds"


def guide_of(system: str) -> str:
    """The text of the system's guide; skips the test where the guides are not here."""
    file = GUIDES / f"{system}.md"
    if not file.is_file():
        told = f"{file} is not here"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(told)
    return file.read_text(encoding="utf-8")


def runbook_of(system: str, name: str) -> Runbook:
    """A runbook of the system's example."""
    library = Library(loaded(system, {}).engine.runbooks)
    library.refresh()
    found = library.get(name)
    assert found is not None, library.missing(name)
    return found
