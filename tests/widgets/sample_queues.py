"""Made-up queues of a bad night, for the queues screen; frozen in time."""

from __future__ import annotations

import math
from dataclasses import replace

from checks.model import Status
from checks.views import Points, QueueView, Snapshot
from tests.widgets import samples
from tests.widgets.curves import NAN, NOW, wave

__all__ = ["queue_night"]

STEP = 2.5
COURSE = 360


def _rise(low: float, high: float) -> Points:
    """Flat for two thirds, then up ever faster."""
    flat = COURSE * 2 // 3
    rest = COURSE - flat
    rise = tuple(low + (high - low) * ((at + 1) / rest) ** 1.6 for at in range(rest))
    return tuple(low * (1 + 0.15 * math.sin(at / 6)) for at in range(flat)) + rise


def _queue(name: str, course: Points, growth: float | None, **more: object) -> QueueView:
    made = QueueView(
        check="cache",
        name=name,
        size=course[-1],
        processing=0.0,
        failed=0.0,
        growth=growth,
        history=course[-120:],
        status=Status.OK,
        course=course,
        course_step=STEP,
        course_last=math.floor(NOW / STEP),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def queue_night(window: float = 300.0) -> Snapshot:
    """One grows past its bound, one is worked off, one nobody works on."""
    celery = "Celery's messages do not say when they were sent"
    told = "queue default: 1,204 waiting, more than 1,000"
    queues = (
        _queue(
            "default", _rise(180, 1204), 138.2, status=Status.WARNING, failed=3.0,
            processing=8.0, delayed=12.0, oldest=431.0, warning=1000, critical=5000,
        ),
        _queue(
            "exports", (NAN,) * COURSE, None, size=None, processing=None, failed=None,
            status=Status.UNKNOWN, ageless="nothing waits, or it may not be read",
        ),
        _queue(
            "emails", tuple(max(0.0, 900 - 2.1 * at) for at in range(COURSE)), -50.4,
            processing=4.0, oldest=88.0, delayed=0.0, warning=2000,
        ),
        _queue(
            "thumbnails", wave(COURSE, 20, 60, 80), 2.5, processing=2.0, oldest=6.0, delayed=3.0
        ),
        _queue("webhooks", (0.0,) * COURSE, 0.0, delayed=0.0, ageless="nothing waits"),
        _queue(
            "celery", wave(COURSE, 300, 420, 140), 0.0, check="jobs", ageless=celery,
            processing=16.0, workers=8.0, arriving=612.0, leaving=611.0,
        ),
        _queue(
            "reports", _rise(4, 96), 9.1, check="jobs", ageless=celery, failed=41.0,
            workers=0.0, arriving=9.1, leaving=0.0, warning=100,
        ),
    )  # fmt: skip
    night = samples.bad_night()
    part = samples.part("queue default", Status.WARNING, "1,204", told)
    checks = tuple(
        replace(check, parts=(*check.parts, part)) if check.name == "cache" else check
        for check in night.checks
    )
    jobs = samples.check("jobs", kind="postgres", value="up", duration=0.0007)
    return replace(night, window=window, queues=queues, checks=(*checks, jobs))
