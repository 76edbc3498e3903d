"""The layers at run time: what importing a package really loads."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tui.ahead import MODULES

ROOT = Path(__file__).parents[2]

ALL_OF_CHECKS = """
import importlib, pkgutil, checks
for found in pkgutil.walk_packages(checks.__path__, "checks."):
    importlib.import_module(found.name)
"""
ALL_OF_WIDGETS = ALL_OF_CHECKS.replace("checks", "widgets")


@cache
def loaded_by(code: str) -> frozenset[str]:
    """Top-level names in sys.modules after ``code`` ran in a fresh interpreter."""
    program = f"{code}\nimport sys\nprint(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return frozenset(done.stdout.split())


@pytest.mark.parametrize("package", ["textual", "rich", "plotext", "widgets", "tui"])
def test_the_engine_knows_no_terminal(package: str) -> None:
    assert package not in loaded_by(ALL_OF_CHECKS)


@pytest.mark.parametrize("package", ["tui", "httpx", "redis", "psutil", "pydantic", "sqlite3"])
def test_widgets_do_no_io_and_know_no_app(package: str) -> None:
    assert package not in loaded_by(ALL_OF_WIDGETS)


@pytest.mark.parametrize(
    "package",
    ["numpy", "pydantic", "yaml", "httpx", "redis", "plotext", "psutil", "jmespath", "tui.demo"],
)
def test_the_first_frame_needs_no_heavy_import(package: str) -> None:
    assert package not in loaded_by("import tui.app, tui.screens.overview")


def test_screens_are_loaded_when_somebody_types() -> None:
    loaded = loaded_by("import tui.app, tui.screens.overview")
    assert not loaded & set(MODULES)
    typed = loaded_by("from tui.ahead import Ahead; it = Ahead(); it.typed(); it.join()")
    assert set(MODULES) <= typed
    assert not typed & {"tui.screens.databases", "numpy", "pydantic", "httpx"}


def test_the_command_line_loads_nothing_heavy() -> None:
    loaded = loaded_by("import tui.cli")
    assert not loaded & {"textual", "rich", "numpy", "pydantic", "yaml", "asyncio"}


def test_kinds_load_their_drivers_when_first_used() -> None:
    loaded = loaded_by("import checks.engine")
    assert not loaded & {"httpx", "redis", "psutil", "jmespath"}


def test_what_a_configuration_does_not_name_is_not_loaded() -> None:
    loaded = loaded_by("import checks.engine, checks.longterm.live, checks.probes.metrics.probe")
    assert "checks.probes.metrics.scrape" in loaded
    assert not loaded & {
        "checks.objectives.budget",
        "checks.objectives.sources",
        "checks.probes.http.judge",
        "checks.requests.config",
        "checks.requests.shape",
    }
