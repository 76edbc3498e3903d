"""Files that a configuration names may be on a mount whose server is gone: nobody waits for it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import yaml

from tests.servers import fuse
from tui.config import load

pytestmark = pytest.mark.skipif(bool(fuse.why_not()), reason=fuse.why_not() or "can be mounted")


def test_a_named_file_on_a_mount_that_is_gone_keeps_nobody_waiting(tmp_path: Path) -> None:
    point = tmp_path / "nas"
    point.mkdir()
    checks = [
        {
            "name": f"api-{n}",
            "http": {"url": "https://shop.example/", "tls": {"ca": f"nas/{n}.pem"}},
        }
        for n in range(20)
    ]
    path = tmp_path / "onwatch.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "checks": checks}))
    path.chmod(0o600)
    with fuse.mounted(point) as mount:
        mount.tell("hang")
        before = threading.active_count()
        began = time.monotonic()
        assert len(load(str(path)).engine.checks) == 20
        # A second, and not one for each.
        assert time.monotonic() - began < 10
        load(str(path))
        assert threading.active_count() <= before + 1
        mount.tell("answer")
    time.sleep(0.1)
