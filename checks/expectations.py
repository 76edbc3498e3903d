"""What a user expects of an answer: bounds, texts, values within a JSON document.

Pure: an expectation takes what was observed and gives back what missed it, as findings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from checks.bounds import Falling, Rising
from checks.model import Status, clean
from checks.patterns import Matcher, SlowPatternError
from checks.settings import Duration, Model

if TYPE_CHECKING:
    from checks.resolver import Addresses

__all__ = [
    "Bounds",
    "Finding",
    "JmesPath",
    "JsonExpectation",
    "JsonScalar",
    "JsonValues",
    "LatencyBounds",
    "Pattern",
    "RemainingBounds",
    "Texts",
    "latency_finding",
    "quoted",
    "seconds",
    "slow_finding",
    "stale_finding",
    "text_findings",
]

_SHOWN: Final = 80
"""Characters of an observed value that go into a sentence."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be; ``text`` is a clause without its full stop."""

    status: Status
    reason: str
    text: str


class Bounds(Model):
    """From where on a duration is a warning, and from where on critical."""

    warning: Duration | None = None
    """Past this the check is in warning."""
    critical: Duration | None = None
    """Past this the check is critical."""


class LatencyBounds(Bounds, Rising):
    """Bounds that an answer's duration must stay below."""


class RemainingBounds(Bounds, Falling):
    """Bounds that a remaining time must stay above."""


def _as_list(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _compiles(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return value


def _is_jmespath(value: str) -> str:
    import jmespath  # noqa: PLC0415
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415

    try:
        compiled = jmespath.compile(value)
    except JMESPathError as error:
        wrong = _misread(error)
    else:
        # These are found when an answer is judged, if ever, unless somebody looks before.
        wrong = next(_impossible(compiled.parsed), "")
    if wrong:
        raise ValueError(f"not a JMESPath expression: {wrong} in {quoted(value)}")
    return value


def _misread(error: Exception) -> str:
    """What JMESPath's parser did not understand, and where."""
    from jmespath import exceptions as e  # noqa: PLC0415

    if isinstance(error, e.LexerError):
        wrong = error.message[:1].lower() + error.message[1:]
        return f"{wrong} at column {error.lexer_position + 1}"
    if isinstance(error, e.IncompleteExpressionError):
        return f"something is missing at column {error.lex_position + 1}"
    if isinstance(error, e.ParseError):
        return f"unexpected {quoted(error.token_value)} at column {error.lex_position + 1}"
    return "nothing stands"


def _impossible(node: Any) -> Iterator[str]:
    """What can never be evaluated in a parsed expression: functions that JMESPath does not have,
    or that do not take as many arguments; steps of zero."""
    from jmespath.functions import Functions  # noqa: PLC0415

    if not isinstance(node, dict):
        return
    inner = node["children"]
    if node["type"] == "slice" and inner[2] == 0:
        yield "a step of zero"
    if node["type"] == "function_expression":
        name = node["value"]
        known = Functions.FUNCTION_TABLE.get(name)
        if known is None:
            yield f"the unknown function {name}()"
        else:
            least = len(known["signature"])
            more = any(one.get("variadic") for one in known["signature"])
            if len(inner) < least or (len(inner) > least and not more):
                yield f"{name}() with {len(inner)} arguments in place of {least}"
    for child in inner:
        yield from _impossible(child)


JsonScalar = str | int | float | bool | None
JsonValues = Annotated[tuple[JsonScalar, ...], Field(min_length=1), BeforeValidator(_as_list)]
"""A value, or a list of values any of which will do."""

Texts = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
"""A text, or a list of texts."""

Pattern = Annotated[str, AfterValidator(_compiles)]
"""A regular expression in Python's syntax."""

JmesPath = Annotated[str, AfterValidator(_is_jmespath)]
"""A JMESPath expression."""


def seconds(value: float) -> str:
    """A duration for people: ``0.4 ms``, ``12 ms``, ``1.24 s``, ``3 m``, ``2 h``, ``5 d``."""
    milliseconds = value * 1000
    if milliseconds < 0.95:
        return f"{max(milliseconds, 0.1):.1f} ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    if value < 120:
        return f"{value:.3g} s"
    if value < 7_200:
        return f"{value / 60:.0f} m"
    return f"{value / 3_600:.0f} h" if value < 172_800 else f"{value / 86_400:.0f} d"


def quoted(value: object) -> str:
    """An observed value as JSON would write it, cut to what fits a sentence."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return clean(text, _SHOWN)


def latency_finding(duration: float, bounds: Bounds | None) -> Finding | None:
    """What ``duration`` seconds are in the light of ``bounds``."""
    if bounds is None:
        return None
    for status, bound in ((Status.CRITICAL, bounds.critical), (Status.WARNING, bounds.warning)):
        if bound is not None and duration > bound:
            return Finding(
                status, "latency", f"slower than the {status.value} bound of {seconds(bound)}"
            )
    return None


def text_findings(
    text: str, required: tuple[str, ...], wanted: Matcher | None, absent: Matcher | None
) -> list[Finding]:
    """What ``text`` lacks of ``required`` and ``wanted``, and has of ``absent``."""
    missed = [f"the body lacks {quoted(part)}" for part in required if part not in text]
    slow = []
    try:
        if wanted is not None and not wanted.search(text):
            missed.append(f"the body does not match {quoted(wanted.pattern)}")
    except SlowPatternError as error:
        slow.append(slow_finding(error))
    try:
        if absent is not None and (found := absent.search(text)):
            missed.append(f"the body has {quoted(found.group(0))}, which it must not")
    except SlowPatternError as error:
        slow.append(slow_finding(error))
    return [Finding(Status.CRITICAL, "expectation", clause) for clause in missed] + slow


def stale_finding(found: Addresses | None) -> Finding | None:
    """A warning where an old answer had to do for the addresses of a name."""
    if found is None or not found.error:
        return None
    text = (
        f"the name look-up fails ({found.error}); its answer from {seconds(found.age)} ago is used"
    )
    return Finding(Status.WARNING, "dns", text)


def slow_finding(error: SlowPatternError) -> Finding:
    """A pattern that was given up: of the target nothing follows."""
    return Finding(Status.UNKNOWN, error.reason, str(error))


class JsonExpectation:
    """An expression, compiled once, and the values it may have."""

    __slots__ = ("_compiled", "_expression", "_values", "_wanted")

    def __init__(self, expression: str, values: tuple[JsonScalar, ...]) -> None:
        import jmespath  # noqa: PLC0415

        self._expression = expression
        self._compiled = jmespath.compile(expression)
        self._values = values
        self._wanted = " or ".join(quoted(value) for value in values)

    def finding(self, document: Any) -> Finding | None:
        """What ``document`` has instead; None where it is as expected."""
        from jmespath.exceptions import JMESPathError  # noqa: PLC0415

        try:
            found = self._compiled.search(document)
        except JMESPathError as error:
            said = str(error).splitlines()[0]
            return self._missed(f"cannot be evaluated ({said})")
        if any(_same(found, value) for value in self._values):
            return None
        if found is None:
            return self._missed(f"is missing or null, expected {self._wanted}")
        return self._missed(f"is {quoted(found)}, expected {self._wanted}")

    def _missed(self, text: str) -> Finding:
        return Finding(Status.CRITICAL, "expectation", f"{self._expression} {text}")


def _same(found: object, wanted: JsonScalar) -> bool:
    """Equal as JSON has it: true is not 1."""
    return isinstance(found, bool) is isinstance(wanted, bool) and found == wanted
