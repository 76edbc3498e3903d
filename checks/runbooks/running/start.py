"""A step from its beginning to its end: written down, run in its language, written down again."""

from __future__ import annotations

from checks.runbooks.running.model import Around, Ended, Job
from checks.runbooks.running.output import Output
from checks.runbooks.views import RunState

__all__ = ["Run", "run"]


class Run:
    """One run of a step. Its output grows while :meth:`go` runs."""

    def __init__(self, job: Job, output: Output, around: Around) -> None:
        self.job = job
        self.output = output
        self._around = around

    async def go(self) -> Ended:
        """Run the step to its end, at most for its timeout. Raises nothing of its own.

        Cancelled, it ends at once what runs.
        """
        return Ended(RunState.FAILED, None, f"{self.job.step.language} cannot be run yet")

    def cancel(self) -> None:
        """Have it end: INT, then TERM, then KILL to all that it has started."""

    def hurry(self, within: float) -> None:
        """As :meth:`cancel`, and have it over ``within`` so many seconds: onwatch ends."""


async def run(job: Job, output: Output, around: Around) -> Ended:
    """Run ``job``, where nobody will want to cancel it otherwise than by cancelling this."""
    return await Run(job, output, around).go()
