"""1,000 HTTP targets a second on loopback, beside blackbox_exporter with Prometheus.

Prometheus scrapes the exporter, which probes each target: CPU of both together. Where
neither is to be had (tools/get-peers) that side is left out and said so.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import yaml

from benchmarks.harness import BIN, ROOT, cpu_seconds, free_port, peer, process, resident, serving
from benchmarks.loopback import addresses
from benchmarks.report import Budget, Section

TARGETS = 1000
PEERS = "blackbox_exporter + Prometheus"
WARM_UP, SECONDS = 8.0, 20.0


def onwatch_config(port: int) -> dict[str, object]:
    checks = [
        {"name": f"t{at}", "http": f"http://{address}:{port}/health"}
        for at, address in enumerate(addresses(TARGETS))
    ]
    return {"version": 1, "defaults": {"interval": "1s", "timeout": "900ms"}, "checks": checks}


def prometheus_config(port: int, exporter: int) -> dict[str, object]:
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "900ms"},
        "scrape_configs": [
            {
                "job_name": "blackbox",
                "metrics_path": "/probe",
                "params": {"module": ["http_2xx"]},
                "static_configs": [
                    {"targets": [f"http://{a}:{port}/health" for a in addresses(TARGETS)]}
                ],
                "relabel_configs": [
                    {"source_labels": ["__address__"], "target_label": "__param_target"},
                    {"source_labels": ["__param_target"], "target_label": "instance"},
                    {"target_label": "__address__", "replacement": f"127.0.0.1:{exporter}"},
                ],
            }
        ],
    }


def measure_onwatch(folder: Path, port: int) -> dict[str, float]:
    config = folder / "onwatch.yaml"
    config.write_text(yaml.safe_dump(onwatch_config(port)))
    config.chmod(0o600)
    argv = [str(BIN / "python"), "-m", "benchmarks.headless", str(config)]
    argv += [str(WARM_UP), str(SECONDS)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure_prometheus(folder: Path, port: int) -> tuple[float, float] | None:
    """CPU percent and resident MB of exporter and Prometheus together."""
    prometheus = peer("prometheus")
    blackbox = peer("prometheus-blackbox-exporter")
    if prometheus is None or blackbox is None:
        return None
    exporter, web = free_port(), free_port()
    modules = {"modules": {"http_2xx": {"prober": "http", "timeout": "900ms"}}}
    (folder / "blackbox.yml").write_text(yaml.safe_dump(modules))
    (folder / "prometheus.yml").write_text(yaml.safe_dump(prometheus_config(port, exporter)))
    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                process(
                    blackbox,
                    f"--config.file={folder / 'blackbox.yml'}",
                    f"--web.listen-address=127.0.0.1:{exporter}",
                )
            ),
            stack.enter_context(
                process(
                    prometheus,
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'tsdb'}",
                    f"--web.listen-address=127.0.0.1:{web}",
                )
            ),
        ]
        time.sleep(WARM_UP)
        before, began = cpu_seconds(servers), time.perf_counter()
        time.sleep(SECONDS)
        used = cpu_seconds(servers) - before
        return used / (time.perf_counter() - began) * 100, resident(servers)


def run() -> Iterator[Section]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving("benchmarks.loopback", str(TARGETS)) as port:
            ours = measure_onwatch(folder, port)
            theirs = measure_prometheus(folder, port)
    cpu = ours["cpu_percent"]
    late = ours["lateness_max"] * 1000
    rows = [("onwatch (engine and store)", f"{cpu:.0f} %", f"{ours['resident_mb']:.0f} MB", "")]
    budgets = [Budget(f"{TARGETS:,} HTTP targets a second: latest run", late, 100, "ms")]
    if theirs:
        ratio, memory = cpu / theirs[0], ours["resident_mb"] / theirs[1]
        rows[0] = (*rows[0][:3], f"{ratio:.2f}x")
        rows.append((PEERS, f"{theirs[0]:.0f} %", f"{theirs[1]:.0f} MB", "1.00x"))
        what = f"{TARGETS:,} HTTP targets a second: CPU"
        budgets.insert(0, Budget(what, ratio, 0.5, f"x {PEERS}", f"memory {memory:.2f}x"))
    figures = (
        f"onwatch: {ours['ok']:.0f} of {ours['checks']:.0f} ok, "
        f"{ours['runs_per_second']:.0f} runs/s, {ours['skipped']:.0f} skipped, "
        f"late p99 {ours['lateness_p99'] * 1000:.0f} ms, most {late:.0f} ms"
    )
    left_out = () if theirs else (f"{PEERS} are not to be had: no ratio",)
    yield Section(
        f"{TARGETS:,} HTTP targets every second, for {SECONDS:g} s",
        ("", "CPU", "memory", "ratio"),
        tuple(rows),
        (figures, *left_out),
        tuple(budgets),
    )
