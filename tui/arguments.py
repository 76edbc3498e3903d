"""The command line: what was typed, as a namespace, and what to say to mistakes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Final

from tui.options import commands as options
from tui.options.dashboard import dashboard
from tui.options.longterm import baseline, capacity, slo
from tui.options.parser import COMMANDS, NOT_HERE, Parser, near, screen, shared
from tui.options.rules import rules
from tui.options.runbook import runbook

__all__ = ["COMMANDS", "parse"]

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
  onwatch dashboard   list and show dashboards, and import Grafana's
  onwatch report      write the report of an incident
  onwatch slo         say how the service level objectives stand
  onwatch capacity    say what fills or grows, and when it meets its limit
  onwatch baseline    save the figures of a good day, and compare with them
  onwatch note        write a note or a deployment into the timeline
  onwatch demo        the monitor on an embedded stack of real servers

The configuration is the file of -c, of $ONWATCH_CONFIG, or the first of ./onwatch.yaml,
~/.config/onwatch/onwatch.yaml and /etc/onwatch/onwatch.yaml; without one, onwatch watches
this machine and the services that it finds running on it."""

_PASSWORD_OPTIONS: Final = ("-p", "--password", "--passwd", "--pass", "--pwd")


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
    parser: Parser, commands: Mapping[str, Parser], argv: Sequence[str]
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


def _unknown(word: str, parser: Parser) -> str:
    option = word.partition("=")[0]
    if not option.startswith("-"):
        only = "; for one check: --only NAME" if "--only" in _options(parser) else ""
        return f'"{word}" is one argument too many{only}'
    if not option.startswith("--"):
        option = option[:2]
    if option in _PASSWORD_OPTIONS:
        return f"no option {option}: {NOT_HERE}"
    known = [each for each in _options(parser) if each.startswith("--")]
    return f"no option {option}{near(option, known)}"


def _options(parser: Parser) -> list[str]:
    return list(parser._option_string_actions)  # noqa: SLF001 - argparse tells it nowhere else


def _parsers() -> tuple[Parser, dict[str, Parser]]:
    common = shared(argparse.SUPPRESS)
    parser = Parser(
        prog="onwatch",
        description="The whole monitoring stack in one terminal.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[shared(None), screen(None)],
        allow_abbrev=False,
    )
    found = parser.add_subparsers(dest="command", metavar="command", help=argparse.SUPPRESS)
    commands: dict[str, Parser] = {}
    for name, text in COMMANDS.items():
        parents = [common, screen(argparse.SUPPRESS)] if name == "demo" else [common]
        commands[name] = found.add_parser(
            name,
            description=f"{text[0].upper()}{text[1:]}.",
            parents=parents,
            allow_abbrev=False,
        )
    options.check(commands["check"])
    options.init(commands["init"])
    commands["validate"].add_argument("file", nargs="?", metavar="FILE", help="instead of -c FILE")
    options.query(commands["query"])
    options.promqltest(commands["promqltest"])
    commands |= rules(commands["rules"])
    commands |= runbook(commands["runbook"])
    commands |= dashboard(commands["dashboard"])
    options.report(commands["report"])
    slo(commands["slo"])
    capacity(commands["capacity"])
    commands |= baseline(commands["baseline"])
    options.note(commands["note"])
    options.demo(commands["demo"])
    return parser, commands
