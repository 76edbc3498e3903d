"""Where the story is kept."""

from __future__ import annotations

from pathlib import Path

from checks.alerts.memory import state_file

__all__ = ["story_file"]


def story_file(hostname: str, config: str = "") -> Path:
    """Beside the state of the alerts, for each machine and each file ``config``."""
    beside = state_file(hostname, config)
    return beside.with_name(f"story{beside.name.removeprefix('alerts').removesuffix('.json')}.db")
