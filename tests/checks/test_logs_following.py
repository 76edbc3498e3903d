"""Logs are followed: no line is lost, none comes twice, whatever becomes of the file."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from tests.checks.logs_writer import Following, Writer

UNPACKED = Path(__file__).parents[2] / ".tools" / "logrotate" / "usr"
LOGROTATE = shutil.which(
    "logrotate", path=f"/usr/sbin:/sbin:/usr/bin:{os.environ['PATH']}:{UNPACKED / 'sbin'}"
)
LIBRARIES = ":".join(str(found.parent) for found in UNPACKED.glob("lib/*/libpopt.so.0"))


def _lines(count: int, first: int = 0) -> str:
    return "".join(f"line {number}\n" for number in range(first, first + count))


def _open() -> int:
    """How many descriptors are open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _numbers(messages: list[str]) -> list[int]:
    return [int(message.split()[1]) for message in messages]


@pytest.mark.parametrize("pattern", ["app.log", "*.log", "*", "app.log*"])
@pytest.mark.parametrize("seed", range(6))
def test_every_line_comes_once_however_it_is_rotated(
    tmp_path: Path, pattern: str, seed: int
) -> None:
    rng = random.Random(f"{seed} {pattern}")
    writer = Writer(tmp_path / "app.log", rng)
    writer.write(5)
    following = Following(tmp_path / pattern)
    following.look()
    missed = 0  # rotations since the last look
    for _ in range(120):
        match rng.random():
            case chance if chance < 0.45:
                writer.write(rng.randrange(1, 30))
            case chance if chance < 0.55 and missed < 3:
                writer.rename(late=rng.random() < 0.3)
                missed += 1
            case chance if chance < 0.62 and missed < 3:
                writer.copytruncate()
                missed += 1
            case chance if chance < 0.65 and missed == 0:
                following.look()
                writer.delete()
                missed += 1
            case _:
                most = rng.choice([3_000, 100_000, 1 << 20])
                following.look(rng.choice([0.05, 0.5, 3]), most)
                missed = 0
    following.look()
    following.settle()
    following.reader.close()
    writer.close()
    assert sorted(_numbers(following.messages)) == list(range(writer.written))
    assert sum(batch.lost for batch in following.batches) == 0


def test_a_writer_that_does_not_stop_is_rotated_under_the_readers_eyes(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    writer = Writer(path, random.Random(1))
    writer.kept = 80
    following = Following(path)
    following.look()
    done = threading.Event()

    def write() -> None:
        rng = random.Random(2)
        for _ in range(300):
            writer.write(20)
            if rng.random() < 0.2:
                writer.rename(late=rng.random() < 0.5)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    while not done.is_set():
        following.look(0.01)
    thread.join()
    following.look()
    following.settle()
    assert sorted(_numbers(following.messages)) == list(range(writer.written))
    numbers = [record.number for batch in following.batches for record in batch.records]
    assert numbers == sorted(set(numbers))
    following.reader.close()
    writer.close()


def test_a_truncation_is_noticed_though_the_file_has_grown_past_its_old_size(
    tmp_path: Path,
) -> None:
    path = tmp_path / "app.log"
    path.write_text(_lines(10))
    following = Following(path)
    following.look()
    following.settle()
    with path.open("w") as file:
        file.write(_lines(500, first=100))
    assert _numbers(following.look() + following.settle()) == list(range(100, 600))
    assert any("truncated" in event for event in following.events)


def test_lines_that_a_truncation_took_are_said_to_be_lost(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(_lines(10))
    following = Following(path)
    following.look()
    with path.open("a") as file:
        file.write(_lines(5_000, first=10))
    following.reader.read(following.now + 1, 100, 5.0)
    path.write_text("")
    following.look(2)
    assert sum(batch.lost for batch in following.batches) > 0
    assert any("had not been read yet" in event for event in following.events)


def test_a_link_that_points_elsewhere_is_followed(tmp_path: Path) -> None:
    old, new, link = tmp_path / "1.log", tmp_path / "2.log", tmp_path / "current"
    old.write_text(_lines(2))
    link.symlink_to(old)
    following = Following(link)
    following.look()
    following.settle()
    with old.open("a") as file:
        file.write("line 2\n")
    new.write_text("line 3\n")
    link.unlink()
    link.symlink_to(new)
    assert _numbers(following.look() + following.settle()) == [2, 3]


def test_a_file_that_is_put_anew_with_more_in_it_is_read_on(tmp_path: Path) -> None:
    path, new, whole = tmp_path / "app.log", tmp_path / "app.log.temporary", _lines(30)
    path.write_text(whole[:70])
    following = Following(path)
    following.look()
    for size in (73, 100, 180, len(whole)):  # as rsync does
        new.write_text(whole[:size])
        new.rename(path)
        following.look()
    following.settle()
    assert _numbers(following.messages) == [*range(30)]
    assert following.events == []


def test_a_new_file_of_a_pattern_is_read_from_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "laravel-2026-11-26.log").write_text(_lines(3))
    following = Following(tmp_path / "laravel-*.log")
    following.look()
    following.settle()
    old = sum(batch.old for batch in following.batches)
    (tmp_path / "laravel-2026-11-27.log").write_text(_lines(3, first=3))
    assert _numbers(following.look(5) + following.settle()) == [3, 4, 5]
    assert old == sum(batch.old for batch in following.batches) == 3


def test_what_was_there_before_is_old_unless_all_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(_lines(40_000))
    following = Following(path)
    shown = following.look(most=50_000)
    assert _numbers(shown)[-1] == 39_999
    assert 5_000 < len(shown) < 40_000
    assert sum(batch.old for batch in following.batches) == len(shown)
    whole = Following(path, start="beginning")
    messages = whole.look() + whole.settle()
    assert _numbers(messages) == list(range(40_000))
    assert sum(batch.old for batch in whole.batches) == 0


def test_the_end_of_a_last_line_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("")
    following = Following(path, format="json")
    following.look()
    with path.open("a") as file:
        file.write('{"message":"the fir')
        file.flush()
        assert following.look(0.5) == []
        file.write('st half"}\nand this one has no end')
    assert following.look(0.5) == ["the first half"]
    assert following.look(2) == []
    assert following.settle() == ["and this one has no end"]


def test_long_lines_holes_and_ends_of_windows(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"")
    following = Following(path)
    following.look()
    with path.open("ab") as file:
        file.write(b"\xef\xbb\xbfwindows\r\n" + b"x" * 300_000 + b"\n")
        file.write("\x1b[31mred \u202egreen\n".encode() + b"latin \xe9\n")
    messages = following.look() + following.settle()
    assert [len(message) for message in messages] == [7, 1_000, 9, 7]
    assert messages[2] == "red green"
    assert messages[3] == "latin \ufffd"
    assert any("longer than 64 kB" in event for event in following.events)
    # A writer that does not append goes on where it was after a truncation: a hole is before it.
    os.truncate(path, 0)
    with path.open("r+b") as file:
        file.seek(5_000_000_000)
        file.write(b"after the hole\n")
    assert following.look() + following.settle() == ["after the hole"]


def test_what_is_no_log_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dead").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "packed").write_bytes(b"\x1f\x8b\x08" + bytes(100))
    (tmp_path / "bytes").write_bytes(bytes(range(256)) * 20 + bytes(1_000))
    names = ("folder", "pipe", "dead", "loop", "packed", "bytes", "absent", "no/log")
    following = Following(*(tmp_path / name for name in names), tmp_path / "*.none")
    following.look()
    problems = {Path(name).name: problem for name, problem in following.problems.items()}
    assert problems["folder"].startswith("it is a folder")
    assert problems["pipe"].startswith("it is a pipe")
    assert problems["dead"] == f"it is a link to {tmp_path / 'nowhere'}, which is not there"
    assert problems["loop"] == "it is a link that leads back to itself"
    assert problems["packed"] == "it is gzip"
    assert problems["bytes"] == "it is no text"
    assert problems["absent"] == "it is not there"
    assert problems["log"].startswith("it is not there, and neither is its folder")
    assert problems["*.none"] == "no file is called so"
    assert following.messages == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_a_file_that_may_not_be_read_names_the_group_that_may(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(_lines(3))
    path.chmod(0o640)
    os.chown(path, 1, 4)
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder.stat().st_mode & 0o077 == 0:
            folder.chmod(0o711)
    following = Following(path)
    os.setegid(65534)
    os.seteuid(65534)
    try:
        following.look()
        problem = following.problems[str(path)]
        assert "may not read it: it belongs to daemon:adm, mode 0640" in problem
        assert "usermod -aG adm nobody" in problem
    finally:
        os.seteuid(0)
        os.setegid(0)
    assert _numbers(following.look() + following.settle()) == [0, 1, 2]
    assert sum(batch.old for batch in following.batches) == 3


def test_of_many_files_those_written_to_last_are_followed(tmp_path: Path) -> None:
    for number in range(130):
        path = tmp_path / f"{number:03}.log"
        path.write_text("line 0\n")
        os.utime(path, (1_000_000 + number, 1_000_000 + number))
    following = Following(tmp_path / "*.log")
    following.look()
    assert following.problems == {
        "30 more files": "not followed: 100 files of a check are, those written to last"
    }
    assert _open() < 200
    following.settle()
    # One of the others is written to: it is among the newest now, and nothing of it is missed.
    with (tmp_path / "003.log").open("a") as file:
        file.write("line 1\nline 2\n")
    assert _numbers(following.look(60) + following.settle()) == [1, 2]
    following.reader.close()


def test_under_a_flood_the_oldest_lines_are_passed_over_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.logs.files.BEHIND", 100_000)
    path = tmp_path / "app.log"
    path.write_text("")
    following = Following(path)
    following.look()
    path.write_text(_lines(50_000))
    got = _numbers(following.look() + following.settle())
    lost = sum(batch.lost for batch in following.batches)
    assert got == list(range(lost, 50_000))
    assert 4_000 < len(got) < 6_000
    assert any("faster than it is read" in event for event in following.events)


def test_a_flood_in_one_file_starves_no_other(tmp_path: Path) -> None:
    loud, quiet = tmp_path / "loud.log", tmp_path / "quiet.log"
    loud.write_text("")
    quiet.write_text("")
    following = Following(loud, quiet)
    following.look()
    loud.write_text(_lines(200_000))
    quiet.write_text("line -1\n")
    now = following.now
    for number in range(3):
        batch = following.reader.read(now + 2 + number, 300_000, 5.0)
        assert batch.more
        assert batch.read <= 700_000
        if any(record.message == "line -1" for record in batch.records):
            return
    pytest.fail("the quiet log never had its turn")


def test_a_writer_that_never_opens_its_new_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    with path.open("w") as file:
        following = Following(path)
        following.look()
        path.rename(tmp_path / "app.log.1")
        path.touch()
        following.look()
        file.write("line 0\n")
        file.flush()
        assert _numbers(following.look(200) + following.settle()) == [0]
    assert any("its writer goes on in the old file" in event for event in following.events)


def test_files_are_given_back(tmp_path: Path) -> None:
    before = _open()
    writer = Writer(tmp_path / "app.log", random.Random(3))
    following = Following(tmp_path / "*")
    for _ in range(10):
        writer.write(3)
        following.look(30)
        writer.rename(late=False)
    following.look(1_000)
    following.look(1_000)
    assert _open() <= before + 3
    following.reader.close()
    writer.close()
    assert _open() == before


@pytest.mark.parametrize("call", ["fstat", "pread"])
def test_a_share_that_was_mounted_anew_is_read_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "app.log"
    path.write_text(_lines(5))
    following = Following(path)
    following.look()
    following.settle()

    def stale(*_: object) -> None:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    with path.open("a") as file:
        file.write(_lines(3, first=5))
    with monkeypatch.context() as broken:
        broken.setattr(f"checks.logs.opened.os.{call}", stale)
        assert following.look() == []
    assert "mounted anew" in following.problems[str(path)]
    assert _numbers(following.look() + following.settle()) == [5, 6, 7]
    assert following.problems == {}


def test_a_share_that_was_mounted_anew_with_another_file_leaves_none_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "app.log"
    path.write_text(_lines(5))
    before = _open()
    following = Following(path)
    following.look()

    def stale(*_: object) -> None:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    for number in range(5):
        (tmp_path / "new").write_text(_lines(number + 6))
        (tmp_path / "new").replace(path)
        with monkeypatch.context() as broken:
            broken.setattr("checks.logs.opened.Opened.is_same", stale)
            following.look()
        following.look()
    assert _open() <= before + 1
    following.reader.close()
    assert _open() == before


@pytest.mark.skipif(LOGROTATE is None, reason="needs logrotate: tools/get-logrotate")
@pytest.mark.parametrize("pattern", ["app.log", "*"])
@pytest.mark.parametrize(
    "how", ["create\ncompress\ndelaycompress", "create\ncompress", "copytruncate\ndelaycompress"]
)
def test_logrotate_itself_costs_no_line(tmp_path: Path, how: str, pattern: str) -> None:
    """As the guides have it: daily, rotate 30, compress, delaycompress, notifempty, create."""
    assert LOGROTATE is not None
    logs = tmp_path / "logs"
    logs.mkdir(mode=0o755)
    rng = random.Random(f"{how} {pattern}")
    writer = Writer(logs / "app.log", rng)
    config = tmp_path / "logrotate.conf"
    config.write_text(f"{logs}/app.log {{\nsize 1\nrotate 5\nnotifempty\n{how}\n}}\n")
    config.chmod(0o644)
    following = Following(logs / pattern)
    following.look()
    for _ in range(6):
        writer.write(rng.randrange(1, 60))
        if rng.random() < 0.5:
            following.look()
        state = ["-s", str(tmp_path / "state"), "-f", str(config)]
        environ = os.environ | {"LD_LIBRARY_PATH": LIBRARIES}
        subprocess.run([LOGROTATE, *state], check=True, env=environ)
        if how.startswith("create"):
            writer.write(3)
            writer.reopen()
        following.look()
    following.settle()
    following.reader.close()
    writer.close()
    assert sorted(_numbers(following.messages)) == list(range(writer.written))


def test_what_a_file_is_called_is_harmless_to_a_terminal(tmp_path: Path) -> None:
    """Whoever may write into a folder that is watched gives files their names."""
    names = (b"\x1b]0;mine\x07a.log", b"\xe2\x80\xaeb.log", b"\xffc.log", b"d\ne.log")
    for name in names:
        (tmp_path / os.fsdecode(name)).write_text("x\n")
    (tmp_path / "\x1b[2Jgone.log").symlink_to("no\x1b[31mwhere")
    following = Following(tmp_path / "*.log", tmp_path / "\x1b[2Jgone.log", start="beginning")
    following.look()
    following.settle()
    sources = {record.source for batch in following.batches for record in batch.records}
    told = [text for one in following.batches[-1].sources for text in (one.name, one.problem)]
    following.reader.close()
    assert {Path(one).name for one in sources} == {"a.log", "b.log", "c.log", "d e.log"}
    assert str(tmp_path / "gone.log") in told
    assert all(text.isprintable() for text in (*sources, *told))
