"""Configurations written for one test, and the sentences that come of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from checks.errors import ConfigError
from tui.config import Loaded, load

__all__ = ["loaded", "sentences", "write"]


def write(text: str, name: str = "onwatch.yaml") -> Path:
    """Write ``text`` into the current folder."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text))
    path.chmod(0o644)
    return path


def loaded(text: str, environ: Mapping[str, str] | None = None) -> Loaded:
    """What ``text`` is as a configuration."""
    return load(str(write(text)), environ or {})


def sentences(text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """Everything wrong with ``text``; empty where nothing is."""
    try:
        loaded(text, environ)
    except ConfigError as error:
        return str(error).splitlines()
    return []
