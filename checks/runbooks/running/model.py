"""What is run, for whom, with what, and how it ended."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from checks.errors import OnwatchError
from checks.runbooks.model import Runbook, Step, Variables
from checks.runbooks.views import RunState, Subject

if TYPE_CHECKING:
    from checks.probe import CheckSpec, ProbeEnv
    from checks.runbooks.audit import Audit

__all__ = ["Around", "Ended", "Job", "NotRunError", "Who"]


class NotRunError(OnwatchError):
    """A step was not begun; a sentence says why."""


@dataclass(frozen=True, slots=True)
class Who:
    """The person who runs a step, as far as the system knows.

    ``sudo_user`` is who became this user by sudo; ``ssh`` is where they came from, as
    ``SSH_CONNECTION`` says: their address and port, and ours.
    """

    user: str
    sudo_user: str = ""
    ssh: str = ""

    @classmethod
    def present(cls, environ: Mapping[str, str] = os.environ) -> Who:
        """Whose process this is."""
        try:
            user = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            user = str(os.getuid())
        return cls(user, environ.get("SUDO_USER", ""), environ.get("SSH_CONNECTION", ""))

    def __str__(self) -> str:
        return f"{self.user} ({self.sudo_user})" if self.sudo_user else self.user


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One step with everything that it needs.

    Attributes:
        id: of its run; in the audit log, and unique there.
        variables: those that the step uses, each with a value that its pattern allows.
        target: the check that SQL goes to, or whose address and credentials HTTP uses.
        subject: what the runbook was opened for.
        alert: the name of that alert, for the audit log; empty for none.
        who: whose step it is.
        file: where the runbook was read from. The step does not run once that file is another
            than ``runbook.digest`` says. None for a built-in one.
    """

    id: str
    runbook: Runbook
    step: Step
    variables: Variables
    who: Who
    target: CheckSpec | None = None
    subject: Subject = field(default_factory=Subject)
    alert: str = ""
    file: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """What runs may use of the machine.

    ``audit`` is where each is written down before it begins; None where nobody wants to know
    (tests). ``size`` is the lines and columns of the terminal that a shell's step finds.
    """

    env: ProbeEnv
    audit: Audit | None
    size: tuple[int, int] = (50, 160)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended.

    Attributes:
        state: never ``RUNNING``.
        exit_code: of a shell as the shell says it (128 and more for signals), of SQL and HTTP 0
            or 1; None where nothing has run, or nobody knows.
        said: a sentence.
        captured: variable and value that its output set.
        seconds: that it took.
    """

    state: RunState
    exit_code: int | None
    said: str
    captured: tuple[str, str] | None = None
    seconds: float = 0.0
