"""The journal is read: of a real journald where there is one, else of what one has answered."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checks.logs.inputs import LogInput
from checks.logs.journal import JournalReader
from checks.logs.model import Level, Record
from checks.logs.reading import Batch
from tests.checks.journald import journal_of, may_run_journald

ANSWER = Path(__file__).parent / "journal_answers.json"
"""What journalctl 252 answered for four entries that were sent to a journald."""
NOW = 1_795_780_000.0


def _script(tmp_path: Path, then: str = "exec sleep 60", answer: Path = ANSWER) -> str:
    """A program in the place of ``journalctl`` that answers what one has answered."""
    program = tmp_path / "journalctl"
    program.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\ncat {answer}\n{then}\n')
    program.chmod(0o755)
    return str(program)


def _reader(program: str, **config: object) -> JournalReader:
    wanted = {"journal": {"units": ["app.service"]}, **config}
    return JournalReader(LogInput.model_validate(wanted), program)


def _until(reader: JournalReader, count: int, now: float = NOW) -> list[Record]:
    records: list[Record] = []
    until = time.monotonic() + 5
    while len(records) < count and time.monotonic() < until:
        records += reader.read(now, 1 << 20, 1.0).records
    return records


@pytest.mark.skipif(not may_run_journald(), reason="needs root and systemd's journald")
def test_a_real_journal_is_followed_and_picked_up_again() -> None:
    before, while_, after = journal_of({"identifiers": ["app"]})
    assert [record["message"] for record in before["records"]] == ["before onwatch came"]
    assert before["old"] == 1
    password, traceback, octets, structured, long = while_["records"]
    assert while_["old"] == 0
    assert password["message"] == "Failed password for root from 203.0.113.5"
    assert (password["level"], password["source"]) == ("WARNING", "app")
    assert traceback["text"] == "Traceback (most recent call last):\n  File x\nValueError: boom"
    assert octets["message"] == "octets \ufffd\ufffd that are no text"
    assert (structured["level"], structured["fields"]["took"]) == ("ERROR", 12.5)
    assert structured["fields"]["SYSLOG_IDENTIFIER"] == "app"
    assert (long["level"], len(long["text"])) == ("WARNING", 6_045)
    # Its program was killed: nothing is missed, nothing comes twice.
    messages = [record["message"] for record in after["records"]]
    assert messages == ["written while nobody read", "and after"]
    numbers = [one["number"] for batch in (before, while_, after) for one in batch["records"]]
    assert numbers == list(range(1, 9))


@pytest.mark.parametrize("more", [{}, {"__SEQNUM": "7", "__SEQNUM_ID": "ab"}, {"_PID": None}])
def test_entries_are_read_as_journalctl_writes_them(
    tmp_path: Path, more: dict[str, object]
) -> None:
    """``more`` is what 254 and later add, and what is written for a field that is too long."""
    entries = [json.loads(line) for line in ANSWER.read_text().splitlines()]
    unit = {"_SYSTEMD_UNIT": "app.service"}
    answer = tmp_path / "answer"
    answer.write_text("".join(json.dumps(entry | unit | more) + "\n" for entry in entries))
    reader = _reader(_script(tmp_path, answer=answer))
    try:
        records = _until(reader, 4)
    finally:
        reader.close()
    assert [record.level for record in records] == [
        Level.INFO, Level.WARNING, Level.ERROR, Level.INFO,
    ]  # fmt: skip
    assert records[0].source == "app.service"
    assert records[1].message == "Failed password for root"
    assert records[2].text.count("\n") == 2
    assert records[3].message == "octets \ufffd\ufffd that are no text"
    assert all(record.time < NOW for record in records)
    asked = (tmp_path / "asked").read_text()
    assert "--output=json --follow --all --no-pager --output-fields=MESSAGE," in asked
    assert "--lines=500 --unit=app.service" in asked


def test_what_ends_is_started_again_after_the_last_entry(tmp_path: Path) -> None:
    reader = _reader(_script(tmp_path, then="exit 1"))
    try:
        assert "it is started again" in _ended(reader).events[0]
        assert reader.read(NOW + 1, 1 << 20, 1.0).records == ()
        _until(reader, 1, NOW + 10)
    finally:
        reader.close()
    first, second = (tmp_path / "asked").read_text().splitlines()
    assert "--after-cursor" not in first
    assert "--after-cursor=s=" in second
    assert "--no-tail" in second


def _ended(reader: JournalReader) -> Batch:
    """The reading in which its program's end was noticed."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        batch = reader.read(NOW, 1 << 20, 1.0)
        if batch.events:
            return batch
    pytest.fail("it never ended")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("No journal files were found.", "there is no journal here"),
        (
            "No journal files were opened due to insufficient permissions.",
            "put it into the group systemd-journal",
        ),
        ("Failed to add filter for units: Invalid argument", "it said: Failed to add filter"),
    ],
)
def test_why_there_is_no_journal_is_said(tmp_path: Path, said: str, sentence: str) -> None:
    program = tmp_path / "journalctl"
    program.write_text(f'#!/bin/sh\necho "{said}" >&2\nexit 1\n')
    program.chmod(0o755)
    reader = _reader(str(program))
    try:
        _ended(reader)
        assert sentence in reader.read(NOW, 1 << 20, 1.0).sources[0].problem
    finally:
        reader.close()


def test_a_journal_of_which_only_a_part_is_shown_says_so(tmp_path: Path) -> None:
    hint = (
        "Hint: You are currently not seeing messages from other users and the system.\n"
        "      Users in groups 'adm', 'systemd-journal' can see all messages.\n"
    )
    reader = _reader(_script(tmp_path, then=f'echo "{hint}" >&2\nexec sleep 60'))
    try:
        _until(reader, 4)
        until = time.monotonic() + 5
        problem = ""
        while not problem and time.monotonic() < until:
            problem = reader.read(NOW, 1 << 20, 1.0).sources[0].problem
        assert problem.startswith("this user sees only its own entries")
    finally:
        reader.close()


def test_without_journalctl_it_is_said(tmp_path: Path) -> None:
    reader = _reader(str(tmp_path / "nothing"))
    assert "nothing" in reader.read(NOW, 1 << 20, 1.0).sources[0].problem
    reader.close()


def test_its_program_ends_with_onwatch_however_that_ends(tmp_path: Path) -> None:
    program = _script(tmp_path, then=f"echo $$ >{tmp_path}/pid\nexec sleep 60")
    code = (
        "import time\n"
        "from checks.logs.inputs import LogInput\n"
        "from checks.logs.journal import JournalReader\n"
        f"reader = JournalReader(LogInput(journal='a'), {program!r})\n"
        "while not reader.read(1e9, 1000000, 1.0).records: pass\n"
        "print('reads', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as onwatch:
        assert onwatch.stdout is not None
        assert onwatch.stdout.readline() == b"reads\n"
        until = time.monotonic() + 10
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            assert time.monotonic() < until, "the program did not go on"
            time.sleep(0.02)
        onwatch.kill()
    until = time.monotonic() + 5
    while _runs(int((tmp_path / "pid").read_text())):
        assert time.monotonic() < until, "the program outlived onwatch"
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIG_DFL)
    except ProcessLookupError:
        return False
    return b") Z" not in Path(f"/proc/{pid}/stat").read_bytes()


def test_closing_ends_a_program_that_will_not_end(tmp_path: Path) -> None:
    then = f"trap '' TERM\necho $$ >{tmp_path}/pid\nwhile :; do sleep 1; done"
    program = _script(tmp_path, then)
    reader = _reader(program)
    _until(reader, 4)
    while not (tmp_path / "pid").exists():
        time.sleep(0.01)
    began = time.monotonic()
    reader.close()
    assert time.monotonic() - began < 10
    assert not _runs(int((tmp_path / "pid").read_text()))


def test_a_journal_is_read_where_a_thousand_descriptors_are_open(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 1_300), hard))
    held: list[int] = []
    try:
        while not held or held[-1] <= 1_024:
            held.append(os.dup(0))
        reader = _reader(_script(tmp_path))
        assert len(_until(reader, 4)) == 4
        reader.close()
    finally:
        for one in held:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
