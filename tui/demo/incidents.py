"""What can go wrong in the demo, and the director who knows what runs.

An incident of the schedule ends by itself after its duration. One that is held lasts until
somebody has mended it on the servers (:mod:`tui.demo.operations`), or stops it. Nothing here
touches a process; :meth:`Director.turns` says what begins and ends.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

__all__ = [
    "INCIDENTS",
    "MARIADB",
    "POSTGRES",
    "Director",
    "Incident",
    "Running",
    "Turn",
    "incident",
    "possible",
]

POSTGRES: Final = "PostgreSQL"
MARIADB: Final = "MariaDB"


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that goes wrong. ``duration`` is in seconds; ``sight`` what one sees.

    ``needs`` names the database server that it happens on.
    """

    name: str
    title: str
    sight: str
    duration: float
    needs: str = ""


INCIDENTS: Final = (
    Incident(
        "slow-service",
        "Slow service",
        "a release of the api makes every answer a second longer: its latency climbs past the "
        "warning bound, p50 and p95 of the requests with it; roll it back to mend it",
        50.0,
    ),
    Incident(
        "provider-errors",
        "Errors from one provider",
        "most requests to the provider borealis end with a 502: the error ratio rises, its row "
        "in the breakdown alone, and /health/detailed calls it degraded; do without it to mend it",
        60.0,
    ),
    Incident(
        "queue-backlog",
        "Queue backlog",
        "a bulk import meets slow workers: the queue default grows by 25 jobs a second; stop the "
        "import to mend it, and it drains",
        70.0,
    ),
    Incident(
        "service-down",
        "Service down",
        "the HTTP service is killed: connections are refused until somebody starts it again, and "
        "its uptime begins anew",
        40.0,
    ),
    Incident(
        "redis-full",
        "Redis out of memory",
        "sessions without an expiry fill Redis to its maxmemory: writes are refused, jobs cannot "
        "be queued, workers miss their heartbeat; switch off what makes them, and remove them",
        60.0,
    ),
    Incident(
        "lock-pile-up",
        "Lock pile-up",
        "billing leaves a transaction on orders open, a deployment waits for it and the shop for "
        "the deployment: requests take four seconds and fail; end billing's session to mend it",
        70.0,
        POSTGRES,
    ),
    Incident(
        "connections-used-up",
        "Connections used up",
        "shop-export opens sessions to PostgreSQL and closes none: the server is full, and the "
        "shop's own are refused; stop the export to mend it",
        60.0,
        POSTGRES,
    ),
    Incident(
        "slow-query",
        "Slow query",
        "a report joins every order with every earlier one and keeps a core busy; cancelled, it "
        "comes back a little later, unless the job is stopped",
        60.0,
        POSTGRES,
    ),
    Incident(
        "backup-cut-off",
        "Backup cut off",
        "a quota on the disk of the backups ends the shop's dumps in the middle: the newest is not "
        "whole, and smaller than the one before; lift the quota to mend it",
        60.0,
        POSTGRES,
    ),
    Incident(
        "database-down",
        "Database down",
        "the shop's PostgreSQL is killed: connections are refused until somebody starts it again "
        "and it has recovered",
        40.0,
        POSTGRES,
    ),
    Incident(
        "mysql-locks",
        "Row locks in MariaDB",
        "the quota job leaves a transaction on the gateway's accounts open: requests wait five "
        "seconds for their row and fail; end the session of quota to mend it",
        60.0,
        MARIADB,
    ),
    Incident(
        "mysql-down",
        "MariaDB down",
        "the gateway's MariaDB is killed: connections are refused until somebody starts it again "
        "and it has recovered",
        40.0,
        MARIADB,
    ),
)
"""Every incident; scheduled in an order of the schedule's own."""


def possible(missing: Container[str] = ()) -> tuple[Incident, ...]:
    """The incidents that can happen where these database servers are missing."""
    return tuple(known for known in INCIDENTS if known.needs not in missing)


def incident(name: str) -> Incident:
    """The incident called ``name``. Raises KeyError where there is none."""
    for known in INCIDENTS:
        if known.name == name:
            return known
    raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Running:
    """An incident under way since ``since``; ``until`` is None while it is held."""

    incident: Incident
    since: float
    until: float | None


@dataclass(frozen=True, slots=True)
class Turn:
    """An incident that begins (``on``) or ends now."""

    incident: Incident
    on: bool


class Director:
    """Which incidents run. Times are seconds of any one clock that does not run back."""

    def __init__(self) -> None:
        self._running: dict[str, Running] = {}
        self._shown: set[str] = set()

    def running(self) -> tuple[Running, ...]:
        """What runs, in the order it began."""
        return tuple(sorted(self._running.values(), key=lambda r: r.since))

    def start(self, name: str, now: float, *, hold: bool = False) -> None:
        """Begin an incident, or begin its duration anew; KeyError where there is none."""
        chosen = incident(name)
        before = self._running.get(name)
        until = None if hold else now + chosen.duration
        self._running[name] = Running(chosen, before.since if before else now, until)

    def follow(self, planned: Iterable[Incident], now: float) -> None:
        """Begin what the schedule wants; while anything runs, it has to wait its turn."""
        for wanted in planned:
            if not self._running:
                self.start(wanted.name, now)

    def stop(self, name: str | None = None) -> None:
        """End an incident, or all. Raises KeyError where there is none of that name."""
        if name is None:
            self._running.clear()
        else:
            self._running.pop(incident(name).name, None)

    def runs(self, name: str) -> bool:
        """Whether it is under way. Raises KeyError where there is none of that name."""
        return incident(name).name in self._running

    def toggle(self, name: str, now: float) -> None:
        """End an incident that runs, begin one that does not."""
        if self.runs(name):
            self.stop(name)
        else:
            self.start(name, now)

    def turns(self, now: float) -> Iterator[Turn]:
        """What begins and what ends since the last call, ends first."""
        for name, run in list(self._running.items()):
            if run.until is not None and run.until <= now:
                del self._running[name]
        for name in sorted(self._shown - set(self._running)):
            self._shown.discard(name)
            yield Turn(incident(name), on=False)
        for name in sorted(set(self._running) - self._shown):
            self._shown.add(name)
            yield Turn(incident(name), on=True)
