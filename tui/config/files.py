"""Finding configuration files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

__all__ = [
    "VARIABLE",
    "expanded",
    "find",
    "identity",
    "irreplaceable",
    "is_pattern",
    "matching",
    "searched",
    "shown",
    "unusable",
]

VARIABLE: Final = "ONWATCH_CONFIG"
LOCAL: Final = Path("onwatch.yaml")


def searched() -> Iterator[Path]:
    """Where a configuration is looked for when none is named, in this order."""
    yield LOCAL
    import platformdirs  # noqa: PLC0415 - not needed where there is a local file

    yield Path(platformdirs.user_config_dir("onwatch")) / "onwatch.yaml"
    yield Path("/etc/onwatch/onwatch.yaml")


def find(named: str | None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The configuration to use: ``named``, $ONWATCH_CONFIG, or the first that exists."""
    if named:
        return expanded(named)
    if environ.get(VARIABLE):
        return expanded(environ[VARIABLE])
    return next((path for path in searched() if os.path.lexists(path)), None)


def expanded(text: str) -> Path:
    """``text`` as a path; a ``~user`` that there is not stays as it is."""
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path's own raises for unknown users


def is_pattern(text: str) -> bool:
    """Whether ``text`` holds ``*``, ``?`` or ``[…]``."""
    return glob.has_magic(text)


def matching(pattern: str, base: Path) -> list[Path]:
    """The files that ``pattern`` names, sorted; relative to ``base``."""
    whole = str(base / expanded(pattern))
    return [Path(found) for found in sorted(glob.glob(whole))]  # noqa: PTH207 - any base


def shown(path: Path, base: Path, shown_base: Path) -> Path:
    """``path`` as the user would write it, who knows the folder ``base`` as ``shown_base``."""
    return shown_base / path.relative_to(base) if path.is_relative_to(base) else path


def unusable(path: Path, given: str) -> str:
    """Why nothing can be read at ``path``, named as ``given``; empty where it may be."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return f"there is no such file: {given}"
    except PermissionError:
        return f"cannot be read: {given}: permission denied"
    except OSError as error:
        return f"cannot be read: {given}: {error.strerror}"
    except ValueError:
        return f"is no name that a file can have: {given}"
    return ""


def identity(path: Path | str | None) -> str:
    """The configuration ``path`` as what is remembered of it names it; empty for none."""
    return str(Path(path).absolute()) if path else ""


def homeless(path: Path) -> str:
    """That there is no folder for the file ``path``, which somebody named: a misspelt one is not
    made. Empty where there is one. Raises OSError for what is no name."""
    folder = path.parent
    if path.resolve().parent.is_dir():
        return ""
    return f"{path} cannot be written: there is no folder {folder}"


def irreplaceable(path: Path) -> bool:
    """Whether a device, a pipe or a folder is at ``path``, whose place no file is to take."""
    return os.path.exists(path) and not os.path.isfile(path)  # noqa: PTH110, PTH113 - never raise
