"""The monitor over a fake source, run by the tests of its ending on a pty of theirs.

``argv[1]`` says how it behaves: ``quiet``, ``busy`` (draws everything anew for ever, so
that a terminal nobody reads blocks the UI), or ``hung`` (a thread that never ends, and a
source that does not close).
"""

from __future__ import annotations

import sys
import threading
import time

from tests.tui.fakes import FakeSource
from tui.app import OnwatchApp
from tui.commands.monitor import watch


class HungSource(FakeSource):
    def close(self) -> None:
        time.sleep(3600)


class BusyApp(OnwatchApp):
    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(0.01, lambda: self.screen.refresh(layout=True))


def main() -> int:
    behaviour = sys.argv[1]
    source = HungSource() if behaviour == "hung" else FakeSource()
    if behaviour == "hung":
        threading.Thread(target=time.sleep, args=(3600,)).start()
    app = BusyApp(source) if behaviour == "busy" else OnwatchApp(source)
    return watch(app, source)


if __name__ == "__main__":
    sys.exit(main())
