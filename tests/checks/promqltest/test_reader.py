"""Scripts: every command and expectation is read, and each mistake named with its line."""

from __future__ import annotations

import pytest

from checks.errors import ConfigError
from checks.promql.values import Grid
from checks.promqltest.reader import read_script
from checks.promqltest.script import Clear, Eval, Load


def evaluated(text: str) -> Eval:
    (command,) = read_script(text, "a.test").commands
    assert isinstance(command, Eval)
    return command


def test_commands_blocks_and_comments() -> None:
    script = read_script(
        """
# what follows is loaded
  LOAD 1m30s
    up{job="a"} 1 2
    # a comment ends the block, as an empty line does

load_with_nhcb 5m
\ta_bucket{le="1"}  0+1x2
clear

Eval instant at 50m up
    up{job="a"} 1

eval instant up
""",
        "a.test",
    )
    first, second, third, fourth = script.commands
    assert isinstance(first, Load)
    assert (first.line, first.step, first.nhcb, first.lines) == (3, 90_000, False, (4,))
    assert isinstance(second, Load)
    assert (second.line, second.step, second.nhcb) == (7, 300_000, True)
    # an empty line or a comment ends the block of a load, and nothing else: this clear is a series
    assert [series.labels for series in second.series] == [
        (("__name__", "a_bucket"), ("le", "1")),
        (("__name__", "clear"),),
    ]
    assert isinstance(third, Eval)
    assert isinstance(fourth, Eval)
    assert (third.grid.start, fourth.grid.start) == (3_000_000, 0)


def test_clear_stands_alone() -> None:
    assert read_script("clear\n\nclear", "a.test").commands == (Clear(1), Clear(3))


def test_instant_and_range_evaluations() -> None:
    instant = evaluated("eval instant at 50m sum by (job) (up) # as the language has it")
    assert instant.grid == Grid(3_000_000, 3_000_000, 1)
    assert not instant.is_range
    assert instant.text == "sum by (job) (up) # as the language has it"
    over = evaluated('eval range from 0 to 1h step 30s x == 1 or {a=" to 5m step 3s "}')
    assert over.is_range
    assert over.grid == Grid(0, 3_600_000, 30_000)
    assert over.text == 'x == 1 or {a=" to 5m step 3s "}'


def test_old_and_new_ways_to_expect() -> None:
    old, new = evaluated("eval_fail instant at 0 x"), evaluated("eval instant at 0 x\nexpect fail")
    assert old.expected.fail == new.expected.fail
    assert old.expected.fail is not None
    assert old.expected.fail.fits("whatever")
    told = evaluated("eval_fail instant at 0 x\nexpected_fail_message it is so").expected.fail
    assert told is not None
    assert told.fits("it is so")
    assert not told.fits("it is so.")
    found = evaluated("eval_fail instant at 0 x\nexpected_fail_regexp is (a|b)o").expected.fail
    assert found is not None
    assert found.fits("it is bold")
    assert evaluated("eval_ordered instant at 0 x\nx 1").expected.ordered
    assert len(evaluated("eval_warn range from 0 to 1m step 1m x\nx 1").expected.warn) == 1
    assert len(evaluated("eval_info instant at 0 x\nx 1").expected.info) == 1


def test_every_expectation() -> None:
    expected = evaluated(
        """eval instant at 0 x
           expect warn msg: one of them
           expect warn regex:two.*
           expect no_info
           expect ordered
           x{a="1"} 1
           x{a="2"} NaN"""
    ).expected
    assert [message.exact for message in expected.warn] == ["one of them", None]
    assert expected.warn[1].fits("there are two of them")
    assert (expected.no_info, expected.no_warn, expected.ordered) == (True, False, True)
    assert [(row.position, row.line) for row in expected.rows.values()] == [(1, 6), (2, 7)]


def test_strings_scalars_and_range_vectors() -> None:
    assert evaluated('eval instant at 0 "a"\nexpect string "a\\tb"').expected.string == "a\tb"
    assert evaluated("eval instant at 0 ``\nexpect string ``").expected.string == ""
    assert evaluated("eval instant at 0 1\n0x10").expected.scalar == 16
    assert evaluated("eval instant at 0 1\n-Inf").expected.scalar == float("-inf")
    window = evaluated(
        "eval instant at 1m x[1m]\nexpect range vector from 10s to 1m step 10s\nx 1 2 3 4 5 6"
    ).expected
    assert window.window == Grid(10_000, 60_000, 10_000)


def test_a_number_ends_its_block() -> None:
    script = read_script("eval instant at 0 1\n  1\neval instant at 0 2\n  2", "a.test")
    assert script.cases == 2


def test_start_timestamps_are_recognised() -> None:
    (load,) = read_script(
        "load 1m\n a{b='c'}@st -1m @0s ^\n a{b='c'} 1 2 3\n d 1\n @st -30s\n e 1 2", "a.test"
    ).commands
    assert isinstance(load, Load)
    assert load.starts == {(("__name__", "a"), ("b", "c")), (("__name__", "e"),)}


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("\nfrobnicate", 2, 'expected load, clear or eval, found "frobnicate"'),
        ("load", 1, 'expected load[_with_nhcb] <step>, found "load"'),
        ("load 5x", 1, 'not a valid duration string: "5x"'),
        ("load 0", 1, "the step between samples must be at least 1ms"),
        ("load 1m\n\n\nload 1m\n up{ 1", 5, 'expected a label\'s name, found "1"'),
        ("load 1m\n up 1 2 wrong", 2, "expected a value such as"),
        ("load 1m\n a 1x300000\n b 1x300000", 3, "the script makes more than 500,000 values"),
        ("load 1m\n up 0 1e999", 2, "value out of range"),
        ("eval instant at 0 1\n 0x" + "f" * 400, 2, "expected a series"),
        ("eval instant at " + "9" * 5000 + "s up", 1, "duration out of range"),
        ("load 1m\n up@st -1m", 2, "the series of this @st line does not follow it"),
        ("load 1m\n up@st -1m\n down 1", 3, "the @st line before it is of another series"),
        ("load 1m\n up@st -1m\n up 1 2", 3, "the @st line before it has 1 values, this one 2"),
        ("load 1m\n up@st often\n up 1 2", 2, "expected a start timestamp such as -1m"),
        ("eval", 1, "expected eval instant [at <time>] <expression> or eval range from"),
        ("eval instant at 5m", 1, 'found "eval instant at 5m"'),
        ("eval instant at soon up", 1, 'not a valid duration string: "soon"'),
        ("eval range from 0 to 1m up", 1, "expected eval instant"),
        ("eval range from 2m to 1m step 1m up", 1, "the end, 1m, is before the start, 2m"),
        ("eval range from 0 to 1m step 0 up", 1, "the step must be at least 1ms"),
        ("eval range from 0 to 10y step 1s up", 1, "steps are more than 100,000"),
        ("eval_ordered range from 0 to 1m step 1m up", 1, "expected eval instant"),
        ("eval instant at 0 up\n up", 2, "the series has no value"),
        ("eval instant at 0 up\n up 1 2", 2, "an instant query has one value a series"),
        ("eval instant at 0 up\n up _", 2, "an instant query's series has a value"),
        ("eval instant at 0 up\n expect", 2, "expected expect fail|warn|info"),
        ("eval instant at 0 up\n expect warning", 2, "expected expect fail|warn|info"),
        ("eval instant at 0 up\n expect fail msg", 2, "expected expect fail|warn|info"),
        ("eval instant at 0 up\n expect fail regex: (", 2, '"(" is no regular expression'),
        ("eval instant at 0 up\n expect fail\n expect fail msg: a\n expect fail msg: b", 4, "one"),
        ("eval instant at 0 up\n expect warn\n expect no_warn", 3, "contradict each other"),
        ("eval instant at 0 up\n expect no_info\n expect info", 3, "contradict each other"),
        ("eval instant at 0 up\n expect string up", 2, "expect string needs a string in quotes"),
        ("eval instant at 0 up\n expect range vector", 2, "expected expect range vector from"),
        ("eval instant at 0 up\n expect range vector from 1m to 0 step 1m", 2, "is before"),
        ("eval_fail instant at 0 up\n expected_fail_because x", 2, "expected_fail_message or"),
    ],
)
def test_a_mistake_names_file_and_line(text: str, place: int, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_script(text, "some.test")
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("some.test", place)
    assert why in problem.text
    assert str(caught.value).startswith(f"some.test:{place}: ")
