"""All alerts and the rules behind them: what fires, what may, what is over, what cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on
from textual.widget import Widget

from tui.screens.listing import ListScreen
from tui.sentences import entry_sentence
from widgets.alert_list.entries import RESOLVED, entries_of
from widgets.alert_list.recent import RecentPane
from widgets.alert_list.selected import SelectedAlert
from widgets.alert_list.table import BY_STATE, AlertTable, long_sections
from widgets.lines import LinePane

if TYPE_CHECKING:
    from widgets.listing.pane import ListPane

__all__ = ["AlertsScreen"]


class AlertsScreen(ListScreen):
    """A row an alert, in sections by what they are; the one under the cursor whole beside it.
    Enter opens all about an alert or a rule; of a check's own alert, the details of the check.
    """

    TABLE = AlertTable
    TITLE = "Alerts"
    QUESTION = (
        "What fires and since when, what is about to, what is over, and which rules can tell "
        "nothing: they fail, lack history, or read what is not there?"
    )

    HINTS = tuple(hint for hint in ListScreen.HINTS if hint[1] != "window")
    _by_hand = False
    """Whether somebody has folded or opened a section."""

    def body(self) -> Widget:
        self.set_reactive(AlertsScreen.grouping, BY_STATE)
        if self.snapshot is not None:
            long = long_sections(entries_of(self.snapshot))
            self.set_reactive(AlertsScreen.folded, long)
        return super().body()

    def table(self) -> ListPane[Any]:
        return AlertTable(id="table")

    def selected(self) -> LinePane:
        return SelectedAlert(id="selected")

    def more(self) -> tuple[LinePane, ...]:
        return (RecentPane(id="recent", classes="more"),)

    def watch_snapshot(self) -> None:
        self._fold_long()
        super().watch_snapshot()

    def _fold_long(self) -> None:
        """Fold the sections that are long and in no hurry, unless somebody has chosen, or looks
        for something.
        """
        if self._composed and self.grouping == BY_STATE and not self._by_hand:
            items = () if self.filter_text else self.query_one(AlertTable).items()
            self.folded = long_sections(items)

    def watch_filter_text(self) -> None:
        self._fold_long()

    def watch_folded(self) -> None:
        # Once the table knows it, too.
        self.soon(self._fit)

    # Keys

    @property
    def no_alert(self) -> str:
        table = self.query_one(AlertTable)
        group, entry = table.group_at(table.selected), table.item_at(table.selected)
        if group is not None and not group.items:
            return "a heading, with no alert beneath it"
        if group is not None and group.name in self.folded:
            return "a heading: Enter unfolds it"
        if group is not None:
            return "a heading: choose a row beneath it"
        if entry is not None and entry.section == RESOLVED:
            return "it is over: nothing is to be taken or silenced"
        return "a rule, of which there is no alert now" if entry is not None else ""

    def action_group(self) -> None:
        super().action_group()
        self._by_hand = False
        self._fold_long()

    def action_fold(self) -> None:
        self._by_hand = True
        super().action_fold()

    def action_fold_all(self) -> None:
        self._by_hand = True
        super().action_fold_all()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "details":
            return bool(self.chosen)
        rules = self.snapshot.rules if self.snapshot is not None else None
        if action == "group" and rules is not None and rules.rules:
            # By groups of rules there is a row for each, also where nothing fires.
            return True
        return super().check_action(action, parameters)

    def action_copy_row(self) -> None:
        table = self.query_one(AlertTable)
        entry = table.item_at(table.selected) if self.focused is table else None
        if entry is None:
            super().action_copy_row()
        else:
            self.post_message(self.Copied(entry_sentence(entry), "the row"))

    @on(LinePane.Opened)
    def _whole(self, event: LinePane.Opened) -> None:
        """Open all about what the row is of; that of a check bubbles on to the app."""
        pane = event.pane
        if isinstance(pane, RecentPane):
            event.stop()
            happened = pane.transition(event.key)
            if happened is not None:
                self.post_message(self.DeeperAlert(happened.rule, happened.alert))
            return
        if isinstance(pane, SelectedAlert):
            entry = pane.entry
        else:
            entry = self.query_one(AlertTable).item_at(event.key)
        if entry is not None and entry.rule is not None:
            event.stop()
            alert = entry.alert.id if entry.alert is not None else ""
            self.post_message(self.DeeperAlert(entry.rule.key, alert))
