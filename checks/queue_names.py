"""The metrics that are figures of queues.

A metric of any check that has one of the names below is one figure of the queue that its label
names: those of our own kinds, of users' queries, and of the exporters of Celery, RabbitMQ and
Sidekiq.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["METRICS", "NAMES", "SIZES"]

NAMES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "size": (
        ("queue_size", "queue"),
        ("celery_queue_length", "queue_name"),
        ("rabbitmq_queue_messages_ready", "queue"),
        ("sidekiq_queue_enqueued_jobs", "name"),
    ),
    "processing": (
        ("queue_processing", "queue"),
        ("rabbitmq_queue_messages_unacked", "queue"),
    ),
    "failed": (("queue_failed", "queue"),),
    "delayed": (("queue_delayed", "queue"),),
    "oldest": (("queue_oldest_seconds", "queue"), ("sidekiq_queue_latency_seconds", "name")),
    "workers": (
        ("queue_workers", "queue"),
        ("celery_active_consumer_count", "queue_name"),
        ("rabbitmq_queue_consumers", "queue"),
    ),
}
"""By figure: metrics that give it, and the label with the queue's name. The first goes."""
METRICS: Final = frozenset(name for metrics in NAMES.values() for name, _ in metrics)
SIZES: Final = frozenset(name for name, _ in NAMES["size"])
