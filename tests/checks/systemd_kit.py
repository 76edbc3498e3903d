"""A `systemctl` that gives the answers of a real systemd, recorded by tools/record-systemd."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from checks.clock import Clock, FakeClock
from checks.lanes import Lanes
from checks.model import Result
from checks.probes.systemd.asking import Systemctl
from checks.probes.systemd.config import SystemdConfig
from checks.probes.systemd.judge import Moment
from checks.probes.systemd.probe import SystemdProbe
from tests.checks.host_trees import host_target

FOLDER: Final = Path(__file__).parent / "systemd_answers"
VERSIONS: Final = sorted(one.name for one in FOLDER.iterdir() if one.is_dir())


class Recorded:
    """What one systemd answered, and when; a test may change the answer."""

    def __init__(self, version: str, folder: Path) -> None:
        self.version = version
        self.folder = folder
        self.moment = _moment(FOLDER / version)
        self.units = (FOLDER / version / "units").read_text()
        self.manager = (FOLDER / version / "manager").read_text()
        self.list = (FOLDER / version / "list").read_text()
        self.program = folder / "systemctl"
        write_program(
            self.program,
            f'echo "$@" >> {folder}/asked\n'
            f'case "$*" in *Version,*) cat {folder}/manager;; list-units*) cat {folder}/list;; '
            f"*) cat {folder}/units;; esac",
        )
        self.save()

    def save(self) -> None:
        """Answer from now on as `units`, `manager` and `list` say."""
        (self.folder / "units").write_text(self.units)
        (self.folder / "manager").write_text(self.manager)
        (self.folder / "list").write_text(self.list)

    def change(self, unit: str, **properties: str) -> None:
        """Answer from now on that the unit has these properties."""
        blocks = self.units.split("\n\n")
        (number,) = (n for n, one in enumerate(blocks) if f"\nId={unit}\n" in f"\n{one}\n")
        lines = blocks[number].splitlines()
        kept = [line for line in lines if line.partition("=")[0] not in properties]
        blocks[number] = "\n".join([*kept, *(f"{k}={v}" for k, v in properties.items())])
        self.units = "\n\n".join(blocks)
        self.save()

    @property
    def asked(self) -> list[str]:
        """The arguments of each call so far."""
        return (self.folder / "asked").read_text().splitlines()


def _moment(folder: Path) -> Moment:
    told = dict(line.split(" ", 1) for line in (folder / "recorded").read_text().splitlines())
    return Moment(float(told["monotonic"]), float(told["wall"]))


def write_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


class RecordedProbe(SystemdProbe):
    """A probe that lives at the moment of the recording, and as long after it as its clock says."""

    recorded: Moment
    clock: Clock
    began: float

    def now(self) -> Moment:
        passed = self.clock.now() - self.began
        return Moment(self.recorded.monotonic + passed, self.recorded.wall + passed)


class Watching:
    """Checks of what was recorded, and the clock they live by."""

    def __init__(self, answers: Recorded) -> None:
        self.answers = answers
        self.clock = FakeClock()
        self.lanes = Lanes()
        self._target = replace(host_target(self.clock, self.lanes, answers.folder, "units"))

    def probe(self, **config: Any) -> RecordedProbe:
        systemctl = Systemctl(user=False, program=str(self.answers.program))
        made = RecordedProbe(SystemdConfig.model_validate(config), self._target, systemctl)
        made.recorded, made.clock = self.answers.moment, self.clock
        made.began = self.clock.now()
        return made

    async def run(self, *units: Any, **config: Any) -> Result:
        """The first result of a check of these units."""
        return await self.probe(units=list(units), **config).run()

    async def again(self, probe: RecordedProbe, seconds: float = 5.0) -> Result:
        await self.clock.advance(seconds)
        return await probe.run()


@contextmanager
def watching(version: str, folder: Path) -> Iterator[Watching]:
    made = Watching(Recorded(version, folder))
    try:
        yield made
    finally:
        made.lanes.close()


def runs_systemd() -> bool:
    """Whether this machine is run by systemd."""
    return os.path.isdir("/run/systemd/system")  # noqa: PTH112
