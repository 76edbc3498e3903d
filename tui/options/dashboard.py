"""The options of ``onwatch dashboard``."""

from __future__ import annotations

import argparse

from tui.options.parser import DASHBOARD, Parser, shared

__all__ = ["dashboard"]


def dashboard(parser: Parser) -> dict[str, Parser]:
    """The parsers of its actions, by what is typed for them."""
    found = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions = {}
    for name, text in DASHBOARD.items():
        actions[f"dashboard {name}"] = found.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            parents=[shared(argparse.SUPPRESS)],
            allow_abbrev=False,
        )
    actions["dashboard list"].add_argument("--json", action="store_true", help="as JSON")
    _show(actions["dashboard show"])
    _import(actions["dashboard import"])
    return actions


def _show(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME", help="the dashboard, as `list` names it")
    parser.add_argument(
        "--var",
        metavar="NAME=VALUE",
        action="append",
        help="a variable's value; repeated for several, All for all of them",
    )
    parser.add_argument(
        "--range", dest="span", metavar="TIME", help="how far back, such as 15m (default: its own)"
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
        help="show this file instead: OpenMetrics text with timestamps; now is its newest sample",
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--ascii", action="store_true", default=argparse.SUPPRESS, help="no glyphs")
    parser.epilog = "Exit code: 0, or 2 where there is no such dashboard."


def _import(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help="a dashboard of Grafana's, as JSON")
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="write it as `dashboards:` of a configuration, to be edited",
    )
    parser.add_argument("--force", action="store_true", help="overwrite a file that is there")
    parser.epilog = (
        "What is not shown, or otherwise, is said on standard error. Exit code: 0, 1 where a panel "
        "cannot be shown, 2 where the file is no dashboard."
    )
