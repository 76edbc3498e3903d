"""Steps of an example's runbooks, run as ``onwatch runbook run`` runs them."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from tests.examples.kit import config_file
from tui.cli import main

__all__ = ["Ran", "run_step"]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a step ended: its exit code, what it wrote, and what was said of it besides."""

    code: int
    out: str
    said: str


def run_step(
    system: str, environ: Mapping[str, str], state: Path, book: str, step: str, *options: str
) -> Ran:
    """Run ``step`` of ``book``; what is written down of it goes below ``state``.

    Not from within an event loop: the command has one of its own.
    """
    words = ["-c", str(config_file(system)), "runbook", "run", book, "--step", step, *options]
    out, said = io.StringIO(), io.StringIO()
    variables = {**environ, "XDG_STATE_HOME": str(state), "XDG_RUNTIME_DIR": str(state)}
    with (
        mock.patch.dict(os.environ, variables),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(said),
    ):
        code = main(words)
    return Ran(code, out.getvalue(), said.getvalue())
