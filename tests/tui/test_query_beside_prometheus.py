"""``onwatch query --samples`` beside Debian's Prometheus with the same file imported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.prometheus_api import Api, alike, in_order, page_of_samples, serving
from tui.cli import main

END = 1_700_001_200
QUERIES = (
    "up",
    "queue_length > 2",
    "sum by (job) (rate(requests_total[5m]))",
    'increase(requests_total{job="api"}[3m]) / 3',
    "requests_total offset 2m",
    "max_over_time(queue_length[4m])",
    "histogram_quantile(0.9, rate(latency_bucket[5m]))",
    "topk(1, queue_length)",
    "requests_total / ignoring(code) group_left sum without (code) (requests_total)",
    "absent(nothing)",
    "nothing",
    "scalar(sum(queue_length)) / 0",
    "1e21 + 0.000001",
    "time() - 0.5",
)
"""Nothing stands on the bound of a range, which in Debian's 2.42 is still included."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("beside")


@pytest.fixture(scope="module")
def api(folder: Path) -> Iterator[Api]:
    with serving(folder, page_of_samples(80, END)) as api:
        yield api


def ours(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> Any:
    """What onwatch prints."""
    main(["query", *arguments, "--json", "--samples", str(folder / "samples.om")])
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("text", QUERIES)
def test_both_answer_the_same(
    text: str, api: Api, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for at in (END, END - 333):
        theirs = api.ask("query", query=text, time=str(at))
        assert alike(in_order(ours(capsys, folder, text, "--at", str(at))), in_order(theirs)), (
            theirs
        )
        assert theirs["status"] == "success"
        assert bool(theirs["data"]["result"]) == (text != "nothing")
    start, end = str(END - 900), str(END)
    theirs = api.ask("query_range", query=text, start=start, end=end, step="60")
    assert alike(ours(capsys, folder, text, "--range", start, end, "60"), theirs), theirs


@pytest.mark.parametrize("text", ["requests_total[1m]", '"größe"', "queue_length[2m:30s]"])
def test_matrices_and_strings_as_well(
    text: str, api: Api, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = api.ask("query", query=text, time=str(END - 0.5))
    found = ours(capsys, folder, text, "--at", str(END - 0.5))
    assert theirs["data"]["resultType"] in {"matrix", "string"}
    assert alike(found, theirs), theirs


@pytest.mark.parametrize(
    ("text", "kind"),
    [("sum(", "bad_data"), ("nope(up)", "bad_data"), ("up + on() requests_total", "execution")],
)
def test_failures_have_the_same_form(
    text: str, kind: str, api: Api, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs, found = api.ask("query", query=text, time=str(END)), ours(capsys, folder, text)
    assert theirs.keys() == found.keys()
    assert theirs["errorType"] == found["errorType"] == kind
    assert theirs["error"][:24] == found["error"][:24]
