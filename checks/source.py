"""Where pictures come from: the live engine now, a replayed or followed history later."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from checks.logs.views import LogsWanted
    from checks.rules.views import Pairs
    from checks.runbooks.views import Subject
    from checks.story.model import Silence
    from checks.views import Snapshot

__all__ = ["InFront", "Mailbox", "SnapshotSource"]

InFront: TypeAlias = Callable[[Callable[[], str]], None]
"""Takes what is to be called with the terminal free for it, and returns how that ended."""


class SnapshotSource(Protocol):
    """Yields snapshots. Every method may be called from any thread and returns at once."""

    def start(self) -> None:
        """Begin to work; the first snapshot follows within moments."""

    def subscribe(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` (from any thread) when :meth:`latest` has something new.

        It is called once, and again only after :meth:`latest` was asked, so that a
        reader that has stopped is never piled up on.
        """

    def latest(self) -> Snapshot | None:
        """The newest snapshot not taken yet; None where there is none."""

    def failure(self) -> BaseException | None:
        """What ended the source, once it has ended by itself."""

    def focus(self, check: str | None) -> None:
        """Put the details of ``check`` into the coming snapshots, or of none."""

    def inspect(self, check: str, subject: str) -> None:
        """Have ``check``, which is in focus, tell all there is about ``subject`` (a process) in
        the coming snapshots; of none where ``subject`` is empty."""

    def set_window(self, seconds: float) -> None:
        """The window that figures are computed over from now on."""

    def poll_now(self) -> None:
        """Run every check at once instead of waiting for its interval."""

    def ask(self, check: str, question: str) -> None:
        """Put one of its :attr:`~checks.views.CheckView.questions` to ``check``.

        The answer arrives among the events of a later snapshot.
        """

    def act(self, check: str, action: str, subject: str) -> None:
        """Do one of a :class:`~checks.views.DatabaseView`'s actions to a session of it.

        Call it after the user has seen and confirmed it. What came of it arrives among the
        events of a later snapshot, as an answer.
        """

    def query(self, text: str | None, seconds: float = 3600.0, about: Pairs = ()) -> None:
        """Put what the expression ``text`` comes to, now and over the last ``seconds``, into the
        coming snapshots, anew every few seconds; ``None`` ends that.

        Where ``about`` are labels, the curve is that of the series which has them, if one has.
        With an empty text only the names for completion are there. It is bounded, and evaluated
        apart from whoever shows it; a mistake in it becomes a sentence in the answer.
        """

    def logs(self, wanted: LogsWanted | None) -> None:
        """Put the records that are ``wanted`` into the coming snapshots; ``None`` ends that."""

    def dashboard(
        self,
        name: str | None,
        span: float = 3600.0,
        chosen: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Put the dashboard called ``name`` over the last ``span`` seconds into the coming
        snapshots, with its variables as ``chosen``; ``None`` ends that.
        """

    def runbook(self, name: str | None, subject: Subject | None = None) -> None:
        """Put the runbook called ``name`` with its steps as they would run for ``subject`` into
        the coming snapshots; where ``name`` is empty, the one that ``subject`` links to. ``None``
        ends that.
        """

    def give_value(self, variable: str, value: str) -> None:
        """Have ``variable`` get ``value`` in the steps of the runbook that is looked at, as if a
        step had found it out; its pattern must allow it.
        """

    def run_step(self, token: str, typed: str = "", in_front: InFront | None = None) -> None:
        """Run the step that was shown with this :attr:`~checks.runbooks.views.StepOffer.token`.

        Call it after the user has seen and confirmed it; ``typed`` is what they typed where it
        is dangerous. One that is interactive is handed to ``in_front``, from any thread, to be
        called in the main thread once nothing else has the terminal; it returns when that is
        free again. How it goes stands in :attr:`~checks.runbooks.views.RunbooksView.runs` of
        later snapshots, a refusal among the events as an answer.
        """

    def cancel_run(self, run: str) -> None:
        """End the run with this id: INT, then TERM, then KILL to its whole group."""

    def acknowledge(self, alert: str, note: str = "") -> None:
        """Take the alert with this id, for as long as it lasts."""

    def unacknowledge(self, alert: str) -> None:
        """Take that back."""

    def silence(self, silence: Silence) -> None:
        """Set ``silence``, or another end to the one with its id; who sets it is filled in."""

    def expire(self, silence: str) -> None:
        """End the silence with this id now."""

    def note(self, text: str, incident: int = 0, at: float | None = None) -> None:
        """Write ``text`` into the timeline, at ``at`` or now; of that incident where one is named,
        else of the one that lasts.
        """

    def report(self, incident: int) -> None:
        """Write the report of that incident into a file, and answer where it is."""

    def forget(self, check: str) -> None:
        """Show ``check``, which was :attr:`~checks.views.CheckView.found`, no more, and miss what
        it is of no more; until that runs again."""

    def close(self) -> None:
        """End, without waiting longer than a moment for anything that hangs."""


class Mailbox:
    """One slot between two threads; the newest wins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slot: Snapshot | None = None
        self._wake: Callable[[], None] | None = None
        self._woken = False

    def subscribe(self, wake: Callable[[], None]) -> None:
        with self._lock:
            self._wake = wake
            call = self._slot is not None and not self._woken
            self._woken = self._woken or call
        if call:
            wake()

    def put(self, snapshot: Snapshot) -> None:
        with self._lock:
            self._slot = snapshot
            wake = None if self._woken else self._wake
            self._woken = self._woken or wake is not None
        if wake is not None:
            wake()

    def poke(self) -> None:
        """Wake the reader although there is no new snapshot."""
        with self._lock:
            wake = None if self._woken else self._wake
            self._woken = self._woken or wake is not None
        if wake is not None:
            wake()

    def take(self) -> Snapshot | None:
        with self._lock:
            snapshot, self._slot, self._woken = self._slot, None, False
        return snapshot
