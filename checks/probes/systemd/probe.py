"""The `systemd` check: units and timers, and the state of the whole; see `docs/checks/systemd.md`.

All units are asked for in one call of ``systemctl``, in a lane.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from checks.errors import TargetError
from checks.findings import Finding
from checks.lanes import LaneBusyError
from checks.model import Part, Result, Status, Table
from checks.probe import ChartSpec, Kind, Target
from checks.probes.systemd.asking import Systemctl, booted
from checks.probes.systemd.chosen import Chosen, asked_for, choose
from checks.probes.systemd.config import EVERYTHING, SystemdConfig
from checks.probes.systemd.judge import (
    Moment,
    Seen,
    Verdict,
    Wanted,
    addressed,
    judge,
    judge_system,
)
from checks.probes.systemd.metrics import METRICS, UnitSamples, emit_system
from checks.probes.systemd.model import Unit, read_unit
from checks.probes.systemd.properties import blocks, number, states
from checks.probes.systemd.watch import Watch
from checks.settings import KindConfig
from checks.wording import size, span

__all__ = ["KIND", "Answer", "SystemdConfig", "SystemdProbe"]

_SLOW_TIER: Final = 60.0
_MANY: Final = 50
"""Changed units from which on all are asked for instead."""
_ROWS: Final = 64
_TABLE: Final = 300
_NO_SYSTEMD: Final = (
    "no systemd runs this machine (or this container): run onwatch where it does, "
    "or leave this check out"
)
_UNJUDGED: Final = frozenset({"missing", "permission", "limit", "config"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What one poll brought; ``whole`` is what systemd last said of itself."""

    units: tuple[Unit, ...]
    now: Moment
    took: float
    whole: Mapping[str, str]

    @property
    def state(self) -> str:
        return self.whole.get("SystemState", "")

    @property
    def version(self) -> str:
        return self.whole.get("Version", "")

    @property
    def failed(self) -> int:
        return number(self.whole, "NFailedUnits") or 0

    @property
    def jobs(self) -> int:
        return number(self.whole, "NJobs") or 0


class SystemdProbe:
    """Asks one systemd. ``systemctl`` is another one in tests alone, and ``clock`` its time."""

    def __init__(
        self, config: SystemdConfig, target: Target, systemctl: Systemctl | None = None
    ) -> None:
        self._config = config
        self._target = target
        self._lane = f"systemd {target.name}"
        self._own = systemctl is None
        self._systemctl = systemctl or Systemctl(user=config.user)
        self._watch = Watch(config.restarts.window)
        self._samples = UnitSamples(target.sampler)
        self._asked = asked_for(config)
        self._started: tuple[str, ...] = ()
        self._whole: dict[str, str] = {}
        self._whole_at: float | None = None
        self._kept: dict[str, Unit] = {}

    def now(self) -> Moment:
        """The moment that systemd's times are compared with."""
        return Moment(time.monotonic(), time.time())

    async def run(self) -> Result:
        """Ask once; what goes wrong with asking is a sentence of its own."""
        loop = asyncio.get_running_loop()
        now = self._target.env.clock.now()
        if self._own and not booted():
            return Result.failed("missing", _NO_SYSTEMD, status=Status.UNKNOWN)
        try:
            async with asyncio.timeout(self._target.timeout * 0.97):
                answer = await self._target.env.lanes.run(self._lane, lambda: self._ask(now))
        except TargetError as error:
            status = Status.UNKNOWN if error.reason in _UNJUDGED else Status.CRITICAL
            return Result.failed(error.reason, str(error), status=status)
        except LaneBusyError as busy:
            waited = loop.time() - busy.since
            return Result.failed("timeout", f"no answer from systemd for {waited:.0f} s")
        return self._result(answer)

    def go_on(self, before: SystemdProbe) -> None:
        """Take over the restarts that the probe ``before`` has seen."""
        self._watch = before._watch

    async def close(self) -> None:
        self._target.env.lanes.drop(self._lane)

    def _ask(self, now: float) -> Answer:
        began = time.perf_counter()
        deadline = time.monotonic() + self._target.timeout * 0.9
        everything = self._config.everything
        units, changed = self._all(now, deadline) if everything else self._named(deadline)
        if self._is_due(changed=changed):
            self._whole = next(iter(blocks(self._systemctl.manager(_left(deadline)))), {})
        return Answer(tuple(units.values()), self.now(), time.perf_counter() - began, self._whole)

    def _is_due(self, *, changed: bool) -> bool:
        """Whether to ask after the state of the whole: while it is well, only units change it."""
        if not self._whole:
            return True
        ill = self._whole.get("SystemState") != "running"
        return self._config.whole and (changed or ill or not self._config.everything)

    def _named(self, deadline: float) -> tuple[dict[str, Unit], bool]:
        """The named units, with those that timers among them start."""
        units = self._show((*self._asked, *self._started), deadline)
        more = tuple(_started_by(units.values()) - set(units))
        if more:
            # From the next time on they are asked for with the others.
            self._started = (*self._started, *more)
            units |= self._show(more, deadline)
        return units, True

    def _all(self, now: float, deadline: float) -> tuple[dict[str, Unit], bool]:
        """All units, and whether any has changed: once a minute with all they tell, in between of
        those whose state is another one."""
        if self._whole_at is None or not 0 <= now - self._whole_at < _SLOW_TIER:
            return self._all_anew(now, deadline)
        types = [one.partition(".")[2] for one in EVERYTHING]
        seen = states(self._systemctl.listing(types, _left(deadline)))
        changed = [name for name, state in seen.items() if self._is_news(name, state)]
        if len(changed) > _MANY:
            return self._all_anew(now, deadline)
        units = {name: self._kept[name] for name in seen if name in self._kept}
        if changed:
            units |= self._show(changed, deadline)
        self._kept = units
        return units, bool(changed)

    def _all_anew(self, now: float, deadline: float) -> tuple[dict[str, Unit], bool]:
        self._kept = self._show(self._asked, deadline)
        self._whole_at = now
        return self._kept, True

    def _is_news(self, name: str, state: tuple[str, str, str]) -> bool:
        """Whether a unit is not what it was, or is about to become something else."""
        known = self._kept.get(name)
        moving = state[1] in ("activating", "deactivating")
        return known is None or moving or (known.load, known.active, known.sub) != state

    def _show(self, names: Sequence[str], deadline: float) -> dict[str, Unit]:
        answer = blocks(self._systemctl.units(names, _left(deadline)))
        return {block["Id"]: read_unit(block) for block in answer if block.get("Id")}

    def _result(self, answer: Answer) -> Result:
        config, now = self._config, self._target.env.clock.now()
        chosen = choose(config, answer.units)
        events = self._watch.note(now, [unit for unit, _ in chosen.units], answer.now.monotonic)
        by_name = {unit.name: unit for unit in answer.units}
        judged = [
            (unit, wanted, judge(unit, wanted, Seen(config, answer.now, recent, by_name)))
            for unit, wanted in chosen.units
            for recent in (self._watch.recent(now, unit.name),)
        ]
        findings = [*_whole(config, answer, chosen), *_empty(config, chosen)]
        findings += [
            Finding(verdict.reason, Part(unit.short, verdict.status, verdict.text, _value(unit)))
            for unit, _, verdict in judged
        ]
        findings.sort(key=lambda one: -one.part.status.severity)
        status, message, reason = _verdict(findings, judged)
        builder = self._target.sampler.builder()
        self._samples.emit((unit for unit, _, _ in judged), builder)
        state = answer.state if config.whole else None
        emit_system(state, answer.version, (unit for unit, _, _ in judged), builder)
        return Result(
            status,
            message,
            reason=reason,
            value=_value(judged[0][0]) if len(judged) == 1 else f"{len(judged)} units",
            duration=answer.took,
            samples=builder.build(),
            parts=tuple(_parts(config, findings)),
            tables=tuple(_tables([(unit, verdict) for unit, _, verdict in judged], answer.now)),
            facts=tuple(_facts(config, answer, len(judged))),
            events=tuple(events),
        )


def _left(deadline: float) -> float:
    return max(0.05, deadline - time.monotonic())


def _started_by(units: Iterable[Unit]) -> set[str]:
    return {unit.starts for unit in units if unit.type == "timer" and unit.starts}


def _whole(config: SystemdConfig, answer: Answer, chosen: Chosen) -> Iterable[Finding]:
    if not config.whole:
        return
    verdict = judge_system(answer.state, answer.failed, answer.jobs)
    if answer.state == "degraded" and answer.failed <= chosen.left_out:
        verdict = Verdict(Status.OK, "degraded by units that are ignored here")
    verdict = addressed(verdict, user=config.user)
    yield Finding(verdict.reason, Part("system", verdict.status, verdict.text, answer.state))


def _empty(config: SystemdConfig, chosen: Chosen) -> Iterable[Finding]:
    for pattern in chosen.empty:
        text = (
            f"no unit is called {pattern}: is it installed? systemctl list-unit-files '{pattern}'"
        )
        verdict = addressed(Verdict(Status.UNKNOWN, text, "missing"), user=config.user)
        yield Finding(verdict.reason, Part(pattern, verdict.status, verdict.text, "none"))


def _verdict(
    findings: Sequence[Finding], judged: Sequence[tuple[Unit, Wanted, Verdict]]
) -> tuple[Status, str, str]:
    bad = [one for one in findings if one.part.status is not Status.OK]
    if bad:
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        first = bad[0]
        return first.part.status, f"{first.part.name} {first.part.message}{more}", first.reason
    if len(judged) == 1:
        unit, _, verdict = judged[0]
        return Status.OK, f"{unit.short} {verdict.text}", "ok"
    active = sum(1 for unit, _, _ in judged if unit.active == "active")
    return Status.OK, f"{len(judged)} units are as they should be, {active} of them active", "ok"


def _parts(config: SystemdConfig, findings: Sequence[Finding]) -> Iterable[Part]:
    """A row for each unit that is named; of all units, for those that are not as they should be."""
    for one in findings[:_ROWS]:
        if not config.everything or one.part.status is not Status.OK or one.part.name == "system":
            yield one.part


def _value(unit: Unit) -> str:
    """A few characters: its state, or why there is none."""
    if unit.load in ("not-found", "masked", "bad-setting"):
        return unit.load
    return unit.sub if unit.active in ("active", "activating", "deactivating") else unit.active


def _tables(judged: Sequence[tuple[Unit, Verdict]], now: Moment) -> Iterable[Table]:
    ranked = sorted(judged, key=lambda one: -one[1].status.severity)
    rows = tuple(
        (
            unit.name,
            unit.since(now.monotonic),
            verdict.text,
            unit.active,
            unit.sub,
            "" if unit.restarts is None else str(unit.restarts),
            "" if unit.memory is None else size(unit.memory),
            "" if unit.tasks is None else str(unit.tasks),
            "" if unit.pid is None else str(unit.pid),
            unit.file_state,
        )
        for unit, verdict in ranked[:_TABLE]
    )
    columns = (
        "unit", "since", "what it is", "state", "within it", "restarts", "memory", "tasks", "pid",
        "at boot",
    )  # fmt: skip
    if rows:
        yield Table("units", columns, rows, frozenset({"pid", "memory", "tasks", "restarts"}))
    timers = tuple(
        (unit.name, unit.starts, _ago(unit.last_trigger, now.wall), _due(unit, now))
        for unit, _ in ranked
        if unit.type == "timer"
    )
    if timers:
        yield Table("timers", ("timer", "starts", "last", "next"), timers[:_TABLE])


def _ago(moment: float | None, wall: float) -> str:
    return "never" if moment is None else f"{span(wall - moment)} ago"


def _due(unit: Unit, now: Moment) -> str:
    waits = [unit.next_wall - now.wall] if unit.next_wall is not None else []
    waits += [unit.next_at - now.monotonic] if unit.next_at is not None else []
    left = min(waits, default=None)
    if left is None:
        return ""
    return f"in {span(left)}" if left > 0 else f"overdue by {span(-left)}"


def _facts(config: SystemdConfig, answer: Answer, count: int) -> Iterable[tuple[str, str]]:
    if answer.version:
        yield "systemd", answer.version
    yield "units watched", str(count)
    if config.whole:
        yield "state of the whole", f"{answer.state}, {answer.failed} failed, {answer.jobs} jobs"


def _probe(config: KindConfig, target: Target) -> SystemdProbe:
    if not isinstance(config, SystemdConfig):
        raise TypeError(f"the systemd check got a {type(config).__name__}")
    return SystemdProbe(config, target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    if not isinstance(config, SystemdConfig):
        return ()
    failed = ChartSpec("failed units", "node_systemd_units", labels={"state": "failed"})
    named = [one.unit for one in config.units if one.unit.endswith(".service")][:4]
    return (failed, *(chart for name in named for chart in _of_a_service(name)))


def _of_a_service(name: str) -> tuple[ChartSpec, ChartSpec]:
    memory, cpu = "onwatch_systemd_unit_memory_bytes", "onwatch_systemd_unit_cpu_seconds_total"
    return (
        ChartSpec(f"memory of {name}", memory, "bytes", labels={"name": name}),
        ChartSpec(f"cpu of {name}, cores", cpu, rate=True, labels={"name": name}),
    )


KIND: Final = Kind(
    name="systemd",
    summary="units of systemd: active, failed, restarting, timers, the state of the whole",
    config=SystemdConfig,
    bounds={"restarts": ("UnitRestarts",)},
    probe=_probe,
    metrics=METRICS,
    charts=_charts,
)
