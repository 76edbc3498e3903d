"""A recorded machine and a recorded systemd, under the configuration of an example."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from checks.clock import Clock
from checks.probe import Probe, Target
from checks.probes.host.config import HostConfig
from checks.probes.host.probe import HostProbe
from checks.probes.systemd.asking import Systemctl
from checks.probes.systemd.config import SystemdConfig
from checks.settings import KindConfig
from tests.checks.systemd_kit import Recorded, RecordedProbe
from tests.examples.kit import MakeProbe, Watch
from tests.exporters.machine import Machine

__all__ = ["VERSION", "drive_machine", "of_machine", "of_units", "units"]

VERSION: Final = "252"
"""The systemd whose answers are used."""


def of_machine(machine: Machine) -> MakeProbe:
    """What makes the probe of a ``host`` check that looks at ``machine``."""

    def make(config: KindConfig, target: Target) -> Probe:
        assert isinstance(config, HostConfig)
        settings = config.model_copy(update={"processes": 0})
        return HostProbe(settings, target, machine.tree.roots, machine._statvfs)

    return make


def drive_machine(machine: Machine, watch: Watch) -> None:
    """Let the machine's counters go on with the time."""
    watch.drive(machine._write)


def units(folder: Path, *names: str) -> Recorded:
    """A systemd on which services of these names run, as ``web.service`` did where it was
    recorded."""
    answers = Recorded(VERSION, folder)
    blocks = {block.partition("\nId=")[2].partition("\n")[0]: block for block in _blocks(answers)}
    web = blocks["web.service"]
    answers.units = "\n\n".join(web.replace("web.service", f"{name}.service") for name in names)
    answers.units += "\n"
    answers.save()
    return answers


def _blocks(answers: Recorded) -> list[str]:
    return [f"\n{block.strip()}" for block in answers.units.split("\n\n")]


def of_units(answers: Recorded, clock: Clock) -> MakeProbe:
    """What makes the probe of a ``systemd`` check that asks ``answers``."""

    def make(config: KindConfig, target: Target) -> Probe:
        assert isinstance(config, SystemdConfig)
        made = RecordedProbe(config, target, Systemctl(user=False, program=str(answers.program)))
        made.recorded, made.clock, made.began = answers.moment, clock, clock.now()
        return made

    return make
