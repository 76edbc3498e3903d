"""An onwatch that hands its terminal to a step, and then says how it was.

Run it as ``python -m … FOLDER TEXT``.
"""

from __future__ import annotations

import json
import os
import sys
import termios
from pathlib import Path

from checks.clock import SystemClock
from checks.lanes import Lanes
from checks.probe import ProbeEnv
from checks.resolver import Resolver
from checks.runbooks.audit import Audit
from checks.runbooks.model import Language, Runbook, Step
from checks.runbooks.running.foreground import run_foreground
from checks.runbooks.running.model import Around, Job, Who
from checks.secrets import Masker


def main(folder: Path, text: str) -> None:
    clock, lanes, masker = SystemClock(), Lanes(), Masker()
    env = ProbeEnv(clock, Resolver(lanes, clock), lanes, masker, folder)
    step = Step("look", "look", Language.BASH, text, interactive=True)
    book = Runbook("book", "Book", "book.md", "", (step,), ())
    job = Job("1", book, step, {"TERM_OF": "tests"}, Who("ann"))
    around = Around(env, Audit(folder / "steps.jsonl", masker, clock))
    ended = run_foreground(job, around)
    found = {"code": ended.exit_code, "said": ended.said}
    if os.isatty(0):
        found["front"] = os.tcgetpgrp(0) == os.getpgrp()
        found["echo"] = bool(termios.tcgetattr(0)[3] & termios.ECHO)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
