"""The shell that watches over what commands have started: nothing of it is left either."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import warnings
from pathlib import Path

import pytest

from checks.probes.command import guard as guard_module
from checks.probes.command.guard import Guard
from tests.checks.command_kit import runs, until


@pytest.mark.parametrize("blocks", [True, False])
async def test_one_that_is_slow_to_end_is_seen_off_later(
    blocks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a busy machine; its end is not waited for, and it is no zombie for good."""
    goes_on = tmp_path / "goes-on"
    os.mkfifo(goes_on)
    monkeypatch.setattr(guard_module, "_SCRIPT", f"read -r line <'{goes_on}'")
    guard = Guard()
    guard.join()
    guard.watch()
    assert isinstance(guard._shell, subprocess.Popen)
    pid = guard._shell.pid
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        if blocks:
            await asyncio.to_thread(guard.leave_at_once)
        else:
            await guard.leave()
        assert runs(pid)
        gc.collect()
    assert told == []
    await asyncio.to_thread(goes_on.write_text, "on\n")
    await until(lambda: not runs(pid))
    guard.join()
    await guard.leave()
    assert not Path(f"/proc/{pid}").exists()
