"""``onwatch slo``, ``capacity`` and ``baseline``: on a real file, and against a real server."""

from __future__ import annotations

import json
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checks.capacity.remembered import about
from checks.longterm.tally import HOUR, MINUTE, Key, Tally
from checks.story.journal import Journal
from checks.story.place import story_file
from checks.story.tables import Batch
from tui.cli import main
from tui.config import load

Run = Callable[..., tuple[int, str, str]]
CONFIG = """\
version: 1
objectives:
  - {name: there, objective: 99.9%, probe: gateway}
  - {name: later, objective: 99%, up: gateway}
capacity:
  - {name: users, expr: users_total, limit: 20k, over: 30d, warning: 14d, expected: 10%}
checks: [{name: gateway, tcp: '127.0.0.1:PORT'}]
"""


@pytest.fixture
def server() -> Iterator[int]:
    """A port that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: int) -> Path:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "onwatch.yaml"
    file.write_text(CONFIG.replace("PORT", str(server)))
    file.chmod(0o600)
    return tmp_path


@pytest.fixture
def onwatch(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def write(home: Path, batch: Batch) -> None:
    """As the running monitor does."""
    journal = Journal(story_file(socket.gethostname(), str(home / "onwatch.yaml")))
    journal.open()
    journal.write(batch)
    journal.close()


def counted(home: Path, *, bad_minutes: int) -> None:
    """Two hours of the objective ``there``, whose last minutes were bad."""
    objective = load(str(home / "onwatch.yaml")).engine.objectives[0]
    now, batch = time.time(), Batch()
    for minute in range(120):
        good = 0.0 if minute < bad_minutes else 60.0
        for step in (MINUTE, HOUR):
            start = int((now - 60 * minute) // step) * step
            key = Key(objective.key, step, start)
            held = batch.tallies.get(key, Tally(key, 0.0, 0.0, 0.0))
            added = (held.first + good, held.second + 60, held.third + 60)
            batch.tallies[key] = Tally(key, *added)
    write(home, batch)


def test_objectives_as_the_monitor_counted_them(home: Path, onwatch: Run) -> None:
    counted(home, bad_minutes=0)
    code, out, _ = onwatch("slo", "there")
    assert code == 0
    assert "ok      there      99.9 %" in out
    assert "known: 2 h of 30 d" in out
    code, out, _ = onwatch("slo")
    assert code == 3, "of one nothing is known"
    counted(home, bad_minutes=10)
    code, out, _ = onwatch("slo", "there", "--json")
    (told,) = json.loads(out)
    times = 1 - told["error_budget_remaining"]
    assert f"  spent {times:.1f}x  " in onwatch("slo", "there")[1]
    assert code == 2
    assert told["status"] == "critical"
    assert told["bad"] == pytest.approx(600.0)
    assert told["error_budget_remaining"] < -50
    assert told["burn_rates"][0] == {
        "window_seconds": 300.0,
        "rate": pytest.approx(1000.0),
        "known_seconds": 300.0,
        "low_traffic": False,
    }


def test_capacity_as_the_monitor_saw_it_and_what_it_comes_to(home: Path, onwatch: Run) -> None:
    (users,) = load(str(home / "onwatch.yaml")).engine.capacity
    labels = (("instance", "a"), ("job", "gateway"))
    now, batch = time.time(), Batch()
    series = users.key(labels)
    batch.tallied[series] = about(users, labels, 20_000.0)
    for hour in range(24 * 20):
        key = Key(series, HOUR, int((now - 3600 * hour) // 3600) * 3600)
        value = 19_000.0 - hour * 6.0
        batch.tallies[key] = Tally(key, value, value, 1.0)
    write(home, batch)
    code, out, _ = onwatch("capacity", "users", "--at", "6months")
    assert code == 1
    assert "reaches 20,000 in 7 d at 144/d" in out
    assert "gateway" in out
    (told,) = json.loads(onwatch("capacity", "--at", "6months", "--json")[1])
    assert told["forecast"]["value"] == pytest.approx(19_000 + 6 * 24 * 30.44 * 6, rel=0.01)
    assert told["forecast"]["planned"] == pytest.approx(19_000 * 1.1**6, rel=0.01)
    assert told["growth_per_month"] == pytest.approx(144 * 30.44 / 19_000, rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("slo", "nothing"), 'no objective is called "nothing"; there are there, later'),
        (("capacity", "nothing"), 'nothing is called "nothing"'),
        (("capacity", "--at", "soon"), "write 6months, 90d, or a date"),
        (("capacity", "--at", "2020-01-01"), "2020-01-01 is over"),
        (("capacity", "--at", "99999999months"), '"99999999months" is no time'),
        (("baseline", "compare", "--tolerance", "p96=1%"), 'there is no figure "p96"'),
        (("baseline", "compare", "--tolerance", "much"), "write 20% or p95=10%"),
        (("baseline", "save", "a/b"), "is no name for a baseline"),
        (("baseline", "compare", "nothing"), 'no baseline is called "nothing"'),
        (("baseline", "save", "x", "--for", "soon"), "--for"),
    ],
)
def test_mistakes_are_told_in_a_line(
    home: Path, onwatch: Run, arguments: tuple[str, ...], says: str
) -> None:
    del home
    code, _, err = onwatch(*arguments)
    assert code == 2
    assert says in err


def test_before_anything_was_followed(home: Path, onwatch: Run) -> None:
    del home
    code, out, _ = onwatch("slo", "there")
    assert (code, "nothing is known yet" in out) == (3, True)
    code, out, _ = onwatch("capacity")
    assert code == 3
    assert "nothing was seen of it yet: users_total" in out
    assert onwatch("baseline", "compare")[0] == 3
    code, out, _ = onwatch("baseline", "list")
    assert (code, out) == (0, "no baseline is saved yet: onwatch baseline save NAME\n")


def test_a_baseline_is_measured_saved_and_compared_with(
    home: Path, onwatch: Run, server: int
) -> None:
    code, out, _ = onwatch("baseline", "save", "good", "--for", "0s")
    assert code == 0
    assert "1 figure saved as good" in out
    (path,) = (home / "xdg_state_home/onwatch/baselines").glob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    data = json.loads(path.read_text())
    ((check, kind, value),) = data["figures"]
    assert (check, kind) == ("gateway", "latency")
    assert onwatch("baseline", "compare", "--for", "0s", "--tolerance", "9999%")[0] == 0
    # A day on which it was much quicker than it can be.
    data["figures"] = [[check, kind, -1.0]]
    path.write_text(json.dumps(data))
    code, out, _ = onwatch("baseline", "compare", "--for", "0s", "--json")
    assert code == 1
    (told,) = json.loads(out)["figures"]
    assert (told["verdict"], told["before"]) == ("worse", -1.0)
    assert 0 < told["now"] < 1
    assert value > 0
    code, out, _ = onwatch("baseline", "show")
    assert "gateway  latency" in out
    assert "good" in onwatch("baseline", "list")[1]
    file = home / "onwatch.yaml"
    file.write_text(file.read_text().replace(str(server), "1"))
    code, out, err = onwatch("baseline", "compare", "--for", "0s")
    assert code == 3
    assert "not known now" in out
    assert "nothing of gateway: " in err


def test_a_baseline_that_is_named_and_not_saved_is_warned_of(home: Path, onwatch: Run) -> None:
    with (home / "onwatch.yaml").open("a") as file:
        file.write("baseline: before\n")
    code, out, _ = onwatch("validate")
    assert code == 0
    assert 'warning: baseline: no baseline is called "before"' in out
