"""Passwords of the demo's databases: drawn by lot for each demo, a file each in its folder."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

__all__ = ["create", "password", "place"]

_FOLDER: Final = "passwords"


def place(name: str) -> str:
    """The file of ``name``'s password, relative to the demo's folder."""
    return f"{_FOLDER}/{name}"


def create(folder: Path, names: Iterable[str]) -> None:
    """Give each of ``names`` a password that only this user can read."""
    (folder / _FOLDER).mkdir(mode=0o700, exist_ok=True)
    for name in names:
        file = os.open(folder / place(name), os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        with os.fdopen(file, "w") as written:
            written.write(secrets.token_urlsafe(18) + "\n")


def password(folder: Path, name: str) -> str:
    """``name``'s password."""
    return (folder / place(name)).read_text().strip()
