"""The options of commands without actions of their own."""

from __future__ import annotations

import argparse
import re

from tui.options.parser import Parser

__all__ = ["check", "demo", "init", "note", "promqltest", "query", "report"]


def _incident(text: str) -> int:
    """The number of an incident, of which no file holds one of more digits."""
    if not text.isdecimal() or len(text) > 15:
        # What was typed is not repeated: it may hold anything.
        raise argparse.ArgumentTypeError("expected the number of an incident")
    return int(text)


def check(parser: Parser) -> None:
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


def init(parser: Parser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="where to write it (default: onwatch/onwatch.yaml in your configuration folder)",
    )
    where.add_argument("--stdout", action="store_true", help="print it instead")
    parser.add_argument("--force", action="store_true", help="overwrite a file that is there")


def _take_moments(parser: Parser) -> None:
    """Take ``-5m`` for a moment, not for an option."""
    parser._negative_number_matcher = re.compile(r"-\.?[0-9]")  # noqa: SLF001


def query(parser: Parser) -> None:
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


def promqltest(parser: Parser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a script (*.test)")
    parser.add_argument(
        "--delayed-name-removal",
        choices=("on", "off"),
        default="on",
        help="names go at the end of a query, as in Prometheus' own tests, or at once, "
        "as by its default (default: on)",
    )
    parser.epilog = "Exit code: 0 all passed or were skipped, 1 some failed, 2 a script is wrong."


def report(parser: Parser) -> None:
    parser.add_argument(
        "incident",
        nargs="?",
        type=_incident,
        metavar="INCIDENT",
        help="its number (default: the newest)",
    )
    parser.add_argument("--list", action="store_true", help="list the incidents instead")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where to write it (default: standard output)"
    )
    parser.add_argument("--force", action="store_true", help="overwrite a file that is there")
    parser.epilog = (
        "Exit code: 0, or 2 where there is no such incident, or the file is there already or "
        "cannot be written."
    )


def note(parser: Parser) -> None:
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
        type=_incident,
        metavar="NUMBER",
        help="the incident that it is of (default: the one that lasted then)",
    )
    parser.epilog = (
        "What begins with deployed, released or rollout is a mark of a deployment. A report takes "
        "up notes that begin with root cause:, impact:, eta:, or done:."
    )


def demo(parser: Parser) -> None:
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
