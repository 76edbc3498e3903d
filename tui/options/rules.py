"""The options of ``onwatch rules``."""

from __future__ import annotations

import argparse

from tui.options.parser import RULES, Parser, shared

__all__ = ["rules"]


def rules(parser: Parser) -> dict[str, Parser]:
    """The parsers of its actions, by what is typed for them."""
    found = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions = {}
    for name, text in RULES.items():
        action = found.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            parents=[shared(argparse.SUPPRESS)],
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


def _rules_check(parser: Parser) -> None:
    parser.add_argument(
        "--samples",
        metavar="FILE",
        help="name rules that read what is not in this file: OpenMetrics text with timestamps",
    )
    parser.epilog = (
        "With -c FILE its checks run once, and rules that read what they do not collect are named. "
        "Exit code: 0 right, 1 something is wrong with a file."
    )


def _rules_backtest(parser: Parser) -> None:
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
