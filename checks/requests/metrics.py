"""What a request log yields as samples."""

from __future__ import annotations

from checks.probe import Metric

__all__ = ["REQUEST_METRICS"]

REQUEST_METRICS = (
    Metric(
        "http_requests_total",
        "counter",
        "Requests since onwatch started, by status code and the configured labels.",
        labels=("status",),
    ),
    Metric("http_requests_failed_total", "counter", "Requests that count as errors."),
    Metric(
        "http_request_errors_total",
        "counter",
        "Requests with an error's text, by what their texts begin with.",
        labels=("error",),
    ),
    Metric(
        "http_request_duration_seconds",
        "histogram",
        "Durations of requests since onwatch started.",
        unit="seconds",
    ),
)
