"""A real target for each kind of check, with something wrong in it, for tools/check_pictures.py.

A scene starts its target on a :class:`Stage`, in namespaces that are thrown away, and returns its
check as the configuration has it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tools.check_scenes import backups, databases, logs, machine, monitoring, network
from tools.check_scenes.stage import HOST, HOSTS, WORLD, Stage

__all__ = ["HOST", "HOSTS", "SCENES", "WORLD", "Stage"]

SCENES: Final[dict[str, Callable[[Stage], dict[str, Any]]]] = {
    "http": network.http,
    "tcp": network.tcp,
    "tls": network.tls,
    "dns": network.dns,
    "ping": network.ping,
    "metrics": network.metrics,
    "prometheus": monitoring.prometheus,
    "alertmanager": monitoring.alertmanager,
    "postgres": databases.postgres,
    "mysql": databases.mysql,
    "redis": databases.redis,
    "sqlite": databases.sqlite,
    "host": machine.host,
    "process": machine.process,
    "systemd": machine.systemd,
    "command": machine.command,
    "files": backups.files,
    "log": logs.log,
}
