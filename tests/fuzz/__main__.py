"""``make fuzz``: every target for its share of the time, and the app; what fails is kept.

``python -m tests.fuzz [--seconds 300] [--keep build/fuzz] [TARGET …]``; the targets ``keys``
and ``noise`` are the app itself, without and with a real pseudo-terminal.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import importlib.util
import os
import random
import re
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Final

from tests.fuzz.hunt import hunt
from tests.fuzz.targets import NAMES, load

_GUIDED: Final = (
    *("exposition", "health", "perfdata", "redis-info", "redis-replies", "mysql-packets"),
    *("postgres-greeting", "dns", "http", "certificate", "config", "keyboard", "systemd"),
)
"""Parsers of bytes, which atheris hunts in too."""
_APP: Final = ("keys", "noise")
_APP_SHARE: Final = 0.25
_GUIDED_SHARE: Final = 0.4
_STEPS: Final = 400
_SHOWN: Final = 600


def main() -> int:
    """Run what is asked for; 1 where anything failed."""
    wanted = _arguments()
    names = wanted.targets or [*NAMES, *_APP]
    unknown = [name for name in names if name not in (*NAMES, *_APP)]
    if unknown:
        print(f"no target is called {unknown[0]}; there are {', '.join((*NAMES, *_APP))}")
        return 2
    shares = _shares(names, wanted.seconds)
    failed = 0
    for name in names:
        if name in NAMES:
            failed += _by_hypothesis(name, shares["hypothesis"], wanted.keep)
    failed += _all_guided([n for n in names if n in _GUIDED], shares["atheris"], wanted.keep)
    if "keys" in names:
        failed += _keys(shares["app"])
    if "noise" in names:
        failed += _noise(shares["app"])
    print(f"{failed} failed" if failed else "nothing failed")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("--seconds", type=float, default=300.0, help="for all of it together")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="what failed")
    parser.add_argument("targets", nargs="*")
    return parser.parse_args()


def _shares(names: list[str], seconds: float) -> dict[str, float]:
    """Seconds for each run of each hunter."""
    app = [name for name in names if name in _APP]
    guided = [name for name in names if name in _GUIDED] if _has_atheris() else []
    plain = [name for name in names if name in NAMES]
    for_app = seconds * (_APP_SHARE if plain else 1.0) if app else 0.0
    for_guided = (seconds - for_app) * _GUIDED_SHARE if guided else 0.0
    left = seconds - for_app - for_guided
    return {
        "app": for_app / max(1, len(app)),
        "atheris": for_guided / max(1, len(guided)),
        "hypothesis": left / max(1, len(plain)),
    }


def _has_atheris() -> bool:
    return importlib.util.find_spec("atheris") is not None


def _by_hypothesis(name: str, seconds: float, keep: Path) -> int:
    began = time.monotonic()
    found = hunt(load(name), seconds)
    took = time.monotonic() - began
    print(f"{name:<18} hypothesis {found.tried:>9,} inputs in {took:5.1f} s", flush=True)
    if found.failing is None:
        return 0
    if found.error is not None:
        traceback.print_exception(found.error, limit=-6)
    _keep(name, found.failing, keep)
    return 1


def _keep(name: str, data: bytes, keep: Path) -> None:
    path = keep / name / hashlib.sha256(data).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    shown = repr(data) if len(data) < _SHOWN else f"{data[:_SHOWN]!r}… ({len(data):,} bytes)"
    print(f"  FAILED {name} with {shown}")
    print(f"  kept as {path}; once it is mended: cp {path} tests/fuzz/corpus/{name}/")


def _all_guided(names: list[str], seconds: float, keep: Path) -> int:
    if not names:
        return 0
    if not _has_atheris():
        print("atheris is not installed here (there are wheels for Linux): hypothesis alone")
        return 0
    return sum(_by_atheris(name, seconds, keep) for name in names)


def _by_atheris(name: str, seconds: float, keep: Path) -> int:
    """In a process of its own, since it is ended by what it finds."""
    folder = keep / name
    folder.mkdir(parents=True, exist_ok=True)
    begin = [sys.executable, "-m", "tests.fuzz.guided", name, str(keep / "corpus" / name)]
    options = [
        f"-max_total_time={max(1, round(seconds))}",
        # Instrumented code is many times slower: what it is to be quick at is measured without.
        *("-timeout=20", "-max_len=20000", "-rss_limit_mb=2048", "-print_final_stats=1"),
        f"-artifact_prefix={folder}/",
    ]
    done = subprocess.run(
        [*begin, *options], capture_output=True, check=False, timeout=seconds + 120
    )
    said = done.stderr.decode("utf-8", "replace")
    units = re.search(r"number_of_executed_units:\s*(\d+)", said)
    covered = re.findall(r"cov: (\d+)", said)
    count = int(units[1]) if units else 0
    print(
        f"{name:<18} atheris    {count:>9,} inputs, coverage {covered[-1] if covered else '-'}",
        flush=True,
    )
    if done.returncode == 0 and count:
        return 0
    print(done.stdout.decode("utf-8", "replace")[-2_000:], said[-2_000:])
    artifact = re.search(r"Test unit written to (\S+)", said)
    if artifact:
        _keep(name, Path(artifact[1]).read_bytes(), keep)
    return 1


def _keys(seconds: float) -> int:
    from tests.fuzz.keys import press  # noqa: PLC0415 - the whole app

    os.environ["XDG_STATE_HOME"] = str(Path("build/fuzz/state").absolute())
    deadline = time.monotonic() + seconds
    steps, slowest, which = 0, 0.0, ""
    while time.monotonic() < deadline:
        seed = random.randrange(10**9)
        try:
            done = asyncio.run(press(seed, _STEPS, deadline))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            traceback.print_exception(error, limit=-8)
            print(f"  FAILED keys with the seed {seed}")
            return 1
        steps += done.steps
        if done.slowest > slowest:
            slowest, which = done.slowest, done.slowest_step
    print(f"{'keys':<18} {steps:>20,} steps; the slowest took {slowest:.2f} s of CPU ({which})")
    return 0


def _noise(seconds: float) -> int:
    from tests.fuzz.noise import shout  # noqa: PLC0415

    seed = random.randrange(10**9)
    try:
        count = shout(seed, seconds)
    except AssertionError as error:
        print(f"  FAILED noise with the seed {seed}: {error}")
        return 1
    print(f"{'noise':<18} {count:>20,} bytes typed on a pseudo-terminal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
