"""Draw screenshots/ through the app's own test driver: ``python tools/screenshots.py [NAME …]``.

Without names all of them are drawn, those of the demo too; with names those alone (``demo``: all
of the demo).

The pictures named ``demo-`` show the demo's real servers during an incident; the others a
made-up bad night with every state there is. Each is an SVG as Textual exports it. Where a
headless Chromium is found, a PNG is made of each as well (with the font Fira Code installed,
or the letters are not as wide as their cells).
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from dataclasses import dataclass, replace
from pathlib import Path

from textual.pilot import Pilot

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from checks.live import EngineSource  # noqa: E402 - the repository is no package
from checks.views import Snapshot  # noqa: E402
from tests.tui.alert_scene import evening  # noqa: E402 - the repository is no package
from tests.tui.fakes import FakeSource  # noqa: E402 - the repository is no package
from tests.widgets import samples  # noqa: E402
from tests.widgets.sample_alerts import alert_night  # noqa: E402 - the repository is no package
from tests.widgets.sample_dashboards import (  # noqa: E402 - the repository is no package
    dashboard_night,
    gateway,
    readable,
)
from tests.widgets.sample_handling import (  # noqa: E402 - the repository is no package
    handled_night,
)
from tests.widgets.sample_logs import log_night  # noqa: E402 - the repository is no package
from tests.widgets.sample_queues import queue_night  # noqa: E402 - the repository is no package
from tests.widgets.sample_runbooks import (  # noqa: E402 - the repository is no package
    runbook_night,
)
from tests.widgets.sample_services import (  # noqa: E402 - the repository is no package
    service_night,
)
from tests.widgets.sample_stories import eventful_night  # noqa: E402 - as above
from tools.png import shrink  # noqa: E402 - the repository is no package
from tui.app import OnwatchApp  # noqa: E402
from tui.config import load  # noqa: E402
from tui.demo.control import Control  # noqa: E402

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: its file's stem, the terminal's size, the keys pressed before it.

    ``night`` makes what there is to be seen; where there is a ``scene``, a source of that.
    """

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    night: Callable[[], Snapshot] = samples.bad_night
    theme: str = "onwatch-dark"
    scene: Callable[[], AbstractAsyncContextManager[FakeSource]] | None = None


@asynccontextmanager
async def _evening() -> AsyncIterator[FakeSource]:
    """A real engine whose rules fire; its servers are played."""
    async with evening() as (_, source):
        yield source


def _runbook() -> Snapshot:
    return runbook_night(alert_night(), ran=True)


def _dashboards() -> Snapshot:
    return dashboard_night(dashboard=readable(gateway()))


def _hour_of_requests() -> Snapshot:
    return samples.request_night(3600.0)


_NAMED = {" ": "space", "(": "left_parenthesis", ")": "right_parenthesis", "_": "underscore"}


def _typed(text: str) -> tuple[str, ...]:
    """The keys that type ``text``."""
    return tuple(_NAMED.get(sign, sign) for sign in text)


_QUERY = ("colon", *_typed("query "))
_TO_QUERIES = ("3", "d", "tab", "tab", "tab", "tab", "M")

SHOTS = (
    Shot("overview-200x60", (200, 60)),
    Shot("overview-120x36", (120, 36)),
    Shot("overview-80x24", (80, 24)),
    Shot("overview-quiet", (120, 36), night=samples.all_quiet),
    Shot("overview-light", (120, 36), theme="onwatch-light"),
    Shot("details-200x60", (200, 60), ("enter",)),
    Shot("details-120x36", (120, 36), ("enter",)),
    Shot("details-80x24", (80, 24), ("enter",)),
    Shot("details-database", (120, 50), ("3", "d"), night=samples.database_night),
    Shot("details-queries", (120, 36), _TO_QUERIES, night=samples.database_night),
    Shot("databases-200x60", (200, 60), ("3",), night=samples.database_night),
    Shot("databases-120x36", (120, 36), ("3",), night=samples.database_night),
    Shot("databases-80x24", (80, 24), ("3",), night=samples.database_night),
    Shot("databases-silent", (120, 36), ("3", "left", "left"), night=samples.database_night),
    Shot("session", (120, 36), ("3", "x", "down", "enter"), night=samples.database_night),
    Shot("services-200x60", (200, 60), ("2",), night=service_night),
    Shot("services-120x36", (120, 36), ("2",), night=service_night),
    Shot("services-80x24", (80, 24), ("2",), night=service_night),
    Shot("services-groups", (120, 36), ("2", "g", "space"), night=service_night),
    Shot("queues-200x60", (200, 60), ("5",), night=queue_night),
    Shot("queues-120x36", (120, 36), ("5",), night=queue_night),
    Shot("queues-80x24", (80, 24), ("5",), night=queue_night),
    Shot("requests-200x60", (200, 60), ("4",), night=samples.request_night),
    Shot("requests-120x36", (120, 36), ("4",), night=_hour_of_requests),
    Shot("requests-80x24", (80, 24), ("4",), night=samples.request_night),
    Shot("request", (120, 36), ("4", "j", "enter"), night=samples.request_night),
    Shot("host-200x60", (200, 60), ("6",), night=samples.host_night),
    Shot("host-120x36", (120, 36), ("6",), night=samples.host_night),
    Shot("host-80x24", (80, 24), ("6",), night=samples.host_night),
    Shot("host-tree", (120, 36), ("6", "v", "M"), night=samples.host_night),
    Shot("process", (120, 36), ("6", "enter"), night=samples.host_night),
    Shot("alerts-200x60", (200, 60), ("7",), scene=_evening),
    Shot("alerts-120x36", (120, 36), ("7",), scene=_evening),
    Shot("alerts-80x24", (80, 24), ("7",), scene=_evening),
    Shot("alert", (120, 44), ("7", "enter"), scene=_evening),
    Shot("alert-80x24", (80, 24), ("7", "enter"), scene=_evening),
    Shot("alert-dead-rule", (120, 36), ("7", "end", "enter"), scene=_evening),
    Shot("runbook-120x36", (120, 36), ("7", "r"), night=_runbook),
    Shot("runbook-80x24", (80, 24), ("7", "r"), night=_runbook),
    Shot("runbook-step", (120, 36), ("7", "r", "end", "v"), night=_runbook),
    Shot("logs-200x60", (200, 60), ("8",), night=log_night),
    Shot("logs-120x36", (120, 36), ("8",), night=log_night),
    Shot("logs-80x24", (80, 24), ("8",), night=log_night),
    Shot("logs-record", (120, 36), ("8", "enter", "down"), night=log_night),
    Shot("logs-pattern", (120, 36), ("8", "tab", "enter"), night=log_night),
    Shot("dashboards-200x60", (200, 60), ("D",), night=_dashboards),
    Shot("dashboards-120x36", (120, 36), ("D",), night=_dashboards),
    Shot("dashboards-80x24", (80, 24), ("D",), night=_dashboards),
    Shot("dashboards-light", (120, 36), ("D",), night=_dashboards, theme="onwatch-light"),
    Shot("dashboards-panel", (120, 36), ("D", "down", "right", "enter"), night=_dashboards),
    Shot("dashboards-variables", (120, 36), ("D", "v", "down", "space"), night=_dashboards),
    Shot("wall-200x60", (200, 60), ("W",)),
    Shot("wall-120x36", (120, 36), ("W", "right")),
    Shot("wall-80x24", (80, 24), ("W",)),
    Shot("timeline-200x60", (200, 60), ("9",), night=eventful_night),
    Shot("timeline-120x36", (120, 36), ("9",), night=eventful_night),
    Shot("timeline-80x24", (80, 24), ("9",), night=eventful_night),
    Shot("timeline-entry", (120, 36), ("9", "enter", "j", "enter"), night=eventful_night),
    Shot("handled", (120, 36), ("7",), night=handled_night),
    Shot(
        "acknowledge",
        (120, 36),
        ("a", *_typed("on it")),
        night=handled_night,
    ),
    Shot("silence", (120, 36), ("7", "down", "s"), night=handled_night),
    Shot("silence-80x24", (80, 24), ("7", "down", "s"), night=handled_night),
    Shot("silences", (120, 36), ("S",), night=handled_night),
    Shot("query", (120, 36), (*_QUERY, *_typed("queue_size"), "enter", "escape"), scene=_evening),
    Shot("query-completes", (120, 24), (*_QUERY, *_typed("sum by (in")), scene=_evening),
    Shot(
        "query-mistake",
        (120, 24),
        (*_QUERY, *_typed("sum(rate(queue_size)"), "enter"),
        scene=_evening,
    ),
    Shot("help", (120, 36), ("question_mark",)),
    Shot("palette", (120, 36), ("colon",)),
)


DEMO_SIZES = ((120, 36), (80, 24))
"""Narrow enough to leave out the commands of processes, which name this machine's folders."""
DEMO_SECONDS = 100
"""How long the demo runs before its pictures: its curves need a past."""


@contextmanager
def demo() -> Iterator[str]:
    """The demo's servers with failing answers of one provider; yields their configuration."""
    argv = [sys.executable, "-c", "import sys; from tui.cli import main; sys.exit(main())", "demo"]
    options = ["--headless", "--no-incidents", "--incident", "provider-errors", "--hold"]
    with subprocess.Popen(
        [*argv, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            for line in running.stdout or ():
                name, _, value = line.strip().partition(" ")
                if name == "config":
                    yield value.strip()
                    break
        finally:
            running.terminate()


async def draw_demo(config: str) -> dict[str, str]:
    """The demo's overview at each size and the details of a check, as SVG by name."""
    source = EngineSource(lambda: load(config).engine)
    app = OnwatchApp(source)
    drawn = {}
    try:
        async with app.run_test(size=DEMO_SIZES[0]) as pilot:
            await asyncio.sleep(DEMO_SECONDS)
            for width, height in DEMO_SIZES:
                await pilot.resize_terminal(width, height)
                await pilot.pause(3)
                drawn[f"demo-{width}x{height}"] = app.export_screenshot()
            await pilot.resize_terminal(*DEMO_SIZES[0])
            app.action_details("api-parts")
            await pilot.pause(3)
            drawn["demo-details"] = app.export_screenshot()
            app.action_go_to("requests")
            await pilot.pause(3)
            drawn["demo-requests"] = app.export_screenshot()
            drawn |= await draw_dashboard_and_logs(pilot)
            drawn |= await draw_runbook(pilot, Control(Path(config).with_name("control")))
    finally:
        source.close()
    return drawn


async def draw_dashboard_and_logs(pilot: Pilot[int]) -> dict[str, str]:
    """The demo's dashboard, and the lines that the first alert leads to."""
    await pilot.press("D")
    # Until its statements have been put to the databases anew.
    await pilot.pause(35)
    drawn = {"demo-dashboard": pilot.app.export_screenshot()}
    await pilot.press("7", "home", "j", "L")
    await pilot.pause(3)
    return drawn | {"demo-logs": pilot.app.export_screenshot()}


async def draw_runbook(pilot: Pilot[int], control: Control) -> dict[str, str]:
    """The runbook of sessions that wait for locks, once its first step has found who blocks."""
    app = pilot.app
    control.stop()
    await pilot.press("1")
    await pilot.pause(8)
    control.start("lock-pile-up", hold=True)
    # Until it is critical, and so the first of the services.
    await pilot.pause(20)
    drawn = {}
    await pilot.press("home", "r")
    await pilot.pause(2)
    await pilot.press("enter")
    await pilot.pause(2)
    await pilot.press("j")
    for width, height in DEMO_SIZES:
        await pilot.resize_terminal(width, height)
        await pilot.pause(2)
        drawn[f"demo-runbook-{width}x{height}"] = app.export_screenshot()
    return drawn


def picture(shot: Shot) -> Snapshot:
    """What ``shot`` shows, without the name in characters that few fonts have."""
    snapshot = shot.night()
    checks = tuple(check for check in snapshot.checks if check.name.isascii())
    return replace(snapshot, checks=checks)


async def draw(shot: Shot) -> str:
    """The picture as SVG."""
    async with shot.scene() if shot.scene else nullcontext(FakeSource(picture(shot))) as source:
        app = OnwatchApp(source, theme=shot.theme)
        async with app.run_test(size=shot.size) as pilot:
            await pilot.pause(0.2)
            for key in shot.keys:
                await pilot.press(key)
                # What a key opens takes the next one.
                await pilot.pause()
            await pilot.pause(0.5)
            return app.export_screenshot()


def to_png(svg: Path, browser: str) -> None:
    found = _BOX.search(svg.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{svg} says nothing of its size")
    width, height = (int(float(number)) + 1 for number in found.groups())
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    target = [f"--screenshot={svg.with_suffix('.png')}", f"--window-size={width},{height}"]
    subprocess.run(
        [browser, *options, *target, svg.as_uri()], check=True, capture_output=True, timeout=60
    )
    shrink(svg.with_suffix(".png"))


def main() -> None:
    folder = ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    browser = next((path for path in map(shutil.which, CHROMIUM) if path), None)
    names = sys.argv[1:] or [*(shot.name for shot in SHOTS), "demo"]
    shots = {shot.name: shot for shot in SHOTS}
    drawn = {name: asyncio.run(draw(shots[name])) for name in names if name != "demo"}
    if "demo" in names:
        with demo() as config:
            drawn |= asyncio.run(draw_demo(config))
    for name, text in drawn.items():
        svg = folder / f"{name}.svg"
        svg.write_text(text, encoding="utf-8")
        if browser:
            to_png(svg, browser)
        print(svg.relative_to(ROOT))


if __name__ == "__main__":
    main()
