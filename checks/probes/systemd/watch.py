"""What is kept of units from one run to the next: restarts, pids, states. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from checks.probes.systemd.model import Unit

__all__ = ["Watch"]

_KEPT: Final = 100


class Watch:
    """Compares each answer with the one before. ``window`` is how far back restarts count."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._before: dict[str, Unit] | None = None
        self._restarts: dict[str, deque[float]] = {}

    def note(self, now: float, units: Iterable[Unit], monotonic: float) -> list[str]:
        """Takes in the units at ``now``, which systemd's clock calls ``monotonic``.

        Returns what happened since the last time, in sentences.
        """
        events: list[str] = []
        after: dict[str, Unit] = {}
        known = self._before or {}
        for unit in units:
            after[unit.name] = unit
            before = known.get(unit.name)
            if before is not None:
                events += self._change(now, before, unit)
            elif unit.active == "failed" and self._before is not None:
                events.append(_failure(unit))
            elif unit.restarts and unit.active_at is not None:
                # One that is in a loop is told at the first look.
                last = now - (monotonic - unit.active_at)
                self._restarts[unit.name] = deque([last], maxlen=_KEPT)
        self._before = after
        self._restarts = {name: times for name, times in self._restarts.items() if name in after}
        return events

    def recent(self, now: float, name: str) -> int:
        """How often the unit was started anew within the window."""
        times = self._restarts.get(name)
        if times is None:
            return 0
        while times and times[0] < now - self._window:
            times.popleft()
        return len(times)

    def _change(self, now: float, before: Unit, unit: Unit) -> list[str]:
        grown = (unit.restarts or 0) - (before.restarts or 0)
        failed = [_failure(unit)] if unit.active == "failed" and before.active != "failed" else []
        if grown > 0:
            times = self._restarts.setdefault(unit.name, deque(maxlen=_KEPT))
            times.extend([now] * min(grown, _KEPT))
            ending = f" after {unit.ending}" if unit.ending else ""
            often = "" if grown == 1 else f" {grown} times"
            pids = _pids(before, unit)
            # One in a loop, which systemd gives up in the end, may be both between two looks.
            return [f"{unit.short} was restarted by systemd{often}{ending}{pids}", *failed]
        if failed:
            return failed
        if unit.pid and before.pid and unit.pid != before.pid:
            return [f"{unit.short} was restarted{_pids(before, unit)}"]
        if unit.active == "active" and before.active in ("failed", "inactive"):
            return [f"{unit.short} was started"]
        if unit.active == "inactive" and before.active == "active" and unit.type != "mount":
            return [f"{unit.short} was stopped"]
        return []


def _failure(unit: Unit) -> str:
    ending = f" ({unit.ending})" if unit.ending else ""
    return f"{unit.short} has failed{ending}"


def _pids(before: Unit, unit: Unit) -> str:
    return f": pid {before.pid} → {unit.pid}" if before.pid and unit.pid else ""
