"""``onwatch query``: what a PromQL expression comes to, over what the checks collect or a file."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from checks.model import clean
from checks.numerics import import_numpy
from tui.refusal import ArgumentError

if TYPE_CHECKING:
    from checks.promql.answers import Answer
    from checks.promql.api import Engine, Expression, Outcome
    from checks.promql.errors import PromQLError
    from checks.promql.storage import Storage

__all__ = ["run"]

BAD_INPUT: Final = 2
_CHART_CELLS: Final = (80, 20)
_WIDEST: Final = 200
"""Characters of an expression's line that is shown with a mark beneath."""


@dataclass(frozen=True, slots=True)
class _When:
    """What is asked: moments in milliseconds since 1970; ``step`` 0 for an instant query."""

    start: int
    end: int
    step: int


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the samples are, and the moment that ``now`` means, in milliseconds."""

    store: Storage
    now: int


def run(args: argparse.Namespace) -> int:
    """Print the answer; 2 where the expression, a moment or the samples cannot be used."""
    import_numpy()
    from checks.promql.api import Engine  # noqa: PLC0415 - imports numpy
    from checks.promql.errors import EvaluationError, PromQLError  # noqa: PLC0415

    engine = Engine()
    try:
        expression = engine.parse(args.expression)
        _when(args, 0)
        source = _samples(args.samples) if args.samples else _collected(args, expression)
        outcome = _ask(engine, expression, source, _when(args, source.now))
    except PromQLError as error:
        _refuse(args, "bad_data", str(error), _pointer(args.expression, error))
        return BAD_INPUT
    except EvaluationError as error:
        _refuse(args, "execution", str(error))
        return BAD_INPUT
    _print(args, outcome)
    return 0


def _refuse(args: argparse.Namespace, kind: str, sentence: str, pointer: str = "") -> None:
    if args.format == "json":
        from tui.output.answers import failure_json  # noqa: PLC0415 - imports numpy

        about = 'invalid parameter "query": ' if kind == "bad_data" else ""
        _write_json(failure_json(kind, about + sentence))
    sys.stderr.write(f"onwatch: {clean(sentence)}\n{pointer}")


def _pointer(text: str, error: PromQLError) -> str:
    """The line of the expression in which the error is, marked; empty where it is too long."""
    start = text.rfind("\n", 0, error.span.start) + 1
    line = text[start:].partition("\n")[0]
    if len(line) > _WIDEST or not line.isprintable():
        return ""
    before, after = error.span.start - start, error.span.end - start
    marked = max(1, cell_len(line[before:after]))
    return f"  {line}\n  {' ' * cell_len(line[:before])}{'^' * marked}\n"


def _when(args: argparse.Namespace, now: int) -> _When:
    """The moments asked for. Raises ConfigError that names the option."""
    from checks.samples.moments import parse_moment, parse_step  # noqa: PLC0415 - for this command

    option = "--range" if args.range else "--at"
    try:
        if not args.range:
            at = parse_moment(args.at, now)
            return _When(at, at, 0)
        start, end = (parse_moment(text, now) for text in args.range[:2])
        step = parse_step(args.range[2])
    except ValueError as error:
        raise ArgumentError(option, str(error)) from None
    if end < start:
        why = f"its end, {args.range[1]}, is before its start, {args.range[0]}"
        raise ArgumentError(option, why)
    return _When(start, end, step)


def _samples(name: str) -> _Source:
    from checks.samples.openmetrics import read_openmetrics  # noqa: PLC0415 - imports numpy
    from checks.samples.store import store_of  # noqa: PLC0415

    found = read_openmetrics(name)
    return _Source(store_of(found), found.last)


def _collected(args: argparse.Namespace, expression: Expression) -> _Source:
    from checks.collect import collect  # noqa: PLC0415 - imports the engine
    from tui.commands.found import found_checks  # noqa: PLC0415
    from tui.config import load  # noqa: PLC0415 - imports pydantic

    seconds = _seconds(args.seconds)
    config = found_checks(load(args.config).engine)
    collected = asyncio.run(collect(config, seconds))
    _say_how_short(collected.ended - collected.began, expression.range_needed / 1000)
    return _Source(collected.store, round(collected.ended * 1000))


def _say_how_short(collected: float, needed: float) -> None:
    """Say where an expression looks back further than there are samples, in seconds: its rates are
    those of a part of their window, and too low, which nobody sees by looking at them."""
    from checks.wording import span  # noqa: PLC0415 - for this command

    if needed > collected + 1:
        sys.stderr.write(
            f"note: it looks back {span(needed)}, and there are samples of {span(collected)}: "
            f"rates and increases come out too low; --for {needed:g}s collects as much\n"
        )


def _seconds(text: str | None) -> float:
    """How long to collect; ArgumentError where ``text`` is no duration."""
    if text is None:
        return 0.0
    from checks.samples.moments import parse_step  # noqa: PLC0415 - for this command

    try:
        return parse_step(text) / 1000
    except ValueError:
        why = f'"{text}" is no duration such as 10s'
        raise ArgumentError("--for", why) from None


def _ask(engine: Engine, expression: Expression, source: _Source, when: _When) -> Outcome:
    if when.step:
        return engine.range(source.store, expression, when.start, when.end, when.step)
    return engine.instant(source.store, expression, when.start)


def _print(args: argparse.Namespace, outcome: Outcome) -> None:
    from checks.promql.answers import answer_of, ranged_answer  # noqa: PLC0415 - imports numpy
    from tui.output.answers import as_json, as_table  # noqa: PLC0415

    answer = ranged_answer(outcome) if args.range else answer_of(outcome)
    if args.format == "json":
        _write_json(as_json(answer, outcome.warnings, outcome.infos))
        return
    for remark in (*outcome.warnings, *outcome.infos):
        sys.stderr.write(f"{clean(remark)}\n")
    sys.stdout.write(_chart(answer, ascii_only=args.ascii) if args.chart else as_table(answer))


def _chart(answer: Answer, *, ascii_only: bool) -> str:
    from tui.output.answer_chart import as_chart  # noqa: PLC0415 - for charts alone
    from tui.terminal import judge  # noqa: PLC0415

    looks = judge(encoding=sys.stdout.encoding).looks
    to_terminal = sys.stdout.isatty()
    size = shutil.get_terminal_size(_CHART_CELLS)
    width, height = (size.columns, min(size.lines - 2, 24)) if to_terminal else _CHART_CELLS
    colour = to_terminal and looks.colours > 0 and os.environ.get("TERM") != "dumb"
    plain = ascii_only or looks.characters != "unicode"
    return as_chart(answer, width, max(height, 8), plain=plain, colour=colour)


def _write_json(text: str) -> None:
    sys.stdout.buffer.write(text.encode())
