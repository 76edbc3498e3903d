"""Fixtures for all tests, and the count of tests that ran against each real server."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.fuse import why_not

SERVERS = {
    "http_server": "HTTP",
    "redis_server": "Redis",
    "sqlite_database": "SQLite",
    "postgres_server": "PostgreSQL",
    "mariadb_server": "MariaDB",
    "dns_server": "DNS",
}

pytest_plugins = [
    "tests.servers.http",
    "tests.servers.redis",
    "tests.servers.sqlite",
    "tests.servers.postgres",
    "tests.servers.mariadb",
    "tests.servers.plugins",
    "tests.servers.prometheus",
    "tests.servers.exporters",
    "tests.servers.dns",
    "tests.servers.tls",
    "tests.servers.proxy",
    "tests.reliability",
]

_AGAINST = "ran against"
_passed: Counter[str] = Counter()


LONGEST = {
    "test_demo_runbooks.py",
    "test_demo_command.py",
    "test_demo_databases.py",
    "test_faults_machine.py",
    "test_multiplexers.py",
    "test_ending.py",
}
"""Files of few tests that take long each."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-servers",
        action="store_true",
        help="fail unless tests passed against every real server (a full run)",
    )


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A short name for a long input: workers send each other the names of all tests. They must
    agree on them, which the lengths of archives do not, since these hold when they were made.
    """
    if isinstance(val, str | bytes) and len(val) > 200:
        return f"{argname} of {len(val)}" if isinstance(val, str) else f"long {argname}"
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    used = [name for name in getattr(item, "fixturenames", ()) if name in SERVERS]
    report.user_properties.extend((_AGAINST, name) for name in used)
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # Several processes may run the tests; their reports come together here.
    if report.when == "call" and report.passed:
        _passed.update(str(name) for key, name in report.user_properties if key == _AGAINST)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    counts = ", ".join(f"{label} {_passed[name]}" for name, label in SERVERS.items())
    terminalreporter.write_line(f"tests passed against real servers: {counts}")
    if why_not():
        # Not an error: few machines let whoever runs the tests mount something.
        text = f"NOT TESTED HERE: mounts that hang, since {why_not()}"
        terminalreporter.write_line(text, yellow=True)
    if config.getoption("--require-servers"):
        for name, label in SERVERS.items():
            if not _passed[name]:
                terminalreporter.write_line(f"ERROR: no test ran against {label}", red=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    worker = hasattr(session.config, "workerinput")
    required = session.config.getoption("--require-servers") and not worker
    if required and exitstatus == 0 and not all(_passed[name] for name in SERVERS):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_sessionstart(session: pytest.Session) -> None:
    """Have each worker begin with a part of the files of its own.

    What one compiles (pytest with its assertions, which takes four times as long as all else that
    is done before the first test) the others find done; at once, all would do all of it.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker is None or sys.dont_write_bytecode:
        return
    place, workers = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    root = session.config.rootpath
    folders = [folder for folder in map(Path, session.config.args) if folder.is_dir()]
    files = sorted(file for folder in folders for file in folder.absolute().rglob("test_*.py"))
    for file in files[place::workers]:
        name = ".".join(file.relative_to(root).with_suffix("").parts)
        # Where it cannot be imported, or warns, collecting it says so.
        with contextlib.suppress(Exception, pytest.skip.Exception), warnings.catch_warnings():
            warnings.simplefilter("error")
            importlib.import_module(name)


def pytest_configure() -> None:
    # Whatever the zone and the language of whoever runs the tests, and of all that they start.
    for name in ("LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_TIME", "LC_MESSAGES"):
        os.environ.pop(name, None)
    os.environ.update(TZ="UTC", LANG="C.UTF-8")
    time.tzset()
    # How fast inputs are made says how busy the machine is.
    settings.register_profile("busy", suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("busy")
    # Whoever runs the tests with nohup or in the background of a script has these ignored, and
    # all that they start would, too.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker has one left when all are done;
    how many tests they have says it of most (``--no-loadscope-reorder`` leaves it at that).
    """
    counts = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path.name not in LONGEST, -counts[item.path], item.path))
