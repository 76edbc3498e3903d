"""What a template names is known without executing it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from checks.templates import Expander, is_steady, parse

SHARED = Path(__file__).parents[4] / "shared" / "rules"


def test_labels_are_found_wherever_they_are_named() -> None:
    named = parse(
        "{{ $labels.a }} {{ .Labels.b }} {{ $.Labels.c }} {{ index $labels `d` }}"
        "{{ if $labels.e }}{{ printf `%s` (print $labels.f) }}{{ else }}{{ $labels.g }}{{ end }}"
        "{{ range $labels.h }}{{ end }}{{ with 1 }}{{ $labels.i }}{{ .Labels.not }}{{ end }}"
        '{{ define "x" }}{{ .Labels.neither }}{{ end }}{{ template "x" $labels.j }}'
        "{{ $externalLabels.region }}{{ index .ExternalLabels `zone` }}"
    ).references
    assert named.labels == frozenset("abcdefghij")
    assert named.external_labels == {"region", "zone"}
    assert named.doubts == ()


def test_functions_and_the_expressions_that_are_queried_are_found() -> None:
    named = parse(
        '{{ query "up == 0" | first | value | humanize }}\n\n'
        '{{ with printf "x{a=%q}" $labels.a | query }}{{ end }}{{ "sum(y)" | query }}'
    ).references
    assert named.functions == {"query", "first", "value", "humanize", "printf"}
    assert named.queries == ((1, "up == 0"), (3, "sum(y)"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("\n{{ .Instance }}", ".Instance is no field of an alert, which has .Labels, "),
        ("\n{{ $.labels.x }}", ".labels is no field of an alert"),
        ("\n{{ if 1 }}{{ .instance }}{{ end }}", ".instance is no field of an alert"),
        ("\n{{ $value.x }}", "$value has no field x"),
        ("\n{{ .Value.x }}", "$value has no field x"),
        ("\n{{ $labels.job.name }}", "a label's value is text and has no field name"),
    ],
)
def test_what_must_fail_is_doubted(text: str, sentence: str) -> None:
    ((line, doubt),) = parse(text).references.doubts
    assert line == 2
    assert doubt.startswith(sentence)
    # and it does fail
    made = Expander().expand(text, "A", {"job": "x"}, 1.0)
    assert made.startswith("<error expanding template: ")


def _shared_templates() -> list[str]:
    return [
        str(text)
        for path in sorted(SHARED.glob("*.yml"))
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
        for rule in group["rules"]
        for text in (*rule.get("annotations", {}).values(), *rule.get("labels", {}).values())
    ]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of shared rule files is not here")
def test_every_template_of_the_shared_rule_files_expands() -> None:
    templates = _shared_templates()
    assert len(templates) > 400
    expander = Expander(lambda _: [({"instance": "a"}, 1.0)])
    for text in templates:
        named = parse(text).references
        assert named.doubts == ()
        labels = {name: f"<{name}>" for name in named.labels}
        made = expander.expand(text, "A", labels, 0.25)
        assert "{{" not in made
        assert "<error" not in made
        assert all(label in made for label in labels.values())


@pytest.mark.parametrize(
    ("text", "steady"),
    [
        ("plain", True),
        ("{{ $labels.job }} has {{ $value | humanize }}", True),
        ("{{ $externalURL }} {{ pathPrefix }}", True),
        ("{{ no such function }}", True),
        ('{{ query "up" | len }}', False),
        ('{{ range query "up" }}{{ .Value }}{{ end }}', False),
        ("{{ if true }}{{ now }}{{ end }}", False),
        ('{{ define "x" }}{{ now }}{{ end }}{{ template "x" }}', False),
    ],
)
def test_a_text_is_steady_that_rests_on_its_alert_alone(text: str, steady: bool) -> None:
    assert is_steady(text) is steady
