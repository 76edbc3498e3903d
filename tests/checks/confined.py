"""Runs checks as an account without rights, in a mount namespace with another `/proc`.

``python -m tests.checks.confined hidden|masked CHECKS`` as root: ``CHECKS`` is a JSON object of
names and ``[kind, config]``; what each came to is printed as JSON. It is a program of its own,
since what it does to itself cannot be undone.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import psutil  # noqa: F401 - loaded while its files may still be read

from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.registry import kind
from tests.checks.host_trees import host_target

NOBODY: Final = 65534
_NEW_MOUNTS: Final = 0x0002_0000
_PRIVATE: Final = (1 << 18) | (1 << 14)
_BIND: Final = 1 << 12
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def confined(how: str, checks: dict[str, tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """What each of ``checks`` comes to as nobody, where `/proc` is ``hidden`` or ``masked``."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.checks.confined", how, json.dumps(checks)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def may_confine() -> bool:
    """Whether this machine lets the tests do so: root, with the right to mount."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    tried = subprocess.run(
        [sys.executable, "-m", "tests.checks.confined", "hidden", "{}"],
        capture_output=True,
        timeout=30,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    return tried.returncode == 0


def _mount(source: str, target: str, type_: str, flags: int, data: str = "") -> None:
    arguments = [text.encode() for text in (source, target, type_)]
    if _LIBC.mount(*arguments, flags, data.encode()):
        raise OSError(ctypes.get_errno(), f"mount {target}")


def _confine(how: str) -> None:
    if _LIBC.unshare(_NEW_MOUNTS):
        raise OSError(ctypes.get_errno(), "unshare")
    _mount("none", "/", "none", _PRIVATE)
    if how == "hidden":
        _mount("proc", "/proc", "proc", 0, "hidepid=2")
    else:
        with tempfile.NamedTemporaryFile() as closed:
            Path(closed.name).chmod(0)
            for file in ("/proc/stat", "/proc/meminfo"):
                _mount(closed.name, file, "none", _BIND)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


async def _run(checks: dict[str, tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    lanes = Lanes()
    found = {}
    for name, (of_kind, config) in checks.items():
        made = kind(of_kind)
        target = host_target(FakeClock(), lanes, Path("/"), name)
        probe = made.probe(made.config.model_validate(config), target)
        result = await probe.run()
        found[name] = {
            "status": result.status.name,
            "reason": result.reason,
            "message": result.message,
            "parts": {part.name: [part.status.name, part.message] for part in result.parts},
            "facts": dict(result.facts),
            "metrics": sorted({series.name for series in result.samples.series}),
        }
        await probe.close()
    lanes.close()
    return found


def main() -> None:
    how, checks = sys.argv[1], json.loads(sys.argv[2])
    for of_kind, _ in checks.values():
        kind(of_kind)
    _confine(how)
    print(json.dumps(asyncio.run(_run(checks))))


if __name__ == "__main__":
    main()
