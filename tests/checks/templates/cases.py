# ruff: noqa: E501 - a template is a line
"""Templates that ours and Prometheus' own engine must expand to the same text."""

from __future__ import annotations

from random import Random

VALUES = {
    "million": "1234567",
    "ratio": "0.1234567",
    "negative": "-1.5",
    "whole": "42",
    "nan": "NaN",
    "inf": "+Inf",
    "minus": "-Inf",
    "tiny": "1.5e-07",
    "huge": "1.7976931348623157e+308",
    "sixteen": "12345678901234567",
    "stamp": "1435065584.128",
    "zero": "0",
}

NUMBERS = [
    "{{ $value }}",
    "{{ .Value }}",
    '{{ print $value }}|{{ println $value }}|{{ $value | printf "%v" }}',
    "{{ humanize $value }} {{ $value | humanize1024 }}",
    # an infinity where there are more seconds than 64 bits hold: there Go's are another machine's
    "{{ if gt $value 1e18 }}{{ else }}{{ humanizeDuration $value }}{{ end }}",
    "{{ humanizePercentage $value }}",
    "{{ humanizeTimestamp $value }}",
    '{{ printf "%f|%.0f|%.2f|%8.3f|%-10.1f|%+.1f|%010.2f|% f" $value $value $value $value $value $value $value $value }}',
    '{{ printf "%e|%.2e|%E|%g|%.3g|%G|%#g|%012.3g" $value $value $value $value $value $value $value $value }}',
    '{{ printf "%d|%s|%q|%t|%c|%5d|%-7s|%z" $value $value $value $value $value $value $value $value }}',
    '{{ printf "%x|%X|%b|%.3x" $value $value $value $value }}',
    '{{ printf "%v|%+v|%#v|%6v|%.2v|%T" $value $value $value $value $value $value }}',
    "{{ if $value }}true{{ else }}false{{ end }} {{ not $value }}",
    "{{ if gt $value 80.0 }}high{{ else if ge $value 0.0 }}normal{{ else }}low{{ end }}",
    "{{ lt $value 1.0 }} {{ le $value 1.0 }} {{ eq $value 42.0 }} {{ ne $value 42.0 }} {{ gt $value 42.0 }} {{ ge $value 42.0 }}",
    '{{ urlquery $value }} {{ html $value "<" }} {{ js $value }}',
]

TEXTS = [
    "no template at all",
    "{{ $labels }}",
    "{{ .Labels.instance }} {{ $labels.job }} {{ $labels.missing }}|{{ .ExternalLabels.region }}",
    "{{ $externalLabels }} {{ $externalLabels.region }} {{ $externalURL }} {{ .ExternalURL }}",
    "{{ $labels.text }} {{ $labels.text | html }} {{ $labels.text | urlquery }} {{ $labels.text | js }}",
    '{{ printf "%s|%q|%x|%X|%10.3s|%-5s|%d|%v|%#q|%+q|% x|%#v" $labels.text $labels.text "hi" "hi" "abcdef" "ab" "no" "v" "a`b" "é" "hi" "q" }}',
    '{{ printf "%d|%5d|%05d|%-5d|%+d|%x|%X|%#x|%o|%O|%b|%c|%q|%U|%#U|%s|%.3d|%f" 42 42 42 42 42 255 255 255 8 8 5 65 65 65 233 42 7 42 }}',
    '{{ printf "%t|%v|%s|%5t" true false true true }}',
    '{{ printf "%d%%" 5 }}|{{ printf "%d" }}|{{ printf "%d" 1 2 "x" 1.5 nil }}|{{ printf "%" }}|{{ printf "%5" 1 }}|{{ printf "50% of" 1 }}',
    '{{ printf "%[2]d %[1]d" 1 2 }}|{{ printf "%[5]d" 1 }}|{{ printf "%*d" 5 42 }}|{{ printf "%-*d|" 5 42 }}|{{ printf "%.*f" 2 3.14159 }}|{{ printf "%*d" "x" 1 }}',
    '{{ printf "%[2]*[1]d" 2 5 }}|{{ printf "%[x]d" 1 }}|{{ printf "%!" 1 }}|{{ printf "%.f" 2.5 }}|{{ printf "%5.f" 2.5 }}',
    '{{ printf "%v %d %s %q %x" $labels $labels $externalLabels $externalLabels $externalLabels }}',
    '{{ printf "%v|%+v|%#v|%T" $externalLabels $externalLabels $externalLabels $externalLabels }}',
    '{{ printf "%v %s %d %T" nil nil nil nil }}|{{ print nil }}|{{ print 1 2 "a" "b" 3 4 nil }}|{{ println "a" 1 }}',
    "{{ 1 }} {{ -1 }} {{ +1 }} {{ 1.0 }} {{ 1.5e3 }} {{ 1e3 }} {{ 0x1F }} {{ 0o17 }} {{ 017 }} {{ 0b101 }} {{ 1_000 }} {{ 'a' }} {{ '\\n' }} {{ true }} {{ false }}",
    '{{ "a\\tb\\"c\\u00e9\\x41\\101\\\\" }} {{ `raw \\n "x"` }} {{ 0x1p4 }} {{ .5 }} {{ 5. }}',
    "a  {{- 1 -}}  b {{ 2 -}}\n\t c {{- /* gone */ -}} d{{/* too */}} e",
    "{{-3}} {{ 3 -}} x",
    "{{ $x := 1 }}{{ $x }}{{ $x = 2 }}{{ $x }}{{ if true }}{{ $x = 3 }}{{ $y := 4 }}{{ $y }}{{ end }}{{ $x }}",
    "{{ range $labels }}{{ . }},{{ end }}",
    "{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}{{ range $v := $externalLabels }}<{{ $v }}>{{ end }}",
    '{{ range $k, $v := $labels }}{{ if eq $k "job" }}{{ continue }}{{ end }}{{ if eq $k "mountpoint" }}{{ break }}{{ end }}{{ $k }} {{ end }}',
    '{{ range query "absent_metric" }}x{{ else }}none{{ end }}',
    '{{ $n := 0 }}{{ range $i, $e := query "m" }}{{ $n = $i }}{{ end }}{{ $n }}',
    "{{ with $labels.job }}job {{ . }}{{ end }}{{ with $labels.missing }}x{{ else }}none{{ end }}{{ with $x := 5 }}{{ $x }}{{ end }}",
    '{{ if and $labels.job (eq $labels.job "node") }}both{{ end }}{{ if or $labels.missing "" }}x{{ else }}neither{{ end }}',
    '{{ and 1 0 "x" }} {{ or 0 "" "y" "z" }} {{ and 1 2 }} {{ or 0 "" }}| {{ not "" }} {{ not 1 }}',
    "{{ and false (index $labels 5) }} {{ or true (index $labels 5) }}",
    '{{ eq "a" "b" "c" "a" }} {{ eq 1 2 }} {{ ne "a" "b" }} {{ lt "a" "b" }} {{ ge 2 2 }} {{ eq true true }} {{ eq nil nil }} {{ eq $labels.missing "" }}',
    '{{ len $labels }} {{ len $labels.text }} {{ len "abc" }} {{ index $labels "job" }} {{ index $labels "no" }}| {{ index "abc" 1 }} {{ slice "abcdef" 1 3 }} {{ slice "abcdef" 2 }} {{ slice "abc" }}',
    '{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" $labels.job }}{{ template "t" 5 }}{{ template "t" }}',
    '{{ block "b" $labels }}{{ .job }}{{ end }}{{ template "b" .ExternalLabels }}',
    '{{ define "r" }}{{ .arg0 }}-{{ .arg1 }}-{{ .arg2 }}{{ end }}{{ template "r" (args 1 "two") }} {{ args 1 2.5 "x" }} {{ (args 1).arg0 }} {{ (args 1).nope }} {{ len (args 1 2) }}',
    '{{ (query "m" | first).Labels.job }} {{ query "count(m)" | first | value }} {{ query "m" | first | label "device" }} {{ query "m" | first | label "none" }}|',
    '{{ with query "count(m)" }}{{ . | first | value | humanize }}{{ end }} {{ query "count(m)" | first | value }} {{ query "1.5" | first | value }}',
    '{{ range query "m" | sortByLabel "series" }}{{ .Labels.series }}={{ .Value }} {{ end }}',
    '{{ query "m{series=\'whole\'}" | first }} {{ printf "%v" (query "m{series=\'whole\'}" | first) }} {{ printf "%+v %d" (query "m{series=\'whole\'}" | first) (query "m{series=\'whole\'}" | first) }}',
    '{{ strvalue (query "m" | first) }}| {{ len (query "m") }} {{ (index (query "m" | sortByLabel "series") 0).Labels.series }} {{ len (slice (query "m") 1 3) }}',
    '{{ match "a+" "baaac" }} {{ match "^x" "ax" }} {{ match "(?i)NODE" $labels.job }} {{ "ab" | match "b$" }}',
    '{{ reReplaceAll "(.*):(\\\\d+)" "$2/${1}" $labels.instance }} {{ reReplaceAll "a(?P<n>b)?" "[$n$1$$]" "abac" }} {{ reReplaceAll "x*" "-" "abxc" }} {{ reReplaceAll "b" "$1x" "abc" }} {{ reReplaceAll "b" "$" "abc" }}',
    '{{ reReplaceAll "^" "<" "ab" }} {{ reReplaceAll "$" ">" "ab" }} {{ reReplaceAll "" "." "äb" }} {{ reReplaceAll "a|b*" "X" "abba" }} {{ reReplaceAll "(a)(b)" "$1_x ${2}_" "ab" }} {{ $labels.device | reReplaceAll "n\\\\d+$" "" }}',
    '{{ "aa bb-cc DD" | title }} {{ $labels.text | toUpper }} {{ "ÄB" | toLower }} {{ title "x_y z" }} {{ title "1st 2nd" }}',
    '{{ $labels.instance | stripPort }} {{ stripPort "[::1]:80" }} {{ stripPort "a:b:c" }} {{ stripPort "host" }} {{ stripPort ":80" }} {{ stripPort "[::1]" }} {{ stripPort "[a:80" }} {{ stripPort "a]:80" }}',
    '{{ graphLink "up > 1" }} {{ tableLink "rate(x[5m])" }} {{ safeHtml "<b>" }} {{ printf "%s %T" (safeHtml "x") (safeHtml "x") }}',
    '{{ parseDuration "1h30m" }} {{ parseDuration "0" }} {{ parseDuration "1y2w3d4h5m6s7ms" }} {{ parseDuration "500ms" }}',
    '{{ humanize "1234.5" }} {{ humanize 5 }} {{ humanize $labels.number }} {{ humanizeDuration 3661 }} {{ humanizePercentage "0.5" }} {{ humanizeDuration "-0.001" }} {{ humanize "+Inf" }} {{ humanize "0x1p4" }} {{ humanize1024 1048576 }}',
    "{{ humanizeDuration 899.99 }} {{ humanizeDuration 60.5 }} {{ humanizeDuration 0.0001 }} {{ humanizeDuration 12.345 }} {{ humanizeDuration -93784 }} {{ humanize 999.96 }} {{ humanize 0.00012 }} {{ humanize 1e30 }} {{ humanize 1e-30 }} {{ humanizeTimestamp -1.5 }} {{ humanizeTimestamp 0 }} {{ humanizeTimestamp 1e9 }}",
    '{{ 5 | printf "%03d-%d" 7 }} {{ "x" | printf "%s%s" "y" | printf "[%s]" }} {{ (((1))) }} {{ (printf "%d" 1) }}',
    "{{ $ }} {{ . }} {{ print | }}{{ print 1 | }}",
    "{{ $.Labels.job }} {{ with 5 }}{{ $.Value }} {{ . }}{{ end }} {{ (.Labels).job }} {{ ($labels).job }}",
    '{{\n  $labels.job\n  | printf\n "%s"\n}}',
    '{{ js `\'"<>&=\\` }} {{ js "a\\u2028b\\x01é" }} {{ html "\\x00\'" }} {{ urlquery "a b" "/~é" 5 }}',
    '{{ printf "%s" "50%" }} {{ printf "%6.2f%%" 12.345 }} {{ printf "%3c|%-3c|%03c" 65 65 65 }} {{ printf "%08b %#o %#b" 5 8 5 }} {{ printf "%+.2e" 12345.678 }} {{ printf "%x" -255 }} {{ printf "% d % d" 5 -5 }}',
    '{{ printf "%q %q" 10 955 }} {{ printf "%6.2v|%-6v|%06v" 1.5 1.5 1.5 }} {{ printf "%06d|%+06d|%-06d" -42 42 42 }} {{ printf "%.0d|%.0d" 0 1 }} {{ printf "%5.3d|%05.3d" 7 7 }}',
    '{{ printf "%05s|%5q|%.1q" "ab" "a" "abc" }} {{ printf "%!d" 1 }} {{ printf "%d %v" (len "x") (eq 1 1) }} {{ printf "%6d|" "x" }} {{ printf "%t" 1 }} {{ printf "%é" 1 }}',
]

FAILING = [
    "{{ .Foo }}",
    "{{ $value.x }}",
    "{{ .Value.x.y }}",
    "{{ $labels.job.x }}",
    "{{ if gt $value 80 }}x{{ end }}",
    "{{ if eq $labels.job 1 }}x{{ end }}",
    "{{ lt $labels 1 }}",
    "{{ lt true false }}",
    "{{ eq 1 }}",
    "{{ eq }}",
    "{{ not }}",
    "{{ len 5 }}",
    "{{ index nil 1 }}",
    "{{ index $labels 5 }}",
    "{{ index $labels nil }}",
    '{{ index "abc" 5 }}',
    '{{ index "abc" "x" }}',
    "{{ index $value 1 }}",
    '{{ slice "abc" 2 1 }}',
    '{{ slice "abc" 1 9 }}',
    "{{ slice $labels 1 }}",
    '{{ slice "abc" 0 1 2 }}',
    '{{ query "absent_metric" | first }}',
    '{{ (query "m").banana }}',
    '{{ (query "m" | first).banana }}',
    "{{ query 5 }}",
    "{{ query }}",
    '{{ query "a" "b" }}',
    "{{ first 5 }}",
    '{{ first "x" }}',
    "{{ $value | first }}",
    "{{ $labels | label `x` }}",
    '{{ humanize "abc" }}',
    "{{ humanize $labels }}",
    "{{ humanize nil }}",
    "{{ humanize true }}",
    "{{ humanizeTimestamp 1e20 }}",
    '{{ parseDuration "abc" }}',
    '{{ parseDuration "" }}',
    '{{ parseDuration "1d2y" }}',
    "{{ printf 5 }}",
    "{{ printf $value }}",
    "{{ printf nil }}",
    "{{ title 5 }}",
    "{{ toUpper $value }}",
    '{{ toUpper (safeHtml "x") }}',
    "{{ nil }}",
    "{{ 1 2 }}",
    '{{ $labels.job "x" }}',
    '{{ $labels "x" }}',
    '{{ "x" | $labels.job }}',
    '{{ .Labels.job "x" }}',
    '{{ .Value "x" }}',
    "{{ range $value }}x{{ end }}",
    "{{ range $labels.job }}x{{ end }}",
    '{{ template "nope" }}',
    'a\nbb {{ define "x" }}é {{ .Foo }}{{ end }}é{{ template "x" . }}',
    'line\n  é {{ template "x" }}',
    "{{ (1).x }}",
    "{{ call 5 }}",
    '{{ with $x := query "m" }}{{ $x.y }}{{ end }}',
    "{{ and }}",
    '{{ printf "%s" (index $labels 1) }}',
    "{{ range $k, $v := $labels }}{{ $v.x }}{{ end }}",
    "{{ 5 | print | .Labels.job }}",
    "{{ $labels.job | len | printf }}",
    "{{ value nil }}",
    "{{ label nil nil }}",
    "{{ first nil }}",
    "{{ humanize }}",
    "{{ 1 | eq }}",
    '{{ $labels.job | eq "a" 5 }}',
]
"""Of these the messages must be the same, too."""

BROKEN = [
    "{{",
    "{{ }}",
    "{{ . ",
    "}} {{ .x",
    "{{ foo }}",
    "{{ $x }}",
    "{{ $x := }}",
    "{{ if }}x{{ end }}",
    "{{ if true }}",
    "{{ if true }}{{ else }}{{ else }}{{ end }}",
    "{{ end }}",
    "{{ else }}",
    "{{ break }}",
    "{{ range . }}{{ continue 5 }}{{ end }}",
    "{{ template }}",
    "{{ template x }}",
    "{{ define x }}{{ end }}",
    '{{ define "x" }}',
    '{{ define "x" }}1{{ end }}{{ define "x" }}2{{ end }}',
    '{{ "abc }}',
    "{{ `abc }}",
    "{{ 'ab' }}",
    "{{ '' }}",
    "{{ 1a }}",
    "{{ 0x }}",
    "{{ 1e }}",
    "{{ 99999999999999999999 }}",
    "{{ .x!y }}",
    "{{ (1 }}",
    "{{ 1) }}",
    "{{ () }}",
    "{{ 1 | 2 }}",
    "{{ | print }}",
    "{{ 1.x }}",
    '{{ "a".x }}',
    "{{ nil.x }}",
    "{{/* x }}",
    "{{/* x */ y }}",
    "{{ : }}",
    "{{ $x, $y := 1 }}",
    "{{ range $a, $b, $c := . }}{{ end }}",
    "{{ ü }}",
    "{{ \u00a0 }}",
    '{{ "\\q" }}',
    "one\ntwo {{ foo }}",
    "one\n{{ print\n\n }",
    "{{ if true }}\n\n{{ foo }}",
    '{{ tmpl "x" . }}',
    "{{ $labels.a b }}",
    '{{ print "a""b" }}',
    "{{ if $x := 1 }}{{ end }}{{ $x }}",
    "{{ with 1 }}{{ else if 2 }}{{ end }}",
    "{{ end x }}",
    "{{ else x }}",
    "{{ print, 1 }}",
    "{{ range $x 5 }}{{ end }}",
    "{{ @ }}",
    '{{ block "x" }}{{ end }}',
]
"""Of these Prometheus refuses the file; ours must refuse them in the same words."""


def printf_calls(count: int) -> list[str]:
    """``count`` directives put together at random, each with a value of each kind."""
    random = Random(5)
    calls = []
    for _ in range(count):
        flags = "".join(random.sample("+-# 0", random.choice((0, 0, 1, 1, 2))))
        width = random.choice(("", "", "3", "9", "12"))
        precision = random.choice(("", "", ".", ".0", ".1", ".3", ".8"))
        form = f"%{flags}{width}{precision}{random.choice('vdsqxXeEfFgGbcoOtTU')}"
        value = random.choice(
            (*("$value", "1.5", "-0.000123456", "1e21", "100000.0", "1000000.0", "0.0"),
             *("0", "42", "-7", "1234567890", "65"),
             *('"ab"', '""', '"naïve\\tx"', "true", "nil", "$externalLabels"))
        )  # fmt: skip
        calls.append(f'{{{{ printf "{form}|" {value} }}}}')
    return calls


def humanize_calls(count: int) -> list[str]:
    """``count`` numbers of all sizes through what makes numbers readable."""
    random = Random(7)
    names = ("humanize", "humanize1024", "humanizeDuration", "humanizePercentage")
    calls = []
    for _ in range(count):
        number = (
            random.choice((-1, 1, 1, 1)) * random.uniform(1, 10) * 10 ** random.randint(-30, 17)
        )
        if random.random() < 0.3:
            number = float(round(number, random.randint(-3, 3)))
        calls.append(" ".join(f"{{{{ {name} {number!r} }}}}" for name in names))
    return calls
