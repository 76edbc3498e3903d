"""Which systemd services are to run, and whether they do: read from files, without its bus.

An enabled service has a link below ``*.wants``; one that runs has a control group. Only what is
enabled and does not run is asked after with ``systemctl``, for the reason.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

__all__ = ["Unit", "enabled_units", "exists", "has_systemd", "is_gone", "is_masked", "with_reasons"]

_WANTS: Final = (
    "etc/systemd/system/*.wants/*.service",
    "etc/systemd/system/*.requires/*.service",
    "run/systemd/system/*.wants/*.service",
    "run/systemd/generator*/*.wants/*.service",
)
_FOLDERS: Final = ("etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system")
_MORE_FOLDERS: Final = (
    "lib/systemd/system",
    "usr/local/lib/systemd/system",
    "run/systemd/generator",
)
_GROUPS: Final = ("sys/fs/cgroup", "sys/fs/cgroup/systemd", "sys/fs/cgroup/unified")
_PATIENCE: Final = 0.15
"""Seconds that ``systemctl`` may take."""
_BLOCK: Final = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Unit:
    """A service that is started with the machine. ``reason`` says why it does not run."""

    name: str
    active: bool
    reason: str = ""

    @property
    def stem(self) -> str:
        """Its name as people give it to ``systemctl``."""
        return self.name.removesuffix(".service")


def has_systemd(root: Path) -> bool:
    """Whether systemd runs this machine (sd_booted(3))."""
    return (root / "run/systemd/system").is_dir()


def enabled_units(root: Path) -> dict[str, Unit]:
    """The services that are enabled, installed and not masked, by name."""
    found: dict[str, Unit] = {}
    for pattern in _WANTS:
        for link in sorted(root.glob(pattern)):
            name = link.name
            if name not in found and exists(root, name) and not is_masked(root, name):
                found[name] = Unit(name, _is_active(root, name))
    return found


def exists(root: Path, unit: str) -> bool:
    """Whether the service, or the template that it is made from, is installed."""
    folders = (*_FOLDERS, *_MORE_FOLDERS)
    names = {unit, _template(unit)}
    return any(os.path.lexists(root / folder / name) for folder in folders for name in names)


def is_masked(root: Path, unit: str) -> bool:
    """Whether somebody has seen to it that it cannot be started."""
    path = root / _FOLDERS[0] / unit
    try:
        return path.readlink() == Path("/dev/null")
    except OSError:
        return False


def _is_active(root: Path, unit: str) -> bool:
    """Whether it has a control group, which it has for as long as it has processes."""
    template, at, _ = unit.partition("@")
    slices = ["system.slice"]
    if at:
        escaped = template.replace("-", "\\x2d")
        slices.append(f"system.slice/system-{escaped}.slice")
    return any((root / group / one / unit).is_dir() for group in _GROUPS for one in slices)


def with_reasons(units: Iterable[Unit], systemctl: str) -> dict[str, Unit]:
    """The units with what ``systemctl`` knows of them, by name; unchanged where it does not."""
    known = {unit.name: unit for unit in units}
    if not known:
        return known
    command = [systemctl, "show", "--property=Id,ActiveState,SubState,Result", "--", *known]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_PATIENCE, check=False, text=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return known
    if done.returncode == 0:
        for name, block in zip(known, _BLOCK.split(done.stdout.strip()), strict=False):
            state = dict(line.partition("=")[::2] for line in block.splitlines())
            known[name] = _told(known[name], state)
    return known


def _told(unit: Unit, state: Mapping[str, str]) -> Unit:
    """``unit`` with the words that systemd has for its state."""
    active, result = state.get("ActiveState", ""), state.get("Result", "")
    if active == "failed":
        return replace(unit, reason=f"has failed ({result})" if result else "has failed")
    if active == "activating":
        how = "is being restarted" if "restart" in state.get("SubState", "") else "is starting"
        return replace(unit, reason=how + (f" ({result})" if result not in {"", "success"} else ""))
    return replace(unit, active=active == "active" or unit.active)


def is_gone(root: Path, unit: str) -> bool:
    """Whether somebody has removed, masked or disabled the service, so that nobody misses it.

    One that cannot be enabled is started by others, and is missed.
    """
    if not has_systemd(root):
        return False
    if not exists(root, unit) or is_masked(root, unit):
        return True
    return _can_be_enabled(root, unit) and unit not in enabled_units(root)


def _can_be_enabled(root: Path, unit: str) -> bool:
    for folder in (*_FOLDERS, *_MORE_FOLDERS):
        for name in dict.fromkeys((unit, _template(unit))):
            try:
                return "[Install]" in (root / folder / name).read_text(errors="replace")
            except OSError:
                continue
    return False


def _template(unit: str) -> str:
    return re.sub(r"@[^.]*\.", "@.", unit)
