"""What can be configured of a `systemd` check."""

from __future__ import annotations

import re
import socket
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from checks.bounds import Rising
from checks.settings import Duration, KindConfig, Model

__all__ = ["EVERYTHING", "RestartBounds", "SystemdConfig", "UnitConfig", "full_name", "is_pattern"]

EVERYTHING: Final = ("*.service", "*.timer", "*.socket", "*.mount", "*.path", "*.swap")
"""Patterns that stand for all units, where none are named."""

_TYPES: Final = (
    "service", "socket", "target", "device", "mount", "automount", "swap", "timer", "path",
    "slice", "scope",
)  # fmt: skip
_NAME: Final = re.compile(r"[A-Za-z0-9:_.\\@*?\[\]-]{1,255}")

Expect = Literal["active", "inactive", "any"]


def is_pattern(name: str) -> bool:
    """Whether ``name`` may stand for several units."""
    return bool(set(name) & set("*?["))


def full_name(name: str) -> str:
    """``name`` with its type: ``nginx`` is ``nginx.service``, as for ``systemctl``."""
    return name if name.rpartition(".")[2] in _TYPES and "." in name else f"{name}.service"


class UnitConfig(Model):
    """A unit, or a pattern of names; a plain string is the name."""

    name: str
    """Name of a unit (`nginx.service`; `nginx` is the same) or a shell pattern (`php*-fpm`)."""
    expect: Expect | None = None
    """What it should be; without it, what the check's `expect` says."""
    within: Duration | None = None
    """For a timer: the longest time that may have passed since it last started its unit."""

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _named(self) -> UnitConfig:
        if not _NAME.fullmatch(self.name) or self.name.startswith("-"):
            raise ValueError(f"{self.name!r} is no name of a unit; write nginx.service or php*-fpm")
        if self.within is not None and not self.unit.endswith(".timer"):
            raise ValueError("within is for timers: write backup.timer")
        return self

    @property
    def unit(self) -> str:
        """The name with its type."""
        return full_name(self.name)


class RestartBounds(Rising):
    """Bounds of how often systemd started a service anew because it had ended."""

    warning: int | None = Field(default=1, ge=1)
    """So many restarts of one service within the window are a WARNING; null for never."""
    critical: int | None = Field(default=5, ge=1)
    """So many are CRITICAL; null for never."""
    window: Duration = Field(default=600.0, ge=1.0)
    """How far back restarts count."""


def _as_list(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


class SystemdConfig(KindConfig):
    """Units of the systemd that runs this machine, and the state of the whole.

    Without `units` all of them are watched, and those that have failed are told. A plain string is
    one unit's name.
    """

    shorthand: ClassVar[str] = "units"

    units: Annotated[tuple[UnitConfig, ...], BeforeValidator(_as_list)] = ()
    """Units by name or pattern, or with what is expected of each: `{name: …, expect: inactive}`."""
    expect: Expect = "active"
    """What named units should be: `active`, `inactive`, or `any`, which minds failures alone."""
    ignore: tuple[str, ...] = ()
    """Names or patterns of units that are left out."""
    user: bool = False
    """Whether to ask the systemd of the user that onwatch runs as instead of the machine's."""
    system: bool | None = None
    """Whether the state of the whole is judged (degraded, starting); unless said, where no units
    are named."""
    restarts: RestartBounds = RestartBounds()
    """Bounds of how often systemd started a service anew because it had ended."""
    starting: Duration | None = 90.0
    """A unit that has been starting or stopping for longer is a WARNING; null for never."""
    late: Duration | None = 300.0
    """A timer that is overdue by more than this is a WARNING; null for never."""
    disabled: bool = True
    """Whether a named unit that runs, and that the next boot leaves out, is a WARNING."""

    @model_validator(mode="after")
    def _ignores(self) -> SystemdConfig:
        for name in self.ignore:
            if not _NAME.fullmatch(name):
                raise ValueError(f"ignore: {name!r} is no name of a unit")
        return self

    @property
    def everything(self) -> bool:
        """Whether no units are named."""
        return not self.units

    @property
    def whole(self) -> bool:
        """Whether the state of the whole is judged."""
        return self.everything if self.system is None else self.system

    def instance(self) -> str:
        return socket.gethostname()

    def address(self) -> str:
        who = "systemd of this user" if self.user else "systemd"
        names = ", ".join(one.name for one in self.units[:3])
        more = f" and {len(self.units) - 3} more" if len(self.units) > 3 else ""
        return f"{who}: {names}{more}" if names else who
