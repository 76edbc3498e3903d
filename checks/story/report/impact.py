"""What an incident did to requests, from the figures that were kept by the minute. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from checks.story.figures import REQUESTS
from checks.story.model import Figure, Incident

__all__ = ["BAD", "Impact", "Span", "impacts_of"]

BAD: Final = 0.01
"""The share of requests of a minute that failed, beyond which it counts as a bad one."""
MINUTE: Final = 60.0
_ENOUGH: Final = 9
"""Minutes before an incident that are to be known of the ten which are kept: the first picture of
it may be of a minute later."""


@dataclass(frozen=True, slots=True)
class Span:
    """Requests of some minutes.

    ``p95`` is the median of the minutes' 95th percentiles in seconds, ``worst_p95`` the largest;
    None where no duration is known.
    """

    minutes: int = 0
    count: int = 0
    errors: int = 0
    p95: float | None = None
    worst_p95: float | None = None

    @property
    def share(self) -> float | None:
        """Of its requests those that failed, 0 to 1; None without requests."""
        return self.errors / self.count if self.count else None

    @property
    def rate(self) -> float | None:
        """Requests a minute; None without minutes."""
        return self.count / self.minutes if self.minutes else None


@dataclass(frozen=True, slots=True)
class Impact:
    """What is known of the requests of ``source``, the name of a check.

    ``bad`` counts the minutes of ``during`` in which more than ``limit`` failed: :data:`BAD`, or
    twice the share before; ``worst`` is the largest share of one and ``worst_at`` its begin.
    ``minutes`` are all figures, from before on. ``before`` has no minutes where its record
    ``begins``, with the first request, too late to tell how it was.
    """

    source: str
    before: Span
    during: Span
    limit: float
    bad: int
    worst: float
    worst_at: float
    minutes: tuple[Figure, ...]
    begins: float

    @property
    def felt(self) -> bool:
        """Whether requests have failed more, or become slower by half."""
        slower = (
            self.before.p95 is not None
            and self.during.p95 is not None
            and self.during.p95 > 1.5 * self.before.p95
        )
        return self.bad > 0 or slower


def impacts_of(incident: Incident, figures: Iterable[Figure], now: float) -> list[Impact]:
    """One for each source of requests, the one with most failed requests first."""
    end = incident.ended or incident.quiet or now
    by_source: dict[str, dict[float, Figure]] = {}
    for figure in figures:
        if figure.series.startswith(REQUESTS):
            minutes = by_source.setdefault(figure.series.removeprefix(REQUESTS), {})
            minutes[figure.at] = figure
    found = [
        _impact(source, [minutes[at] for at in sorted(minutes)], incident.began, end)
        for source, minutes in by_source.items()
    ]
    return sorted(found, key=lambda one: (-one.during.errors, one.source))


def _impact(source: str, minutes: Sequence[Figure], began: float, end: float) -> Impact:
    # A minute counts as one of the incident when the most of it is.
    # A log that had only just begun has minutes without requests before its first line.
    begins = next((one.at for one in minutes if one.count), began)
    before = [one for one in minutes if begins <= one.at and one.at + MINUTE / 2 < began]
    if len(before) < _ENOUGH:
        before = []
    during = [one for one in minutes if began <= one.at + MINUTE / 2 and one.at < end]
    span = _span(before)
    limit = max(BAD, 2 * (span.share or 0.0))
    shares = [(one.errors / one.count, one.at) for one in during if one.count]
    worst, worst_at = max(shares, key=lambda one: one[0], default=(0.0, began))
    bad = sum(share > limit for share, _ in shares)
    told = tuple(minutes)
    return Impact(source, span, _span(during), limit, bad, worst, worst_at, told, begins)


def _span(minutes: Sequence[Figure]) -> Span:
    known = [one.value for one in minutes if one.value is not None]
    return Span(
        minutes=len(minutes),
        count=sum(one.count for one in minutes),
        errors=sum(one.errors for one in minutes),
        p95=median(known) if known else None,
        worst_p95=max(known, default=None),
    )
