"""The alerts' whole state in a small file, so that a restart forgets nothing.

Written whole and swapped in, readable to its owner alone, bounded. One that cannot be read is set
aside and told: a monitor that does not start for want of its memory would be worse than one that
has forgotten.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from checks.alerts.model import Alert, State
from checks.alerts.packing import packed, unpacked
from checks.swapping import swap_in

__all__ = ["AlertMemory", "Recalled", "after_pause", "state_file"]

VERSION: Final = 1
MOST: Final = 20_000
"""Alerts that are kept: firing ones first, then pending ones."""
BOUND: Final = 32 << 20
"""Bytes of the largest file that is read."""
REFRESHED: Final = 60_000
"""Milliseconds after which the file is written again although nothing changed."""
LONGEST_PAUSE: Final = 3_600_000
"""Milliseconds after which pending alerts of before tell nothing any more."""
_RANKS: Final = {State.FIRING: 0, State.PENDING: 1, State.RESOLVED: 2}

Rules = Mapping[str, Sequence[Alert]]
"""Alerts by the key of their rule."""

log = logging.getLogger("onwatch.alerts")


@dataclass(frozen=True, slots=True)
class Recalled:
    """What the file held when it was saved, at ``saved`` (milliseconds since 1970).

    ``problem`` is a sentence where it could not be read.
    """

    rules: Rules
    saved: int = 0
    problem: str = ""


def state_file(hostname: str, config: str = "") -> Path:
    """Where it is kept: in the user's state directory, one file a machine (homes are shared), and
    one for each file ``config``: what another one watches has other alerts.
    """
    import platformdirs  # noqa: PLC0415 - once, and not before the first picture

    safe = "".join(c if c.isalnum() or c in "-." else "_" for c in hostname)[:80] or "localhost"
    digest = hashlib.blake2b(config.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    name = f"alerts-{safe}-{digest}" if config else f"alerts-{safe}"
    return Path(platformdirs.user_state_dir("onwatch")) / f"{name}.json"


class AlertMemory:
    """The file at ``path``. Everything here blocks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written = ""
        self._written_at = 0

    def recall(self) -> Recalled:
        """What is remembered; nothing, with a sentence, of a file that cannot be used."""
        try:
            text = self._read()
            if text is None:
                return Recalled({})
            return _recalled(json.loads(text))
        except PermissionError as error:
            return Recalled({}, problem=f"the alerts of before are not known: {error}")
        except OSError as error:
            return Recalled({}, problem=f"{self.path} cannot be read: {error.strerror}")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return Recalled({}, problem=self._set_aside())

    def keep(self, rules: Rules, now: int) -> str:
        """Write ``rules`` where they differ from what was written, or that is a while ago.

        Returns a sentence where that fails.
        """
        body = _bounded(rules)
        text = json.dumps(body, separators=(",", ":"))
        # An empty file says the same at any time; of others the pause is counted from when.
        if text == self._written and (not body or now - self._written_at < REFRESHED):
            return ""
        if not body and not self._written and not self.path.exists():
            return ""
        whole = f'{{"version":{VERSION},"saved":{now},"rules":{text}}}'
        try:
            swap_in(self.path, whole)
        except OSError as error:
            return f"the state of the alerts is not saved: {self.path}: {error.strerror}"
        self._written, self._written_at = text, now
        return ""

    def _read(self) -> str | None:
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                ours = status.st_uid in {0, os.geteuid()} and stat.S_ISREG(status.st_mode)
                if not ours or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                    raise PermissionError(f"others can write to {self.path}")
                data = file.read(BOUND + 1)
        except FileNotFoundError:
            return None
        if len(data) > BOUND:
            raise ValueError("it is too large")
        return data.decode()

    def _set_aside(self) -> str:
        aside = self.path.with_name(f"{self.path.name}.broken")
        try:
            self.path.replace(aside)
        except OSError as error:
            return f"{self.path} is broken and cannot be set aside: {error.strerror}"
        return f"{self.path} was broken: the alerts of before are not known; it is now {aside.name}"


def after_pause(alerts: Iterable[Alert], pause: int) -> list[Alert]:
    """``alerts`` as they stand after ``pause`` milliseconds in which nothing was evaluated.

    As in Prometheus, that time does not count for ``for``; neither does it for
    ``keep_firing_for``. Pending alerts of long ago are left out.
    """
    kept = []
    for alert in alerts:
        if alert.state is State.PENDING:
            if pause <= LONGEST_PAUSE:
                kept.append(_paused(alert, pause))
        elif alert.missing_since is not None:
            kept.append(replace(alert, missing_since=alert.missing_since + pause))
        else:
            kept.append(alert)
    return kept


def _paused(alert: Alert, pause: int) -> Alert:
    """The pending ``alert``; since when nothing is known of it moves too, or counted twice."""
    silent, short = alert.no_data_since, alert.no_history_since
    return replace(
        alert.later(pause),
        no_data_since=None if silent is None else silent + pause,
        no_history_since=None if short is None else short + pause,
    )


def _recalled(data: dict[str, Any]) -> Recalled:
    if data["version"] != VERSION:
        raise ValueError("it is of another version")
    rules = {str(key): [unpacked(one) for one in items] for key, items in data["rules"].items()}
    return Recalled(rules, int(data["saved"]))


def _bounded(rules: Rules) -> dict[str, list[dict[str, Any]]]:
    every = [(key, alert) for key, alerts in rules.items() for alert in alerts]
    if len(every) > MOST:
        every.sort(key=lambda pair: _RANKS.get(pair[1].state, 3))
        log.warning("%d alerts are too many to remember: %d are kept", len(every), MOST)
    body: dict[str, list[dict[str, Any]]] = {}
    for key, alert in every[:MOST]:
        body.setdefault(key, []).append(packed(alert))
    return body
