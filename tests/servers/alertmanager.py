"""Debian's Alertmanager, unpacked by tools/get-peers, on a free port."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.prometheus import peer

__all__ = ["Alertmanager", "serving"]

_TEMPLATES = b"/usr/share/prometheus/alertmanager"
"""Where Debian's Alertmanager looks for its templates, installed or not."""


class Alertmanager:
    """One at ``url``."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, path: str, document: Any) -> Any:
        """Have it take ``document``."""
        request = urllib.request.Request(  # noqa: S310
            f"{self.url}/api/v2/{path}",
            data=json.dumps(document).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")


def _program(folder: Path) -> Path:
    """The program, which finds its templates in the folder that it runs in.

    The folder's name is within it: another one of the same length is written over that.
    """
    found = peer("prometheus-alertmanager")
    templates = found.parents[1] / "share/prometheus/alertmanager"
    if templates == Path(_TEMPLATES.decode()):
        return found
    for template in templates.glob("*.tmpl"):
        shutil.copy(template, folder)
    here = (b"./" * len(_TEMPLATES))[: len(_TEMPLATES)]
    program = folder / "alertmanager"
    program.write_bytes(found.read_bytes().replace(_TEMPLATES, here))
    program.chmod(0o755)
    return program


@contextlib.contextmanager
def serving(folder: Path, configuration: str) -> Iterator[Alertmanager]:
    """A server in ``folder`` with that ``configuration``; killed at the end."""
    (folder / "alertmanager.yml").write_text(configuration)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    options = [
        "--config.file=alertmanager.yml",
        "--storage.path=data",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(_program(folder)), *options], cwd=folder, stdout=output, stderr=output
        )
    try:
        _wait_ready(f"http://{address}/-/ready", process, log)
        yield Alertmanager(f"http://{address}")
    finally:
        process.kill()
        process.wait(20)


def _wait_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310
            return
        time.sleep(0.05)
    pytest.fail(f"Alertmanager does not get ready: {log.read_text()[-2000:]}")
