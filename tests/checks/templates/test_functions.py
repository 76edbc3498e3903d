# ruff: noqa: E501 - a case is a line
"""Functions that Debian's Prometheus lacks or leaves to chance; the rest are tested beside it."""

from __future__ import annotations

import pytest

from checks.templates import Expander

LABELS = {"instance": "web-1.example.org:9100"}


def _expand(text: str, value: float = 1.0) -> str:
    expander = Expander(external_url="https://prom.example.org/sub/dir", now_ms=1_700_000_000_500)
    return expander.expand(text, "A", LABELS, value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ externalURL }} {{ pathPrefix }}", "https://prom.example.org/sub/dir /sub/dir"),
        ("{{ now }} {{ now | humanizeTimestamp }}", "1.7000000005e+09 2023-11-14 22:13:20.5 +0000 UTC"),
        ('{{ urlQueryEscape "a b&c/~" }}', "a+b%26c%2F~"),
        ("{{ stripDomain $labels.instance }}", "web-1:9100"),
        ('{{ stripDomain "host.example.org" }}', "host"),
        ('{{ stripDomain "host" }} {{ stripDomain "" }}', "host "),
        ('{{ stripDomain "10.0.0.1:80" }} {{ stripDomain "10.0.0.1" }}', "10.0.0.1:80 10.0.0.1"),
        ('{{ stripDomain "[2001:db8::1]:80" }}', "[2001:db8::1]:80"),
        ("{{ toTime 1435065584.128 }}", "2015-06-23 13:19:44.128 +0000 UTC"),
        ('{{ (toTime 0).Format "Mon, 02 Jan 2006 15:04:05 MST" }}', "Thu, 01 Jan 1970 00:00:00 UTC"),
        ('{{ (toTime 45296.25).Format "Monday _2 January 06, 3:4:5.000 PM -0700" }}', "Thursday  1 January 70, 12:34:56.250 PM +0000"),
        ('{{ (toTime 3600).Format "2006-01-02T15:04:05.999Z07:00 002" }}', "1970-01-01T01:00:00Z 001"),
        ('{{ (now | toTime).Year }}-{{ (now | toTime).Month }} {{ (now | toTime).Weekday }}', "2023-November Tuesday"),
        ("{{ (toTime 90).Unix }} {{ (toTime 90.5).UnixMilli }} {{ (toTime 90).UTC.Minute }}", "90 90500 1"),
        ('{{ printf "%v %s %T" (toTime 0) (toTime 0) (toTime 0) }}', "1970-01-01 00:00:00 +0000 UTC 1970-01-01 00:00:00 +0000 UTC *time.Time"),
        ("{{ toDuration 3723.5 }} {{ toDuration 0.25 }} {{ toDuration 0 }} {{ toDuration -90 }}", "1h2m3.5s 250ms 0s -1m30s"),
        ("{{ toDuration 1.5e-06 }} {{ toDuration 2e-09 }} {{ toDuration 3600 }}", "1.5µs 2ns 1h0m0s"),
        ("{{ (toDuration 5400).Hours }} {{ (toDuration 90).Minutes }} {{ (toDuration 1.5).Seconds }} {{ (toDuration 0.0025).Milliseconds }}", "1.5 1.5 1.5 2"),
        # words as Unicode's segmentation has them: Prometheus 3's title, not that of 2.42
        ("{{ \"it's a.b snake_case high-cpu ünder\" | title }}", "It's A.b Snake_case High-Cpu Ünder"),
        # 2.42 writes another number on each kind of machine
        ("{{ humanizeDuration 1e300 }}", "106751991167300d 15h 30m 7s"),
        ("{{ range 3 }}{{ . }}{{ end }}{{ range -1 }}x{{ else }}none{{ end }}", "012none"),
        # a group's number has no leading zeros, nor other digits than ASCII's
        ('{{ reReplaceAll "(b)" "[$1$01${1}${01}$١]" "abc" }}', "a[bb]c"),
        ("{{ with 0 }}a{{ else with 1 }}b{{ . }}{{ end }}", "b1"),
    ],
)  # fmt: skip
def test_functions_of_prometheus_3(text: str, expected: str) -> None:
    assert _expand(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{{ toTime "x" }}', 'strconv.ParseFloat: parsing "x": invalid syntax'),
        ("{{ $value | toTime }}", "value is NaN or Inf"),
        ("{{ $value | toDuration }}", "value is NaN or Inf"),
        ("{{ toTime 1e300 }}", "1e+300 cannot be represented as a nanoseconds timestamp since it"),
        ("{{ (toTime 0).Format }}", "wrong number of args for Format: want 1 got 0"),
        ("{{ (toTime 0).Format 5 }}", "expected string; found 5"),
        ("{{ (toTime 0).Frob }}", "can't evaluate field Frob in type *time.Time"),
        ('{{ humanize "1e999" }}', 'strconv.ParseFloat: parsing "1e999": value out of range'),
        ('{{ match "(" "x" }}', "error parsing regexp: missing ): (: `(`"),
        (
            '{{ reReplaceAll "[z-a]" "" "x" }}',
            "error parsing regexp: invalid character class range",
        ),
        ('{{ reReplaceAll "(x{1000}){1000}" "" "x" }}', "error parsing regexp: "),
        ('{{ query "up" }}', "nothing can be queried here"),
        ("{{ len nil }}", "len of nil pointer"),
    ],
)
def test_a_function_that_refuses_says_why(text: str, reason: str) -> None:
    made = _expand(text, float("nan"))
    assert made.startswith("<error expanding template: error executing template __alert_A: ")
    assert reason in made
