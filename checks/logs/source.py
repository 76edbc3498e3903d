"""Where a log's records come from, as it is configured: what a check asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from checks.logs.files import FilesReader
from checks.logs.inputs import LogInput
from checks.logs.journal import JournalReader
from checks.logs.reading import LogReader

__all__ = ["open_reader"]


def open_reader(config: LogInput, path: Callable[[str], Path]) -> LogReader:
    """The reader of what ``config`` names; ``path`` is :meth:`checks.probe.ProbeEnv.path`.

    It opens nothing yet and belongs in a lane, as all that it does blocks.
    """
    if config.journal is not None:
        return JournalReader(config)
    return FilesReader(config, path)
