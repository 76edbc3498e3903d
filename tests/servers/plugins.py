"""Debian's Monitoring Plugins: those installed, or those that tools/get-plugins has unpacked."""

from __future__ import annotations

from pathlib import Path

import pytest

__all__ = ["Plugins"]

_FOLDERS = (
    Path(__file__).parents[2] / ".tools/monitoring-plugins/usr/lib/nagios/plugins",
    Path("/usr/lib/nagios/plugins"),
)


class Plugins:
    """The folder they lie in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def argv(self, name: str, *arguments: str) -> list[str]:
        """How to call the plugin ``name``; skips the test where this set lacks it."""
        program = self.folder / name
        if not program.exists():
            pytest.skip(f"there is no {name} in {self.folder}")
        return [str(program), *arguments]


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """The Monitoring Plugins; skips the test where there are none."""
    for folder in _FOLDERS:
        if (folder / "check_disk").exists():
            return Plugins(folder)
    pytest.skip("no Monitoring Plugins; tools/get-plugins fetches them")
