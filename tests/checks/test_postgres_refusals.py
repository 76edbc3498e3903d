"""What PostgreSQL's error codes come to, in sentences."""

from __future__ import annotations

import pytest

from checks.dial import Phases
from checks.probes.postgres.refusals import Said, refusal, statement_error
from checks.probes.postgres.sentences import waited


@pytest.mark.parametrize(
    ("code", "text", "reason", "words", "serving"),
    [
        ("57P03", "the database system is starting up", "loading", "is starting up", False),
        ("57P03", "the database system is shutting down", "loading", "is shutting down", False),
        (
            "57P03",
            "the database system is in recovery mode",
            "loading",
            "recovers from a crash",
            False,
        ),
        (
            "57P03",
            "the database system is not accepting connections: hot standby mode is disabled",
            "loading",
            "set hot_standby = on",
            False,
        ),
        (
            "57P03",
            "the database system is not yet accepting connections",
            "loading",
            "a standby that still catches up",
            False,
        ),
        ("57P03", "le système démarre", "loading", "lets nobody in now: le système", False),
        ("57P01", "terminating connection", "loading", "is shutting down", False),
        ("3D000", "x", "config", "db:5432 has no database shop", True),
        ("42501", "x", "permission", "GRANT CONNECT ON DATABASE shop TO me", True),
        ("53300", "sorry, too many clients already", "limit", "no connection left (sorry", True),
        ("28000", 'role "me" does not exist', "auth", "knows no role me: CREATE ROLE me", True),
        ("28000", "something else", "auth", "refuses user me: something else", True),
        (
            "08P01",
            "unsupported startup parameter: default_transaction_read_only",
            "config",
            "is a connection pooler, not the server",
            True,
        ),
        ("08P01", "bad", "protocol", "refuses the connection: bad", True),
        ("53100", "no space left on device", "limit", "its disk is full", True),
        ("XXXXX", "{odd} %s", "protocol", "refuses the connection: {odd} %s", True),
        ("", "", "protocol", "refuses the connection", True),
    ],
)
def test_refusals(code: str, text: str, reason: str, words: str, serving: bool) -> None:
    error = refusal(Said(code, text), "db:5432", "me", "shop")
    assert error.reason == reason
    assert words in str(error)
    assert error.serving is serving


@pytest.mark.parametrize(
    ("code", "text", "reason", "clause"),
    [
        ("57014", "statement timeout", "timeout", "it was stopped after 1.5 s without an answer"),
        ("57014", "due to user request", "timeout", "it was cancelled after 1.5 s"),
        ("55P03", "lock timeout", "timeout", "it waited 1.5 s for a lock that somebody holds"),
        ("25006", "x", "config", "it tries to write; queries must only read (one SELECT)"),
        ("42601", "syntax error", "config", "syntax error; it must be one SELECT statement"),
        ("42P01", "no relation", "config", "no relation"),
        ("53200", "out of memory", "limit", "out of memory"),
        ("58030", "I/O error", "limit", "I/O error"),
        ("XX001", "bad page", "protocol", "the data is damaged (bad page): restore a backup"),
    ],
)
def test_statements(code: str, text: str, reason: str, clause: str) -> None:
    error = statement_error(Said(code, text), 1.5)
    assert (error.reason, str(error)) == (reason, clause)


def test_a_denial_says_its_detail() -> None:
    error = statement_error(Said("42501", "permission denied", "Only roles like x."), 0.1)
    assert str(error) == "permission denied (Only roles like x.)"


@pytest.mark.parametrize(
    "phase", ["dns", "connect", "tls", "greeting", "credential", "login", "answer", ""]
)
def test_what_was_waited_for(phase: str) -> None:
    phases = Phases()
    if phase:
        phases.enter(phase)
    sentence = waited("db:5432", phases, 2.8)
    assert "within 2.8 s" in sentence
    assert "db:5432" in sentence or phase == "credential"
