"""An alert's text is made whatever happens, and in bounds."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from checks.templates import Expander, TemplateError, TemplateSyntaxError, parse

LABELS = {"__name__": "up", "instance": "a:1", "job": "node"}
LIMIT = 64 * 1024


def test_a_text_without_actions_stays_as_it_is() -> None:
    assert Expander().expand("100 % } of {x}", "A", {}, 0.0) == "100 % } of {x}"


def test_a_broken_template_becomes_a_text_that_says_where_and_why() -> None:
    made = Expander().expand("one\n{{ $lables.instance }}", "Disk full", LABELS, 1.0)
    assert made == (
        "<error expanding template: error parsing template __alert_Disk full: "
        'template: __alert_Disk full:2: undefined variable "$lables">'
    )


def test_what_a_query_finds_is_there_as_samples() -> None:
    def query(expression: str) -> Iterator[tuple[object, float]]:
        assert expression == 'up{job="node"}'
        # labels as a mapping, or as the pairs that PromQL's results have
        yield {"instance": "b"}, 1.0
        yield (("instance", "a"),), 0.5

    text = (
        '{{ range printf `up{job="%s"}` $labels.job | query | sortByLabel `instance` }}'
        "{{ .Labels.instance }}={{ .Value }} {{ end }}"
    )
    assert Expander(query).expand(text, "A", LABELS, 1.0) == "a=0.5 b=1 "  # type: ignore[arg-type]


def test_a_query_that_fails_is_the_reason() -> None:
    def query(_expression: str) -> Iterator[tuple[dict[str, str], float]]:
        raise RuntimeError("1:3: parse error: unclosed left parenthesis")

    made = Expander(query).expand('{{ query "m(" | first }}', "A", LABELS, 1.0)
    assert made.endswith(
        'executing "__alert_A" at <query "m(">: error calling query: '
        "1:3: parse error: unclosed left parenthesis>"
    )


def test_a_query_that_fails_while_it_is_read_is_the_reason() -> None:
    def query(_expression: str) -> Iterator[tuple[dict[str, str], float]]:
        yield {}, 1.0
        raise TimeoutError

    made = Expander(query).expand('{{ query "m" }}', "A", LABELS, 1.0)
    assert made.endswith("error calling query: TimeoutError>")


def test_who_wants_to_know_gets_the_error_itself() -> None:
    with pytest.raises(TemplateError) as failed:
        Expander().render("line 1\nline 2 {{ len 5 }}", LABELS, 1.0)
    assert (failed.value.line, failed.value.reason) == (2, "error calling len: len of type int")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ range 1000000000 }}{{ end }}", "it takes more than 50000 steps"),
        ("{{ range 1000000000 }}{{ $labels }}{{ end }}", "its text is longer than 65536"),
        ('{{ $x := "ab" }}{{ range 99 }}{{ $x = print $x $x }}{{ end }}', "a text of more than"),
        ("{{ $x := 1 }}{{ range 99 }}{{ $x = args $x $x }}{{ end }}{{ $x }}", "hold too much"),
        ('{{ printf "%1000000d" 5 }}', "a width of 1000000"),
        ('{{ printf "%*d" 999999 5 }}', "a width of 999999"),
        ('{{ printf "%.900000f" 0.5 }}', "a width of 900000"),
        ('{{ printf "%60000d%60000d" 1 2 }}', "a text of more than"),
        ("{{ define `x` }}{{ template `x` }}{{ end }}{{ template `x` }}", "maximum template depth"),
        ("{{ " + "(" * 500 + "1" + ")" * 500 + " }}", "parentheses nest more than 40 deep"),
        ("{{ if 1 }}" * 500 + "{{ end }}" * 500, "actions nest more than 40 deep"),
        ("{{ $x := 1 }}" * 200, "more than 100 variables"),
        ("{{/*" + "x" * 70_000 + "*/}}", "it is longer than 65536 characters"),
        ("{{ $labels.large }}" * 2, "its text is longer than 65536"),
        ('{{ range 100000 }}{{ $x := reReplaceAll "" "" $labels.large }}{{ end }}', "steps"),
        ('{{ range 100000 }}{{ $x := query "up" }}{{ end }}', "it takes more than 50000 steps"),
    ],
)
def test_no_template_goes_beyond_its_bounds(text: str, reason: str) -> None:
    labels = {**LABELS, "large": "ab cd " * 8_000}
    began = time.thread_time()
    made = Expander(lambda _: [({}, 1.0)]).expand(text, "A", labels, 1.0)
    assert time.thread_time() - began < 2
    assert made.startswith("<error expanding template: ")
    assert reason in made
    assert len(made) < 2_000


def test_a_text_up_to_the_limit_is_made() -> None:
    text = '{{ printf "%60000d" 5 }}'
    assert len(Expander().expand(text, "A", LABELS, 1.0)) == 60_000 < LIMIT


def test_the_same_text_is_parsed_once() -> None:
    text = "{{ $labels.instance }} of a rule"
    assert parse(text) is parse(text)
    with pytest.raises(TemplateSyntaxError):
        parse("{{ nope }}")
    with pytest.raises(TemplateSyntaxError):
        parse("{{ nope }}")


def test_expansions_of_one_template_share_no_variables() -> None:
    text = "{{ $seen := 0 }}{{ range $labels }}{{ $seen = 1 }}{{ end }}{{ $seen }}"
    assert Expander().expand(text, "A", LABELS, 1.0) == "1"
    assert Expander().expand(text, "A", {}, 1.0) == "0"


def test_a_number_of_numpy_is_a_float64_too() -> None:
    text = '{{ $value }} {{ printf "%d %T" $value $value }}'
    made = Expander().expand(text, "A", LABELS, np.float64(1234567))
    assert made == "1.234567e+06 %!d(float64=1.234567e+06) float64"


def test_labels_that_no_codec_takes_do_no_harm() -> None:
    text = '{{ len $labels.job }} {{ match "b" $labels.job }} {{ urlquery $labels.job }}'
    made = Expander().expand(text, "A", {"job": "a\ud800b"}, 1.0)
    assert made == "3 true a%3Fb"
