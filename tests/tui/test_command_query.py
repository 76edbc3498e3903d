"""``onwatch query``: over files and over what the checks collect, as table, JSON and chart."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.patience import PATIENCE
from tests.servers.http import HttpServer
from tests.tui.cli_helpers import PROGRAM, environment, onwatch
from tests.tui.terminals import OnTerminal
from tui.cli import main

SAMPLES = """\
# HELP requests What came in.
# TYPE requests counter
requests_total{code="200"} 0 1700000000
requests_total{code="200"} 60 1700000060
requests_total{code="200"} 180 1700000120
requests_total{code="500"} 3 1700000000.5
requests_total{code="500"} NaN 1700000060.25
tiny 1e-07 1700000120
huge 123456789012345680000 1700000120
below -Inf 1700000120
queue 5 1700000060
queue 6 1700000120
# EOF
"""


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "samples.om"
    path.write_text(SAMPLES)
    return path


def query(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and error of ``onwatch query … --samples samples.om``."""
    code = main(["query", *arguments, "--samples", "samples.om"])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("arguments", "table"),
    [
        (
            ['{__name__=~"requests_total|tiny"}'],
            'requests_total{code="200"}  180\nrequests_total{code="500"}  NaN\n'
            "tiny                        0.0000001\n",
        ),
        (["huge"], "huge  123456789012345680000\n"),
        (["below"], "below  -Inf\n"),
        (["sum(rate(requests_total[2m])) > 0"], "no series\n"),
        (["nothing"], "no series\n"),
        (["1 / 3"], "0.3333333333333333\n"),
        (['"text"'], "text\n"),
        (["requests_total", "--at", "1700000060"], None),
        (
            ['requests_total{code="500"}[2m]'],
            'requests_total{code="500"}\n'
            "  2023-11-14T22:13:20.500Z  3\n  2023-11-14T22:14:20.250Z  NaN\n",
        ),
        (
            ['requests_total{code="200"}', "--range", "-1m", "now", "30s"],
            'requests_total{code="200"}\n'
            "  2023-11-14T22:14:20Z  60\n  2023-11-14T22:14:50Z  60\n  2023-11-14T22:15:20Z  180\n",
        ),
    ],
)
@pytest.mark.usefixtures("samples")
def test_a_table_is_the_default(
    arguments: list[str], table: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = query(capsys, *arguments)
    assert (code, err) == (0, "")
    if table is not None:
        assert _squeezed(out) == _squeezed(table)
    else:
        assert _squeezed(out) == 'requests_total{code="200"} 60\nrequests_total{code="500"} 3\n'


def _squeezed(text: str) -> str:
    return re.sub(" +", " ", text)


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ("now", "180"),
        ("-1m", "60"),
        ("now-59s", "60"),
        ("+1m", "180"),
        ("1700000000", "0"),
        ("1700000059.999", "0"),
        ("2023-11-14T22:14:20Z", "60"),
        ("2023-11-14T23:14:20+01:00", "60"),
        ("2023-11-14T22:14:19.999Z", "0"),
    ],
)
@pytest.mark.usefixtures("samples")
def test_moments_are_written_as_one_likes(
    at: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert query(capsys, 'scalar(requests_total{code="200"})', "--at", at) == (0, f"{value}\n", "")


@pytest.mark.usefixtures("samples")
def test_json_is_that_of_prometheus_api(capsys: pytest.CaptureFixture[str]) -> None:
    def answer(*arguments: str) -> object:
        code, out, err = query(capsys, *arguments, "--json")
        assert (code, err) == (0, "")
        assert out.count("\n") == 1
        return json.loads(out)

    assert answer("tiny") == {
        "status": "success",
        "data": {
            "resultType": "vector",
            "result": [{"metric": {"__name__": "tiny"}, "value": [1700000120, "0.0000001"]}],
        },
    }
    assert answer("1", "--at", "1700000000.25") == {
        "status": "success",
        "data": {"resultType": "scalar", "result": [1700000000.25, "1"]},
    }
    assert answer('"a"') == {
        "status": "success",
        "data": {"resultType": "string", "result": [1700000120, "a"]},
    }
    assert answer("nothing") == {
        "status": "success",
        "data": {"resultType": "vector", "result": []},
    }
    ranged = answer('requests_total{code="500"}', "--range", "-2m", "now", "1m")
    assert ranged == {
        "status": "success",
        "data": {
            "resultType": "matrix",
            "result": [
                {
                    "metric": {"__name__": "requests_total", "code": "500"},
                    "values": [[1700000060, "3"], [1700000120, "NaN"]],
                }
            ],
        },
    }
    remarked = answer("quantile(2, rate(queue[2m]))")
    assert isinstance(remarked, dict)
    assert [text[:20] for text in remarked["warnings"]] == ["PromQL warning: quan"]
    assert [text[:17] for text in remarked["infos"]] == ["PromQL info: metr"]


def test_what_samples_say_is_harmless_on_a_terminal(
    samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label = "a\x1b[2Jb\x9bc\u202ed\U000e0001é"
    samples.write_text(f'up{{a="{label}"}} 1 1\n# EOF\n')
    code, out, _ = query(capsys, "up", "--json")
    assert code == 0
    assert out.rstrip("\n").isprintable()
    assert json.loads(out)["data"]["result"][0]["metric"]["a"] == label
    for arguments in (["up"], ["up", "--chart"], ["up", "--range", "-1s", "now", "1s", "--chart"]):
        code, out, _ = query(capsys, *arguments)
        assert code == 0
        assert out.replace("\n", "").isprintable()


@pytest.mark.usefixtures("samples")
def test_remarks_stand_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = query(capsys, "quantile(2, tiny)")
    assert (code, out) == (0, "{}  +Inf\n")
    assert err == ("PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)\n")


@pytest.mark.usefixtures("samples")
def test_a_wrong_expression_is_pointed_into(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = query(capsys, "sum(rat(tiny[5m])) > 1")
    assert (code, out) == (2, "")
    first, text, mark = err.splitlines()
    assert first == 'onwatch: 1:5: parse error: unknown function with name "rat"'
    assert text == "  sum(rat(tiny[5m])) > 1"
    assert mark.startswith("      ^^^")
    code, out, err = query(capsys, "1 +\n  sum(tiny", "--json")
    assert code == 2
    assert json.loads(out) == {
        "status": "error",
        "errorType": "bad_data",
        "error": 'invalid parameter "query": 2:6: parse error: unclosed left parenthesis',
    }
    assert err == "onwatch: 2:6: parse error: unclosed left parenthesis\n    sum(tiny\n       ^\n"


@pytest.mark.usefixtures("samples")
def test_the_mark_stands_beneath_wide_letters(capsys: pytest.CaptureFixture[str]) -> None:
    err = query(capsys, 'up{job="東京"} + )')[2]
    _, shown, mark = err.splitlines()
    assert cell_len(shown[: shown.index(")")]) == mark.index("^")
    assert mark.strip() == "^"


def test_bars_begin_beneath_each_other_after_wide_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wide.om"
    path.write_text('up{job="東京タワー"} 1 0\nup{job="b"} 3 0\n# EOF\n')
    code = main(["query", "up", "--at", "0", "--samples", str(path), "--chart"])
    rows = capsys.readouterr().out.splitlines()
    assert code == 0
    assert len({cell_len(row[: row.index("█")]) for row in rows}) == 1
    assert main(["query", "up", "--at", "0", "--samples", str(path), "--chart", "--ascii"]) == 0
    assert capsys.readouterr().out.isascii()


@pytest.mark.usefixtures("samples")
def test_what_cannot_be_evaluated_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = query(capsys, "requests_total + on() requests_total")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "many-to-many matching not allowed" in err
    code, out, err = query(capsys, "tiny[5m]", "--range", "-1m", "now", "10s", "--json")
    assert code == 2
    assert json.loads(out)["errorType"] == "execution"
    code, out, err = query(capsys, "tiny", "--range", "0", "now", "1ms")
    assert (code, out, err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--at", "soon"], '--at: "soon" is no moment: write unix seconds'),
        (["--at", "2023-11-14T22:14:20"], '--at: "2023-11-14T22:14:20" is no moment'),
        (["--at", "-5"], '--at: "-5" is no moment'),
        (["--at", "9" * 20], "is no moment"),
        (["--range", "now", "-1m", "10s"], "--range: its end, -1m, is before its start, now"),
        (["--range", "-1m", "now", "0"], '--range: "0" is no step'),
        (["--range", "-1m", "now", "often"], '--range: "often" is no step'),
    ],
)
@pytest.mark.usefixtures("samples")
def test_a_wrong_moment_is_said_with_its_option(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = query(capsys, "tiny", *arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a 1 1\n", ":1: the file ends without # EOF (is it cut?)"),
        ("", ": the file ends without # EOF (is it cut?)"),
        ("a 1 1\n# EOF\n\n", ":3: the file goes on after # EOF"),
        ("a 1\n# EOF\n", ":1: the sample of a has no timestamp"),
        ("a 1 1\na one 2\n# EOF\n", ':2: the value of a, "one", is no number'),
        ("a 1 1\na 1 soon\n# EOF\n", ":2: "),
        ("a 1 1e300\n# EOF\n", ":1: 1e+300 is no moment in seconds since 1970"),
        ('a{b="1",b="2"} 1 1\n# EOF\n', ":1: the label b stands there twice"),
        ('a{b="1} 1 1\n# EOF\n', ":1: the value of the label b has no closing quote"),
        ("# TYPE a sundial\n# EOF\n", ':1: "sundial" is no type of a metric'),
        ("a 1 1\r\n# EOF\n", ":1: it ends in a carriage return"),
    ],
)
def test_a_wrong_file_is_said_with_its_line(
    text: str, place: str, samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples.write_text(text, newline="")
    code, out, err = query(capsys, "a")
    assert (code, out) == (2, "")
    assert err.startswith(f"samples.om{place}")
    assert err.count("\n") == 1


def test_a_file_that_is_no_text_or_not_there(
    samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples.write_bytes(b"a 1 1\n\xff 1 2\n# EOF\n")
    assert query(capsys, "a")[2] == "samples.om:2: it is not UTF-8 text\n"
    samples.write_bytes(b"a" * 2_000_000)
    assert query(capsys, "a")[2] == "samples.om:1: the line is longer than 1 MB\n"
    samples.unlink()
    assert query(capsys, "a")[2] == "samples.om: No such file or directory\n"


def test_lines_may_stand_in_any_order(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples.write_text('a{x="1",y="2"} 2 20\na{y="2", x="1"} 1 10\na{x="1",y="2"} 3 20\n# EOF\n')
    code, out, _ = query(capsys, "a[1m]", "--json")
    assert code == 0
    assert json.loads(out)["data"]["result"] == [
        {"metric": {"__name__": "a", "x": "1", "y": "2"}, "values": [[10, "1"], [20, "3"]]}
    ]


@pytest.mark.usefixtures("samples")
def test_charts_are_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = query(capsys, "requests_total", "--range", "-2m", "now", "5s", "--chart")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].strip().startswith("┌")
    assert lines[-2:] == ['* requests_total{code="200"}', '+ requests_total{code="500"}']
    assert max(map(len, lines)) <= 80
    assert sum("*" in line for line in lines) > 5
    plain = ["requests_total > 0 or huge * 0 + 45", "--chart", "--ascii"]
    code, out, _ = query(capsys, *plain)
    assert code == 0
    assert out.isascii()
    wide, narrow = (line.count("#") for line in out.splitlines())
    assert narrow * 3 < wide < narrow * 5
    assert query(capsys, "1", "--chart")[1] == "a single value makes no chart\n"
    assert query(capsys, "nothing", "--chart")[1] == "no series\n"


def test_plotext_is_imported_for_charts_alone(samples: Path) -> None:
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    for options, wanted in (("", "False"), (", '--chart', '--range', '-1m', 'now', '10s'", "True")):
        code = (
            "import sys; from tui.cli import main; "
            f"main(['query', 'tiny', '--samples', {str(samples)!r}{options}]); "
            "print('plotext' in sys.modules, 'textual' in sys.modules, 'pydantic' in sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == f"{wanted} False False"


def test_the_checks_are_asked(tmp_path: Path, http_server: HttpServer) -> None:
    url = http_server.answer("/", "fine")
    (tmp_path / "onwatch.yaml").write_text(
        f"version: 1\nchecks:\n  - {{name: api, http: '{url}', interval: 500ms}}\n"
    )
    done = onwatch(tmp_path, "query", "up", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (series,) = json.loads(done.stdout)["data"]["result"]
    assert series["value"][1] == "1"
    done = onwatch(tmp_path, "query", "count_over_time(up[1m])", "--for", "1s", "--json")
    (series,) = json.loads(done.stdout)["data"]["result"]
    assert 3 <= int(series["value"][1]) <= 4
    assert re.fullmatch(
        r"note: it looks back 1 min, and there are samples of [12] s: rates and increases come out "
        r"too low; --for 60s collects as much\n",
        done.stderr,
    )
    done = onwatch(tmp_path, "query", "up", "--for", "often")
    assert (done.returncode, done.stderr) == (
        2,
        'onwatch: --for: "often" is no duration such as 10s\n',
    )


def test_on_a_terminal_a_chart_has_colours(tmp_path: Path) -> None:
    path = tmp_path / "s.om"
    path.write_text("a 1 0\na 2 60\nb 2 0\n# EOF\n")
    arguments = [str(PROGRAM), "query", '{__name__=~"a|b"}', "--samples", str(path), "--chart"]
    for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        with OnTerminal(
            [*arguments, "--range", "-1m", "now", "1s"],
            size=(60, 24),
            environ=environment(tmp_path, **extra),
        ) as shown:
            assert shown.wait_reading(PATIENCE) == 0
            assert (b"\x1b[38;5;" in shown.output) is coloured
            text = re.sub(r"\x1b\[[0-9;]*m", "", shown.output.decode())
            assert {len(line) for line in text.splitlines() if line.endswith("│")} == {60}
