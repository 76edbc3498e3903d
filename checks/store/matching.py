"""Label matchers. Patterns are RE2's, as Prometheus has them, and match whole values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from checks.model import Series
from checks.store.plain import alternatives, is_sound

if TYPE_CHECKING:
    import re2

__all__ = ["Matcher", "PatternError"]

_MEMORY: Final = 8 << 20
"""Bytes that a compiled pattern may take; RE2 refuses one that needs more."""
_REMEMBERED: Final = 20_000


class PatternError(ValueError):
    """A pattern that RE2 refuses; ``str()`` says why."""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re2._Regexp:
    """``pattern`` for whole values; its dot matches a line's end too.

    Raises:
        PatternError: it is no RE2 pattern, or needs too much memory.
    """
    import re2  # noqa: PLC0415 - only who has such a pattern pays for it

    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    options.max_mem = _MEMORY
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0] if error.args else error
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise PatternError(f"error parsing regexp: {text}: `{pattern}`") from None


@dataclass(frozen=True, slots=True)
class Matcher:
    """A label matcher: ``op`` is ``=``, ``!=``, ``=~`` or ``!~``; patterns match whole values.

    A label that a series lacks has the empty value, as in Prometheus.

    Raises:
        PatternError: ``value`` is to be a pattern and is none.
    """

    label: str
    op: str
    value: str
    _seen: dict[str, bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.op in {"=~", "!~"} and not is_sound(self.value):
            compiled(self.value)

    def matches(self, value: str) -> bool:
        """Whether a label of ``value`` matches."""
        match self.op:
            case "=":
                return value == self.value
            case "!=":
                return value != self.value
        found = self._seen.get(value)
        if found is None:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            found = self._fits(value) is (self.op == "=~")
            self._seen[value] = found
        return found

    def _fits(self, value: str) -> bool:
        listed = alternatives(self.value)
        if listed is not None:
            return listed.fits(value)
        try:
            return compiled(self.value).fullmatch(value) is not None
        except UnicodeEncodeError:
            return False

    def keep(self, series: Iterable[Series]) -> list[Series]:
        """Those of ``series`` that match, in their order."""
        return [one for one in series if self.matches(self._of(one))]

    def _of(self, series: Series) -> str:
        return series.name if self.label == "__name__" else series.label(self.label)

    def __str__(self) -> str:
        return f'{self.label}{self.op}"{self.value}"'
