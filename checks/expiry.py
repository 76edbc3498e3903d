"""What the end of a certificate means to the check that watches it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from checks.certificates import Certificate
from checks.expectations import Finding, RemainingBounds, seconds
from checks.model import Status

__all__ = ["day_of", "expiry_finding"]

_DAY: Final = 86_400.0
_BOUNDS_LEFT: Final = ((14 * _DAY, 6), (3 * _DAY, 30))
"""Time left at which to warn, and at which it is critical: so many seconds, or this fraction of
the certificate's lifetime if that is less."""


def expiry_finding(
    chain: Sequence[Certificate], bounds: RemainingBounds | None, now: float
) -> Finding | None:
    """What is to say of the certificate in ``chain`` that ends first; None while it lasts.

    ``now`` is seconds since 1970; ``bounds`` replace the usual ones.
    """
    if not chain:
        return None
    first = min(chain, key=lambda certificate: certificate.not_after)
    left = first.not_after - now
    warning, critical = (min(most, first.lifetime / part) for most, part in _BOUNDS_LEFT)
    if bounds is not None:
        warning, critical = bounds.warning or 0.0, bounds.critical or 0.0
    if left > max(warning, critical, 0.0):
        return None
    status = Status.CRITICAL if left <= max(critical, 0.0) else Status.WARNING
    whose = "the certificate" if first is chain[0] else f"the certificate of {first.subject}"
    day = day_of(first.not_after)
    ends = f"ends in {seconds(left)}, on {day}" if left > 0 else f"ended on {day}"
    return Finding(status, "tls", f"{whose} {ends}: renew it")


def day_of(when: float) -> str:
    """The day of ``when``, seconds since 1970, in UTC: ``2026-02-01``."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d")
