"""Runs scripts against the evaluator.

As Prometheus' own runner does, an instant query is asked more than once: as it stands, with its
selectors fixed at its moment and the evaluation at others, and each of these as the middle
step of a range query, which must come to the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from checks.errors import ConfigError, ConfigProblem
from checks.model import clean
from checks.promql.answers import Answer, answer_of, ranged_answer
from checks.promql.api import Engine, Expression, Outcome
from checks.promql.errors import EvaluationError, PromQLError
from checks.promql.options import Options
from checks.promql.values import Grid
from checks.promqltest.at_modifier import fixed_at, other_moments, reads_clock, reads_range
from checks.promqltest.compare import annotation_problems, problems
from checks.promqltest.report import Failed, Report, Skipped
from checks.promqltest.script import Clear, Eval, Load, Script
from checks.promqltest.series import Histogram
from checks.promqltest.store import LoadedStore

__all__ = ["LOOKBACK", "run_script"]

LOOKBACK: Final = 300_000
"""Milliseconds, as in Prometheus' runner."""
AROUND: Final = 60_000
"""Milliseconds between the steps of the range query around an instant one."""
NATIVE: Final = "native histograms"
MOST_PROBLEMS: Final = 5


def run_script(script: Script, *, delayed_name_removal: bool = True) -> Report:
    """Run ``script`` in an engine of its own. Raises ConfigError for data that cannot be loaded.

    ``delayed_name_removal``: names go at the end of a query, as in Prometheus' own runner, or at
    once, as they do by its default.
    """
    run = _Run(Engine(Options(LOOKBACK, delayed_name_removal=delayed_name_removal)))
    for command in script.commands:
        if isinstance(command, Eval):
            run.judge(command)
        elif isinstance(command, Load):
            try:
                run.store.load(command)
            except ValueError as error:
                problem = ConfigProblem(script.name, command.line, "", clean(error, 400))
                raise ConfigError([problem]) from None
        elif isinstance(command, Clear):
            run.store = LoadedStore()
    return Report(
        script.name, delayed_name_removal, run.passed, tuple(run.failed), tuple(run.skipped)
    )


class _SkippedError(Exception):
    """The case needs something that is not there by design; the text says what."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """An instant query to ask: ``how`` tells it apart in sentences."""

    expression: Expression
    at: int
    how: str = ""


class _Run:
    """A script that is being run."""

    def __init__(self, engine: Engine) -> None:
        self.store = LoadedStore()
        self.passed = 0
        self.failed: list[Failed] = []
        self.skipped: list[Skipped] = []
        self._engine = engine

    def judge(self, case: Eval) -> None:
        """Run one case and keep what it came to."""
        self.store.forget_reads()
        try:
            wrong = self._wrong(case)
        except _SkippedError as skip:
            self.skipped.append(Skipped(case.line, case.text, str(skip)))
            return
        if wrong:
            self.failed.append(Failed(case.line, case.text, tuple(wrong[:MOST_PROBLEMS])))
        else:
            self.passed += 1

    def _wrong(self, case: Eval) -> list[str]:
        """What is wrong with the case. Raises _SkippedError."""
        rows = case.expected.rows.values()
        if any(isinstance(point, Histogram) for row in rows for point in row.points):
            raise _SkippedError(f"{NATIVE}: one is expected")
        try:
            expression = self._engine.parse(case.text)
        except PromQLError as error:
            return self._refused(case, error)
        if case.is_range:
            return self._asked(case, expression, case.grid)
        return self._instants(case, _questions(case, expression))

    def _instants(self, case: Eval, questions: Iterator[_Asked]) -> list[str]:
        """What is wrong with the first answer that is wrong.

        Raises _SkippedError where the first question, which is the case's own, is skipped; of the
        others those are left out that look at what is not understood.
        """
        for number, asked in enumerate(questions):
            self.store.forget_reads()
            try:
                wrong = self._instant(case, asked)
            except _SkippedError:
                if number == 0:
                    raise
                continue
            if wrong:
                return [f"{asked.how}{problem}" for problem in wrong]
        return []

    def _refused(self, case: Eval, error: PromQLError) -> list[str]:
        if error.feature:
            raise _SkippedError(error.feature)
        return _failure(case, error.message)

    def _instant(self, case: Eval, asked: _Asked) -> list[str]:
        grid = Grid(asked.at, asked.at, 1)
        wrong = self._asked(case, asked.expression, grid)
        expected = case.expected
        alone = expected.window is not None or expected.string is not None
        if wrong or alone or expected.fail is not None or reads_range(asked.expression.root):
            return wrong
        return self._around(case, asked)

    def _asked(self, case: Eval, expression: Expression, grid: Grid) -> list[str]:
        """What is wrong with the answer over ``grid``."""
        try:
            outcome = self._outcome(expression, grid, instant=not case.is_range)
        except EvaluationError as error:
            wrong = _failure(case, str(error))
            if wrong and self.store.strange:
                raise _SkippedError(self.store.strange) from None
            return wrong
        if case.expected.fail is not None:
            return ["expected a failure, but there is none"]
        wrong = annotation_problems(case.expected, outcome.warnings, outcome.infos)
        answer = ranged_answer(outcome) if case.is_range else answer_of(outcome)
        return wrong or problems(case.expected, answer, case.expected.window or case.grid)

    def _around(self, case: Eval, asked: _Asked) -> list[str]:
        """What is wrong with the same query as the middle of a range query."""
        grid = Grid(asked.at - AROUND, asked.at + AROUND, AROUND)
        try:
            outcome = self._outcome(asked.expression, grid, instant=False)
        except EvaluationError as error:
            return [] if self.store.strange else [f"as a range query it fails: {error}"]
        except _SkippedError:
            return []
        if case.expected.ordered:
            return []
        middle = _middle(ranged_answer(outcome), asked.at, scalar=case.expected.scalar is not None)
        return [
            f"as a range query: {problem}" for problem in problems(case.expected, middle, case.grid)
        ]

    def _outcome(self, expression: Expression, grid: Grid, *, instant: bool) -> Outcome:
        """The engine's answer.

        Raises EvaluationError, and _SkippedError where it read more than the evaluator understands.
        """
        if instant:
            outcome = self._engine.instant(self.store, expression, grid.start)
        else:
            outcome = self._engine.range(self.store, expression, grid.start, grid.end, grid.step)
        if self.store.strange:
            raise _SkippedError(self.store.strange)
        return outcome


def _failure(case: Eval, message: str) -> list[str]:
    """What is wrong with a failure that says ``message``."""
    expected = case.expected.fail
    if expected is None:
        return [f"it fails: {message}"]
    if not expected.fits(message):
        return [f"expected the failure {expected}, got: {message}"]
    return []


def _questions(case: Eval, expression: Expression) -> Iterator[_Asked]:
    """The ways to ask an instant query."""
    at = case.grid.start if case.expected.window is None else case.expected.window.end
    yield _Asked(expression, at)
    if reads_clock(expression.root):
        return
    fixed = replace(expression, root=fixed_at(expression.root, at))
    for moment in other_moments(at):
        yield _Asked(
            fixed, moment, f"with @ {at / 1000:g} on its selectors, at {moment / 1000:g}: "
        )


def _middle(answer: Answer, at: int, *, scalar: bool) -> Answer:
    """The step at ``at`` of a range query's answer, as an instant query would have it."""
    rows = [
        (labels, tuple(point for point in points if point[0] == at))
        for labels, points in answer.rows
    ]
    kept = tuple((labels, points) for labels, points in rows if points)
    if scalar and len(kept) == 1:
        return Answer("scalar", scalar=kept[0][1][0][1], time=at)
    return Answer("vector", kept, time=at)
