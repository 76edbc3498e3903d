"""Draw screenshots/ through the app's own test driver: ``python tools/screenshots.py``.

Each picture is an SVG as Textual exports it. Where a headless Chromium is found, a PNG is
made of each as well (with the font Fira Code installed, or the letters are not as wide as
their cells).
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.tui.fakes import FakeSource  # noqa: E402 - the repository is no package
from tests.widgets import samples  # noqa: E402
from tui.app import OnwatchApp  # noqa: E402

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: its file's stem, the terminal's size, the keys pressed before it."""

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    quiet: bool = False
    theme: str = "onwatch-dark"


SHOTS = (
    Shot("overview-200x60", (200, 60)),
    Shot("overview-120x36", (120, 36)),
    Shot("overview-80x24", (80, 24)),
    Shot("overview-quiet", (120, 36), quiet=True),
    Shot("overview-light", (120, 36), theme="onwatch-light"),
    Shot("details-200x60", (200, 60), ("enter",)),
    Shot("details-120x36", (120, 36), ("enter",)),
    Shot("help", (120, 36), ("question_mark",)),
    Shot("palette", (120, 36), ("colon",)),
)


async def draw(shot: Shot) -> str:
    """The picture as SVG."""
    source = FakeSource(samples.all_quiet() if shot.quiet else samples.bad_night())
    app = OnwatchApp(source, theme=shot.theme)
    async with app.run_test(size=shot.size) as pilot:
        await pilot.pause(0.2)
        await pilot.press(*shot.keys)
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


def main() -> None:
    folder = ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    browser = next((path for path in map(shutil.which, CHROMIUM) if path), None)
    for shot in SHOTS:
        svg = folder / f"{shot.name}.svg"
        svg.write_text(asyncio.run(draw(shot)), encoding="utf-8")
        if browser:
            to_png(svg, browser)
        print(svg.relative_to(ROOT))


if __name__ == "__main__":
    main()
