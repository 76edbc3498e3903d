"""MoAI-Flow's servers for a test: its application, and those around it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from tests.examples.kit_app import App
from tests.examples.moai_app import GUIDE
from tests.servers.http import HttpServer
from tests.servers.redis import free_port

__all__ = ["MoaiStack"]

_KUBERNETES = """\
# HELP kube_deployment_spec_replicas Number of desired pods for a deployment.
# TYPE kube_deployment_spec_replicas gauge
kube_deployment_spec_replicas{namespace="default",deployment="moai-flow"} 3
# HELP kube_deployment_status_replicas_available The number of available replicas per deployment.
# TYPE kube_deployment_status_replicas_available gauge
kube_deployment_status_replicas_available{namespace="default",deployment="moai-flow"} %d
# HELP kube_pod_container_status_restarts_total The number of container restarts per container.
# TYPE kube_pod_container_status_restarts_total counter
kube_pod_container_status_restarts_total{namespace="default",pod="moai-0",container="moai"} 0
"""


class MoaiStack:
    """The application on a port of its own in ``folder``, and servers that answer as Grafana
    and kube-state-metrics document it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "app"
        self.logs = folder / "log"
        self.home.mkdir()
        self.logs.mkdir()
        self.database = self.home / ".moai" / "memory" / "swarm.db"
        self.port = free_port()
        self.app = App(
            "tests.examples.moai_app",
            str(self.port),
            cwd=self.home,
            log=self.logs / "moai-flow.log",
        )
        self.around = HttpServer()

    def start(self) -> None:
        """Have all of it running."""
        self.start_app()
        self.around.start()
        self.around.answer("/api/health", {"database": "ok", "version": "11.0.0", "commit": "x"})
        self.around.answer("/postgresql", "pg_up 1\n")
        self.replicas(3)

    def start_app(self) -> None:
        """The application, which has done a little of everything."""
        self.app.start()
        for kind in ("spawn", "complete", "error"):
            self.app.do("events", kind=kind)
        self.app.do("queries", seconds=0.02)

    def replicas(self, available: int) -> None:
        """How many replicas Kubernetes says there are."""
        self.around.answer("/kubernetes", _KUBERNETES % available)

    def close(self) -> None:
        """End all of it."""
        self.app.stop()
        self.around.stop()

    @property
    def environ(self) -> Mapping[str, str]:
        """Where the example finds it."""
        around = self.around.url
        return {
            "MOAI_METRICS": f"http://127.0.0.1:{self.port}/metrics",
            "MOAI_HOME": str(self.home),
            "MOAI_LOGS": str(self.logs),
            "MOAI_PYTHON": sys.executable,
            "MOAI_PYTHONPATH": str(GUIDE.parent),
            "MOAI_HEALTH_CHECK": str(GUIDE / "health_check"),
            "MOAI_COMPREHENSIVE": str(GUIDE / "comprehensive_health_check"),
            "MOAI_PROMETHEUS": "false",
            "MOAI_ALERTMANAGER": "false",
            "MOAI_GRAFANA": around,
            "MOAI_POSTGRESQL": f"{around}/postgresql",
            "MOAI_KUBERNETES": f"{around}/kubernetes",
        }
