"""What earlier sessions found: a small file, so that what has vanished since is missed.

It holds kinds, names, addresses and units, what is to be missed no more, and never a credential.
It is written whole and swapped in, readable to its owner alone, and one that cannot be read is
none.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import stat
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from checks.discovery.model import Service, Web
from checks.model import clean

__all__ = ["Memory", "Remembered", "state_file"]

VERSION: Final = 1
MOST: Final = 100
"""Services that are kept, the newest of them."""
LONGEST: Final = 7 * 86_400.0
"""Seconds after which a service that was not seen again is forgotten."""
REFRESHED: Final = 600.0
"""Seconds after which the file is written again although nothing new was found."""

_BOUND: Final = 200_000
_CLOCKS_APART: Final = 60.0
_KINDS: Final = frozenset({"http", "tcp", "postgres", "mysql", "redis", "sqlite"})
_HERE: Final = frozenset({"", "127.0.0.1", "::1"})

Key = tuple[str, int | str]
"""What :attr:`checks.discovery.model.Service.key` is."""

log = logging.getLogger("onwatch.discovery")


@dataclass(frozen=True, slots=True)
class Remembered:
    """A service, the name of its check, and when it was last seen (seconds since 1970)."""

    service: Service
    name: str
    seen: float


def state_file(hostname: str) -> Path:
    """Where it is kept: in the user's state directory, one file a machine (homes are shared)."""
    import platformdirs  # noqa: PLC0415 - only needed without a configuration

    safe = "".join(c if c.isalnum() or c in "-." else "_" for c in hostname)[:80] or "localhost"
    return Path(platformdirs.user_state_dir("onwatch")) / f"found-{safe}.json"


class Memory:
    """The file at ``path``. Everything here blocks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written: frozenset[tuple[str, object, str]] = frozenset()
        self._written_at = 0.0
        self.forgotten: frozenset[Key] = frozenset()
        """What is not to be missed, as :meth:`recall` read it; until it runs again for good."""

    def recall(self, now: float) -> list[Remembered]:
        """What is remembered and not too old; nothing of a file that others could have written."""
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                ours = status.st_uid in {0, os.geteuid()} and stat.S_ISREG(status.st_mode)
                if not ours or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                    log.warning("%s is ignored: others may write to it", self.path)
                    return []
                data = json.loads(file.read(_BOUND))
        except (OSError, ValueError, RecursionError):
            return []
        if not isinstance(data, dict) or data.get("version") != VERSION:
            return []
        self.forgotten = _keys(data.get("forgotten"))
        entries = data.get("services")
        if not isinstance(entries, list):
            return []
        read = [_entry(item) for item in entries if isinstance(item, dict)]
        return [one for one in read if one and -_CLOCKS_APART <= now - one.seen < LONGEST][:MOST]

    def keep(self, services: Iterable[Remembered], now: float) -> None:
        """Write ``services`` where they differ from what was written, or that is a while ago.

        What another session has found meanwhile is kept as well.
        """
        current = list(services)
        new = frozenset((one.service.kind, one.service.key[1], one.name) for one in current)
        if new == self._written and now - self._written_at < REFRESHED:
            return
        merged = {one.service.key: one for one in self.recall(now)}
        for one in current:
            before = merged.get(one.service.key)
            if before is None or before.seen <= one.seen:
                merged[one.service.key] = one
        self.forgotten -= {one.service.key for one in current}
        self._save(merged.values())
        self._written, self._written_at = new, now

    def forget(self, keys: Collection[Key], now: float) -> None:
        """Miss the services of ``keys`` no more, in later sessions neither."""
        kept = [one for one in self.recall(now) if one.service.key not in keys]
        self.forgotten |= frozenset(keys)
        self._save(kept)
        self._written = frozenset()

    def _save(self, services: Iterable[Remembered]) -> None:
        newest = sorted(services, key=lambda one: -one.seen)[:MOST]
        document: dict[str, Any] = {"version": VERSION, "services": [_item(one) for one in newest]}
        if self.forgotten:
            document["forgotten"] = sorted(map(list, self.forgotten), key=str)[:MOST]
        try:
            _write(self.path, json.dumps(document, indent=1))
        except OSError as error:
            log.info("what was found is not remembered: %s", error)


def _keys(entries: object) -> frozenset[Key]:
    """The keys of services in ``entries``; what is none is left out."""
    pairs = [one for one in entries if isinstance(one, list)] if isinstance(entries, list) else []
    return frozenset(
        (one[0], one[1])
        for one in pairs[:MOST]
        if len(one) == 2 and isinstance(one[0], str) and type(one[1]) in {int, str}
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        # Cancelled too: half a file is of no use to anybody.
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _item(one: Remembered) -> dict[str, Any]:
    service = one.service
    item: dict[str, Any] = {
        "kind": service.kind,
        "name": one.name,
        "seen": round(one.seen),
        "host": service.host,
        "port": service.port,
        "path": service.path,
        "program": service.program,
        "unit": service.unit,
    }
    if service.web is not None:
        web = service.web
        item |= {"page": web.path, "tls": web.tls, "status": web.status, "metrics": web.metrics}
    return {key: value for key, value in item.items() if value not in {"", 0}}


def _entry(item: Mapping[str, Any]) -> Remembered | None:
    """The service in ``item``; None where anything about it is not as it was written."""
    texts = {key: item.get(key, "") for key in ("kind", "name", "host", "path", "program", "unit")}
    numbers = {key: item.get(key, 0) for key in ("port", "seen", "status")}
    page = item.get("page", "")
    if not all(
        isinstance(text, str) and clean(text, 400) == text for text in (*texts.values(), page)
    ):
        return None
    if not all(type(number) is int and 0 <= number < 2**53 for number in numbers.values()):
        return None
    if texts["kind"] not in _KINDS or numbers["port"] > 65_535 or not texts["name"]:
        return None
    if texts["host"] not in _HERE or not (numbers["port"] or texts["path"].startswith("/")):
        return None
    web = None
    if texts["kind"] == "http":
        tls, metrics = item.get("tls") is True, item.get("metrics") is True
        web = Web(page or "/", tls, numbers["status"], metrics)
    service = Service(
        texts["kind"],
        texts["host"],
        numbers["port"],
        texts["path"],
        texts["program"],
        texts["unit"],
        web=web,
    )
    return Remembered(service, texts["name"], float(numbers["seen"]))
