"""What the demo's service counts of itself, and its page for Prometheus."""

from __future__ import annotations

import time

from tui.demo.exposition import Counter, Histogram, render

__all__ = ["Meters"]


class Meters:
    """The service's counters. ``started`` is seconds since 1970."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.requests = Counter(
            "http_requests_total", "Requests served.", ("method", "handler", "status")
        )
        self.durations = Histogram(
            "http_request_duration_seconds", "Time to serve a request.", ("handler",)
        )
        self.calls = Counter(
            "provider_requests_total", "Calls to providers.", ("provider", "outcome")
        )
        self.cache = Counter("cache_requests_total", "Look-ups in the cache.", ("result",))
        self.jobs = Counter("jobs_enqueued_total", "Jobs put into a queue.", ("queue",))

    def uptime(self) -> float:
        """Seconds since the start."""
        return time.time() - self.started

    def served(self, method: str, handler: str, status: int, seconds: float) -> None:
        """Count one request."""
        self.requests.add(method, handler, str(status))
        self.durations.observe(seconds, handler)

    def page(self) -> str:
        cpu = Counter("process_cpu_seconds_total", "CPU time of this process.")
        cpu.add(by=time.process_time())
        gauges = {
            "process_start_time_seconds": ("Start, in seconds since 1970.", self.started),
        }
        return render(
            (self.requests, self.durations, self.calls, self.cache, self.jobs, cpu), gauges
        )
