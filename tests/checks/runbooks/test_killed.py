"""A session that is killed amid a step leaves no process, and a log that says so."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from checks.clock import SystemClock
from checks.runbooks.audit import Audit
from checks.secrets import Masker
from tests.checks.command_kit import runs
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[3]
CHILD = "tests.checks.runbooks.killed_child"
STUBBORN = (
    "trap '' HUP INT TERM; echo $$ >outer; "
    "timeout 99 sh -c 'trap \"\" HUP INT TERM; echo $$ >inner; while :; do sleep 0.1; done'"
)
ORDINARY = "echo $$ >outer; sh -c 'echo $$ >inner; sleep 99; true'; true"


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def number_in(path: Path) -> int:
    until(lambda: path.exists() and path.read_text().strip(), f"{path} was not written")
    return int(path.read_text())


@pytest.mark.parametrize(
    ("text", "guarded"), [(STUBBORN, True), (ORDINARY, True), (ORDINARY, False)]
)
def test_a_kill_amid_a_step(tmp_path: Path, text: str, guarded: bool) -> None:
    """``guarded``: the shell that watches over what runs lives on. Where it is killed too, the
    step's terminal hangs up when nobody holds it any more."""
    child = subprocess.Popen([sys.executable, "-m", CHILD, str(tmp_path), text], cwd=ROOT)
    try:
        pids = [number_in(tmp_path / "outer"), number_in(tmp_path / "inner")]
        log = Audit(tmp_path / "steps.jsonl", Masker(), SystemClock())
        assert log.cut_off() == ()
        if not guarded:
            (guard,) = (
                process
                for process in psutil.Process(child.pid).children()
                if "onwatch-guard" in process.cmdline()
            )
            guard.kill()
        child.send_signal(signal.SIGKILL)
        child.wait()
        until(lambda: not any(map(runs, pids)), "the step goes on")
    finally:
        child.kill()
        child.wait()
    (cut,) = log.cut_off()
    assert (cut.run, cut.step, cut.process[0]) == ("run1", "look", child.pid)
    assert [entry.event for entry in log.entries()] == ["started", "cut off"]
