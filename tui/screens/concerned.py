"""What the keys of a screen are about: the row under the cursor, else the worst alert."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.binding import ActiveBinding
from textual.message import Message
from textual.reactive import reactive

from checks.model import Status
from tui.annotating import alert_of, may_annotate
from tui.concerns import concerned_by, mended
from tui.screens.hinted import HintedScreen
from tui.screens.hinting import hints_from
from tui.steps import OpensRunbook
from widgets.lines import LinePane
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from checks.runbooks.views import Subject
    from checks.views import AlertView, Snapshot
    from tui.screens.logs_about import LogsAbout
    from tui.screens.modal import PictureModal
    from tui.screens.standing import Standing

__all__ = ["ConcernedScreen"]


class ConcernedScreen(HintedScreen, inherit_bindings=False):
    """A screen whose rows may be acknowledged, silenced, mended, and looked up in the logs.

    It has a :class:`~widgets.verdict.VerdictLine` of the class ``header``.
    """

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    use_ascii: reactive[bool] = reactive(False, repaint=False)

    class OpensLogs(Message):
        """Somebody wants the log lines of ``about``."""

        def __init__(self, about: LogsAbout) -> None:
            self.about = about
            super().__init__()

    class Opens(Message):
        """``make`` makes a box to lie on this screen, given how the picture stands."""

        def __init__(self, make: Callable[[Standing], PictureModal]) -> None:
            self.make = make
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._concerned = (False, False, False, False, False)

    def concerned(self) -> Subject | None:
        """What keys are about here: what the cursor is on, else the worst alert."""
        pane = self.focused if isinstance(self.focused, LinePane) else None
        key = pane.selected if pane is not None else None
        check = pane.selected_check if pane is not None and key is not None else ""
        return concerned_by(self.snapshot, key or "", check or self.chosen)

    def to_mend(self) -> Subject | None:
        """What a runbook is opened for here: what the cursor is on; where that is fine and has
        none, what the verdict speaks of.
        """
        worst = self.query_one(".header", VerdictLine).leads_for
        concerned, itself = self.concerned(), self.row_alert
        return mended(self.snapshot, concerned, worst, itself=itself, ill=self.row_ill)

    @property
    def row_alert(self) -> str:
        """The identity of the row under the cursor: of an alert's own row, the alert's id."""
        pane = self.focused
        return (pane.selected or "") if isinstance(pane, LinePane) else ""

    @property
    def row_ill(self) -> bool:
        """Whether the row under the cursor says itself that it is not OK."""
        pane = self.focused
        status = pane.status_at(pane.selected) if isinstance(pane, LinePane) else None
        return status not in (None, Status.OK)

    def _mends_worst(self) -> bool:
        """Whether the key for the runbook leads where the verdict says."""
        worst = self.query_one(".header", VerdictLine).leads_for
        subject = self.to_mend()
        return worst is not None and subject is not None and subject.alert == worst.id

    @on(LinePane.Selected)
    def look_at_concern(self) -> None:
        """Name the keys that need an alert, a check or a row only where there is one."""
        subject, mends = self.concerned(), self.to_mend() is not None
        alert = subject is not None and bool(subject.alert)
        noted = may_annotate(self.snapshot)
        concerned = (mends, self._mends_worst(), alert, noted, self.bare)
        if concerned != self._concerned:
            self._concerned = concerned
            self.refresh_bindings()

    def action_runbook(self) -> None:
        subject = self.to_mend()
        if subject is not None:
            self.post_message(OpensRunbook(subject))

    @property
    def alert_at(self) -> AlertView | None:
        """The alert that is dealt with here: the one that the cursor is on, else the worst."""
        subject = self.concerned()
        return alert_of(self.snapshot, subject.alert) if subject is not None else None

    @property
    def no_alert(self) -> str:
        """Why there is no alert under the cursor, where this screen knows better than others."""
        return ""

    def action_acknowledge(self) -> None:
        from tui.screens.acknowledge import AcknowledgeScreen  # noqa: PLC0415 - when wanted

        alert = self.alert_at
        if alert is not None:
            made = partial(AcknowledgeScreen, alert, ascii_only=self.use_ascii)
            self.post_message(self.Opens(made))

    def action_silence(self) -> None:
        from tui.screens.silence import SilenceScreen  # noqa: PLC0415 - when wanted

        alert = self.alert_at
        if alert is not None:
            self.post_message(self.Opens(partial(SilenceScreen, alert, ascii_only=self.use_ascii)))

    def action_silences(self) -> None:
        from tui.screens.silences import SilencesScreen  # noqa: PLC0415 - when wanted

        self.post_message(self.Opens(partial(SilencesScreen, ascii_only=self.use_ascii)))

    def logs_about(self) -> LogsAbout | None:
        """The log lines that belong to what the cursor is on; None where no log is read."""
        from tui.screens.logs_about import about_subject  # noqa: PLC0415 - when wanted

        return about_subject(self.snapshot, self.concerned())

    def action_logs(self) -> None:
        about = self.logs_about()
        if about is not None:
            self.post_message(self.OpensLogs(about))

    @property
    def chosen(self) -> str:
        """The check that the user is at, empty where at none."""
        pane = self.focused
        return pane.selected_check if isinstance(pane, LinePane) else ""

    def keys_named(self, active: Sequence[ActiveBinding]) -> None:
        runbook = hints_from(((("screen.runbook",), ""),), active)
        named = bool(runbook) and self._mends_worst()
        self.query_one(".header", VerdictLine).runbook = runbook[0][0] if named else ""

    @property
    def _reads_logs(self) -> bool:
        checks = self.snapshot.checks if self.snapshot is not None else ()
        return any(check.kind == "log" for check in checks)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what is about an alert, a check or its logs only where there are such."""
        del parameters
        if action in ("acknowledge", "silence"):
            return self._composed and may_annotate(self.snapshot) and self.alert_at is not None
        if action == "silences":
            return self.snapshot is not None and self.snapshot.story is not None
        if action == "logs":
            return self._composed and self._reads_logs
        if action == "runbook":
            return self._composed and self.to_mend() is not None
        return True
