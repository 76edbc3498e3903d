"""What a step asked for in vain, told from what it wrote last: it gets no input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from checks.runbooks.running.output import Output

__all__ = ["what_it_asked"]

_QUESTIONS: Final = ("?", ":", "]", ">", ")")
_SUDO: Final = (
    "sudo: a password is required",
    "sudo: a terminal is required",
    "sudo: no password was provided",
    "sudo: no tty present",
)
_LAST: Final = 20
"""Lines in which a refusal is looked for."""
_SHOWN: Final = 60


def what_it_asked(output: Output) -> Iterator[str]:
    """Clauses of what to do, of a step that failed or took too long; ``output`` is closed."""
    if any(line.startswith(_SUDO) for line in output.lines[-_LAST:]):
        yield (
            "sudo wants a password, which a step cannot give: allow this command without one "
            "(NOPASSWD in sudoers), or mark the step interactive"
        )
        return
    question = output.last_line
    if output.ended_open and question.endswith(_QUESTIONS):
        yield (
            f'it asked "{question[-_SHOWN:]}" and a step gets no answers: give it the option that '
            "keeps it from asking, or mark it interactive"
        )
