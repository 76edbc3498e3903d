"""``pg_service.conf``: named sets of connection parameters, read as libpq reads them."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

__all__ = ["Service", "find_service", "service_file_paths", "service_names"]

SYSTEM_FOLDERS: Final = (
    "/etc/postgresql-common",
    "/etc/sysconfig/pgsql",
    "/etc/postgresql",
    "/usr/local/etc/postgresql",
)
"""Where distributions' clients look for the system's file, unless ``PGSYSCONFDIR`` says."""

_BOUND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Service:
    """The parameters of one service, and the file they are from; ``problem`` says, as a
    clause, what is wrong with it."""

    name: str
    path: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    problem: str = ""
    exposed: bool = False
    """Whether it holds a password in a file that everybody can read."""

    @property
    def found(self) -> bool:
        """Whether some file names it."""
        return self.path is not None


def service_file_paths(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The files that are looked into, in their order: the user's, then the system's."""
    paths = []
    named = environ.get("PGSERVICEFILE")
    if named:
        paths.append(Path(named))
    else:
        with contextlib.suppress(RuntimeError):
            paths.append(Path.home() / ".pg_service.conf")
    folder = environ.get("PGSYSCONFDIR")
    folders = (folder,) if folder else SYSTEM_FOLDERS
    return (*paths, *(Path(one) / "pg_service.conf" for one in folders))


def find_service(name: str, paths: Sequence[Path]) -> Service:
    """The service ``name`` of the first file that has it. May block on a hung mount."""
    problem = ""
    for path in paths:
        try:
            text, readable_by_all = _read(path)
        except OSError as error:
            missing = isinstance(error, FileNotFoundError | NotADirectoryError)
            problem = problem or ("" if missing else f"{path} cannot be read: {error.strerror}")
            continue
        parameters = _sections(text).get(name)
        if parameters is not None:
            exposed = readable_by_all and "password" in parameters
            return Service(name, path, MappingProxyType(parameters), _wrong(parameters), exposed)
    return Service(name, problem=problem)


def service_names(paths: Sequence[Path]) -> tuple[str, ...]:
    """All services that the files name. May block on a hung mount."""
    names: dict[str, None] = {}
    for path in paths:
        with contextlib.suppress(OSError):
            names.update(dict.fromkeys(_sections(_read(path)[0])))
    return tuple(names)


def _read(path: Path) -> tuple[str, bool]:
    """The text of a regular file, and whether everybody can read it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - opened above
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise FileNotFoundError(path)
        return file.read(_BOUND).decode("utf-8", "replace"), bool(mode & stat.S_IROTH)


def _sections(text: str) -> dict[str, dict[str, str]]:
    """Each service's parameters. Of two services or parameters of a name the first counts."""
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            current = {}
            found.setdefault(line[1:-1], current)
            continue
        key, equals, value = line.partition("=")
        # A line that is no key=value is kept as a key without one: see _wrong.
        current.setdefault(key.strip(), value.strip() if equals else "")
    return found


def _wrong(parameters: Mapping[str, str]) -> str:
    """What in a service we cannot follow; empty where nothing."""
    if any(key.startswith("ldap") for key in parameters):
        return "it is looked up by LDAP, which is not supported"
    if "service" in parameters:
        return "it names another service, which libpq refuses too"
    return ""
