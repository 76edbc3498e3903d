"""Which kinds of check there are. A kind's module is imported when first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from checks.probe import Kind

__all__ = ["KINDS", "add", "kind"]

KINDS: Final = {
    "http": "checks.probes.http",
    "tcp": "checks.probes.tcp",
    "postgres": "checks.probes.postgres",
    "mysql": "checks.probes.mysql",
    "redis": "checks.probes.redis",
    "sqlite": "checks.probes.sqlite",
    "host": "checks.probes.host",
    "process": "checks.probes.process",
}
"""Name of the kind, and the module that holds its ``KIND``."""

_loaded: dict[str, Kind] = {}


def kind(name: str) -> Kind:
    """The kind called ``name``. Raises KeyError where there is none."""
    found = _loaded.get(name)
    if found is None:
        found = import_module(KINDS[name]).KIND
        if not isinstance(found, Kind):
            raise TypeError(f"{KINDS[name]}.KIND is not a Kind")
        _loaded[name] = found
    return found


def add(new: Kind) -> None:
    """Make the kind ``new`` known under its name; KeyError where the name is taken."""
    if new.name in KINDS or new.name in _loaded:
        raise KeyError(new.name)
    _loaded[new.name] = new
