"""Draw the overview of each system of examples/: ``python tools/example_pictures.py [SYSTEM …]``.

Each is the example's own configuration at work for over a minute on the servers of its tests, with
something going wrong. As with the pictures of checks, all of it happens in namespaces of its own,
so that nothing of this machine shows.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from checks.live import EngineSource  # noqa: E402 - the repository is no package
from tools.check_pictures import INSIDE, acting, apart, disguised, furnish  # noqa: E402
from tools.check_scenes import WORLD  # noqa: E402
from tools.example_scenes import SCENES  # noqa: E402
from tools.screenshots import CHROMIUM, to_png  # noqa: E402
from tui.app import OnwatchApp  # noqa: E402
from tui.config import load  # noqa: E402

SECONDS = 80.0
"""How long a system is watched: curves need a past, and faults their time."""
SIZE = (120, 36)


async def watch(system: str, environ: dict[str, str]) -> str:
    """The overview of the system, as SVG."""
    config = ROOT / "examples" / system / "onwatch.yaml"
    variables = {**os.environ, **environ}
    source = EngineSource(lambda: load(str(config), variables).engine)
    app = OnwatchApp(source)
    try:
        async with app.run_test(size=SIZE) as pilot:
            await asyncio.sleep(SECONDS)
            await pilot.pause(1)
            picture = disguised(app.export_screenshot())
    finally:
        source.close()
    failure = source.failure()
    if failure is not None:
        raise failure
    return picture


def drawn(system: str) -> str:
    """The overview of a system whose scene is set for it, as SVG."""
    with ExitStack() as leave:
        place = WORLD / system
        place.mkdir(mode=0o755)
        scene = SCENES[system](leave, place)

        def act(now: float) -> None:
            scene.act(now)

        with acting([act]):
            return asyncio.run(watch(system, scene.environ))


def draw(systems: Sequence[str], folder: Path) -> None:
    """Put the overviews of ``systems``, drawn one after the other, into ``folder``."""
    furnish()
    for system in systems:
        (folder / f"{system}.svg").write_text(drawn(system), encoding="utf-8")


def main() -> None:
    if sys.argv[1:2] == [INSIDE]:
        draw(sys.argv[3:], Path(sys.argv[2]))
        return
    systems = sys.argv[1:] or list(SCENES)
    unknown = ", ".join(one for one in systems if one not in SCENES)
    if unknown:
        raise SystemExit(f"there is no scene of {unknown}; there are {', '.join(SCENES)}")
    browser = next((path for path in map(shutil.which, CHROMIUM) if path), None)
    with tempfile.TemporaryDirectory(prefix="onwatch-pictures-") as made:
        again = [sys.executable, __file__, INSIDE, made, *systems]
        subprocess.run([*apart(), *again], check=True, cwd=ROOT)
        for system in systems:
            svg = ROOT / "screenshots" / f"{system}.svg"
            shutil.copyfile(Path(made) / svg.name, svg)
            if browser:
                to_png(svg, browser)
            print(svg.relative_to(ROOT))


if __name__ == "__main__":
    main()
