"""What a step finds in its environment: little, and the values of its variables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final

from checks.errors import TargetError
from checks.model import clean
from checks.probes.command.environment import minimal
from checks.runbooks.model import Variables
from checks.runbooks.variables import is_reserved

__all__ = ["environment"]

_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
_KEPT: Final = ("SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "KUBECONFIG")
"""Where the user's own agents are: without them ``ssh host …`` and ``systemctl --user`` ask."""
_QUIET: Final = {
    "TERM": "dumb",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "SYSTEMD_PAGER": "cat",
    "SYSTEMD_COLORS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "DEBIAN_FRONTEND": "noninteractive",
}
"""Keeps programs that see a terminal from asking, paging and painting."""


def environment(
    variables: Variables, environ: Mapping[str, str] = os.environ, *, terminal: bool = False
) -> dict[str, str]:
    """The whole environment of a shell's step; ``terminal`` for one that has the user's own.

    Raises:
        TargetError: a variable would be one by which others are told what to do, such as ``PATH``,
            or can be none.
    """
    made = minimal(environ)
    del made["LC_NUMERIC"]
    made |= {name: environ[name] for name in _KEPT if environ.get(name)}
    if terminal:
        kept = ("TERM", "COLORTERM", "EDITOR", "VISUAL", "PAGER", "LC_ALL", "LC_CTYPE")
        made |= {name: environ[name] for name in kept if environ.get(name)}
    else:
        made |= _QUIET
    for name, value in variables.items():
        if not _NAME.fullmatch(name) or _is_taken(name):
            raise TargetError(
                "config",
                f"${clean(name, 60)} cannot be given to a step: the shell, or programs, go by it",
            )
        if "\0" in value:
            raise TargetError("config", f"the value of ${name} holds a zero byte")
        made[name] = value
    return made


def _is_taken(name: str) -> bool:
    """Whether others go by ``name``: the shell, the loader, programs that the step starts."""
    return name in _QUIET or name in _KEPT or is_reserved(name)
