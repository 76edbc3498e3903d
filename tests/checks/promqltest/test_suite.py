"""Prometheus' own suite, and ours in its language."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from checks.promqltest.report import Report
from tests.checks.promqltest.skipped import LIST, OWN, SUITE, reports, written

REASON = re.compile(r"native histograms(:|$)|experimental( function \w+|: .+)$")
LEAST = 575
"""Cases that pass, of the 949 that there are beside the project."""


@pytest.fixture(scope="module")
def suite() -> list[Report]:
    """What the scripts of Prometheus come to."""
    if not SUITE.is_dir():
        missing = f"Prometheus' scripts are not there: {SUITE}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return reports(SUITE)


def test_prometheus_suite_passes(suite: list[Report]) -> None:
    failed = [f"{report.name}:{one.line}: {one}" for report in suite for one in report.failed]
    assert failed == []
    assert sum(report.passed for report in suite) >= LEAST
    assert all(report.delayed_name_removal for report in suite)


def test_what_is_skipped_was_reviewed(suite: list[Report]) -> None:
    assert written(suite) == LIST.read_text()


def test_nothing_is_skipped_but_native_histograms_and_what_is_experimental() -> None:
    entries = [line for line in LIST.read_text().splitlines() if not line.startswith("#")]
    assert len(entries) > 300
    assert [line for line in entries if REASON.match(line.partition(" ")[2]) is None] == []


OURS = sorted(OWN.glob("*.test"))
DELAYED = {"names_at_once.test": (False,), "names_delayed.test": (True,)}


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_own_scripts_pass_and_skip_nothing(path: Path) -> None:
    from checks.promqltest.reader import read_script  # noqa: PLC0415
    from checks.promqltest.runner import run_script  # noqa: PLC0415

    script = read_script(path.read_text(), path.name)
    assert script.cases
    for delayed in DELAYED.get(path.name, (True, False)):
        report = run_script(script, delayed_name_removal=delayed)
        assert (report.failed, report.skipped) == ((), ())
        assert report.passed == script.cases
