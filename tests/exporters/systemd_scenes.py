"""How each rule on systemd_exporter's metrics is made to fire: by what a systemctl answers that a
real systemd's answers were recorded from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from checks.probe import Probe, Target
from checks.probes.systemd.asking import Systemctl
from checks.probes.systemd.config import SystemdConfig
from checks.settings import KindConfig
from tests.checks.systemd_kit import Recorded, RecordedProbe
from tests.exporters.scenes import Scenes
from tests.exporters.stage import Stage

__all__ = ["SYSTEMD", "watch_units"]

SYSTEMD: Final = Scenes[Recorded]("systemd")
CRITICAL: Final = "your-critical-service-web.service"
"""The rule's own placeholder."""


def watch_units(stage: Stage, answers: Recorded, *units: str) -> None:
    """Run a check of these units, which lives at the moment of the recording."""

    def probe(config: KindConfig, target: Target) -> Probe:
        assert isinstance(config, SystemdConfig)
        made = RecordedProbe(config, target, Systemctl(user=False, program=str(answers.program)))
        made.recorded, made.clock = answers.moment, stage.clock
        made.began = stage.clock.now()
        return made

    stage.watch("systemd", {"units": list(units), "expect": "any"}, probe=probe)


async def well(stage: Stage, answers: Recorded, *units: str) -> None:
    """Watched, and well at first."""
    watch_units(stage, answers, *units)
    await stage.stays_quiet()


@SYSTEMD.scene("SystemdUnitFailed", "a unit is said to have failed, and to run")
async def failed(stage: Stage, answers: Recorded) -> None:
    await well(stage, answers, "web")
    answers.change("web.service", ActiveState="failed", SubState="failed")
    await stage.fires(name="web.service")
    answers.change("web.service", ActiveState="active", SubState="running")
    await stage.resolves()


@SYSTEMD.scene(
    "SystemdUnitInactive", "a unit of the rule's name is said to be inactive, and to run"
)
async def inactive(stage: Stage, answers: Recorded) -> None:
    answers.units = answers.units.replace("=web.service\n", f"={CRITICAL}\n")
    answers.save()
    await well(stage, answers, CRITICAL)
    answers.change(CRITICAL, ActiveState="inactive", SubState="dead")
    await stage.fires(name=CRITICAL)
    answers.change(CRITICAL, ActiveState="active", SubState="running")
    await stage.resolves()


@SYSTEMD.scene("SystemdServiceCrashLooping", "NRestarts grows by eight; an hour passes", step=400)
async def looping(stage: Stage, answers: Recorded) -> None:
    watch_units(stage, answers, "web")
    await stage.stays_quiet(11)
    answers.change("web.service", NRestarts="8")
    await stage.fires(name="web.service")
    await stage.resolves()


@SYSTEMD.scene("SystemdUnitTasksNearLimit", "TasksCurrent is 95 of 100, and 5")
async def many_tasks(stage: Stage, answers: Recorded) -> None:
    answers.change("web.service", TasksCurrent="5", TasksMax="100")
    await well(stage, answers, "web")
    answers.change("web.service", TasksCurrent="95")
    await stage.fires(name="web.service")
    answers.change("web.service", TasksCurrent="5")
    await stage.resolves()


@SYSTEMD.scene(
    "SystemdSocketRefusedConnections", "NRefused grows by ten; five minutes pass", step=60
)
async def refused(stage: Stage, answers: Recorded) -> None:
    answers.change("echo.socket", NRefused="0")
    watch_units(stage, answers, "echo.socket")
    await stage.stays_quiet(7)
    answers.change("echo.socket", NRefused="10")
    await stage.fires(name="echo.socket")
    await stage.resolves()


@SYSTEMD.scene("SystemdSocketHighConnections", "NConnections is 150, and 1")
async def connections(stage: Stage, answers: Recorded) -> None:
    await well(stage, answers, "echo.socket")
    answers.change("echo.socket", NConnections="150")
    await stage.fires(name="echo.socket")
    answers.change("echo.socket", NConnections="1")
    await stage.resolves()


@SYSTEMD.scene(
    "SystemdTimerMissedTrigger", "a day passes; then LastTriggerUSec moves on", step=3600
)
async def missed(stage: Stage, answers: Recorded) -> None:
    await well(stage, answers, "job.timer")
    await stage.fires(name="job.timer")
    now = datetime.fromtimestamp(stage.clock.now(), UTC)
    answers.change("job.timer", LastTriggerUSec=f"{now:%a %Y-%m-%d %H:%M:%S} UTC")
    await stage.resolves()
