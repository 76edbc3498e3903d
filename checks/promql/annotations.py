"""What an evaluation has to say besides its result: warnings and infos, each once."""

from __future__ import annotations

from checks.promql.ast import Span

__all__ = ["Annotations"]


class Annotations:
    """Collects the annotations of one evaluation of ``text``, in Prometheus' words."""

    __slots__ = ("_infos", "_warnings", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._warnings: dict[str, None] = {}
        self._infos: dict[str, None] = {}

    def warn(self, message: str, at: Span) -> None:
        """Add a warning; ``message`` as after Prometheus' ``PromQL warning: ``."""
        self._warnings[f"PromQL warning: {message} ({self._place(at)})"] = None

    def info(self, message: str, at: Span) -> None:
        """Add an info; ``message`` as after Prometheus' ``PromQL info: ``."""
        self._infos[f"PromQL info: {message} ({self._place(at)})"] = None

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._warnings) + len(self._infos)

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(self._warnings)

    @property
    def infos(self) -> tuple[str, ...]:
        return tuple(self._infos)

    def _place(self, at: Span) -> str:
        """``line:column``, both from 1."""
        before = self.text[: at.start]
        return f"{before.count(chr(10)) + 1}:{at.start - (before.rfind(chr(10)) + 1) + 1}"
