"""Who sits at this terminal, for what people do: acknowledge, silence, note."""

from __future__ import annotations

import os
from collections.abc import Mapping

from checks.model import clean

__all__ = ["who"]


def who(environ: Mapping[str, str] = os.environ) -> str:
    """``alice``; ``alice as root`` by sudo; ``alice from 10.0.0.5`` by SSH."""
    name = _user(environ)
    behind = environ.get("SUDO_USER", "")
    said = f"{behind} as {name}" if behind and behind != name else name
    client = environ.get("SSH_CONNECTION", environ.get("SSH_CLIENT", "")).split(" ")[0]
    return clean(f"{said} from {client}" if client else said, 120)


def _user(environ: Mapping[str, str]) -> str:
    """The name of the account that this runs as, whatever the environment claims."""
    import pwd  # noqa: PLC0415 - once somebody does something

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return environ.get("USER") or f"uid {os.geteuid()}"
