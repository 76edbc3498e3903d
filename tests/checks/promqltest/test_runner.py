"""Each kind of expectation passes where it is right, and fails where it is wrong."""

from __future__ import annotations

import pytest

from checks.errors import ConfigError
from checks.promqltest.reader import read_script
from checks.promqltest.report import Report
from checks.promqltest.runner import run_script

DATA = """
load 1m
  jobs{queue="a"} 1 2 3 4 5 6
  jobs{queue="b"} 10 20 30 40 50 60
  gone_total 0 60 120 stale
  native {{schema:0 sum:1 count:1}}x5
  mixed 1 1 1 1 {{schema:0 sum:1 count:1}} 1

load_with_nhcb 1m
  latency_bucket{le="1"} 0+1x5
  latency_bucket{le="+Inf"} 0+2x5

"""


def run(case: str, *, delayed: bool = True) -> Report:
    return run_script(read_script(DATA + case, "a.test"), delayed_name_removal=delayed)


RIGHT = {
    "a vector": 'eval instant at 2m jobs\n jobs{queue="b"} 30\n jobs{queue="a"} 3.000001',
    "a vector of nothing": "eval instant at 2m nothing",
    "an order": "eval instant at 2m topk(2, jobs)\nexpect ordered\n"
    ' jobs{queue="b"} 30\n jobs{queue="a"} 3',
    "a scalar": "eval instant at 2m 1 / 3\n 0.3333333",
    "a string": 'eval instant at 2m "a"\n expect string "a"',
    "NaN": "eval instant at 2m sum(jobs) * NaN\n {} NaN",
    "infinity": "eval instant at 2m sum(jobs) / 0\n {} +Inf",
    "a range": 'eval range from 0 to 4m step 2m jobs{queue="a"}\n jobs{queue="a"} 1 3 5',
    "a range with gaps": "eval range from 0 to 4m step 2m gone_total\n gone_total 0 120 _",
    "a scalar over a range": "eval range from 0 to 2m step 1m 7\n {} 7x2",
    "a range vector": "eval instant at 2m gone_total[2m]\n"
    " expect range vector from 1m to 2m step 1m\n gone_total 60 120",
    "a failure": "eval instant at 2m jobs + on() jobs\n expect fail",
    "a failure's message": "eval instant at 2m topk(NaN, jobs)\n"
    " expect fail msg: Parameter value is NaN",
    "a failure's pattern": "eval instant at 2m sum(\n expect fail regex: unclosed (left|right)",
    "a failure over a range": "eval range from 0 to 1m step 1m topk(NaN, jobs)\n expect fail",
    "a warning": "eval instant at 2m quantile(2, jobs)\n expect warn\n {} Inf",
    "a warning's message": "eval instant at 2m quantile(2, jobs)\n"
    " expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)\n"
    " {} Inf",
    "no warning": "eval instant at 2m sum(jobs)\n expect no_warn\n expect no_info\n {} 33",
    "an info": "eval instant at 2m sum(rate(jobs[2m]))\n"
    " expect info regex: counter\n {} 0.18333333",
    "an info of old": "eval_info instant at 2m sum(rate(jobs[2m]))\n {} 0.18333333",
}


@pytest.mark.parametrize("case", RIGHT.values(), ids=RIGHT)
def test_what_is_right_passes(case: str) -> None:
    report = run(case)
    assert (report.passed, report.failed, report.skipped) == (1, (), ())


WRONG = {
    "a value": (
        'eval instant at 2m jobs{queue="a"}\n jobs{queue="a"} 3.00001',
        'expected jobs{queue="a"} 3.00001, got 3',
    ),
    "a sign": ('eval instant at 2m -jobs{queue="a"}\n {queue="a"} 3', "got -3"),
    "a number instead of NaN": ("eval instant at 2m sum(jobs) * NaN\n {} 3", "{} 3, got NaN"),
    "NaN instead of a number": ("eval instant at 2m sum(jobs)\n {} NaN", "{} NaN, got 33"),
    "another infinity": ("eval instant at 2m sum(jobs) / 0\n {} -Inf", "{} -Inf, got +Inf"),
    "a large number for infinity": ("eval instant at 2m sum(jobs) / 0\n {} 1e308", "got +Inf"),
    "almost nought": ("eval instant at 2m sum(jobs) * 0\n {} 1e-300", "got 0"),
    "a missing series": (
        'eval instant at 2m jobs{queue="a"}\n jobs{queue="a"} 3\n jobs{queue="c"} 3',
        'expected jobs{queue="c"} 3, which is not there',
    ),
    "a series of an empty result": (
        "eval instant at 2m nothing\n {} 0",
        "{} 0, which is not there",
    ),
    "an extra series": (
        'eval instant at 2m jobs\n jobs{queue="a"} 3',
        'there is jobs{queue="b"} 30, which is not expected',
    ),
    "an extra series where none is expected": ("eval instant at 2m jobs", "which is not expected"),
    "a label": (
        'eval instant at 2m jobs{queue="a"}\n jobs{line="a"} 3',
        'there is jobs{queue="a"} 3, which is not expected',
    ),
    "a name": ('eval instant at 2m jobs{queue="a"}\n {queue="a"} 3', "is not expected"),
    "an order": (
        "eval instant at 2m topk(2, jobs)\n expect ordered\n"
        ' jobs{queue="a"} 3\n jobs{queue="b"} 30',
        'jobs{queue="b"} is expected at place 2, but stands at 1',
    ),
    "an order of old": (
        'eval_ordered instant at 2m topk(2, jobs)\n jobs{queue="a"} 3\n jobs{queue="b"} 30',
        "expected at place 2",
    ),
    "an order over a range": (
        "eval range from 0 to 1m step 1m sum(jobs)\n expect ordered\n {} 11 22",
        "which the series of a range query do not have",
    ),
    "a scalar": ("eval instant at 2m 1 / 3\n 0.33", "expected 0.33, got 0.3333333333333333"),
    "a scalar for a vector": ("eval instant at 2m sum(jobs)\n 33", "expected the number 33, got a"),
    "a vector for a scalar": ("eval instant at 2m 33\n {} 33", "got the number 33"),
    "a string": ('eval instant at 2m "a"\n expect string "b"', "expected the string 'b', got 'a'"),
    "a string for a number": ('eval instant at 2m 1\n expect string "1"', "got a scalar"),
    "a number for a string": ('eval instant at 2m "1"\n 1', "got the string '1'"),
    "a step": (
        'eval range from 0 to 4m step 1m jobs{queue="a"}\n jobs{queue="a"} 1 3 5',
        "at 60s 3 is expected, 2 is there",
    ),
    "a gap": (
        "eval range from 0 to 4m step 2m gone_total\n gone_total 0 _ 120",
        "at 120s no sample is expected, 120 is there",
    ),
    "a value at the end of a range": (
        "eval range from 0 to 4m step 2m gone_total\n gone_total 0 120 120",
        "at 240s 120 is expected, no sample is there",
    ),
    "too many values": (
        "eval range from 0 to 4m step 2m gone_total\n gone_total 0 120 _ _",
        "the range has 3 steps, but 4 values are expected",
    ),
    "too few values": (
        'eval range from 0 to 4m step 2m jobs{queue="a"}\n jobs{queue="a"} 1 3',
        "at 240s no sample is expected, 5 is there",
    ),
    "a series of gaps alone": (
        "eval range from 0 to 4m step 2m nothing\n nothing _x3",
        "expected nothing _ _ _, which is not there",
    ),
    "where a range vector's samples stand": (
        "eval instant at 2m gone_total[2m]\n"
        " expect range vector from 0 to 2m step 2m\n gone_total 60 120",
        "at 0s 60 is expected, no sample is there",
    ),
    "no failure": (
        "eval instant at 2m sum(jobs)\n expect fail",
        "expected a failure, but there is none",
    ),
    "no failure, as of old": ("eval_fail instant at 2m sum(jobs)", "but there is none"),
    "no failure over a range": (
        "eval range from 0 to 1m step 1m sum(jobs)\n expect fail",
        "but there is none",
    ),
    "a failure": ("eval instant at 2m topk(NaN, jobs)", "it fails: Parameter value is NaN"),
    "a failure of the parser": ("eval instant at 2m sum(", "it fails: "),
    "a failure's message": (
        "eval instant at 2m topk(NaN, jobs)\n expect fail msg: Parameter value is",
        'expected the failure "Parameter value is", got: Parameter value is NaN',
    ),
    "a failure's pattern": (
        "eval instant at 2m topk(NaN, jobs)\n expect fail regex: ^value",
        "expected the failure /^value/, got: Parameter value is NaN",
    ),
    "no warning": (
        "eval instant at 2m sum(jobs)\n expect warn\n {} 33",
        "expected the warning any, got none",
    ),
    "no warning of old": ("eval_warn instant at 2m sum(jobs)\n {} 33", "got none"),
    "no info": ("eval instant at 2m sum(jobs)\n expect info\n {} 33", "the info any, got none"),
    "a warning's message": (
        "eval instant at 2m quantile(2, jobs)\n expect warn msg: quantile\n {} Inf",
        'expected the warning "quantile", got: PromQL warning: quantile value should be',
    ),
    "a warning too many": (
        "eval instant at 2m quantile(2, jobs) + quantile(3, jobs)\n"
        " expect warn regex: got 2\n {} Inf",
        "there is a warning that is not expected: PromQL warning: quantile value should be",
    ),
    "a warning where none may be": (
        "eval instant at 2m quantile(2, jobs)\n expect no_warn\n {} Inf",
        "expected no warning, got: PromQL warning: quantile",
    ),
    "an info where none may be": (
        "eval instant at 2m sum(rate(jobs[2m]))\n expect no_info\n {} 0.18333333",
        "expected no info, got: PromQL info: metric might not be a counter",
    ),
}


@pytest.mark.parametrize(("case", "why"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_fails(case: str, why: str) -> None:
    report = run(case)
    assert (report.passed, report.skipped) == (0, ())
    (failed,) = report.failed
    assert failed.line == DATA.count("\n") + 1
    assert why in "\n".join(failed.problems)


def test_a_case_after_a_failed_one_runs_on() -> None:
    report = run("eval instant at 0 1\n 2\neval instant at 0 1\n 1")
    assert (report.passed, len(report.failed)) == (1, 1)


def test_loads_add_up_until_they_are_cleared() -> None:
    case = 'eval instant at 0 count({__name__=~"jobs|more"})\n {} '
    more = "load 1m\n more 1\n\n"
    assert run(case + "2").passed == 1
    assert run(more + case + "3").passed == 1
    assert run(f"{more}clear\n\n{more}{case}1").passed == 1


def test_a_later_load_may_add_samples_but_change_none() -> None:
    added = run("load 10m\n gone_total _ 7\n\neval instant at 10m gone_total\n gone_total 7")
    assert added.passed == 1
    with pytest.raises(ConfigError) as caught:
        run("load 1m\n gone_total 0 61")
    assert (
        str(caught.value) == f"a.test:{DATA.count(chr(10)) + 1}: gone_total has two values at 60s"
    )


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("eval instant at 2m native\n native {{count:1}}", "native histograms: one is expected"),
        ("eval instant at 2m count(native)\n {} 1", "native histograms: native has them"),
        ("eval range from 0 to 1m step 1m native", "native histograms: native has them"),
        ("eval instant at 4m mixed\n mixed 1", "native histograms: mixed has them"),
        ("eval instant at 5m count_over_time(mixed[2m])\n {} 2", "native histograms: mixed has"),
        ("eval instant at 2m latency\n latency 1", "native histograms: latency has them"),
        ("eval instant at 2m histogram_count(latency)\n {} 1", "native histograms"),
        ("eval instant at 2m native </ 5\n native 1", "native histograms: the operator </"),
        ("eval instant at 2m native >/ -5\n native 1", "native histograms: the operator >/"),
        ("eval instant at 2m limitk(1, jobs)\n {} 1", "limitk"),
        ("eval instant at 2m jobs[2m] anchored", "anchored"),
        ("eval instant at 2m sum_over_time(jobs[1m+1m])\n {} 1", "an expression instead of a dura"),
    ],
)
def test_what_is_left_out_by_design_is_skipped_with_its_reason(case: str, reason: str) -> None:
    report = run(case)
    assert (report.passed, report.failed) == (0, ())
    assert reason in report.skipped[0].reason


@pytest.mark.parametrize(
    "case",
    [
        # what is read counts, not what is loaded: a histogram before, or beside
        "eval instant at 3m mixed\n mixed 1",
        "eval instant at 5m mixed\n mixed 1",
        "eval instant at 3m count_over_time(mixed[2m])\n {} 2",
        'eval instant at 2m latency_bucket{le="1"}\n latency_bucket{le="1"} 2',
        "eval instant at 2m histogram_quantile(0.5, latency_bucket)\n {} 1",
    ],
)
def test_nothing_else_is_skipped(case: str) -> None:
    report = run(case)
    assert (report.passed, report.failed, report.skipped) == (1, (), ())


def test_start_timestamps_are_experimental() -> None:
    text = (
        "load 1m\n b_total@st -1mx2\n b_total 1 2 3\n\neval instant at 2m rate(b_total[2m])\n {} 1"
    )
    assert "start timestamps" in run(text).skipped[0].reason


def test_names_go_at_the_end_or_at_once() -> None:
    case = 'eval instant at 2m label_replace(-jobs{queue="a"}, "m", "$1", "__name__", "(.*)")\n '
    late, soon = '{m="jobs", queue="a"} -3', '{queue="a"} -3'
    assert [run(case + late, delayed=on).passed for on in (True, False)] == [1, 0]
    assert [run(case + soon, delayed=on).passed for on in (True, False)] == [0, 1]
    assert [run(case + late, delayed=on).delayed_name_removal for on in (True, False)] == [
        True,
        False,
    ]


def test_an_instant_query_is_also_asked_with_fixed_selectors_and_over_a_range() -> None:
    """What moves with the evaluation itself is asked as it stands alone."""
    assert run("eval instant at 2m time()\n 120").passed == 1
    assert run('eval instant at 2m timestamp(jobs{queue="a"})\n {queue="a"} 120').passed == 1
    assert run('eval instant at 2m jobs{queue="a"} @ start()\n jobs{queue="a"} 3').passed == 1
    assert (
        run('eval instant at 2m sum_over_time(jobs{queue="a"}[2m:1m])\n {queue="a"} 5').passed == 1
    )
