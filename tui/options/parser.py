"""The parser of the command line, what it says of mistakes, and options that commands share."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable
from typing import Final, NoReturn

__all__ = [
    "BASELINE",
    "COMMANDS",
    "DASHBOARD",
    "NOT_HERE",
    "RULES",
    "RUNBOOK",
    "Parser",
    "near",
    "screen",
    "shared",
]

COMMANDS: Final = {
    "check": "run every check once and print what it came to",
    "init": "write a configuration from what is found running here",
    "validate": "say whether the configuration is right, and what it holds",
    "schema": "print the JSON Schema of the configuration",
    "query": "say what a PromQL expression comes to",
    "promqltest": "run tests of PromQL in Prometheus' own language",
    "rules": "check, test and backtest Prometheus' rule files",
    "runbook": "list, show and run runbooks without the screen",
    "dashboard": "list and show dashboards, and import Grafana's",
    "report": "write the report of an incident",
    "slo": "say how the service level objectives stand",
    "capacity": "say what fills or grows, and when it meets its limit",
    "baseline": "save the figures of a good day, and compare with them",
    "note": "write a note or a deployment into the timeline",
    "demo": "the monitor on an embedded stack of real servers",
}

RUNBOOK: Final = {
    "list": "name all runbooks, those of the configuration first",
    "show": "print a runbook, or one of its steps",
    "run": "run steps of a runbook, asking for those that are not safe",
}
"""What ``onwatch runbook`` does."""
RULES: Final = {
    "check": "say what is wrong with rule files",
    "test": "run tests of rules, as promtool test rules does",
    "backtest": "say when each rule would have been pending, firing and resolved, and why",
}
"""What ``onwatch rules`` does."""

DASHBOARD: Final = {
    "list": "name the dashboards of the configuration",
    "show": "let the checks collect for a while, and print what a dashboard shows then",
    "import": "take over a dashboard of Grafana's, and say what of it is not shown",
}
"""What ``onwatch dashboard`` does."""

BASELINE: Final = {
    "save": "measure for a while and keep the figures",
    "compare": "measure for a while and say what differs",
    "list": "name the baselines that are saved",
    "show": "print the figures of one",
}
"""What ``onwatch baseline`` does."""

_READ_ONLY: Final = "ONWATCH_READ_ONLY"
"""Variable of the environment that has the effect of ``--read-only``, unless it is empty or 0."""

NOT_HERE: Final = (
    "a password on the command line can be read by everybody on this machine: "
    "keep it in .pgpass or .my.cnf, or name its place in the configuration "
    "(password: {file: …}, {env: …} or {command: […]})"
)
_CHOICE = re.compile(r"invalid choice: '(.*?)' \(choose from")


class Parser(argparse.ArgumentParser):
    """A parser that complains in one line, with the nearest thing there is."""

    def error(self, message: str) -> NoReturn:
        from checks.secrets import mask_url  # noqa: PLC0415 - for mistakes alone

        if mask_url(message) != message:
            message = NOT_HERE
        wrong = _CHOICE.search(message)
        about = message.partition(":")[0]
        if wrong is not None and "command" in about:
            message = f'no command "{wrong[1]}"{near(wrong[1], COMMANDS)}'
        elif wrong is not None and "ACTION" in about:
            actions = [*RULES, *RUNBOOK, *DASHBOARD, *BASELINE]
            message = f'nothing to do called "{wrong[1]}"{near(wrong[1], actions)}'
        self.exit(2, f"onwatch: {message}; see {self.prog} --help\n")


class _Version(argparse.Action):
    """Looks the version up only when asked for it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version  # noqa: PLC0415 - reads files

        sys.stdout.write(f"onwatch {version('onwatch')}\n")
        parser.exit()


def near(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - for mistakes alone

    found = get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""


def shared(default: str | None) -> Parser:
    """Options of every command; suppressed defaults leave alone what came before the command."""
    parent = Parser(add_help=False)
    parent.add_argument("-c", "--config", metavar="FILE", default=default, help="configuration")
    parent.add_argument(
        "-v",
        "--verbose",
        action="count",
        default=default if default else 0,
        help="log to standard error; twice for more (not for the monitor)",
    )
    parent.add_argument(
        "-V", "--version", action=_Version, nargs=0, help="print the version and exit"
    )
    return parent


def screen(default: str | None) -> Parser:
    """Options of the monitor, with and without the demo."""
    parent = Parser(add_help=False)
    parent.add_argument("--theme", metavar="NAME", default=default, help="colours of the monitor")
    parent.add_argument(
        "--ascii",
        action="store_true",
        default=default if default else False,
        help="draw with ASCII characters alone",
    )
    parent.add_argument(
        "--no-mouse",
        dest="mouse",
        action="store_false",
        default=default if default else True,
        help="leave the mouse to the terminal",
    )
    parent.add_argument(
        "--low-bandwidth",
        action="store_true",
        default=default if default else False,
        help="for narrow links: a picture every 5 s, without curves",
    )
    parent.add_argument(
        "--wall",
        action="store_true",
        default=default if default else False,
        help="large figures on pages that turn by themselves, for a screen on the wall (also W)",
    )
    parent.add_argument(
        "--read-only",
        action="store_true",
        default=default if default else os.environ.get(_READ_ONLY, "0") not in ("", "0"),
        help="offer nothing that changes a target, such as ending a database session",
    )
    parent.add_argument(
        "--no-annotate",
        dest="annotate",
        action="store_false",
        default=default if default else True,
        help="acknowledge, silence and note nothing",
    )
    return parent
