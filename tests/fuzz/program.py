"""onwatch as it is started, save that the command which quits does not: noise may find it."""

from __future__ import annotations

import sys

from tui.app import OnwatchApp
from tui.cli import main

if __name__ == "__main__":
    OnwatchApp.action_quit = OnwatchApp.action_bell  # type: ignore[method-assign]
    sys.exit(main(["--config", sys.argv[1]]))
