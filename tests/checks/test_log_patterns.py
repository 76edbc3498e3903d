"""What patterns find, count, and make unreadable."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from checks.logs.patterns import Matcher, PatternCount
from checks.logs.patterns_config import Pattern
from checks.logs.patterns_ready import READY
from checks.logs.patterns_search import Block
from checks.logs.reading import Batch
from checks.model import Sampler, Status
from checks.probes.log.config import LogConfig
from checks.probes.log.digest import Digest
from tests.checks.log_kit import record

NOW = 1_700_000_000.0


def pattern(**keys: object) -> Pattern:
    return Pattern.model_validate(keys)


def places(matcher: Matcher, *messages: str) -> list[int]:
    records = [record(message) for message in messages]
    return matcher.places(records, Block(records))


READY_LINES = {
    "failed-logins": "Nov 27 sshd[4]: Failed password for root from 10.0.0.9 port 22 ssh2",
    "rate-limit": '10.0.0.1 - - [x] "GET /api HTTP/1.1" 429 12',
    "sql-injection": "GET /?id=1%27%20OR%201=1-- HTTP/1.1",
    "path-traversal": "GET /static/..%2f..%2fetc/hosts HTTP/1.1",
    "script-injection": "GET /?q=%3Cscript%3Ealert(1) HTTP/1.1",
    "api-keys": "calling openai with key sk-proj-abcdefghijklmnop1234",
    "passwords": 'config: {"password": "hunter22"}',
    "out-of-memory": "Out of memory: Killed process 812 (php-fpm)",
    "disk-full": "write failed: No space left on device",
    "crashes": "php-fpm[81]: segfault at 0 ip 000055",
    "exceptions": "Traceback (most recent call last):",
    "refused-connections": "connect ECONNREFUSED 127.0.0.1:6379",
    "timeouts": "upstream timed out (110: Connection timed out)",
    "deadlocks": "SQLSTATE[40001]: Deadlock found when trying to get lock",
    "too-many-connections": "FATAL: sorry, too many clients already",
    "slow-queries": "LOG: duration: 5012.113 ms  statement: select 1",
    "denied": "open /etc/shadow: permission denied",
    "tls-errors": "x509: certificate signed by unknown authority",
}


@pytest.mark.parametrize("name", READY)
def test_a_ready_made_pattern_finds_its_like_and_no_ordinary_line(name: str) -> None:
    matcher = Matcher(pattern(use=name))
    ordinary = (
        "2026-11-27 10:00:00 INFO request 4711 completed in 34 ms",
        '10.0.0.1 - - [x] "GET /users/429/orders?sort=name HTTP/1.1" 200 4290 "-" "curl/8"',
        "user 7 logged in, password changed",
        "order of the union workers selected for 1 = 1st price",
        "sort must be 'asc' or 'desc'; its password: too short",
        "select id, name from a union all select id, name from information_schema.tables",
        "task-4f8a1c9e7b2d6035a1b2c3d4 waits for disk-0123456789abcdef0",
        "worker calls time.sleep(5) and goes on",
        "loaded 12 rows in 0.2 s, cache is full to 40 %",
    )
    assert places(matcher, *ordinary, READY_LINES[name]) == [len(ordinary)]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("failed-logins", "Invalid user admin from 10.0.0.9 port 52311"),
        ("failed-logins", "pam_unix(sshd:auth): authentication failure; logname="),
        ("failed-logins", "These credentials do not match our records."),
        ("failed-logins", 'FATAL:  password authentication failed for user "app"'),
        ("sql-injection", "SELECT * FROM u WHERE n='' OR '1'='1'"),
        ("sql-injection", "GET /?id=-1+UNION+ALL+SELECT+user,pass+FROM+users HTTP/1.1"),
        ("sql-injection", "where id = 1 union select null, null, @@version"),
        ("sql-injection", "GET /?q=x%27%3BDROP%20TABLE%20users-- HTTP/1.1"),
        ("sql-injection", "GET /?q=1+and+sleep(5) HTTP/1.1"),
        ("api-keys", "Authorization: Bearer eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2"),
        ("api-keys", "using AKIAIOSFODNN7EXAMPLE"),
        ("api-keys", "loaded key_sk-abcdefghijklmnop1234"),
        ("passwords", "connecting with password=hunter22 to db"),
        ("out-of-memory", "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted"),
        ("exceptions", "    at com.shop.Order.pay(Order.java:81)"),
        ("too-many-connections", "server reached pm.max_children setting (5), consider raising it"),
        ("rate-limit", 'limiting requests, excess: 5.012 by zone "api"'),
    ],
)
def test_a_ready_made_pattern_finds_what_many_programs_write(name: str, line: str) -> None:
    assert places(Matcher(pattern(use=name)), line) == [0]


def test_each_line_is_one_for_anchors_and_no_match_crosses_two() -> None:
    assert places(Matcher(pattern(name="a", match="^é+$")), "éé", "aé", "é") == [0, 2]
    assert places(Matcher(pattern(name="a", match=r"end\s+begin")), "the end", "begin") == []
    assert places(Matcher(pattern(name="a", match=r"\Ab.*\z")), "ab", "ba", "b") == [1, 2]


def test_all_that_is_given_must_hold() -> None:
    both = Matcher(pattern(name="a", match="took", where="ms > 5", level="warn"))
    records = [
        record("took", "warning", ms=9),
        record("took", "info", ms=9),
        record("took", "error", ms=1),
        record("other", "error", ms=9),
    ]
    assert both.places(records, Block(records)) == [0]


def test_a_secret_is_unreadable_in_all_that_a_record_says() -> None:
    key = "sk-abcdefghijklmnopqrstuvwx"
    whole = record(
        f"key {key} used", text=f'{{"message": "key {key} used", "n": 1}}', key=key, n=1, s="é"
    )
    hidden = Matcher(pattern(use="api-keys")).unreadable(whole)
    assert hidden.message == "key ••• used"
    assert hidden.text == '{"message": "key ••• used", "n": 1}'
    assert hidden.fields == {"key": "•••", "n": 1.0, "s": "é"}
    part = Matcher(pattern(use="passwords")).unreadable(record("é password=hunter22 next"))
    assert part.message == "é password=••• next"


def test_a_secret_that_only_a_field_holds_is_masked() -> None:
    """As the journal has it: the command line of a process stands in no line of the log."""
    digest = Digest(LogConfig.model_validate({"files": ["/a"]}), NOW)
    digest.masker.learn("hunter22secret")
    told = record(
        "started",
        _CMDLINE="app --db mysql://u:hunter23@db/x",
        key="hunter22secret",
        cut="it is hunter22sec…",
        n=1,
    )
    digest.take(Batch((told,)), NOW)
    digest.hold(NOW)
    (held,) = digest.tail.held().newest
    assert held.fields == {
        "_CMDLINE": "app --db mysql://u:•••@db/x",
        "key": "•••",
        "cut": "it is •••…",
        "n": 1.0,
    }


def test_the_first_secret_of_a_query_is_masked_where_it_is_a_field_by_itself() -> None:
    """As an access log's fields have it: without the ? that tells one in the line."""
    digest = Digest(LogConfig.model_validate({"files": ["/a"]}), NOW)
    line = "GET /pay?token=abcdef123&page=2 200"
    told = record(line, text=line, query="token=abcdef123&page=2", token="of=another kind")
    digest.take(Batch((told,)), NOW)
    digest.hold(NOW)
    (held,) = digest.tail.held().newest
    assert held.text == "GET /pay?token=•••&page=2 200"
    assert held.fields == {"query": "token=•••&page=2", "token": "of=another kind"}


def test_a_secret_is_no_label_nor_what_is_counted_by() -> None:
    """A label is in the store, the history and messages: nothing masks it there."""
    config = LogConfig.model_validate(
        {
            "files": ["/a"],
            "metrics": [{"metric": "m_total", "labels": ["url"]}],
            "patterns": [{"name": "p", "match": "x", "by": "url"}],
        }
    )
    digest = Digest(config, NOW)
    digest.masker.learn("hunter22secret")
    # Where it is cut off it is not known any more for what it is.
    url = f"mysql://{'u' * 60}:hunter23hunter23hunter23@db/hunter22secret"
    digest.take(Batch((record("x", url=url),)), NOW)
    to = Sampler({}).builder()
    digest.metrics[0].samples(to)
    (by,) = digest.patterns
    assert by.by is not None
    told = repr((to.build().series, by.by.most(9)))
    assert "•••" in told
    assert "hunter" not in told


def test_a_secret_behind_escapes_is_found() -> None:
    key = "AKIAABCDEFGHIJKLMNOP"
    escaped = record(f"key {key}", text=rf'{{"message": "key \u0041{key[1:]}"}}')
    matcher = Matcher(pattern(use="api-keys"))
    assert matcher.places([escaped], Block([escaped])) == [0]
    hidden = matcher.unreadable(escaped)
    assert (hidden.message, hidden.text) == ("key •••", "")


def test_it_counts_over_both_windows_and_falls_back() -> None:
    count = PatternCount(pattern(name="login", match="x", warning="2/1m", critical="4/10m"), NOW)

    def judged(at: float) -> Status:
        return count.judge(NOW + at)[0]

    count.add([record("failed for bob")] * 2, NOW)
    assert judged(0) is Status.OK
    count.add([record("failed for ann")], NOW + 1)
    assert judged(1) is Status.WARNING
    part = count.part(NOW + 1, NOW - 3_600)
    assert part.value == "3 in 1 min"
    assert part.message == "more than 2 is a warning: failed for ann"
    count.add([record("failed for eve")] * 2, NOW + 90)
    assert judged(90) is Status.CRITICAL
    view = count.view("app", NOW + 90)
    assert (view.count, view.window, view.bound) == (
        5,
        600.0,
        "warning: more than 2 in 1 min, critical: more than 4 in 10 min",
    )
    assert view.history[-1] == 2.0
    assert judged(601.9) is Status.CRITICAL, "the first two left, but not for a step yet"
    assert judged(605) is Status.OK


def test_what_was_before_counts_for_windows_and_not_for_the_total() -> None:
    count = PatternCount(pattern(name="a", match="x", critical="0/5m", by="ip"), NOW)
    count.recall([record("old", time=NOW - 900), record("x", time=NOW - 60, ip="10.0.0.9")])
    assert count.judge(NOW) == (Status.CRITICAL, count.judge(NOW)[1])
    assert count.total == 0
    part = count.part(NOW, NOW - 60)
    assert part.message == "any is critical: x"
    assert count.by is not None
    assert count.by.most(5) == [("10.0.0.9", 1)]
    assert count.part(NOW + 300, NOW - 60).status is Status.OK


def test_what_was_not_seen_for_the_whole_window_is_said() -> None:
    count = PatternCount(pattern(name="a", match="x", warning="5/10m"), NOW)
    assert count.part(NOW, NOW - 120).message == "counted for 2 min of 10 min"
    assert count.part(NOW + 500, NOW - 120).message == ""


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"name": "a"}, "say what it matches"),
        ({"match": "x"}, "a pattern wants a name"),
        ({"use": "failed"}, "there is no ready-made pattern 'failed'; there are failed-logins"),
        ({"name": "a", "match": "("}, "is no regular expression of RE2's (missing ): ()"),
        ({"name": "a", "match": "x", "warning": "5"}, "'5' is no bound; write 5/10m"),
        ({"name": "a", "match": "x", "warning": "5/30d"}, "matches are counted over 1s to 1d"),
        ({"name": "a", "where": "x >"}, "column 4: expected a value"),
        ({"name": "a", "where": "x = 1 or not pattern = b"}, "column 14: which patterns match"),
        ({"name": "a", "level": "grave"}, "'grave' is no level"),
        ({"name": "a", "level": "error", "mask": True}, "only what match finds can be masked"),
        ({"name": "a", "match": "(x)", "mask": "b"}, "match has no group called b"),
    ],
)
def test_what_is_wrong_is_said(keys: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Pattern.model_validate(keys)
    assert said in str(caught.value)


def test_bounds_of_a_ready_made_one_are_replaced() -> None:
    assert str(pattern(use="failed-logins").warning) == "more than 5 in 10 min"
    own = pattern(use="failed-logins", name="logins", warning=None, critical="1/m")
    assert (own.name, own.warning, str(own.critical)) == ("logins", None, "more than 1 in 1 min")
