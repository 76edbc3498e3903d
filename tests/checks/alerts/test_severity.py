"""One order for the severities that people write."""

from __future__ import annotations

import pytest

from checks.alerts.severity import Severity, severity_of
from checks.model import Status


@pytest.mark.parametrize(
    ("words", "severity"),
    [
        (("critical", "CRITICAL", "P1", "sev1", "SEV-1", "page", "severity 1", "1"), 4),
        (("P2", "sev2", "error", "major", "High"), 3),
        (("warning", "Warning", "P3", "sev3", "ticket", "minor"), 2),
        (("info", "INFO", "P4", "sev4", "none"), 1),
        (("", "whatever"), 2),
    ],
)
def test_words_numbers_and_cases_come_to_one_order(words: tuple[str, ...], severity: int) -> None:
    assert {word: severity_of({"severity": word}) for word in words} == dict.fromkeys(
        words, Severity(severity)
    )


def test_a_priority_will_do() -> None:
    assert severity_of({"priority": "P1"}) is Severity.CRITICAL
    assert severity_of({"severity": "info", "priority": "P1"}) is Severity.INFO
    assert severity_of({}) is Severity.WARNING


def test_each_has_a_status() -> None:
    assert [one.status for one in Severity] == [
        Status.OK,
        Status.WARNING,
        Status.CRITICAL,
        Status.CRITICAL,
    ]
