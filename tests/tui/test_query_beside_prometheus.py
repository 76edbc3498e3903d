"""``onwatch query --samples`` beside Debian's Prometheus with the same file imported."""

from __future__ import annotations

import json
import math
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.prometheus import peer
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


def page() -> str:
    """Some samples, every 15 s and a bit, with a reset and a gap."""
    lines = ["# TYPE requests counter", "# TYPE queue_length gauge"]
    for at in range(80):
        moment = END - 1200 + 15 * at + 3.25
        for place, (job, code) in enumerate((("api", "200"), ("api", "500"), ("web", "200"))):
            value = (7 + 3 * place) * (at if at < 50 else at - 50)
            lines.append(f'requests_total{{job="{job}",code="{code}"}} {value} {moment}')
        if at % 20 > 3:
            lines.append(f'queue_length{{queue="mail"}} {at % 7} {moment}')
        lines.append(f'queue_length{{queue="größe"}} {at * 1.1} {moment}')
        lines.append(f"up {at % 2} {moment}")
        for place, bound in enumerate(("0.1", "0.5", "1.0", "+Inf")):
            lines.append(f'latency_bucket{{le="{bound}"}} {at * (place + 1)} {moment}')
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("beside")
    (made / "samples.om").write_text(page())
    return made


@pytest.fixture(scope="module")
def api(folder: Path) -> Iterator[str]:
    """The address of a Prometheus that holds the file."""
    tool, server = peer("promtool"), peer("prometheus")
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    imported = [str(tool), "tsdb", "create-blocks-from", "openmetrics", "samples.om", "tsdb"]
    subprocess.run(imported, cwd=folder, check=True, capture_output=True, timeout=60)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    options = [
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=tsdb",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={address}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([str(server), *options], cwd=folder, stdout=log, stderr=log)
    try:
        _wait_ready(f"http://{address}/-/ready", process, folder / "log")
        yield f"http://{address}/api/v1"
    finally:
        process.terminate()
        process.wait(20)


def _wait_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"Prometheus does not get ready: {log.read_text()[-2000:]}")


def asked(api: str, path: str, **parameters: str) -> Any:
    """What the server answers, an error's document included."""
    url = f"{api}/{path}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def ours(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> Any:
    """What onwatch prints."""
    main(["query", *arguments, "--json", "--samples", str(folder / "samples.om")])
    return json.loads(capsys.readouterr().out)


def alike(one: Any, other: Any) -> bool:
    """The same document, with texts of numbers that differ by rounding alone."""
    if isinstance(one, dict):
        return isinstance(other, dict) and (
            one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
        )
    if isinstance(one, list):
        return isinstance(other, list) and (len(one) == len(other) and all(map(alike, one, other)))
    if isinstance(one, str) and isinstance(other, str) and one != other:
        try:
            return math.isclose(float(one), float(other), rel_tol=1e-9)
        except ValueError:
            return False
    return bool(one == other)


def in_order(document: Any) -> Any:
    """The series of a vector stand in no order that means something."""
    result = document["data"]["result"]
    if document["data"]["resultType"] == "vector":
        result.sort(key=lambda row: sorted(row["metric"].items()))
    return document


@pytest.mark.parametrize("text", QUERIES)
def test_both_answer_the_same(
    text: str, api: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for at in (END, END - 333):
        theirs = asked(api, "query", query=text, time=str(at))
        assert alike(in_order(ours(capsys, folder, text, "--at", str(at))), in_order(theirs)), (
            theirs
        )
        assert theirs["status"] == "success"
        assert bool(theirs["data"]["result"]) == (text != "nothing")
    start, end = str(END - 900), str(END)
    theirs = asked(api, "query_range", query=text, start=start, end=end, step="60")
    assert alike(ours(capsys, folder, text, "--range", start, end, "60"), theirs), theirs


@pytest.mark.parametrize("text", ["requests_total[1m]", '"größe"', "queue_length[2m:30s]"])
def test_matrices_and_strings_as_well(
    text: str, api: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = asked(api, "query", query=text, time=str(END - 0.5))
    found = ours(capsys, folder, text, "--at", str(END - 0.5))
    assert theirs["data"]["resultType"] in {"matrix", "string"}
    assert alike(found, theirs), theirs


@pytest.mark.parametrize(
    ("text", "kind"),
    [("sum(", "bad_data"), ("nope(up)", "bad_data"), ("up + on() requests_total", "execution")],
)
def test_failures_have_the_same_form(
    text: str, kind: str, api: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs, found = asked(api, "query", query=text, time=str(END)), ours(capsys, folder, text)
    assert theirs.keys() == found.keys()
    assert theirs["errorType"] == found["errorType"] == kind
    assert theirs["error"][:24] == found["error"][:24]
