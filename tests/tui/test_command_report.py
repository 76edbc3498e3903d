"""``onwatch report`` and ``onwatch note``, on a real file; and after a session was killed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checks.model import Status
from checks.story.journal import Journal
from checks.story.model import Incident
from checks.story.place import story_file
from checks.story.tables import Batch
from tests.checks.story.night import BEGAN, material
from tests.patience import PATIENCE
from tests.tui.terminals import OnTerminal
from tui.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, in which a configuration lies."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "onwatch.yaml"
    file.write_text("version: 1\nchecks: [{name: gateway, tcp: '127.0.0.1:1'}]\n")
    file.chmod(0o600)
    return tmp_path


@pytest.fixture
def onwatch(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def written(home: Path, *, lasts: bool = False) -> Journal:
    """The file of the night that :mod:`tests.checks.story.night` tells, opened."""
    path = story_file(socket.gethostname(), str(home / "onwatch.yaml"))
    journal = Journal(path)
    journal.open()
    told = material(lasts=lasts)
    batch = Batch(entries=list(told.entries), incidents=[told.incident], figures=list(told.figures))
    journal.write(batch)
    return journal


def test_the_newest_incident_is_reported_from_the_file(home: Path, onwatch: Run) -> None:
    written(home).close()
    code, text, _ = onwatch("report")
    assert code == 0
    assert text.startswith("# Incident 12: MySQLConnections: 98 % of max_connections")
    assert "2,940 of 9,600 requests of `log` failed" in text
    assert "▶ step `mysql-connections › end-idle`: exit code 1" in text
    assert "The runbook of MySQLConnections of gateway is not there" in text
    assert "later than P1 asks for" not in text
    assert onwatch("report", "12")[1].splitlines()[:50] == text.splitlines()[:50]


def test_a_report_is_made_while_another_one_writes_into_the_file(home: Path, onwatch: Run) -> None:
    journal = written(home, lasts=True)
    try:
        code, text, _ = onwatch("report")
        assert code == 0
        assert "**lasts**" in text
    finally:
        journal.close()


def test_it_goes_into_a_file_that_others_cannot_read(home: Path, onwatch: Run) -> None:
    written(home).close()
    code, said, _ = onwatch("report", "12", "--output", "night.md")
    assert (code, said) == (0, "the report of incident 12 is in night.md\n")
    file = home / "night.md"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().startswith("# Incident 12")
    file.write_text("root cause: the pool was too small")
    code, _, error = onwatch("report", "12", "--output", "night.md")
    assert (code, error) == (2, "onwatch: night.md is there already: --force overwrites it\n")
    assert file.read_text().startswith("root cause")
    assert onwatch("report", "12", "--output", "night.md", "--force")[0] == 0
    assert file.read_text().startswith("# Incident 12")
    assert onwatch("report", "--output", "/dev/null")[0] == 0
    assert Path("/dev/null").is_char_device()
    (home / "taken").write_text("")
    code, _, error = onwatch("report", "--output", "taken/night.md")
    assert code == 2
    assert "taken/night.md cannot be written" in error
    code, _, error = onwatch("report", "--output", "nigth/shift/12.md")
    assert code == 2
    assert "nigth/shift/12.md cannot be written: there is no folder nigth/shift" in error
    assert not (home / "nigth").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a link away takes root")
def test_no_link_of_somebody_else_leads_it_to_another_file(home: Path, onwatch: Run) -> None:
    written(home).close()
    mine, link = home / "mine", home / "night.md"
    mine.write_text("mine")
    link.symlink_to(mine)
    assert onwatch("report", "12", "--output", "night.md", "--force")[0] == 0
    assert mine.read_text().startswith("# Incident 12"), "a link of one's own is followed"
    mine.write_text("mine")
    os.chown(link, 65_534, -1, follow_symlinks=False)
    code, _, error = onwatch("report", "12", "--output", "night.md", "--force")
    assert code == 2
    assert "it is a link that belongs to somebody else" in error
    assert mine.read_text() == "mine"


def test_incidents_are_listed_and_the_same_is_there_for_programs(home: Path, onwatch: Run) -> None:
    written(home).close()
    _, text, _ = onwatch("report", "--list")
    head, row = text.splitlines()
    assert head.split() == ["id", "severity", "began", "lasted", "acknowledged", "what"]
    assert re.match(r"12  critical  2026-01-31 02:05  7 m 40 s  after 2 m 5 s +MySQL", row)
    (listed,) = json.loads(onwatch("report", "--list", "--json")[1])
    assert (listed["id"], listed["time_to_resolve"]) == (12, 460.0)
    data = json.loads(onwatch("report", "--json")[1])
    assert data["impact"][0]["during"]["failed"] == 2940


def test_what_is_not_there_is_said_in_one_line(home: Path, onwatch: Run) -> None:
    code, text, _ = onwatch("report")
    assert (code, text.startswith("no incident has been recorded yet")) == (0, True)
    assert onwatch("report", "--list", "--json")[1] == "[]\n"
    written(home).close()
    long = "x" * 300
    code, _, error = onwatch("report", "-o", f"{long}/report.md")
    assert code == 2
    # Newer Pythons take what cannot be a name for what is not there.
    whys = ("File name too long", f"there is no folder {long}")
    assert error in [f"onwatch: {long}/report.md cannot be written: {why}\n" for why in whys]
    code, _, error = onwatch("report", "-o", "~nobody-here/report.md")
    assert code == 2
    assert "there is no folder ~nobody-here" in error
    code, text, error = onwatch("report", "99")
    assert (code, text) == (2, "")
    assert error == "onwatch: there is no incident 99; known is incident 12 alone (--list)\n"
    code, _, error = onwatch("report", "-c", "none.yaml")
    assert (code, error) == (2, "onwatch: there is no configuration none.yaml\n")
    code, _, error = onwatch("report", "-c", long)
    assert (code, error) == (2, f"onwatch: there is no configuration {long}\n")


def test_a_broken_configuration_keeps_nobody_from_their_report(home: Path, onwatch: Run) -> None:
    written(home).close()
    (home / "onwatch.yaml").write_text("version: 1\nchecks: {")
    code, text, error = onwatch("report")
    assert code == 0
    assert text.startswith("# Incident 12")
    assert "the configuration cannot be read, and the report goes without it" in error


def test_a_note_is_a_mark_at_the_time_it_names(home: Path, onwatch: Run) -> None:
    code, said, _ = onwatch("note", "--at", "-10m", "deployed", "1.2.3")
    assert code == 0
    assert said.startswith("deployment written into the timeline at ")
    journal = Journal(story_file(socket.gethostname(), str(home / "onwatch.yaml")))
    journal.open(create=False)
    (entry,) = journal.entries()
    journal.close()
    assert (entry.kind, entry.text) == ("deployment", "deployed 1.2.3")
    assert abs(time.time() - 600 - entry.at) < 20
    assert entry.who


def test_a_note_belongs_to_the_incident_of_its_time(home: Path, onwatch: Run) -> None:
    journal = written(home, lasts=True)
    journal.close()
    at = datetime.fromtimestamp(BEGAN + 60, UTC)
    if time.time() - BEGAN < 80 * 86_400:
        code, said, _ = onwatch("note", "--at", f"{at:%Y-%m-%dT%H:%M:%SZ}", "root cause: the pool")
        assert (code, "of incident 12 at" in said) == (0, True)
    code, said, _ = onwatch("note", "--incident", "12", "impact: no checkout")
    assert "of incident 12" in said
    assert "Impact: no checkout" in onwatch("report")[1]


def test_a_note_of_now_belongs_to_the_incident_of_which_something_still_fires(
    home: Path, onwatch: Run
) -> None:
    now = time.time()
    lasts = Incident(13, "disk full", "disk", Status.WARNING, now - 600)
    worse = replace(lasts, id=14, status=Status.CRITICAL)
    over = replace(worse, id=15, quiet=now - 60)
    with contextlib.closing(written(home)) as journal:
        journal.write(Batch(incidents=[lasts, over]))
        assert "of incident 13 at" in onwatch("note", "deployed 1.2.3")[1]
        assert "of incident 15 at" in onwatch("note", "--at", "-3m", "deployed 1.2.3")[1]
        journal.write(Batch(incidents=[worse]))
        assert "of incident 14 at" in onwatch("note", "deployed 1.2.3")[1]
        ended = [replace(one, ended=now - 1, quiet=now - 1) for one in (lasts, worse)]
        journal.write(Batch(incidents=ended))
        assert "of incident 15 at" in onwatch("note", "deployed 1.2.3")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--at", "2099-01-01T00:00", "x"), "--at: 2099-01-01 00:00 has not come yet"),
        (("--at", "lunch", "x"), '--at: "lunch" is no time; write 14:05'),
        (("--at", "25:99", "x"), '--at: "25:99" is no time'),
        (("--at", "2019-01-01", "x"), "--at: that is more than 90 days ago"),
        (("--incident", "7", "x"), "there is no incident 7"),
        (("  ",), "the note is empty"),
    ],
)
def test_a_note_that_cannot_be_taken_says_why(
    home: Path, onwatch: Run, arguments: tuple[str, ...], said: str
) -> None:
    del home
    code, text, error = onwatch("note", *arguments)
    assert (code, text) == (2, "")
    assert said in error


def test_who_only_looks_writes_no_note(home: Path, onwatch: Run) -> None:
    del home
    code, text, error = onwatch("--no-annotate", "note", "x")
    assert (code, text) == (2, "")
    assert "--no-annotate: no note is written" in error


CONFIG = """
version: 1
defaults: {interval: 1s, timeout: 500ms}
runbooks: [mend.md]
attention: false
checks:
  - {name: db, runbook: mend, tcp: {address: "127.0.0.1:1"}}
"""
RUNBOOK = """# Mend the database

Wait for it.

```bash {name=wait-long safe}
printf '%s-%s\\n' has begun; sleep 600
```
"""


def recorded(home: Path, terminal: OnTerminal) -> None:
    """Wait until an incident stands in the file."""
    path = story_file(socket.gethostname(), str(home / "onwatch.yaml"))
    until = time.monotonic() + PATIENCE
    while True:
        assert time.monotonic() < until, "nothing was recorded"
        list(terminal.drain())
        if path.exists():
            with (
                contextlib.suppress(sqlite3.Error),
                contextlib.closing(sqlite3.connect(path)) as held,
            ):
                if held.execute("SELECT count(*) FROM incidents").fetchone() != (0,):
                    return


PROGRAM = "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"


def test_after_a_kill_in_the_middle_of_a_step_the_report_agrees_with_the_audit_log(
    home: Path, onwatch: Run
) -> None:
    for name, text in (("onwatch.yaml", CONFIG), ("mend.md", RUNBOOK)):
        (home / name).write_text(text)
        (home / name).chmod(0o600)
    environ = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    with OnTerminal(["-c", PROGRAM, "-c", str(home / "onwatch.yaml")], environ=environ) as terminal:
        terminal.read_until(b"CRITICAL")
        recorded(home, terminal)
        terminal.type(b"r")
        terminal.read_until(b"wait-long")
        terminal.read_until(b"sleep 600")
        terminal.type(b"\r")
        terminal.read_until(b"has-begun")
        os.kill(terminal.process.pid, signal.SIGKILL)
        terminal.process.wait()
    code, text, _ = onwatch("report")
    assert code == 0
    assert text.startswith("# Incident 1: db down: connection to 127.0.0.1:1 refused")
    assert "▶ step `mend › wait-long`" in text
    assert "Look what the step mend › wait-long has done: it was cut off." in text
    assert "how far it had come is not known — " in text, "nor how long it took"
    data = json.loads(onwatch("report", "--json")[1])
    (step,) = data["steps"]
    (file,) = (home / "state" / "onwatch").glob("steps-*.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["started", "cut off"]
    began = datetime.fromisoformat(lines[0]["at"]).timestamp()
    assert abs(step["began"] - began) < 1.0
    assert (step["exit_code"], step["looks_only"]) == (None, True)
