"""Draw screenshots/check-<kind>: ``python tools/check_pictures.py [KIND …]``, all unless named.

The details of a check of each kind, after a minute's watch of a real target that
``tools/check_scenes.py`` sets up with something wrong in it. All of it happens in namespaces of its
own (``unshare``, as root or as whoever may have them; Linux alone): another host name, network,
process table, ``/etc/hosts`` and ``/srv``, so that targets have plain names and ports, and nothing
of this machine shows.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from checks.live import EngineSource  # noqa: E402 - the repository is no package
from tools.check_scenes import HOST, HOSTS, SCENES, WORLD, Stage  # noqa: E402
from tools.screenshots import CHROMIUM, to_png  # noqa: E402 - the repository is no package
from tui.app import OnwatchApp  # noqa: E402
from tui.config import load  # noqa: E402

SECONDS = 70.0
"""How long the targets are watched: curves need a past, and faults their time."""
INSIDE = "--inside"
KERNEL = "6.12.48-generic"
"""What the machine's kernel is called in pictures."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the details of a check are looked at: the terminal's size, and keys pressed there."""

    size: tuple[int, int] = (120, 36)
    keys: tuple[str, ...] = ()


LOOKS: dict[str, Look] = {}
"""The others are looked at as they open."""


def disguised(svg: str) -> str:
    """The picture without the kernel's name; as long as before, since letters are placed.

    Raises ValueError where it names the folder that onwatch lies in.
    """
    if str(ROOT) in svg:
        raise ValueError(f"a picture names {ROOT}")
    real = os.uname().release
    return svg.replace(real, KERNEL[: len(real)].ljust(len(real), "0"))


def apart() -> list[str]:
    """The command that runs another one in namespaces of its own."""
    mine = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
    own = ["--net", "--uts", "--ipc", "--pid", "--mount"]
    return ["unshare", *mine, *own, "--fork", "--mount-proc"]


def furnish() -> None:
    """Name this machine, lay out its network, and give it an empty /srv; within the namespaces."""
    run = subprocess.check_call
    socket.sethostname(HOST)
    run(["ip", "link", "set", "lo", "up"])
    for address in sorted({address for address in HOSTS.values() if address != "127.0.0.1"}):
        run(["ip", "address", "add", f"{address}/32", "dev", "lo"])
    run(["mount", "-t", "tmpfs", "-o", "size=1g,mode=755", "tmpfs", str(WORLD)])
    lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in HOSTS.items())]
    (WORLD / "hosts").write_text("\n".join([*lines, ""]))
    run(["mount", "--bind", str(WORLD / "hosts"), "/etc/hosts"])
    # Ping by the way that ordinary users have.
    Path("/proc/sys/net/ipv4/ping_group_range").write_text(f"{os.getegid()} {os.getegid()}")


@contextmanager
def acting(acts: Sequence[Callable[[float], None]]) -> Iterator[None]:
    """Call each act five times a second, with the seconds since the first time."""
    over = threading.Event()
    began = time.monotonic()

    def play() -> None:
        while not over.wait(0.2):
            for act in acts:
                act(time.monotonic() - began)

    player = threading.Thread(target=play, daemon=True)
    player.start()
    try:
        yield
    finally:
        over.set()
        player.join()


async def watch(config: Path, names: dict[str, str], seconds: float) -> dict[str, str]:
    """The details of each check, as SVG by kind; ``names`` are those of checks by kind."""
    source = EngineSource(lambda: load(str(config)).engine)
    app = OnwatchApp(source)
    drawn = {}
    try:
        async with app.run_test(size=Look().size) as pilot:
            await asyncio.sleep(seconds)
            for kind, name in names.items():
                look = LOOKS.get(kind, Look())
                await pilot.resize_terminal(*look.size)
                app.action_details(name)
                await pilot.pause(2)
                await pilot.press(*look.keys)
                await pilot.pause(1)
                drawn[kind] = disguised(app.export_screenshot())
                await pilot.press("escape")
    finally:
        source.close()
    failure = source.failure()
    if failure is not None:
        raise failure
    return drawn


def draw(kinds: Sequence[str], folder: Path) -> None:
    """Set the scenes of ``kinds``, watch them, and put their SVGs into ``folder``."""
    furnish()
    with ExitStack() as leave:
        stage = Stage(leave)
        checks = {kind: SCENES[kind](stage) for kind in kinds}
        config = WORLD / "onwatch.yaml"
        wanted = {"interval": "1s", "timeout": "900ms"}
        document = {"version": 1, "defaults": wanted, "checks": list(checks.values())}
        config.write_text(json.dumps(document))  # JSON is YAML
        names = {kind: str(check["name"]) for kind, check in checks.items()}
        with acting(stage.acts):
            drawn = asyncio.run(watch(config, names, SECONDS))
    for kind, text in drawn.items():
        (folder / f"check-{kind}.svg").write_text(text, encoding="utf-8")


def main() -> None:
    if sys.argv[1:2] == [INSIDE]:
        draw(sys.argv[3:], Path(sys.argv[2]))
        return
    kinds = sys.argv[1:] or list(SCENES)
    unknown = ", ".join(kind for kind in kinds if kind not in SCENES)
    if unknown:
        raise SystemExit(f"there is no scene for {unknown}; there are {', '.join(SCENES)}")
    browser = next((path for path in map(shutil.which, CHROMIUM) if path), None)
    with tempfile.TemporaryDirectory(prefix="onwatch-pictures-") as made:
        again = [sys.executable, __file__, INSIDE, made, *kinds]
        subprocess.run([*apart(), *again], check=True, cwd=ROOT)
        for kind in kinds:
            svg = ROOT / "screenshots" / f"check-{kind}.svg"
            shutil.copyfile(Path(made) / svg.name, svg)
            if browser:
                to_png(svg, browser)
            print(svg.relative_to(ROOT))


if __name__ == "__main__":
    main()
