"""The options of ``onwatch slo``, ``capacity`` and ``baseline``."""

from __future__ import annotations

import argparse

from tui.options.parser import BASELINE, Parser, shared

__all__ = ["baseline", "capacity", "slo"]

_SHOWN = "Exit code: 0 well, 1 warning, 2 critical (or wrong usage), 3 not known."


def slo(parser: Parser) -> None:
    parser.add_argument("name", nargs="*", metavar="NAME", help="these objectives alone")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.epilog = f"As the running monitor counted them, to the last minute. {_SHOWN}"


def capacity(parser: Parser) -> None:
    parser.add_argument("name", nargs="*", metavar="NAME", help="these alone")
    parser.add_argument(
        "--at",
        metavar="TIME",
        help="what it comes to by then: 6months, 90d, 1y, or a date such as 2027-05-01",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.epilog = f"As the running monitor saw it, to the last minute. {_SHOWN}"


def baseline(parser: Parser) -> dict[str, Parser]:
    """The parsers of its actions, by what is typed for them."""
    found = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions = {}
    for name, text in BASELINE.items():
        actions[f"baseline {name}"] = found.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            parents=[shared(argparse.SUPPRESS)],
            allow_abbrev=False,
        )
    for name in ("save", "compare"):
        _measures(actions[f"baseline {name}"])
    save, compare = actions["baseline save"], actions["baseline compare"]
    save.add_argument("name", nargs="?", metavar="NAME", help="its name (default: date and time)")
    save.epilog = "Exit code: 0, 2 where it cannot be written, 3 where nothing was measured."
    for name in ("compare", "show"):
        actions[f"baseline {name}"].add_argument(
            "name",
            nargs="?",
            metavar="NAME",
            help="which one (default: the newest of this configuration)",
        )
    compare.add_argument(
        "--tolerance",
        metavar="[FIGURE=]PERCENT",
        action="append",
        default=[],
        help="a change that is none, such as 20%% or p95=10%% or 'error rate=50%%' (default: 20%%)",
    )
    compare.epilog = (
        "Exit code: 0 as before or better, 1 something is worse beyond its tolerance, 2 wrong "
        "usage, 3 what the baseline has is not known now."
    )
    for name in ("save", "compare", "list", "show"):
        actions[f"baseline {name}"].add_argument("--json", action="store_true", help="for programs")
    return actions


def _measures(parser: Parser) -> None:
    parser.add_argument(
        "--for",
        dest="seconds",
        metavar="TIME",
        default="30s",
        help="how long to measure (default: 30s)",
    )
