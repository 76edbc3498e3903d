"""node_exporter and process-exporter beside onwatch: on this machine, and on a recorded one."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

from checks.probes.host.probe import HostConfig, HostProbe
from tests.checks.process_kit import child, mark
from tests.exporters import rule_files
from tests.exporters.beside import beside, compare, of_samples
from tests.exporters.known import judge
from tests.exporters.stage import staged
from tests.exporters.trees import COLLECTORS, with_hardware
from tests.servers.exporters import Exporters

LIVE = r"node_(filesystem|timex|uname)_.*"
"""What is asked of the kernel itself; all else is read from files, of which there is a recorded
tree with every kind of hardware."""
ELSEWHERE = {"node_systemd_unit_state"}
"""Read from systemd over D-Bus, which the machine that runs the tests need not have."""
WORK = """
import os, sys, time
print('up', flush=True)
sys.stdin.readline()
end = time.process_time() + 0.3
while time.process_time() < end:
    pass
for _ in range(50):
    time.sleep(0.0001)
with open(sys.argv[1], 'wb') as file:
    file.write(bytes(300_000))
    os.fsync(file.fileno())
print('done', flush=True)
sys.stdin.readline()
"""


async def test_node_exporter(exporters: Exporters, tmp_path: Path) -> None:
    rule_files.require()
    wanted = [name for name in rule_files.metrics("node") if name not in ELSEWHERE]
    tree = with_hardware(tmp_path)
    tree.write("sys/class/hwmon/hwmon0/temp1_crit_alarm", "1\n")
    roots = (f"--path.procfs={tree.roots.proc}", f"--path.sysfs={tree.roots.sys}")
    async with staged(tmp_path) as stage:
        stage.watch("host", {}, probe=lambda _, to: HostProbe(HostConfig(), to, tree.roots))
        recorded = exporters.start("node", *COLLECTORS, *roots, version="1.5")
        found = await beside(stage, recorded, wanted)
    async with staged(tmp_path) as stage:
        stage.watch("host", {})
        here = exporters.start("node", "--no-collector.textfile")
        # Others write to the disk meanwhile.
        moves = {"node_filesystem_avail_bytes": 0.01, "node_filesystem_files_free": 0.01}
        live = await beside(stage, here, wanted, moves)
    of_files = [one for one in found if not re.fullmatch(LIVE, one.metric)]
    # Other tests have mounts that hang.
    live = [one for one in live if not one.labels.get("fstype", "").startswith("fuse.")]
    of_kernel = [one for one in live if re.fullmatch(LIVE, one.metric)]
    judge("node", [*of_files, *of_kernel])


async def test_process_exporter(exporters: Exporters, tmp_path: Path) -> None:
    """Of a process that it finds running process-exporter counts only what it does from then on."""
    rule_files.require()
    name = mark()
    config = tmp_path / "groups.yml"
    config.write_text(json.dumps({"process_names": [{"name": "work", "cmdline": [name]}]}))
    with child(WORK, str(tmp_path / "written"), name, bufsize=0) as process:
        exporter = exporters.start("process", f"--config.path={config}")
        async with staged(tmp_path) as stage:
            stage.watch("process", {"command": name, "group": "work"})
            exporter.scrape()
            began = of_samples(await stage.once())
            tell(process)
            before, ours, after = (
                exporter.scrape(),
                of_samples(await stage.once()),
                exporter.scrape(),
            )
    since = {
        key: value - began[key] if key[0].endswith("_total") else value
        for key, value in ours.items()
    }
    # In whole seconds there, and the kernel tells when the machine began in whole ones as well.
    slack = {"namedprocess_namegroup_oldest_start_time_seconds": 2 / time.time()}
    judge("process", compare(rule_files.metrics("process"), before, since, after, slack))


def tell(process: subprocess.Popen[bytes]) -> None:
    """Let it work, and wait until it has."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
    process.stdout.readline()
