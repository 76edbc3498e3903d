"""MoAI-Flow's process: the guide's exporter and logging as they are, and agents that work.

``python -m tests.examples.moai_app PORT`` in the system's folder.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any, Final

from tests.examples.kit_app import Kernel, obey
from tests.examples.moai_system.moai_flow.memory import SwarmDB

GUIDE: Final = Path(__file__).parent / "moai_system" / "guide"


def _guides(name: str, **names: object) -> dict[str, Any]:
    """What the guide's program ``name`` defines; ``names`` are what it forgets to import."""
    text = (GUIDE / name).read_text(encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": name, **names}
    exec(compile(text, name, "exec"), namespace)  # noqa: S102 - the guide's own code
    return namespace


def main() -> None:
    """Serve the page of metrics, and do as told."""
    Path(".moai/logs").mkdir(parents=True, exist_ok=True)
    logger: logging.Logger = _guides("logging_setup")["logger"]
    # The guide's exporter uses SwarmDB without importing it.
    exporter = _guides("exporter", SwarmDB=SwarmDB)
    import prometheus_client  # noqa: PLC0415 - after the guide has
    from werkzeug.serving import make_server  # noqa: PLC0415

    kernel = Kernel(Path("proc").absolute())
    prometheus_client.PROCESS_COLLECTOR._proc = "proc"
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", int(sys.argv[1]), exporter["app"], threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    database = SwarmDB()

    def events(kind: str, count: int = 1) -> None:
        exporter["events_total"].labels(kind).inc(count)
        database.insert_event(kind, "agent-1", "expert-backend")

    def queries(seconds: float, count: int = 1, kind: str = "select") -> None:
        for _ in range(count):
            exporter["query_duration"].labels(kind).observe(seconds)

    def agents(count: int, status: str = "running", spawned: float = 2e9) -> None:
        for number in range(count):
            database.register_agent(f"agent-{number}", "expert-backend", status, spawned)

    def log(level: str, message: str, **extra: str) -> None:
        error = RuntimeError("disk I/O error") if level == "CRITICAL" else None
        logger.log(getattr(logging, level), message, extra=extra, exc_info=error)

    def grow(size: int) -> None:
        os.truncate(database.path, size)

    obey(
        {
            "events": events,
            "queries": queries,
            "agents": agents,
            "log": log,
            "grow": grow,
            "process": kernel.say,
        }
    )


if __name__ == "__main__":
    main()
