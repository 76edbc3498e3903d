"""Alerts as plain values for a file, and back again, with everything checked on the way."""

from __future__ import annotations

from typing import Any, Final

from checks.alerts.model import Alert, Evidence, Pairs, State

__all__ = ["packed", "unpacked"]

_MOMENTS: Final = ("active_at", "seen_at")
_MAYBE: Final = (
    "fired_at",
    "resolved_at",
    "missing_since",
    "no_data_since",
    "no_history_since",
    "begun_at",
)
_FLAGS: Final = ("flapping",)
_LONGEST: Final = 1_000_000
"""Characters; no template makes more."""


def packed(alert: Alert) -> dict[str, Any]:
    """``alert`` as JSON has it; what is as always is left out."""
    item: dict[str, Any] = {
        "labels": dict(alert.labels),
        "state": str(alert.state),
        "value": repr(alert.value),
        "scope": dict(alert.scope),
        "annotations": dict(alert.annotations),
        "watched": list(alert.watched),
        "returns": list(alert.returns),
        "evidence": [
            None if alert.evidence.value is None else repr(alert.evidence.value),
            alert.evidence.threshold,
            alert.evidence.series,
        ],
        "why": alert.why,
    }
    if alert.checks:
        item["checks"] = list(alert.checks)
    item |= {name: getattr(alert, name) for name in _MOMENTS}
    item |= {name: value for name in _MAYBE if (value := getattr(alert, name)) is not None}
    item |= {name: True for name in _FLAGS if getattr(alert, name)}
    return item


def unpacked(item: dict[str, Any]) -> Alert:
    """What :func:`packed` made. Raises ValueError, TypeError or KeyError for anything else."""
    value, threshold, series = item["evidence"]
    shown = None if value is None else float(_text(value))
    times: dict[str, Any] = {name: _moment(item[name]) for name in _MOMENTS}
    times |= {name: _moment(item[name]) for name in _MAYBE if name in item}
    flags: dict[str, Any] = {name: item[name] is True for name in _FLAGS if name in item}
    return Alert(
        labels=_pairs(item["labels"]),
        state=State(item["state"]),
        value=float(_text(item["value"])),
        annotations=_pairs(item["annotations"]),
        scope=_pairs(item["scope"]),
        watched=_moments(item["watched"]),
        checks=_texts(item.get("checks", [])),
        returns=_moments(item["returns"]),
        evidence=Evidence(shown, _text(threshold), _text(series)),
        why=_text(item["why"]),
        **times,
        **flags,
    )


def _pairs(given: dict[str, Any]) -> Pairs:
    return tuple(sorted((_text(name), _text(value)) for name, value in given.items()))


def _text(given: object) -> str:
    if not isinstance(given, str) or len(given) > _LONGEST:
        raise TypeError("a text is none")
    return given


def _texts(given: object) -> tuple[str, ...]:
    if not isinstance(given, list):
        raise TypeError("a list is none")
    return tuple(_text(one) for one in given)


def _moment(given: object) -> int:
    if type(given) is not int or not -(2**53) < given < 2**53:
        raise TypeError("a time is none")
    return given


def _moments(given: object) -> tuple[int, ...]:
    if not isinstance(given, list):
        raise TypeError("a list is none")
    return tuple(_moment(one) for one in given)
