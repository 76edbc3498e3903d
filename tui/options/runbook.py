"""The options of ``onwatch runbook``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from tui.options.parser import RUNBOOK, Parser, shared

__all__ = ["runbook"]


class _Once(argparse.Action):
    """Refuses an option that stands there twice: the first would be left out without a word."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        del parser, option_string
        if getattr(namespace, self.dest) is not None:
            raise argparse.ArgumentError(self, "stands there twice; one step is run at a time")
        setattr(namespace, self.dest, values)


def runbook(parser: Parser) -> dict[str, Parser]:
    """The parsers of its actions, by what is typed for them."""
    found = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions = {}
    for name, text in RUNBOOK.items():
        actions[f"runbook {name}"] = found.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            parents=[shared(argparse.SUPPRESS)],
            allow_abbrev=False,
        )
    _runbook_shown(actions)
    _runbook_run(actions["runbook run"])
    return actions


def _runbook_shown(actions: Mapping[str, Parser]) -> None:
    show = actions["runbook show"]
    show.add_argument("name", metavar="NAME", help="the runbook: the name of its file")
    show.add_argument("--step", metavar="STEP", help="this step alone")
    show.epilog = "Exit code: 0, or 2 where there is no such runbook or step."
    actions["runbook list"].epilog = "Exit code: 0, or 1 where something is wrong with a file."
    for parser in (show, actions["runbook list"]):
        parser.add_argument("--json", action="store_true", help="as JSON")


def _runbook_run(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME", help="the runbook: the name of its file")
    parser.add_argument(
        "--step",
        metavar="STEP",
        action=_Once,
        help="this step alone (default: all in their order)",
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
