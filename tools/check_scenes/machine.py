"""What runs on a machine: the machine itself, its processes, its units, a script."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from checks import registry
from checks.probe import Target
from checks.probes.systemd import KIND
from checks.probes.systemd.asking import Systemctl
from checks.probes.systemd.config import SystemdConfig
from checks.settings import KindConfig
from tests.checks.systemd_kit import VERSIONS, Recorded, RecordedProbe
from tools.check_scenes.stage import WORLD, Stage

__all__ = ["command", "host", "process", "systemd"]

_TURN: Final = 30.0
"""Seconds after which things go wrong."""
_DISK: Final = 16 * 1024 * 1024
"""Bytes that the disk for uploads holds."""


def host(stage: Stage) -> dict[str, Any]:
    """A disk of 16 MB that fills."""
    uploads = stage.folder("uploads")
    how = ["mount", "-t", "tmpfs", "-o", f"size={_DISK},mode=755", "tmpfs", str(uploads)]
    subprocess.check_call(how)

    def act(seconds: float) -> None:
        with (uploads / "archive").open("ab") as file:
            wanted = int(_DISK * min(0.96, 0.3 + seconds / 100))
            file.write(bytes(max(0, wanted - file.tell())))

    stage.acts.append(act)
    # No processes: their command lines would tell this machine's folders.
    bounds = {"cpu": {"warning": None}, "load": {"warning": None}, "processes": 0}
    return {"name": "shop-1", "host": {"filesystems": [str(WORLD), str(uploads)], **bounds}}


_WORKER: Final = """#!/bin/bash
# A worker that opens a file with every job and closes none.
ulimit -n 64
for ((number = 10; number < $2; number++)); do
  eval "exec $number</dev/null"
  while [ $SECONDS -lt $((number - 9)) ]; do sleep 0.2; done
done
while sleep 1; do :; done
"""


def process(stage: Stage) -> dict[str, Any]:
    """Of four workers one leaks descriptors, and one dies and comes back, again and again."""
    folder = stage.folder("shop")
    program = folder / "queue-worker"
    program.write_text(_WORKER)
    program.chmod(0o755)
    workers = [_worker(program, 58 if n == 0 else 14) for n in range(4)]
    stage.leave.callback(_end, workers)
    due = [_TURN]

    def act(seconds: float) -> None:
        if seconds > due[0]:
            due[0] += 9
            workers[3].kill()
            workers[3].wait()
            workers[3] = _worker(program, 14)

    stage.acts.append(act)
    check = {"name": "queue-worker", "count": {"min": 4}, "restarts": {"warning": 3}}
    return {"name": "workers", "process": check}


def _end(workers: list[subprocess.Popen[bytes]]) -> None:
    for one in workers:
        one.kill()
        one.wait()


def _worker(program: Path, files: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([program, "--files", str(files)])


_NAMES: Final = {
    "web": "nginx",
    "loop": "queue-worker",
    "exits": "mailer",
    "badjob": "backup",
    "job": "reports",
}
"""What the units of the recording are called in the picture."""


def systemd(stage: Stage) -> dict[str, Any]:
    """What a real systemd answered, recorded for the tests, with a unit that flaps."""
    answers = Recorded(VERSIONS[-1], stage.folder("systemctl"))
    for old, new in _NAMES.items():
        answers.units = re.sub(rf"\b{old}(?=[. ;]|$)", new, answers.units, flags=re.MULTILINE)
    ill = answers.units
    answers.change("mailer.service", ActiveState="active", SubState="running", Result="success")
    made = replace(KIND, probe=lambda config, target: _recorded(answers, config, target))
    registry._loaded["systemd"] = made  # noqa: SLF001 - nothing but a picture needs another one
    restarts = [0]

    def act(seconds: float) -> None:
        if seconds > _TURN + 8 * restarts[0]:
            restarts[0] += 1
            answers.units = ill
            answers.change("queue-worker.service", NRestarts=str(2 + restarts[0]))

    stage.acts.append(act)
    units = [*(name for name in _NAMES.values() if name not in ("backup", "reports"))]
    timers = ["backup.timer", "reports.timer"]
    return {"name": "units", "systemd": {"units": [*units, *timers], "restarts": {"warning": 1}}}


def _recorded(answers: Recorded, config: KindConfig, target: Target) -> RecordedProbe:
    if not isinstance(config, SystemdConfig):
        raise TypeError(f"the systemd check got a {type(config).__name__}")
    made = RecordedProbe(config, target, Systemctl(user=False, program=str(answers.program)))
    made.recorded, made.clock = answers.moment, target.env.clock
    made.began = made.clock.now()
    return made


_HEALTH: Final = """#!/bin/sh
# What is due is told by how long ago the script was first run.
began=$(stat -c %Y "$0"); late=$(( $(date +%s) - began > 30 ))
waiting=$(( 40 + $(date +%s) % 7 + late * 90 ))
data="orders=$waiting;100;500;0 cache=98.2%;90:;50: mail=0.04s;1;5"
if [ $late = 1 ]; then echo "1 of 5 parts is down | $data"; else echo "5 parts are well | $data"; fi
echo "[OK] database: 3 ms, 12 of 100 connections"
echo "[OK] cache: 98.2 % hits"
if [ $late = 1 ]; then
  echo "[WARNING] orders: $waiting wait, 100 are usual"
  echo "[FAILED] payments: no answer from the provider since 02:14"
else
  echo "[OK] orders: $waiting wait"
  echo "[OK] payments: 31 ms"
fi
echo "[OK] mail: accepted in 40 ms"
exit $late
"""


def command(stage: Stage) -> dict[str, Any]:
    """A script that tells of several parts, with performance data, and ends with 1 for down."""
    program = stage.folder("checks") / "shop-health"
    program.write_text(_HEALTH)
    program.chmod(0o755)
    return {
        "name": "shop-health",
        "command": {
            "argv": [str(program)],
            "exit_codes": {"1": "critical"},
            "rows": r"^\[(?P<status>\w+)\] (?P<name>[^:]+): (?P<message>.*)$",
        },
    }
