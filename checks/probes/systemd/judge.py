"""From a unit's state to a status and a sentence. Pure: takes values, gives verdicts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from checks.model import Status
from checks.probes.systemd.config import Expect, SystemdConfig
from checks.probes.systemd.model import Unit
from checks.wording import size, span

__all__ = ["Moment", "Seen", "Verdict", "Wanted", "addressed", "judge", "judge_system"]

_SYSTEM: Final = {
    "initializing": (Status.WARNING, "the machine is being started"),
    "starting": (Status.WARNING, "the machine is being started"),
    "stopping": (Status.CRITICAL, "the machine is being shut down"),
    "maintenance": (Status.CRITICAL, "rescue or emergency mode: log in at the machine's console"),
    "offline": (Status.UNKNOWN, "systemd does not run this machine"),
    "unknown": (Status.UNKNOWN, "systemd cannot tell its own state"),
}  # fmt: skip
_COMMAND: Final = re.compile(r"\b(?:systemctl|journalctl|systemd-analyze)(?= )")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a unit came to: ``text`` is its row's sentence, without the unit's name."""

    status: Status
    text: str
    reason: str = "ok"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is expected of a unit. ``named`` says that it was named itself, by no pattern."""

    expect: Expect
    named: bool
    within: float | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, on the monotonic clock and in seconds since 1970."""

    monotonic: float
    wall: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What a unit is judged by beside itself.

    ``recent`` is how often it was restarted within the window, ``started`` the units that
    timers start, by name.
    """

    config: SystemdConfig
    now: Moment
    recent: int
    started: Mapping[str, Unit]


def judge(unit: Unit, wanted: Wanted, seen: Seen) -> Verdict:
    """What ``unit`` is in the light of what is ``wanted``."""
    verdict = _absent(unit, wanted)
    if verdict is None and unit.active == "failed":
        verdict = _failed(unit, wanted, seen)
    if verdict is None and wanted.expect == "inactive":
        verdict = _should_not_run(unit, seen.now)
    if verdict is None and unit.active in ("active", "reloading", "refreshing"):
        verdict = _running(unit, wanted, seen)
    if verdict is None and unit.active in ("activating", "deactivating"):
        verdict = _between(unit, seen)
    return addressed(verdict or _inactive(unit, wanted, seen.now), user=seen.config.user)


def addressed(verdict: Verdict, *, user: bool) -> Verdict:
    """``verdict`` with its commands put to the user's own systemd where it is that one's."""
    if not user:
        return verdict
    return replace(verdict, text=_COMMAND.sub(r"\g<0> --user", verdict.text))


def _absent(unit: Unit, wanted: Wanted) -> Verdict | None:
    """What is wrong with a unit that systemd cannot start, whatever it wants of it."""
    if unit.load == "not-found":
        return _not_found(unit, wanted)
    if unit.load == "masked" and unit.active not in ("active", "failed"):
        if wanted.expect == "active" and wanted.named:
            text = f"is masked, so that it cannot be started: systemctl unmask {unit.short}"
            return Verdict(Status.CRITICAL, text, "config")
        return Verdict(Status.OK, "is masked")
    if unit.load in ("bad-setting", "error") and unit.active != "active":
        why = unit.load_error or unit.load
        text = f"its unit file is not valid ({why}): systemd-analyze verify {unit.name}"
        return Verdict(Status.CRITICAL, text, "config")
    return None


def _not_found(unit: Unit, wanted: Wanted) -> Verdict:
    if unit.active == "active":
        text = "runs, but its unit file is gone: it cannot be restarted"
        return Verdict(Status.WARNING, text, "missing")
    if wanted.expect == "inactive":
        return Verdict(Status.OK, "is not installed, so it does not run")
    text = (
        "there is no such unit: is the package installed, the name right? "
        f"systemctl list-unit-files '{unit.short[:40]}*'"
    )
    return Verdict(Status.UNKNOWN, text, "missing")


def _failed(unit: Unit, wanted: Wanted, seen: Seen) -> Verdict:
    ending = f" ({unit.ending})" if unit.ending else ""
    ago = f" {unit.since(seen.now.monotonic)} ago" if unit.changed_at is not None else ""
    cause = f": {unit.cause}" if unit.cause else ""
    text = f"failed{ending}{ago}{cause}; journalctl -u {unit.short} -n 50"
    status = Status.WARNING if wanted.expect == "inactive" else Status.CRITICAL
    return Verdict(status, text, "expectation")


def _should_not_run(unit: Unit, now: Moment) -> Verdict:
    if unit.active == "inactive":
        return Verdict(Status.OK, "does not run, as it should be")
    text = f"is {unit.active} since {unit.since(now.monotonic)}, and should not run"
    return Verdict(Status.CRITICAL, f"{text}: systemctl stop {unit.short}", "expectation")


def _running(unit: Unit, wanted: Wanted, seen: Seen) -> Verdict:
    config, recent = seen.config, seen.recent
    bounds = config.restarts
    for status, bound in ((Status.CRITICAL, bounds.critical), (Status.WARNING, bounds.warning)):
        if bound is not None and recent >= bound:
            return Verdict(status, _restarted(unit, config, recent), "expectation")
    if unit.type == "timer":
        return _timer(unit, wanted, seen)
    if config.disabled and wanted.named and unit.file_state == "disabled" and not unit.triggered_by:
        text = (
            f"runs, but is not enabled: the next boot leaves it out; systemctl enable {unit.short}"
        )
        return Verdict(Status.WARNING, text, "config")
    return Verdict(Status.OK, _fine(unit, seen.now))


def _restarted(unit: Unit, config: SystemdConfig, recent: int) -> str:
    times = "once" if recent == 1 else f"{recent} times"
    last = f", last as {unit.ending}" if unit.ending else ""
    more = f" ({unit.restarts} in all)" if (unit.restarts or 0) > recent else ""
    return (
        f"ended and was started anew {times} within {span(config.restarts.window)}{more}{last}; "
        f"journalctl -u {unit.short} -n 50"
    )


def _fine(unit: Unit, now: Moment) -> str:
    since = unit.since(now.monotonic)
    said = [f"{_word(unit)} since {since}" if since else _word(unit)]
    if unit.pid:
        said.append(f"pid {unit.pid}")
    if unit.memory:
        said.append(size(unit.memory))
    if unit.needs_reload:
        said.append("its file has changed on disk: systemctl daemon-reload")
    return ", ".join(said)


def _word(unit: Unit) -> str:
    if unit.active == "reloading":
        return "reloading"
    return "has run and counts as active" if unit.sub == "exited" else unit.sub


def _between(unit: Unit, seen: Seen) -> Verdict:
    config, now = seen.config, seen.now
    since = unit.since(now.monotonic)
    ago = 0.0 if unit.changed_at is None else now.monotonic - unit.changed_at
    if "auto-restart" in unit.sub:
        ending = f" ({unit.ending})" if unit.ending else ""
        text = (
            f"ended{ending} {since} ago and waits to be started anew; "
            f"journalctl -u {unit.short} -n 50"
        )
        return Verdict(Status.CRITICAL, text, "expectation")
    if unit.active == "activating" and unit.service_type == "oneshot":
        return Verdict(Status.OK, f"is at work since {since}")
    doing = "starting" if unit.active == "activating" else "stopping"
    text = f"has been {doing} for {since} ({unit.sub})"
    if config.starting is not None and ago >= config.starting:
        return Verdict(Status.WARNING, f"{text}: does it hang?", "timeout")
    status = Status.OK if doing == "starting" else Status.WARNING
    return Verdict(status, text, "ok" if status is Status.OK else "expectation")


def _inactive(unit: Unit, wanted: Wanted, now: Moment) -> Verdict:
    if wanted.expect == "any" or not _is_missed(unit, wanted):
        return Verdict(Status.OK, _rests(unit, now))
    since = "" if unit.inactive_at is None else f" since {span(now.monotonic - unit.inactive_at)}"
    if not unit.condition_met and unit.condition_at is not None:
        text = f"does not run: its conditions were not met; systemctl status {unit.short}"
        return Verdict(Status.CRITICAL, text, "config")
    text = f"does not run{since} ({unit.sub}): systemctl start {unit.short}"
    return Verdict(Status.CRITICAL, text, "expectation")


def _is_missed(unit: Unit, wanted: Wanted) -> bool:
    """Whether one that is inactive should be active: jobs, and what others start, need not."""
    if unit.service_type == "oneshot" or unit.triggered_by:
        return False
    return wanted.named or unit.file_state == "enabled"


def _rests(unit: Unit, now: Moment) -> str:
    if unit.service_type == "oneshot":
        if unit.exited_at is None:
            return "has not run yet"
        return f"ran well {span(now.monotonic - unit.exited_at)} ago"
    if unit.triggered_by:
        return f"waits for {unit.triggered_by[0]}"
    return "does not run"


def _timer(unit: Unit, wanted: Wanted, seen: Seen) -> Verdict:
    config, now = seen.config, seen.now
    last = (
        "has not been due yet"
        if unit.last_trigger is None
        else (f"last started {unit.starts} {span(now.wall - unit.last_trigger)} ago")
    )
    other = seen.started.get(unit.starts)
    if other is not None and other.active == "failed" and wanted.named:
        failed = _failed(other, wanted, seen)
        return Verdict(failed.status, f"its {other.name} {failed.text}", failed.reason)
    if wanted.within is not None:
        ago = None if unit.last_trigger is None else now.wall - unit.last_trigger
        if ago is None or ago > wanted.within:
            text = f"{last}; it should have within {span(wanted.within)}"
            return Verdict(Status.CRITICAL, text, "expectation")
    left = _left(unit, now)
    if left is None:
        return Verdict(Status.OK, f"{last}{'' if unit.sub == 'running' else ', is not due again'}")
    if config.late is not None and unit.sub == "waiting" and left < -config.late:
        text = f"{last}; overdue by {span(-left)}: systemctl status {unit.name}"
        return Verdict(Status.WARNING, text, "expectation")
    return Verdict(Status.OK, f"{last}, due {'now' if left <= 0 else f'in {span(left)}'}")


def _left(unit: Unit, now: Moment) -> float | None:
    """Seconds until it is due, the earlier of its two clocks'; None where it is not."""
    known = []
    if unit.next_wall is not None:
        known.append(unit.next_wall - now.wall)
    if unit.next_at is not None:
        known.append(unit.next_at - now.monotonic)
    return min(known, default=None)


def judge_system(state: str, failed: int, jobs: int) -> Verdict:
    """What the state of the whole means."""
    if state == "running":
        return Verdict(Status.OK, "everything that was to start has started")
    if state == "degraded":
        units = "1 unit has" if failed == 1 else f"{failed} units have"
        return Verdict(
            Status.WARNING, f"degraded: {units} failed; systemctl --failed", "expectation"
        )
    status, text = _SYSTEM.get(state, (Status.UNKNOWN, f"its state is {state or 'not told'}"))
    waits = "1 job waits" if jobs == 1 else f"{jobs} jobs wait"
    waiting = f" ({waits}; systemctl list-jobs)" if jobs and state == "starting" else ""
    return Verdict(status, text + waiting, "expectation")
