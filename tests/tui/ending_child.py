"""The monitor over a fake source, run by the tests of its ending on a pty of theirs.

``argv[1]`` says how it behaves: ``quiet``, ``busy`` (draws everything anew for ever, so
that a terminal nobody reads blocks the UI), ``hung`` (a thread that never ends, and a
source that does not close), ``ticking`` (a picture every second that differs from the
one before in its time alone), ``lively`` (figures and curves change every second too),
``burst FILE`` (an hour of such pictures, each ten seconds later, within a few; then the file is
made), ``slow FILE`` (a source that takes its time to close, and then makes the file) or ``full``
(quiet, with something for every screen). ``--no-mouse`` and ``--low-bandwidth`` may follow.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from tests.tui.fakes import FakeSource
from tests.tui.tour import everything, later
from tui.app import OnwatchApp
from tui.commands.monitor import watch
from tui.terminal import judge


class HungSource(FakeSource):
    def close(self) -> None:
        time.sleep(3600)


class SlowSource(FakeSource):
    def close(self) -> None:
        time.sleep(0.6)
        Path(sys.argv[2]).touch()


class TickingSource(FakeSource):
    def start(self) -> None:
        super().start()
        threading.Thread(target=self._tick, daemon=True).start()

    def _tick(self) -> None:
        while True:
            time.sleep(1)
            self.show(replace(self.picture, time=self.picture.time + 1))


class LivelySource(TickingSource):
    def __init__(self) -> None:
        super().__init__(everything())

    def _tick(self) -> None:
        while True:
            time.sleep(1)
            self.show(later(self.picture))


class BurstSource(TickingSource):
    """Its last picture is an hour later than its first."""

    def __init__(self) -> None:
        super().__init__(everything())

    def _tick(self) -> None:
        for _ in range(360):
            time.sleep(0.01)
            picture = later(self.picture)
            self.show(replace(picture, time=self.picture.time + 10))
        Path(sys.argv[2]).touch()
        while True:
            time.sleep(1)
            self.show(self.picture)


class BusyApp(OnwatchApp):
    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(0.01, self.action_repaint)


def main() -> int:
    behaviour = sys.argv[1]
    kinds = {
        "hung": HungSource,
        "ticking": TickingSource,
        "lively": LivelySource,
        "burst": BurstSource,
        "slow": SlowSource,
    }
    source = FakeSource(everything()) if behaviour == "full" else kinds.get(behaviour, FakeSource)()
    if behaviour == "hung":
        threading.Thread(target=time.sleep, args=(3600,)).start()
    terminal = judge()
    kind = BusyApp if behaviour == "busy" else OnwatchApp
    app = kind(source, looks=terminal.looks, low_bandwidth="--low-bandwidth" in sys.argv)
    return watch(app, source, terminal=terminal, mouse="--no-mouse" not in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
