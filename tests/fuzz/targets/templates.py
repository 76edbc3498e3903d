"""Templates of alerts: whatever stands in a rule file, parsed and expanded."""

from __future__ import annotations

from collections.abc import Iterator

from checks.templates import Expander, TemplateError, parse
from tests.fuzz.target import Target

__all__ = ["TARGETS"]

BOUND = 64 * 1024

SEEDS = (
    b"Host down (instance {{ $labels.instance }}) VALUE = {{ $value }} LABELS = {{ $labels }}",
    b'{{ printf "%.2f %d %-8s|%+v" $value 3 "x" $labels }} {{ $value | humanize }}',
    b'{{ with query "up" }}{{ . | first | value | humanize1024 }}{{ else }}none{{ end }}',
    b'{{ range $i, $e := query "up" | sortByLabel "job" }}{{ if gt $i 3 }}{{ break }}{{ end }}'
    b"{{ $e.Labels.job }}={{ .Value }}{{ end }}",
    b'{{ define "x" }}{{ .arg0 }}{{ end }}{{ template "x" (args 1 "a") }}{{- /* c */ -}} y',
    b'{{ $x := "a" }}{{ range 50 }}{{ $x = print $x $x }}{{ end }}{{ len $x }}',
    b'{{ reReplaceAll "(.*):(\\\\d+)" "$2${1}" $labels.instance }} {{ match "^a" "b" }}',
    b'{{ (toTime $value).Format "2006-01-02" }} {{ humanizeDuration 3661.5 }} {{ toDuration 5 }}',
)
TOKENS = (
    *(b"{{", b"}}", b"{{- ", b" -}}", b"{{/*", b"*/}}", b"(", b")", b"|", b":=", b"=", b","),
    *(b"$", b".", b"$labels", b"$value", b".Labels", b".x", b"$x", b"nil", b"true", b"'a'"),
    *(b"{{if 1}}", b"{{else}}", b"{{else if 0}}", b"{{end}}", b"{{range 9}}", b"{{with 1}}"),
    *(b"{{break}}", b"{{continue}}", b'{{define "x"}}', b'{{template "x" .}}', b'{{block "b" .}}'),
    *(b'"%d"', b'"%9999d"', b'"%*[3]v"', b"`", b'"', b"\\", b"1e999", b"0x", b"9" * 20),
    *(b" print ", b" printf ", b" len ", b" index ", b" slice ", b" args ", b" html ", b" js "),
    *(b" query ", b" first ", b" humanize ", b" title ", b" toUpper ", b" eq ", b" and ", b" or "),
    *(b"{{$x:=1}}", b"{{$x = args $x $x}}", b"{{$x = print $x $x}}", b"{{$value}}", b"\xff", b"\n"),
)  # fmt: skip

_LABELS = {"__name__": "up", "instance": "a:1", "job": "ä", "large": "x{{ $y }}" * 500}


def _query(expression: str) -> Iterator[tuple[dict[str, str], float]]:
    if "(" in expression:
        raise ValueError("1:1: parse error")
    return iter([(_LABELS, 1.0), ({}, float("nan"))])


def run(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    assert all(1 <= line <= text.count("\n") + 1 for line in _lines(text))
    for value in (1234567.0, float("nan")):
        made = Expander(_query, {"region": "eu"}).expand(text, "A", _LABELS, value)
        assert len(made) <= BOUND + 100
        assert "panic" not in made or "panic" in text, made[:300]


def _lines(text: str) -> list[int]:
    """The lines that are told of: where it is no template, else of queries and doubts."""
    try:
        named = parse(text).references
    except TemplateError as error:
        return [error.line]
    return [line for line, _ in named.doubts + named.queries]


def large() -> Iterator[bytes]:
    """Loops around what takes long, and what nests."""
    for work in (
        b"{{ toUpper $x }}", b"{{ $y = js $x }}", b'{{ $y = reReplaceAll "" "" $x }}',
        b'{{ $y = printf "%x" $x }}', b"{{ $y = args $y $y }}", b"{{ $y = print $x $labels }}",
        b'{{ $y = query "up" }}', b"{{ $y = title $x }}", b"{{ range 9999999999 }}{{ end }}",
        b"{{ range 9999999999 }}{{ break }}{{ end }}", b"{{ $y = slice $x 1 2 }}",
        b"{{ range $labels }}{{ end }}", b"{{ $y = printf `%9999d%9999d%9999d` 1 1 1 }}",
    ):  # fmt: skip
        before = b'{{ $y := "" }}{{ $x := "' + b"ab " * 10_000 + b'" }}'
        yield before + b"{{ range 1000000 }}" + work + b"{{ end }}{{ $y }}"
    for opening, closing in (
        (b"{{ if 1 }}", b"{{ end }}"),
        (b"(", b")"),
        (b"{{ if 0 }}{{ else if 1 }}", b"{{ end }}"),
        (b'{{ block "b" . }}', b"{{ end }}"),
    ):
        for depth in (30, 39, 41, 1000):
            body = opening * depth + b"1" + closing * depth
            yield body if opening != b"(" else b"{{ " + body + b" }}"
    yield b"{{ if 0 }}" + b"{{ else if 1 }}" * 2000 + b"{{ end }}"
    yield b'{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}'


TARGETS = (Target("template", run, SEEDS, TOKENS, bound=BOUND, large=large),)
