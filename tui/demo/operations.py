"""What the shop's operators can switch, and what each incident does to that.

An incident has one cause: a setting that is wrong for as long as it lasts. Whoever puts that right
has mended it. Some causes leave something behind that has to go, too (a statement that goes on, a
Redis that stays full): that these are over is told by the programs, which see it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tui.demo.children import DemoError
from tui.demo.releases import NEXT, VERSION

__all__ = ["INDEXERS", "Cause", "Event", "Operations"]

INDEXERS: Final = 3
"""Workers of the queue ``default``."""
_MOST_INDEXERS: Final = 12
_RELEASES: Final = (VERSION, NEXT)
"""Of the api: the one that is fine, and the next, whose answers take a second longer."""

_SERVICES: Final[Mapping[str, str]] = {
    "api": "service",
    "workers": "workers",
    "redis": "redis",
    "postgres": "postgres",
    "shop": "shop",
    "mariadb": "mariadb",
    "gateway": "gateway",
}
"""Services by the name that operators know them by, with the child that each is."""
_JOBS: Final[Mapping[str, str]] = {
    "import": "puts the documents of a new customer into the queue default",
    "export": "writes the orders page by page for the accountants (shop-export)",
    "report": "adds up the day's revenue (reporting)",
}
_FLAGS: Final[Mapping[str, str]] = {
    "provider-borealis": "the api asks borealis; off: the other providers take its share",
    "backup-quota": "dumps of the shop may take 64 kB; off: as much as they need",
    "remember-me": "sessions never expire; off: they end with the visit",
}
_AFTER_STOP: Final = "job report"


@dataclass(frozen=True, slots=True)
class Cause:
    """What is wrong during an incident: ``setting`` is ``wrong``, by what ``event`` says.

    ``leaves`` something behind, so that putting it right is not all of the mending.
    """

    setting: str
    wrong: str
    event: str
    leaves: bool = False


_NORMAL: Final[Mapping[str, str]] = {
    **{f"service {name}": "running" for name in _SERVICES},
    "job import": "stopped",
    "job export": "stopped",
    "job report": "running",
    "flag provider-borealis": "on",
    "flag remember-me": "off",
    "flag backup-quota": "off",
    "release api": _RELEASES[0],
    "scale indexer": str(INDEXERS),
}
_KILLED: Final = (
    "killed (signal 9) and not started again: that had failed three times within a minute"
)
_CAUSES: Final[Mapping[str, Cause]] = {
    "slow-service": Cause(
        "release api", NEXT, f"release {NEXT} in place of {VERSION} (by the release train)"
    ),
    "provider-errors": Cause("flag provider-borealis", "on", ""),
    "queue-backlog": Cause("job import", "running", "started (by sales): documents of Acme"),
    "service-down": Cause("service api", "stopped", _KILLED),
    "redis-full": Cause(
        "flag remember-me", "on", "switched on (by marketing): sessions never expire", leaves=True
    ),
    "connections-used-up": Cause("job export", "running", "started (by the scheduler)"),
    "slow-query": Cause(
        "job report", "running", "changed (by finance): revenue by order", leaves=True
    ),
    "backup-cut-off": Cause(
        "flag backup-quota", "on", "switched on (by the storage team): 64 kB for a dump"
    ),
    "database-down": Cause("service postgres", "stopped", _KILLED),
    "mysql-down": Cause("service mariadb", "stopped", _KILLED),
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done to ``name`` ``at``, in seconds since 1970."""

    at: float
    name: str
    text: str


class Operations:
    """The settings, who has changed them last, and which incidents are under way."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._settings = dict(_NORMAL)
        self._lasting: set[str] = set()
        self._restarts: list[str] = []
        self.history: deque[Event] = deque(maxlen=60)

    # Incidents

    def begin(self, incident: str) -> None:
        """Have it happen: its setting is wrong from now on."""
        self._lasting.add(incident)
        cause = _CAUSES.get(incident)
        if cause is not None:
            self._settings[cause.setting] = cause.wrong
            if cause.event:
                self._note(cause.setting.partition(" ")[2], cause.event)

    def end(self, incident: str) -> None:
        """It is over; a setting that nobody has put right is put right by itself."""
        self._lasting.discard(incident)
        cause = _CAUSES.get(incident)
        if cause is None or self._settings[cause.setting] != cause.wrong:
            return
        normal = _NORMAL[cause.setting]
        if normal != cause.wrong:
            self._settings[cause.setting] = normal
            self._note(cause.setting.partition(" ")[2], f"{normal} again")

    def mended(self) -> tuple[str, ...]:
        """The incidents under way whose cause somebody has put right, and which leave nothing."""
        return tuple(
            name
            for name in sorted(self._lasting)
            if (cause := _CAUSES.get(name)) is not None
            and not cause.leaves
            and self._settings[cause.setting] != cause.wrong
        )

    # What the others go by

    @property
    def down(self) -> frozenset[str]:
        """The children that are stopped."""
        return frozenset(
            child
            for name, child in _SERVICES.items()
            if self._settings[f"service {name}"] == "stopped"
        )

    def restarted(self) -> tuple[str, ...]:
        """The children that are to be restarted since this was asked last."""
        found, self._restarts = tuple(self._restarts), []
        return found

    def faults(self) -> dict[str, Any]:
        """What all children are shown, see :class:`~tui.demo.leash.Faults`."""
        settings, lasting = self._settings, self._lasting
        return {
            "slow": settings["release api"] == _RELEASES[1],
            "provider_errors": "provider-errors" in lasting,
            "detour": settings["flag provider-borealis"] == "off",
            "backlog": settings["job import"] == "running",
            "indexers": int(settings["scale indexer"]),
            "hoard": "redis-full" in lasting,
            "endless": settings["flag remember-me"] == "on",
            "lock_pile_up": "lock-pile-up" in lasting,
            "leak": settings["job export"] == "running",
            "slow_query": "slow-query" in lasting,
            "reports": settings["job report"] == "running",
            "backup_quota": settings["flag backup-quota"] == "on",
            "quota_locks": "mysql-locks" in lasting,
        }

    # Operators

    def rows(self, children: Collection[str]) -> list[dict[str, str]]:
        """What there is, each with its kind and state; services as far as there are ``children``
        of theirs."""
        found = []
        for setting, state in self._settings.items():
            kind, _, name = setting.partition(" ")
            here = kind != "service" or _SERVICES[name] in children
            if here and kind in ("service", "job", "flag"):
                row = {"kind": kind, "name": name, "state": state, "about": self._about(name)}
                found.append({**row, "child": _SERVICES.get(name, "")})
        return found

    def _about(self, name: str) -> str:
        if name == "api":
            return f"release {self._settings['release api']}"
        if name == "workers":
            return f"{self._settings['scale indexer']} indexers"
        return _JOBS.get(name) or _FLAGS.get(name) or ""

    def do(self, act: str, name: str, to: str = "") -> str:
        """Do what an operator wants; a sentence of what was done.

        Raises:
            DemoError: there is no such thing, or it cannot be done to it.
        """
        match act:
            case "start" | "stop":
                return self._switch(name, "running" if act == "start" else "stopped")
            case "restart":
                return self._restart(name)
            case "flag":
                return self._flag(name, to)
            case "rollback":
                return self._roll_back(name)
            case "scale":
                return self._scale(name, to)
        raise DemoError(f"cannot {act}: known are start, stop, restart, rollback, scale and flag")

    def _switch(self, name: str, state: str) -> str:
        setting = next((s for s in (f"service {name}", f"job {name}") if s in _NORMAL), None)
        if setting is None:
            raise DemoError(f"there is no {name}; there are {', '.join((*_SERVICES, *_JOBS))}")
        if self._settings[setting] == state:
            return f"{name} is {state} already"
        goes_on = setting == _AFTER_STOP and state == "stopped"
        rest = "; a statement of it that runs goes on until somebody cancels it" if goes_on else ""
        return self._set(setting, state, "started" if state == "running" else "stopped") + rest

    def _restart(self, name: str) -> str:
        if name not in _SERVICES:
            raise DemoError(f"there is no service {name}; there are {', '.join(_SERVICES)}")
        if self._settings[f"service {name}"] == "stopped":
            return self._switch(name, "running")
        self._restarts.append(_SERVICES[name])
        self._note(name, "restarted (by you)")
        return f"{name}: restarted"

    def _flag(self, name: str, to: str) -> str:
        if name not in _FLAGS:
            raise DemoError(f"there is no flag {name}; there are {', '.join(_FLAGS)}")
        if to not in ("on", "off"):
            raise DemoError(f"a flag is on or off, not {to!r}")
        if self._settings[f"flag {name}"] == to:
            return f"{name} is {to} already"
        return self._set(f"flag {name}", to, f"switched {to}")

    def _roll_back(self, name: str) -> str:
        if name != "api":
            raise DemoError(f"releases of {name} are not kept; those of api are")
        before, now = _RELEASES
        if self._settings["release api"] != now:
            return f"api runs {before}, and there is no release before that"
        return self._set("release api", before, f"rolled back from {now} to {before}")

    def _scale(self, name: str, to: str) -> str:
        if name != "indexer":
            raise DemoError(f"there is nothing to scale called {name}; there is indexer")
        if not to.isdecimal() or not 1 <= int(to) <= _MOST_INDEXERS:
            raise DemoError(f"give a number of workers from 1 to {_MOST_INDEXERS}")
        return self._set("scale indexer", str(int(to)), f"scaled to {int(to)} workers")

    def _set(self, setting: str, value: str, text: str) -> str:
        self._settings[setting] = value
        name = setting.partition(" ")[2]
        self._note(name, f"{text} (by you)")
        return f"{name}: {text}"

    def _note(self, name: str, text: str) -> None:
        self.history.append(Event(self._now(), name, text))
