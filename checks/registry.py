"""Which kinds of check there are. A kind's module is imported when first asked for.

What other packages bring is looked for only where somebody asks for it: see
:mod:`checks.thirdparty`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from checks.probe import Kind

if TYPE_CHECKING:
    from checks.thirdparty import ThirdParty

__all__ = ["KINDS", "add", "kind", "known", "names", "third_party"]

KINDS: Final = {
    "http": "checks.probes.http",
    "tcp": "checks.probes.tcp",
    "tls": "checks.probes.tls",
    "dns": "checks.probes.dns",
    "ping": "checks.probes.ping",
    "postgres": "checks.probes.postgres",
    "mysql": "checks.probes.mysql",
    "redis": "checks.probes.redis",
    "sqlite": "checks.probes.sqlite",
    "host": "checks.probes.host",
    "metrics": "checks.probes.metrics",
    "prometheus": "checks.probes.prometheus",
    "alertmanager": "checks.probes.alertmanager",
    "process": "checks.probes.process",
    "systemd": "checks.probes.systemd",
    "command": "checks.probes.command",
    "files": "checks.probes.files",
    "log": "checks.probes.log",
}
"""Name of the kind, and the module that holds its ``KIND``."""

_loaded: dict[str, Kind] = {}


_third_party: ThirdParty | None = None


def third_party() -> ThirdParty:
    """What other packages offer; looked for when first asked for."""
    global _third_party  # noqa: PLW0603 - what is installed does not change while we run
    if _third_party is None:
        from checks.thirdparty import ThirdParty  # noqa: PLC0415 - costs more than it mostly gives

        _third_party = ThirdParty(KINDS)
    return _third_party


def names() -> list[str]:
    """The names of all kinds, our own first."""
    return [*KINDS, *third_party().names()]


def known(name: str) -> bool:
    """Whether there is a kind called ``name``; looks beyond our own only where it is none."""
    return name in KINDS or name in _loaded or name in third_party().names()


def kind(name: str) -> Kind:
    """The kind called ``name``.

    Raises:
        KeyError: there is none.
        KindError: another package brings it, and it cannot be used.
    """
    found = _loaded.get(name)
    if found is None and name not in KINDS:
        found = _loaded[name] = third_party().load(name)
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
