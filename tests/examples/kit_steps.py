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
from tests.servers.redis import redis_cli
from tui.cli import main

__all__ = ["Ran", "home_with", "run_step"]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a step ended: its exit code, what it wrote, and what was said of it besides."""

    code: int
    out: str
    said: str


def home_with(
    folder: Path,
    *,
    curl: Mapping[int, int] | None = None,
    redis: int | None = None,
    mysql: Mapping[str, object] | None = None,
) -> dict[str, str]:
    """Variables that send a guide's own commands, which name the usual ports, to a test's servers.

    ``curl`` maps ports of localhost to those that are meant; ``redis`` is the port that
    ``redis-cli`` asks, ``mysql`` what stands in ``~/.my.cnf``.
    """
    home = folder / "home"
    programs = home / "bin"
    programs.mkdir(parents=True)
    lines = [f"connect-to = localhost:{one}:127.0.0.1:{port}" for one, port in (curl or {}).items()]
    (home / ".curlrc").write_text("\n".join(["silent", *lines, ""]))
    if redis is not None:
        program = programs / "redis-cli"
        real = redis_cli()
        program.write_text(f'#!/bin/sh\nexec {real} -p {redis} "$@"\n')
        program.chmod(0o755)
    if mysql is not None:
        options = "".join(f"{name}={value}\n" for name, value in mysql.items())
        (home / ".my.cnf").write_text(f"[client]\n{options}")
        (home / ".my.cnf").chmod(0o600)
    return {"HOME": str(home), "PATH": f"{programs}:{os.environ['PATH']}"}


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
