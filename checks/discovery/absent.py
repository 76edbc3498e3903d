"""What should run here and does not, and how we know: units, data without a server, the past.

A false alarm costs more than a missing row. A server is missed only where somebody has said
that it is to run: its unit is enabled, or, on a machine without systemd, its program is
installed beside databases of somebody's, or it ran when onwatch last looked.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from checks.discovery.model import Service, Web
from checks.discovery.settings import Place, clusters, mysql_place, redis_place
from checks.discovery.units import Unit, enabled_units, has_systemd, with_reasons

__all__ = ["Expectation", "expectations", "missing"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """A server that should run: ``service`` as it would be found, ``why`` in a sentence.

    ``starting`` says that it has processes already, and only does not listen.
    """

    service: Service
    why: str
    starting: bool = False


_DATABASE_UNITS: Final = {
    "mysql": re.compile(r"^(mariadb|mysqld?)(@.*)?$"),
    "redis": re.compile(r"^(redis|redis-server|valkey|valkey-server|keydb|keydb-server)(@.*)?$"),
    "postgres": re.compile(r"^postgresql(-\d+)?$"),
}
_OTHER_UNITS: Final = {
    "nginx": ("http", 80, "/"),
    "apache2": ("http", 80, "/"),
    "httpd": ("http", 80, "/"),
    "caddy": ("http", 80, "/"),
    "lighttpd": ("http", 80, "/"),
    "elasticsearch": ("http", 9200, "/_cluster/health"),
    "opensearch": ("http", 9200, "/_cluster/health"),
    "grafana-server": ("http", 3000, "/api/health"),
    "prometheus": ("http", 9090, "/-/healthy"),
    "memcached": ("tcp", 11211, ""),
    "mongod": ("tcp", 27017, ""),
    "rabbitmq-server": ("tcp", 5672, ""),
}
_PROGRAMS: Final = {"mongod": "mongodb", "rabbitmq-server": "rabbitmq", "grafana-server": "grafana"}
_BINARIES: Final = {
    "mysql": ("usr/sbin/mariadbd", "usr/sbin/mysqld", "usr/libexec/mysqld", "usr/bin/mariadbd"),
    "redis": ("usr/bin/redis-server", "usr/bin/valkey-server", "usr/local/bin/redis-server"),
}
_OWN_FOLDERS: Final = frozenset({"mysql", "performance_schema", "sys", "test", "lost+found"})
"""Folders of MySQL's data directory that are nobody's databases."""
_FIRST_USER_OID: Final = 16_384


def expectations(root: Path, systemctl: str) -> list[Expectation]:
    """What the machine's own settings say should run. May block on a hung mount."""
    if not has_systemd(root):
        return list(_by_data(root))
    enabled = enabled_units(root)
    wanted = dict(_by_unit(root, enabled))
    idle = [enabled[name] for name in wanted if not enabled[name].active]
    enabled |= with_reasons(idle, systemctl)
    return [
        Expectation(service, _unit_says(enabled[name], service), enabled[name].active)
        for name, service in wanted.items()
        if service.kind in _DATABASE_UNITS or not enabled[name].active
    ]


def missing(expected: Iterable[Expectation], found: Iterable[Service]) -> list[Expectation]:
    """Those that nothing of their kind is found for, each server once."""
    there = {key for service in found for key in _keys(service)}
    left: list[Expectation] = []
    for one in expected:
        keys = set(_keys(one.service))
        if not keys & there:
            there |= keys
            left.append(one)
    return left


def _keys(service: Service) -> Iterator[tuple[str, object]]:
    """What a server can be recognised by; MySQL's port tells as much as its socket."""
    if service.port:
        yield service.kind, service.port
    if service.path:
        yield service.kind, service.path
    if service.unit:
        yield service.kind, service.unit


def _by_unit(root: Path, enabled: dict[str, Unit]) -> Iterator[tuple[str, Service]]:
    debian = clusters(root)
    umbrella = "postgresql.service" in enabled
    for cluster in debian:
        if cluster.unit in enabled or (umbrella and cluster.starts):
            enabled.setdefault(cluster.unit, Unit(cluster.unit, active=False))
            yield cluster.unit, _at("postgres", cluster.place, cluster.unit)
    for name, unit in list(enabled.items()):
        if name in _OTHER_UNITS or unit.stem in _OTHER_UNITS:
            kind, port, path = _OTHER_UNITS[unit.stem]
            web = Web(path) if kind == "http" else None
            program = _PROGRAMS.get(unit.stem, unit.stem)
            yield name, Service(kind, "127.0.0.1", port, "", program, name, web=web)
        for kind, pattern in _DATABASE_UNITS.items():
            if pattern.match(unit.stem) and not (kind == "postgres" and debian):
                yield name, _at(kind, _place(root, kind, unit.stem.partition("@")[2]), name)


def _place(root: Path, kind: str, instance: str) -> Place:
    if kind == "mysql":
        return mysql_place(root)
    return redis_place(root, instance) if kind == "redis" else Place(5432)


def _at(kind: str, place: Place, unit: str) -> Service:
    host = "127.0.0.1" if place.port else ""
    path = place.path
    if kind == "postgres" and path:
        path = f"{path}/.s.PGSQL.{place.port}"
    return Service(kind, host, place.port, path, unit=unit)


def _unit_says(unit: Unit, service: Service) -> str:
    if unit.active:
        where = f"port {service.port}" if service.port else service.path
        return f"{unit.name} runs and nobody listens at {where}: systemctl status {unit.stem}"
    if unit.reason:
        return f"{unit.name} is enabled and {unit.reason}: systemctl status {unit.stem}"
    return f"{unit.name} is enabled and does not run: systemctl start {unit.stem}"


def _by_data(root: Path) -> Iterator[Expectation]:
    """Without systemd: data of somebody's and the program for it, and nothing that serves it."""
    for cluster in clusters(root):
        program = root / f"usr/lib/postgresql/{cluster.version}/bin/postgres"
        if cluster.starts and program.exists() and _has_user_databases(root, cluster.place.data):
            yield _unserved("postgres", cluster.place)
    place = mysql_place(root)
    if _is_installed(root, "mysql") and _has_folders(root, place.data):
        yield _unserved("mysql", place)
    place = redis_place(root)
    if _is_installed(root, "redis") and _has_dump(root, place.data):
        yield _unserved("redis", place)


def _unserved(kind: str, place: Place) -> Expectation:
    why = f"{place.data} holds data and no server runs: start it"
    return Expectation(_at(kind, place, ""), why)


def _is_installed(root: Path, kind: str) -> bool:
    return any((root / path).exists() for path in _BINARIES[kind])


def _below(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


def _has_user_databases(root: Path, data: str) -> bool:
    with contextlib.suppress(OSError):
        return any(
            entry.name.isdigit() and int(entry.name) >= _FIRST_USER_OID
            for entry in (_below(root, data) / "base").iterdir()
        )
    return False


def _has_folders(root: Path, data: str) -> bool:
    with contextlib.suppress(OSError):
        return any(
            entry.is_dir() and entry.name not in _OWN_FOLDERS and entry.name[:1] not in "#."
            for entry in _below(root, data).iterdir()
        )
    return False


def _has_dump(root: Path, data: str) -> bool:
    with contextlib.suppress(OSError):
        return any(
            entry.suffix == ".rdb" or entry.name.startswith("appendonly")
            for entry in _below(root, data).iterdir()
        )
    return False
