"""What a step writes, as it is shown: bounded, harmless, without secrets, wherever it is cut."""

from __future__ import annotations

import time

import pytest

from checks.runbooks.running.lines import WIDTH
from checks.runbooks.running.output import LINES, Output
from checks.secrets import MASK, Masker

SECRET = "hunter2hunter2"


def shown(data: bytes, pieces: int = 0, masker: Masker | None = None) -> tuple[str, ...]:
    """The lines of ``data``, which comes in pieces of so many bytes, or at once."""
    output = Output(masker or Masker())
    for at in range(0, len(data), pieces or len(data)):
        output.feed(data[at : at + (pieces or len(data))])
        # Somebody looks after every piece.
        assert SECRET not in "\n".join(output.lines)
    output.close()
    return output.lines


@pytest.mark.parametrize("pieces", [0, 1, 2, 3, 7])
@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"one\ntwo\n", ("one", "two")),
        (b"one\r\ntwo", ("one", "two")),
        ("Grüße, 世界\n".encode(), ("Grüße, 世界",)),
        (b"\x1b[1;31mred\x1b[0m and \x1b]0;a title\x07plain\n", ("red and plain",)),
        (b"\x1bPq#0;2;0;0;0#0~~@@vv@@~~\x1b\\sixel\n", ("sixel",)),
        (b"\x1b]52;c;cm0gLXJm\x1b\\clipboard\n", ("clipboard",)),
        (b" 10%\r 55%\r100%\n", ("100%",)),
        (b"loading...\r\x1b[Kdone\n", ("done",)),
        (b"N\x08NA\x08AM\x08ME\x08E\n", ("NAME",)),
        (b"a\tb\n", ("a       b",)),
        ("\u202egnp.exe\u202c\n".encode(), ("gnp.exe",)),
        (b"a\x00b\x07c\n", ("abc",)),
        (b"\xff\xfe\n", ("\ufffd\ufffd",)),
        (b"\n\nx\n", ("", "", "x")),
        (b"\x1b[2J\x1b[Hwiped\n", ("wiped",)),
    ],
)
def test_what_a_terminal_would_show(data: bytes, lines: tuple[str, ...], pieces: int) -> None:
    assert shown(data, pieces) == lines


@pytest.mark.parametrize("pieces", [0, 1, 2, 5, 11])
def test_a_secret_is_never_shown_whole(pieces: int) -> None:
    masker = Masker([SECRET])
    painted = f"\x1b[1m{SECRET[:5]}\x1b[0m{SECRET[5:]}"
    text = f"user=a pass={SECRET}\nx {painted} y\nDone {SECRET}"
    lines = shown(text.encode(), pieces, masker)
    assert lines == (f"user=a pass={MASK}", f"x {MASK} y", f"Done {MASK}")


def test_a_part_of_a_secret_waits_for_the_rest() -> None:
    output = Output(Masker([SECRET]))
    output.feed(b"token hunter2hun")
    assert output.lines == ("token ",)
    output.feed(b"ger")
    assert output.lines == ("token hunter2hunger",)


def test_a_secret_of_several_lines() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----"
    assert shown(f"{key}\n".encode(), 9, Masker([key])) == (MASK,) * 4


@pytest.mark.parametrize(
    "line",
    [
        "mysql://root:hunter2hunter2@db/shop",
        "--db-password=hunter2hunter2",
        "PGPASSWORD='hunter2hunter2' psql",
        "GET /x?api_key=hunter2hunter2&y=1",
    ],
)
def test_secrets_that_nobody_has_told_us(line: str) -> None:
    (found,) = shown(line.encode())
    assert SECRET not in found
    assert MASK in found


def test_counts_are_no_secrets() -> None:
    assert shown(b"max_password_errors=100 tokens=5\n") == ("max_password_errors=100 tokens=5",)


def test_the_last_lines_are_kept() -> None:
    output = Output(Masker())
    for number in range(LINES + 10):
        output.feed(f"line {number}\n".encode())
    assert len(output.lines) == LINES
    assert output.lines[-1] == f"line {LINES + 9}"
    assert output.dropped == 10
    assert output.lines is output.lines


def test_no_line_is_missing_between_those_that_are_kept() -> None:
    """Whether or not somebody looks meanwhile."""
    output = Output(Masker())
    lines = [f"{number} {'x' * (number % 200)}" for number in range(12_000)]
    data = "\n".join(lines).encode() + b"\n"
    for at in range(0, len(data), 4095):
        output.feed(data[at : at + 4095])
    assert output.lines == tuple(lines[-LINES:])
    assert output.dropped == 12_000 - LINES


def test_a_flood_costs_its_copying() -> None:
    output = Output(Masker([SECRET]))
    piece = b"y\n" * 2048
    began = time.process_time()
    for _ in range(2_500):
        output.feed(piece)
    took = time.process_time() - began
    assert (len(output.lines), output.dropped) == (LINES, 2_500 * 2048 - LINES)
    # 10 MB; a step is read at a tenth of that a second.
    assert took < 1


def test_a_line_without_end_has_a_bound() -> None:
    output = Output(Masker([SECRET]))
    for _ in range(100):
        output.feed(b"x" * 10_000)
        assert len(output.lines[0]) <= WIDTH
    output.feed(SECRET.encode() + b"\nnext\n")
    assert output.lines[0].endswith("…")
    assert output.lines[1] == "next"


def test_a_secret_where_a_long_line_is_cut() -> None:
    for before in range(8 * WIDTH - 20, 8 * WIDTH + 1):
        data = b"\x1b[0m" * (before // 4) + b"x" * (before % 4) + SECRET.encode() + b"x" * 99
        output = Output(Masker([SECRET]))
        output.feed(data)
        assert "hunter" not in output.lines[0]


def test_a_progress_bar_without_line_breaks() -> None:
    output = Output(Masker())
    for number in range(100_000):
        output.feed(f"\r{number:>8} of 100000".encode())
    assert output.lines == ("   99999 of 100000",)
