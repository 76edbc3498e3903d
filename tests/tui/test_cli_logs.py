"""What is logged, and what never is."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from checks.secrets import Masker
from tui.logs import MaskingFormatter, configure


@pytest.fixture
def _loggers() -> Iterator[None]:
    """The loggers are put back afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "redis")}
    yield
    root.handlers[:], root.level = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def formatted(message: str, *args: object) -> str:
    record = logging.LogRecord("httpx", logging.INFO, "", 0, message, args, None)
    return MaskingFormatter().format(record)


@pytest.mark.parametrize(
    "message",
    [
        "HTTP Request: GET https://u:hunter2@h/ 200",
        "HTTP Request: GET https://h/x?api_key=hunter2&a=b 200",
        "headers: [(b'Authorization', b'Bearer hunter2')]",
        "send Authorization: Basic hunter2",
        "return_value=(b'HTTP/1.1', 200, b'OK', [(b'Set-Cookie', b'sid=hunter2; Path=/')])",
        "Cookie: sid=hunter2",
        "X-Api-Key: hunter2",
        "sent AUTH default hunter2",
        "CONFIG SET requirepass hunter2",
    ],
)
def test_credentials_are_masked(message: str) -> None:
    assert "hunter2" not in formatted(message)
    assert "•••" in formatted(message)


def test_arguments_are_masked_as_well_and_escapes_vanish() -> None:
    text = formatted("GET %s\x1b[31m\nsecond", "http://u:hunter2@h/")
    assert text.endswith("INFO httpx: GET http://u:•••@h/ second")


def test_what_is_no_credential_stays() -> None:
    assert formatted("author of https://h/?page=2: key").endswith(
        "author of https://h/?page=2: key"
    )


def test_a_traceback_is_masked() -> None:
    error = ValueError("https://u:hunter2@h/")
    reason = (ValueError, error, None)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), reason)
    text = MaskingFormatter().format(record)
    assert "hunter2" not in text
    assert "ValueError: https://u:•••@h/" in text


@pytest.mark.parametrize(
    ("verbosity", "seen"),
    [
        (0, ["WARNING checks", "WARNING httpx"]),
        (1, ["WARNING checks", "INFO checks", "WARNING httpx"]),
        (2, ["WARNING checks", "INFO checks", "DEBUG checks", "WARNING httpx", "INFO httpx"]),
    ],
)
@pytest.mark.usefixtures("_loggers")
def test_verbosity_says_who_is_heard(
    verbosity: int, seen: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    configure(verbosity)
    for name in ("checks", "httpx"):
        for level in (logging.WARNING, logging.INFO, logging.DEBUG):
            if (name, level) != ("httpx", logging.DEBUG):
                logging.getLogger(name).log(level, "x")
    lines = capsys.readouterr().err.splitlines()
    assert [" ".join(line.split()[2:4]).rstrip(":") for line in lines] == seen


def test_the_credentials_of_checks_are_masked_wherever_they_stand() -> None:
    masker = Masker(["open-sesame"])
    error = RuntimeError("sent open-sesame")
    reason = (RuntimeError, error, None)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "login as %s", ("open-sesame",), reason)

    text = MaskingFormatter().format(record)

    assert masker.text("open-sesame") == "•••"
    assert "login as •••" in text
    assert "RuntimeError: sent •••" in text
    assert "sesame" not in text
