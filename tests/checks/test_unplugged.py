"""Models are made without a look for plugins of pydantic's."""

from __future__ import annotations

import subprocess
import sys

_NOT_NEEDED = {"importlib.metadata", "importlib.resources", "zipfile", "csv"}


def _said(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_neither_models_nor_http_checks_load_what_reads_the_metadata_of_packages() -> None:
    code = f"""import sys

import checks.engine
import checks.probes.http.probe
import checks.probes.metrics.probe
from checks.registry import kind
print(kind("http").config.model_validate("http://host/x").address())
print(sorted({_NOT_NEEDED!r} & set(sys.modules)))
"""
    assert _said(code) == "http://host/x\n[]"


def test_another_version_of_pydantic_has_of_its_module_what_it_asks_for() -> None:
    code = """import checks.settings

from pydantic.plugin._loader import PYDANTIC_ENTRY_POINT_GROUP, get_plugins
from pydantic.plugin._loader import get_plugins as later
print(PYDANTIC_ENTRY_POINT_GROUP, get_plugins.__module__, later.__module__)
"""
    assert _said(code).split() == ["pydantic", "checks.unplugged", "pydantic.plugin._loader"]
