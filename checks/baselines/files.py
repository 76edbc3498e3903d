"""Baselines on disk: a JSON file each in the user's state directory, its owner's alone.

Everything here blocks.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from checks.baselines.model import KINDS, Baseline, Figure
from checks.errors import OnwatchError
from checks.model import clean
from checks.swapping import swap_in

__all__ = ["BaselineError", "baselines", "folder", "newest", "read", "write"]

VERSION: Final = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", re.ASCII)
LARGEST: Final = 4 << 20
"""Bytes of a file that is read."""
MOST: Final = 20_000
"""Figures of one that are read."""


class BaselineError(OnwatchError):
    """A baseline that is not there, or cannot be used."""

    exit_code = 2


def folder() -> Path:
    """Where they are; it need not exist."""
    import platformdirs  # noqa: PLC0415 - for baselines alone

    return Path(platformdirs.user_state_dir("onwatch")) / "baselines"


def path_of(name: str) -> Path:
    """The file of the one called ``name``."""
    if not NAME.fullmatch(name):
        text = f'"{clean(name, 64)}" is no name for a baseline: letters, digits and . _ + - only'
        raise BaselineError(text)
    return folder() / f"{name}.json"


def write(baseline: Baseline) -> Path:
    """Put ``baseline`` into its file, whole, in the place of the one of that name."""
    path = path_of(baseline.name)
    text = json.dumps(
        {
            "version": VERSION,
            "name": baseline.name,
            "saved": baseline.saved,
            "seconds": baseline.seconds,
            "host": baseline.host,
            "config": baseline.config,
            "figures": [[one.check, one.kind, one.value] for one in baseline.figures],
        },
        indent=1,
        ensure_ascii=False,
    )
    try:
        swap_in(path, text + "\n")
    except OSError as error:
        raise BaselineError(f"{path} cannot be written: {error.strerror}") from None
    return path


def read(name: str) -> Baseline:
    """The one called ``name``. Raises BaselineError with a sentence."""
    path = path_of(name)
    try:
        return _read(path)
    except FileNotFoundError:
        known = ", ".join(one.name for one in baselines()) or "none is saved yet"
        text = f'no baseline is called "{name}" ({known}); save one: onwatch baseline save {name}'
        raise BaselineError(text) from None
    except OSError as error:
        raise BaselineError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BaselineError(f"{path} is no baseline, or of another version of onwatch") from None


def baselines() -> list[Baseline]:
    """All that can be read, the newest first."""
    return sorted(_every(), key=lambda one: -one.saved)


def newest(config: str) -> Baseline | None:
    """The newest of the configuration file ``config`` (absolute, empty for none)."""
    return next((one for one in baselines() if one.config == config), None)


def _every() -> Iterator[Baseline]:
    try:
        paths = sorted(folder().glob("*.json"))
    except OSError:
        return
    for path in paths:
        try:
            yield _read(path)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            continue


def _read(path: Path) -> Baseline:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
            raise ValueError(path)
        data = json.loads(file.read(LARGEST))
    if data["version"] != VERSION:
        raise ValueError(path)
    return _baseline(path.stem, data)


def _baseline(name: str, data: dict[str, Any]) -> Baseline:
    return Baseline(
        name,
        float(data["saved"]),
        float(data["seconds"]),
        clean(str(data["host"]), 100),
        str(data["config"]),
        tuple(
            Figure(clean(str(check), 100), str(kind), float(value))
            for check, kind, value in data["figures"][:MOST]
            if kind in KINDS
        ),
    )
