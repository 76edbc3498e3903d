"""From what a program printed and how it ended to a result. Pure."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from checks.expectations import latency_finding, quoted, seconds
from checks.model import Part, Result, SampleBuilder, Status, Table
from checks.patterns import Matcher, SlowPatternError
from checks.probes.command.config import CommandConfig
from checks.probes.command.metrics import measure
from checks.probes.command.perfdata import Datum, Output, Range, parse_output
from checks.probes.command.rows import child_rows
from checks.wording import percent, size

__all__ = ["Patterns", "Run", "said_so_far", "told"]

_PLUGIN: Final = {0: Status.OK, 1: Status.WARNING, 2: Status.CRITICAL, 3: Status.UNKNOWN}
_SHELL: Final = {
    126: "the shell says by it that it could not execute a program",
    127: "the shell says by it that it did not find a program",
}
_REASONS: Final = {Status.OK: "ok", Status.UNKNOWN: "config"}
_HINTS: Final = {
    signal.SIGKILL: "; did the machine run out of memory?",
    signal.SIGSEGV: ": it crashed",
    signal.SIGABRT: ": it crashed",
    signal.SIGBUS: ": it crashed",
    signal.SIGPIPE: ": nobody read what it wrote",
}


@dataclass(frozen=True, slots=True)
class Run:
    """A program that ran to its end.

    ``code`` is negative for the number of the signal that ended it, None where it was lost.
    ``cut`` says that its output was longer than what is kept. Seconds, bytes.
    """

    program: str
    code: int | None
    out: bytes
    err: bytes
    duration: float
    cpu: float
    cut: bool = False
    lingers: bool = False
    flood: int = 0


@dataclass(frozen=True, slots=True)
class _Verdict:
    status: Status
    reason: str
    text: str
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Patterns:
    """What its standard output must match, and which of its lines become rows."""

    expect: Matcher | None
    rows: Matcher | None

    @classmethod
    def of(cls, config: CommandConfig) -> Patterns:
        return cls(
            Matcher(config.expect, multiline=True) if config.expect else None,
            Matcher(config.rows) if config.rows else None,
        )


def told(run: Run, config: CommandConfig, patterns: Patterns, builder: SampleBuilder) -> Result:
    """What the run comes to."""
    text, errors = _text(run.out), _text(run.err)
    output = parse_output(text, perfdata=config.perfdata)
    verdict = _judged(run, config, _words(run, output, errors), silent=not output.sentence)
    if verdict.status is Status.OK:
        verdict = _expected(verdict, text, patterns.expect)
    parts, verdict = _rows(verdict, text, patterns.rows)
    slow = latency_finding(run.duration, config.latency) if verdict.answered else None
    if slow is not None and slow.status.severity > verdict.status.severity:
        ran = f"ran for {seconds(run.duration)}"
        verdict = _Verdict(slow.status, slow.reason, f"{ran}, {slow.text}: {verdict.text}")
    builder.add("onwatch_command_exit_code", run.code)
    builder.add("onwatch_command_cpu_seconds", run.cpu)
    measure(output.data, builder)
    return Result(
        verdict.status,
        verdict.text,
        reason=verdict.reason,
        up=verdict.answered,
        value=_value(output.data, run),
        duration=run.duration,
        samples=builder.build(),
        parts=parts,
        tables=_tables(output.data),
        facts=tuple(_facts(run, config, output).items()),
        raw=_raw(text, errors),
    )


def said_so_far(out: bytes, err: bytes) -> str:
    """What a program had said when it was ended: a clause."""
    said = _first_line(_text(out)) or _telling(_text(err))
    return f"it had said {quoted(said)}" if said else "it had said nothing"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _telling(errors: str) -> str:
    """The line of standard error that says most: the last of a traceback, else the first."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    if not lines:
        return ""
    return lines[-1] if any(line.startswith("Traceback") for line in lines[:3]) else lines[0]


def _words(run: Run, output: Output, errors: str) -> str:
    """The program's own words; of its errors where it says nothing else."""
    if "\0" in output.sentence:
        return f"{run.program} printed binary data where a sentence is expected"
    return output.sentence or _telling(errors)


def _judged(run: Run, config: CommandConfig, words: str, *, silent: bool) -> _Verdict:
    program, code = run.program, run.code
    if run.flood:
        text = f"{program} was ended, since it wrote more than {size(run.flood)}"
        return _Verdict(Status.UNKNOWN, "limit", text, answered=False)
    if code is None:
        text = (
            f"the exit code of {program} is lost: onwatch was started with SIGCHLD ignored; "
            "start it without"
        )
        return _Verdict(Status.UNKNOWN, "limit", text, answered=False)
    if code < 0:
        text = f"{program} was ended by {_signal(-code)}"
        return _Verdict(Status.UNKNOWN, "internal", _and(text, words), answered=False)
    status = _status(code, config.exit_codes)
    if status is None:
        return _Verdict(Status.UNKNOWN, "config", _and(_odd(program, code), words))
    if not words:
        words = f"{program} said nothing and ended with exit code {code}"
    elif silent:
        words = f"{program} printed nothing but an error: {words}"
    return _Verdict(status, _REASONS.get(status, "expectation"), words)


def _status(code: int, meanings: Mapping[int, str]) -> Status | None:
    word = meanings.get(code)
    return Status(word) if word is not None else _PLUGIN.get(code)


def _odd(program: str, code: int) -> str:
    text = f"{program} ended with exit code {code}"
    if code in _SHELL:
        return f"{text}: {_SHELL[code]}"
    if 128 < code < 128 + signal.NSIG:
        return f"{text}: a shell says by it that a program was ended by {_signal(code - 128)}"
    return f"{text}, which no plugin uses; say by exit_codes what it means"


def _signal(number: int) -> str:
    try:
        known = signal.Signals(number)
    except ValueError:
        return f"signal {number}"
    return f"{known.name}{_HINTS.get(known, '')}"


def _and(text: str, words: str) -> str:
    return f"{text}: {words}" if words else text


def _expected(verdict: _Verdict, text: str, pattern: Matcher | None) -> _Verdict:
    try:
        if pattern is None or pattern.search(text):
            return verdict
    except SlowPatternError as error:
        return _Verdict(Status.UNKNOWN, error.reason, str(error))
    said = quoted(_first_line(text)) if text.strip() else "nothing"
    missed = f"the output does not match {quoted(pattern.pattern)}, it begins with {said}"
    return _Verdict(Status.CRITICAL, "expectation", missed)


def _rows(
    verdict: _Verdict, text: str, pattern: Matcher | None
) -> tuple[tuple[Part, ...], _Verdict]:
    """The child rows; where they cannot be told, a good verdict is none either."""
    try:
        return (() if pattern is None else child_rows(text, pattern)), verdict
    except SlowPatternError as error:
        slow = _Verdict(Status.UNKNOWN, error.reason, str(error))
        return (), slow if verdict.status is Status.OK else verdict


def _value(data: tuple[Datum, ...], run: Run) -> str:
    """The first figure; where there is none, the exit code."""
    first = next((datum for datum in data if datum.value is not None), None)
    if first is not None and first.value is not None:
        return _figure(first.value, first.unit)
    return "" if run.code is None or run.code < 0 else f"exit {run.code}"


def _figure(value: float, unit: str) -> str:
    if unit == "seconds":
        return "0 s" if value == 0 else ("-" if value < 0 else "") + seconds(abs(value))
    if unit == "bytes":
        return size(value)
    if unit == "ratio":
        return percent(value)
    return f"{value:.6g} {unit}".rstrip()


def _tables(data: tuple[Datum, ...]) -> tuple[Table, ...]:
    if not data:
        return ()
    columns = ("label", "value", "", "warning", "critical", "min", "max")
    rows = tuple(
        (
            datum.label,
            "unknown" if datum.value is None else _figure(datum.value, datum.unit),
            _mark(datum),
            _range(datum.warning, datum.unit),
            _range(datum.critical, datum.unit),
            "" if datum.minimum is None else _figure(datum.minimum, datum.unit),
            "" if datum.maximum is None else _figure(datum.maximum, datum.unit),
        )
        for datum in data
    )
    return (Table("performance data", columns, rows, frozenset(columns) - {"label", ""}),)


def _mark(datum: Datum) -> str:
    """What its own ranges say of a datum."""
    if datum.value is None:
        return ""
    for word, bounds in (("critical", datum.critical), ("warning", datum.warning)):
        if bounds is not None and bounds.alerts(datum.value):
            return word
    return ""


def _range(bounds: Range | None, unit: str) -> str:
    """When it alerts, in words: ``> 90 %``, ``< 10``, ``< 1 or > 5``, ``10 to 20``."""
    if bounds is None:
        return ""
    low = None if bounds.start in (float("-inf"), float("inf")) else _figure(bounds.start, unit)
    high = None if bounds.end in (float("-inf"), float("inf")) else _figure(bounds.end, unit)
    if bounds.inside:
        if low is None and high is None:
            return "always"
        return f"{low} to {high}" if low and high else f"≥ {low}" if low else f"≤ {high}"
    if bounds.start == 0 and high is not None:
        return f"> {high}"
    outside = [f"< {low}" if low else "", f"> {high}" if high else ""]
    return " or ".join(filter(None, outside)) or "never"


def _facts(run: Run, config: CommandConfig, output: Output) -> dict[str, str]:
    facts = {"exit code": "lost" if run.code is None else str(run.code)}
    if run.code is not None and run.code < 0:
        facts["exit code"] = f"none; ended by {_signal(-run.code)}"
    elif run.code in config.exit_codes:
        facts["exit code"] += f", by exit_codes {config.exit_codes[run.code]}"
    facts["processor time"] = seconds(run.cpu) if run.cpu else "less than 0.1 ms"
    if run.cut:
        kept = size(config.max_output)
        facts["output"] = f"longer than max_output: the first {kept} were read, the rest left out"
    if run.lingers:
        facts["left running"] = (
            "something that it started keeps its output open; such a program should close it"
        )
    if output.problems:
        facts["performance data left out"] = "; ".join(output.problems)
    return facts


def _raw(text: str, errors: str) -> str:
    if not errors.strip():
        return text
    heading = "standard error:\n"
    return f"{text.rstrip()}\n\n{heading}{errors}" if text.strip() else heading + errors
