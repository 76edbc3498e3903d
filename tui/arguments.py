"""The command line: which commands and options there are, and what to say to others."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NoReturn

__all__ = ["COMMANDS", "parse"]

COMMANDS: Final = {
    "check": "run every check once and print what it came to",
    "init": "write a configuration from what is found running here",
    "validate": "say whether the configuration is right, and what it holds",
    "schema": "print the JSON Schema of the configuration",
    "query": "say what a PromQL expression comes to",
    "promqltest": "run tests of PromQL in Prometheus' own language",
    "rules": "check, test and backtest Prometheus' rule files",
    "runbook": "list, show and run runbooks without the screen",
    "report": "write the report of an incident",
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

_READ_ONLY: Final = "ONWATCH_READ_ONLY"
"""Variable of the environment that has the effect of ``--read-only``, unless it is empty or 0."""

_EPILOG: Final = """\
commands:
  onwatch check       run every check once and print what it came to
  onwatch init        write a configuration from what is found running here
  onwatch validate    say whether the configuration is right, and what it holds
  onwatch schema      print the JSON Schema of the configuration
  onwatch query       say what a PromQL expression comes to
  onwatch promqltest  run tests of PromQL in Prometheus' own language
  onwatch rules       check, test and backtest Prometheus' rule files
  onwatch runbook     list, show and run runbooks without the screen
  onwatch report      write the report of an incident
  onwatch note        write a note or a deployment into the timeline
  onwatch demo        the monitor on an embedded stack of real servers

The configuration is the file of -c, of $ONWATCH_CONFIG, or the first of ./onwatch.yaml,
~/.config/onwatch/onwatch.yaml and /etc/onwatch/onwatch.yaml; without one, onwatch watches
this machine and the services that it finds running on it."""

_NOT_HERE: Final = (
    "a password on the command line can be read by everybody on this machine: "
    "keep it in .pgpass or .my.cnf, or name its place in the configuration "
    "(password: {file: …}, {env: …} or {command: […]})"
)
_PASSWORD_OPTIONS: Final = ("-p", "--password", "--passwd", "--pass", "--pwd")
_CHOICE = re.compile(r"invalid choice: '(.*?)' \(choose from")


class _Parser(argparse.ArgumentParser):
    """A parser that complains in one line, with the nearest thing there is."""

    def error(self, message: str) -> NoReturn:
        from checks.secrets import mask_url  # noqa: PLC0415 - for mistakes alone

        if mask_url(message) != message:
            message = _NOT_HERE
        wrong = _CHOICE.search(message)
        about = message.partition(":")[0]
        if wrong is not None and "command" in about:
            message = f'no command "{wrong[1]}"{_near(wrong[1], COMMANDS)}'
        elif wrong is not None and "ACTION" in about:
            message = f'nothing to do called "{wrong[1]}"{_near(wrong[1], [*RULES, *RUNBOOK])}'
        self.exit(2, f"onwatch: {message}; see {self.prog} --help\n")


class _Version(argparse.Action):
    """Looks the version up only when asked for it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version  # noqa: PLC0415 - reads files

        sys.stdout.write(f"onwatch {version('onwatch')}\n")
        parser.exit()


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments as a namespace; ``command`` is empty for the monitor.

    Ends the program with exit code 2 and one line where they are wrong.
    """
    if argv[:1] == ["help"]:
        argv = [*argv[1:2], "--help"]
    parser, commands = _parsers()
    _refuse_unknown_first(parser, commands, argv)
    args, rest = parser.parse_known_args(argv)
    args.command = args.command or ""
    if rest:
        name = f"{args.command} {args.action}" if hasattr(args, "action") else args.command
        current = commands.get(name, parser)
        wrong = next((word for word in rest if word.startswith("-")), rest[0])
        current.error(_unknown(wrong, current))
    return args


def _refuse_unknown_first(
    parser: _Parser, commands: Mapping[str, _Parser], argv: Sequence[str]
) -> None:
    """Name a mistyped option before its value is taken for a command."""
    for word in argv:
        if word in COMMANDS or word == "--":
            return
        option = word.partition("=")[0]
        if option.startswith("--") and option not in _options(parser):
            owner = next((name for name, p in commands.items() if option in _options(p)), "")
            if owner:
                parser.error(f"{option} belongs to a command: onwatch {owner} {option}")
            parser.error(_unknown(word, parser))


def _unknown(word: str, parser: _Parser) -> str:
    option = word.partition("=")[0]
    if not option.startswith("-"):
        only = "; for one check: --only NAME" if "--only" in _options(parser) else ""
        return f'"{word}" is one argument too many{only}'
    if not option.startswith("--"):
        option = option[:2]
    if option in _PASSWORD_OPTIONS:
        return f"no option {option}: {_NOT_HERE}"
    known = [each for each in _options(parser) if each.startswith("--")]
    return f"no option {option}{_near(option, known)}"


def _options(parser: _Parser) -> list[str]:
    return list(parser._option_string_actions)  # noqa: SLF001 - argparse tells it nowhere else


def _near(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - for mistakes alone

    found = get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _parsers() -> tuple[_Parser, dict[str, _Parser]]:
    shared = _shared(argparse.SUPPRESS)
    parser = _Parser(
        prog="onwatch",
        description="The whole monitoring stack in one terminal.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_shared(None), _screen(None)],
        allow_abbrev=False,
    )
    found = parser.add_subparsers(dest="command", metavar="command", help=argparse.SUPPRESS)
    commands: dict[str, _Parser] = {}
    for name, text in COMMANDS.items():
        parents = [shared, _screen(argparse.SUPPRESS)] if name == "demo" else [shared]
        commands[name] = found.add_parser(
            name,
            description=f"{text[0].upper()}{text[1:]}.",
            parents=parents,
            allow_abbrev=False,
        )
    _check(commands["check"])
    _init(commands["init"])
    commands["validate"].add_argument("file", nargs="?", metavar="FILE", help="instead of -c FILE")
    _query(commands["query"])
    _promqltest(commands["promqltest"])
    commands |= _rules(commands["rules"])
    commands |= _runbook(commands["runbook"])
    _report(commands["report"])
    _note(commands["note"])
    _demo(commands["demo"])
    return parser, commands


def _shared(default: str | None) -> _Parser:
    """Options of every command; suppressed defaults leave alone what came before the command."""
    parent = _Parser(add_help=False)
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


def _screen(default: str | None) -> _Parser:
    """Options of the monitor, with and without the demo."""
    parent = _Parser(add_help=False)
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


def _check(parser: _Parser) -> None:
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument(
        "--format",
        choices=("table", "json", "nagios"),
        default="table",
        help="how to print it (default: table)",
    )
    shape.add_argument(
        "--json", dest="format", action="store_const", const="json", help="short for --format json"
    )
    parser.add_argument(
        "--only", metavar="NAME", action="append", help="this check alone; may be repeated"
    )
    parser.add_argument(
        "--timeout", metavar="TIME", help="how long each check may take, such as 500ms or 5s"
    )
    parser.add_argument("--ascii", action="store_true", default=argparse.SUPPRESS, help="no glyphs")
    parser.epilog = "Exit code: 0 ok, 1 warning, 2 critical (or wrong usage), 3 unknown."


def _init(parser: _Parser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="where to write it (default: onwatch/onwatch.yaml in your configuration folder)",
    )
    where.add_argument("--stdout", action="store_true", help="print it instead")
    parser.add_argument("--force", action="store_true", help="overwrite a file that is there")


def _take_moments(parser: _Parser) -> None:
    """Take ``-5m`` for a moment, not for an option."""
    parser._negative_number_matcher = re.compile(r"-\.?[0-9]")  # noqa: SLF001


def _query(parser: _Parser) -> None:
    _take_moments(parser)
    parser.add_argument("expression", metavar="EXPR", help="a PromQL expression")
    when = parser.add_mutually_exclusive_group()
    when.add_argument(
        "--at",
        metavar="TIME",
        default="now",
        help="the moment: unix seconds, 2026-01-31T12:00:00Z, now or -5m (default: now)",
    )
    when.add_argument(
        "--range",
        nargs=3,
        metavar=("START", "END", "STEP"),
        help="evaluate at every STEP, such as 15s, from START to END",
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--for",
        dest="seconds",
        metavar="TIME",
        help="let the checks collect for so long, such as 10s (default: one pass, as check does)",
    )
    source.add_argument(
        "--samples",
        metavar="FILE",
        help="ask this file instead: OpenMetrics text with timestamps; now is its newest sample",
    )
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument(
        "--json",
        dest="format",
        action="store_const",
        const="json",
        default="table",
        help="answer as Prometheus' HTTP API does",
    )
    shape.add_argument("--chart", action="store_true", help="draw the answer")
    parser.add_argument("--ascii", action="store_true", default=argparse.SUPPRESS, help="no glyphs")
    parser.epilog = "Exit code: 0, or 2 where the expression or another input cannot be used."


def _promqltest(parser: _Parser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a script (*.test)")
    parser.add_argument(
        "--delayed-name-removal",
        choices=("on", "off"),
        default="on",
        help="names go at the end of a query, as in Prometheus' own tests, or at once, "
        "as by its default (default: on)",
    )
    parser.epilog = "Exit code: 0 all passed or were skipped, 1 some failed, 2 a script is wrong."


def _rules(parser: _Parser) -> dict[str, _Parser]:
    """The parsers of its actions, by what is typed for them."""
    found = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions = {}
    for name, text in RULES.items():
        action = found.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            parents=[_shared(argparse.SUPPRESS)],
            allow_abbrev=False,
        )
        action.add_argument("files", nargs="+", metavar="FILE", help="YAML")
        actions[f"rules {name}"] = action
    _rules_check(actions["rules check"])
    actions["rules test"].add_argument(
        "--run",
        metavar="REGEX",
        action="append",
        help="tests alone whose name has this in it; may be repeated",
    )
    actions["rules test"].epilog = "Exit code: 0 all passed, 1 some failed."
    _rules_backtest(actions["rules backtest"])
    return actions


def _rules_check(parser: _Parser) -> None:
    parser.add_argument(
        "--samples",
        metavar="FILE",
        help="name rules that read what is not in this file: OpenMetrics text with timestamps",
    )
    parser.epilog = (
        "With -c FILE its checks run once, and rules that read what they do not collect are named. "
        "Exit code: 0 right, 1 something is wrong with a file."
    )


def _rules_backtest(parser: _Parser) -> None:
    parser.add_argument(
        "--samples",
        metavar="FILE",
        required=True,
        help="the past: OpenMetrics text with timestamps",
    )
    parser.add_argument(
        "--interval",
        metavar="TIME",
        default="1m",
        help="how often groups are evaluated that do not say so themselves (default: 1m)",
    )
    parser.add_argument(
        "--pure",
        action="store_true",
        help="as Prometheus, for which an alert without samples is resolved",
    )
    parser.epilog = "Exit code: 0, 1 where a rule failed, 2 where a file cannot be used."


def _runbook(parser: _Parser) -> dict[str, _Parser]:
    """The parsers of its actions, by what is typed for them."""
    found = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions = {}
    for name, text in RUNBOOK.items():
        actions[f"runbook {name}"] = found.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            parents=[_shared(argparse.SUPPRESS)],
            allow_abbrev=False,
        )
    _runbook_shown(actions)
    _runbook_run(actions["runbook run"])
    return actions


def _runbook_shown(actions: Mapping[str, _Parser]) -> None:
    show = actions["runbook show"]
    show.add_argument("name", metavar="NAME", help="the runbook: the name of its file")
    show.add_argument("--step", metavar="STEP", help="this step alone")
    show.epilog = "Exit code: 0, or 2 where there is no such runbook or step."
    actions["runbook list"].epilog = "Exit code: 0, or 1 where something is wrong with a file."
    for parser in (show, actions["runbook list"]):
        parser.add_argument("--json", action="store_true", help="as JSON")


def _runbook_run(parser: _Parser) -> None:
    parser.add_argument("name", metavar="NAME", help="the runbook: the name of its file")
    parser.add_argument(
        "--step", metavar="STEP", help="this step alone (default: all in their order)"
    )
    parser.add_argument(
        "--var", metavar="NAME=VALUE", action="append", help="a variable's value; may be repeated"
    )
    parser.add_argument(
        "--check", metavar="NAME", help="the check that it is about: its host, port, database …"
    )
    parser.add_argument(
        "--timeout", metavar="TIME", help="how long each step may take, such as 30s"
    )
    parser.add_argument(
        "--yes", action="store_true", help="run steps that ask without asking; dangerous ones ask"
    )
    parser.add_argument(
        "--yes-danger",
        metavar="TARGET",
        help="run dangerous steps whose target is this one without asking",
    )
    parser.epilog = (
        "What is safe runs; the rest is shown and asked for, and left out where nobody can be "
        "asked. Exit code: the step's (of several, of the first that failed); 2 where nobody "
        "agreed, 124 after its time, 126 where it could not be run, 130 cancelled."
    )


def _report(parser: _Parser) -> None:
    parser.add_argument(
        "incident",
        nargs="?",
        type=int,
        metavar="INCIDENT",
        help="its number (default: the newest)",
    )
    parser.add_argument("--list", action="store_true", help="list the incidents instead")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where to write it (default: standard output)"
    )
    parser.epilog = "Exit code: 0, or 2 where there is no such incident."


def _note(parser: _Parser) -> None:
    _take_moments(parser)
    parser.add_argument("text", nargs="+", metavar="TEXT", help='what to write: "deployed 1.2.3"')
    parser.add_argument(
        "--at",
        metavar="TIME",
        default="now",
        help="when it was: 14:05, yesterday 14:05, 2026-01-31T14:05, or -10m (default: now)",
    )
    parser.add_argument(
        "--incident",
        type=int,
        metavar="NUMBER",
        help="the incident that it is of (default: the one that lasted then)",
    )
    parser.epilog = (
        "What begins with deployed, released or rollout is a mark of a deployment. A report takes "
        "up notes that begin with root cause:, impact:, eta:, or done:."
    )


def _demo(parser: _Parser) -> None:
    parser.add_argument(
        "--seed", type=int, default=1, metavar="NUMBER", help="another number, another traffic"
    )
    parser.add_argument(
        "--no-incidents",
        dest="incidents",
        action="store_false",
        help="no incidents but those begun from the palette",
    )
    parser.add_argument(
        "--no-databases",
        dest="databases",
        action="store_false",
        help="without PostgreSQL and MariaDB",
    )
    parser.add_argument(
        "--incident",
        metavar="NAME",
        help="begin with this incident, which lasts until somebody has mended it",
    )
    # It does so without, since incidents can be mended.
    parser.add_argument("--hold", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--headless", action="store_true", help="the servers alone, without the monitor"
    )
