"""YAML: values with lines, and one sentence for each way of not being a configuration."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from checks.documents.document import parse, show_path
from checks.errors import ConfigError


def complaint(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse("f.yaml", text)
    return str(caught.value)


def test_scalars_follow_the_core_schema_of_yaml_1_2() -> None:
    document = parse(
        "f",
        "a: [1, -2, 0x1f, 1.5, .5, 1e3, true, False, ~, null]\n"
        "b: [no, on, 12:30, 2024-01-01, 1_000, 1.2.3, '5', \"true\", 127.0.0.1]\nc:\n",
    )
    assert document.data == {
        "a": [1, -2, 31, 1.5, 0.5, 1000.0, True, False, None, None],
        "b": ["no", "on", "12:30", "2024-01-01", "1_000", "1.2.3", "5", "true", "127.0.0.1"],
        "c": None,
    }


def test_every_key_and_item_knows_its_line() -> None:
    document = parse("f", "a: 1\nb:\n  - c: 2\n\n    d: 3\n  - 4\n")
    assert document.line(("b",)) == 2
    assert document.line(("b", 0, "d")) == 5
    assert document.line(("b", 1)) == 6
    assert document.line(("b", 1, "not", "there")) == 6


def test_a_merge_adds_what_is_not_there() -> None:
    document = parse("f", "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {y: 4, <<: [*a, {z: 5}]}\n")
    assert document.data["b"] == {"x": 1, "y": 3}
    assert document.data["c"] == {"x": 1, "y": 4, "z": 5}


def test_paths_are_shown_as_people_write_them() -> None:
    assert show_path(("checks", 2, "http", "json", "a.b")) == 'checks[2].http.json["a.b"]'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "f.yaml: is empty; it needs `version` and `checks`"),
        ("# nothing\n\n", "f.yaml: is empty; it needs `version` and `checks`"),
        ("- a\n- b\n", "f.yaml:1: expected keys and values at the top of the file, not a list"),
        ("hello", "f.yaml:1: expected keys and values at the top of the file, not a single value"),
        ("a:\n\tb: 1\n", "f.yaml:2: a tab indents this line; YAML wants spaces"),
        ("a: 1\n\tb: 2\n", "f.yaml:2: a tab indents this line; YAML wants spaces"),
        ("a: 1\nb: x\x14y\n", "f.yaml:2: not valid YAML: it holds U+0014, which no YAML may"),
        ("a: 1\nb: 'x\nc: 2\n", "f.yaml:2: not valid YAML: a quote is opened and not closed"),
        (
            'a: "x\nb: 1\nc: "y"\n',
            "f.yaml:1: not valid YAML: a quote is opened and not closed before the one in line 3",
        ),
        (
            "a: 1\nb: 'x\nc: 'y'\nd: 'z'\n",
            "f.yaml:2: not valid YAML: a quote is opened and not closed before the one in line 3",
        ),
        (
            "a: b: c\n",
            "f.yaml:1: not valid YAML: a colon where none can be; check the indentation, "
            "or put the value in quotes (column 5)",
        ),
        (
            "a:\n  b: 1\n c: 2\n",
            "f.yaml:3: not valid YAML: this does not fit the lines above; check the indentation "
            "(column 2)",
        ),
        (
            "a: [1, 2\nb: 3\n",
            "f.yaml:2: not valid YAML: a [ is opened and not closed, or a comma is missing "
            "(column 2)",
        ),
        (
            "a: @b\n",
            "f.yaml:1: not valid YAML: a value cannot begin with this character; put it in quotes "
            "(column 4)",
        ),
        ("a: *gone\n", "f.yaml:1: not valid YAML: found undefined alias (column 4)"),
        (
            "a:\n  b: 1\n  c 3s\nd: 1\n",
            "f.yaml:3: not valid YAML: a key without a colon behind it",
        ),
        ("a: 1\nb\nc: 2\n", "f.yaml:2: not valid YAML: a key without a colon behind it"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2: holds a second document (`---`); keep one a file"),
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: a: is given twice; first on line 1"),
        ("? [a]\n: 1\n", "f.yaml:1: a key must be plain text"),
        (
            "a: !!python/object/apply:os.system [id]\n",
            "f.yaml:1: a: the YAML tag !!python/object/apply:os.system is not supported; "
            "leave it out",
        ),
        ("a: !secret x\n", "f.yaml:1: a: the YAML tag !secret is not supported; leave it out"),
        ("a: !!int x\n", "f.yaml:1: a: the value does not fit its tag !!int"),
        ("a: 1" + "0" * 5000, "f.yaml:1: a: the value does not fit its tag !!int"),
        ("a: &a [*a]\n", "f.yaml:1: an alias refers to what it is part of"),
        ("a: {<<: 5}\n", "f.yaml:1: a: `<<` takes the alias of a mapping, or a list of them"),
    ],
)
def test_one_sentence_says_what_is_wrong(text: str, sentence: str) -> None:
    assert complaint(text) == sentence


def test_all_duplicates_and_tags_are_told_at_once() -> None:
    assert complaint("a: 1\na: 2\nb: !x 1\n").splitlines() == [
        "f.yaml:2: a: is given twice; first on line 1",
        "f.yaml:3: b: the YAML tag !x is not supported; leave it out",
    ]


def test_nesting_that_would_exhaust_the_stack_is_refused() -> None:
    assert complaint("[" * 200_000) == "f.yaml:1: is nested more than 50 levels deep"


def test_aliases_that_multiply_are_refused() -> None:
    laughs = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    laughs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    assert "aliases expand to more than 100,000 values" in complaint("\n".join(laughs))


@pytest.mark.parametrize("keys", [0, 20_000])
def test_merging_the_same_again_and_again_is_refused(keys: int) -> None:
    """What it adds is nothing, but it took half a minute to find out."""
    own = ", ".join(f"k{number}: 1" for number in range(20_000 - keys))
    theirs = ", ".join(f"k{number}: 1" for number in range(keys))
    text = f"a: &a {{{theirs}}}\nb: {{{own}{', ' if own else ''}<<: [{', '.join(['*a'] * 9_000)}]}}"
    began = time.process_time()
    if keys:
        assert "aliases expand to more than 100,000 values" in complaint(text)
    else:
        assert len(parse("f.yaml", text).data["b"]) == 20_000
    assert time.process_time() - began < 3


def test_without_libyaml_the_same_comes_out() -> None:
    code = (
        "import sys; sys.modules['yaml._yaml'] = sys.modules['yaml.cyaml'] = None\n"
        "from checks.documents.document import _Loader, parse\n"
        "from checks.documents.slow_yaml import Parser\n"
        "assert issubclass(_Loader, Parser)\n"
        "made = parse('f', 'a: [1, no, &x {b: 2.5}]\\nc: *x\\n')\n"
        "print(made.data, made.line(('c', 'b')))\n"
        "for text in ('[' * 5000, 'a: 1\\na: 2', 'a:\\n\\tb: 1', 'a: \\'x'):\n"
        "    try:\n"
        "        parse('f', text)\n"
        "    except Exception as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "{'a': [1, 'no', {'b': 2.5}], 'c': {'b': 2.5}} 1",
        "f:1: is nested more than 50 levels deep",
        "f:2: a: is given twice; first on line 1",
        "f:2: a tab indents this line; YAML wants spaces",
        "f:1: not valid YAML: a quote is opened and not closed",
    ]


def test_a_file_that_would_take_long_is_refused_at_once() -> None:
    began = time.process_time()
    assert "f.yaml:30000: has more than 60,000 keys and values" in complaint("a: 1\n" * 150_000)
    assert time.process_time() - began < 1


def test_what_is_wrong_with_a_megabyte_is_said_soon() -> None:
    """The scanner in Python took more than ten seconds to look for a quote in it."""
    began = time.process_time()
    assert "f.yaml:1: not valid YAML: this does not fit the lines above" in complaint(
        ": " * 500_000
    )
    assert time.process_time() - began < 2
