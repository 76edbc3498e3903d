"""All targets, by name; each is imported when it is first wanted."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from tests.fuzz.target import Target

__all__ = ["NAMES", "load"]

_MODULES: Final = {
    "configuration": ("config", "config-in-python", "host-port"),
    "exposition": ("exposition",),
    "health": ("health",),
    "plugins": ("perfdata", "rows"),
    "redis": ("redis-info", "redis-replies"),
    "mysql": ("mysql-packets", "mysql-status"),
    "postgres": ("postgres-greeting",),
    "native": ("my-cnf", "pgpass", "pg-service"),
    "systemd": ("systemd",),
    "machine": ("proc", "process", "pid-file", "resolv-conf"),
    "dns": ("dns",),
    "http": ("http", "http-body"),
    "certificates": ("certificate",),
    "remembered": ("remembered",),
    "dashboards": ("dashboard", "dashboard-sql"),
    "templates": ("template",),
    "promqltest": ("promqltest", "samples"),
    "rules": ("rules", "rule-tests", "alerts-of-before"),
    "texts": ("clean", "masked", "command-line", "clipboard", "key-names"),
    "logs": ("log-lines",),
    "requests": ("request-rows",),
    "runbooks": ("runbook",),
    "screen": ("economy", "keyboard"),
}

_FOUND: Final = {name: module for module, names in _MODULES.items() for name in names}
NAMES: Final = tuple(_FOUND)


def load(name: str) -> Target:
    """The target of this name."""
    module = import_module(f"{__name__}.{_FOUND[name]}")
    targets: tuple[Target, ...] = module.TARGETS
    return next(target for target in targets if target.name == name)
