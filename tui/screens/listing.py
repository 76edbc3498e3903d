"""What the screens have in common that show a long table, and one of its rows beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events, on
from textual.binding import BindingType
from textual.containers import Container
from textual.reactive import reactive
from textual.widget import Widget

from checks.model import Status
from tui import keymap
from tui.screens.hinting import HintSource
from tui.screens.opened import NumberedScreen
from tui.screens.picture import NO_ROW
from tui.screens.standing import Standing
from tui.sentences import sentence_of
from widgets.lines import LinePane
from widgets.listing.order import GROUP
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from widgets.listing.pane import ListPane

__all__ = ["ListScreen", "share"]

_BESIDE_FROM: Final = 150
"""Cells of a screen from which on the selected row stands beside the table."""
_MORE: Final = 8
"""Lines that the table must leave for there to be something beneath it."""
_ON_ROWS: Final = ("sort", "group", "fold", "fold_all", "ill", "details")
"""What is done to rows, or of one."""
_LEAST: Final = 14
"""Lines of a screen below which there is the table alone."""


def share(width: int, height: int, rows: int, *, low: bool) -> tuple[str, int]:
    """Where the selected row stands (``beside``, ``below`` or ``nowhere``) and the cells or
    lines it has there; ``rows`` are the lines that the table could use.

    ``low`` is for what is better off with the whole width, if the table leaves it the lines.
    """
    if height < _LEAST:
        return "nowhere", 0
    if width >= _BESIDE_FROM and not (low and rows <= height // 2):
        return "beside", max(64, width * 2 // 5)
    least = height * 2 // 5
    return "below", max(least, min(height - rows, height * 2 // 3))


class ListScreen(NumberedScreen):
    """A table, sorted, filtered and grouped."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.LISTS]
    AUTO_FOCUS = "ListPane"
    HINTS: ClassVar[tuple[HintSource, ...]] = (
        (("screen.back",), "back"),
        (("pane.open",), "details"),
        (("screen.runbook",), "runbook"),
        (("screen.acknowledge",), "acknowledge"),
        (("screen.silence",), "silence"),
        (("screen.logs",), "logs"),
        (("lists.next", "lists.previous"), "not ok"),
        (("lists.sort",), "sort"),
        (("lists.group",), "group"),
        (("lists.fold",), "fold"),
        (("screen.filter",), "filter"),
        (("app.window_longer", "app.window_shorter"), "window"),
        (("screen.next_pane",), "next pane"),
        (("screen.maximise",), "maximise"),
        (("app.help",), "help"),
        (("app.freeze",), "freeze"),
        (("app.quit",), "quit"),
    )
    TABLE: ClassVar[type[ListPane[Any]]]
    LOW: ClassVar[bool] = False
    """Whether the selected row is better off with the whole width."""

    order: reactive[str] = reactive("", repaint=False)
    grouping: reactive[str] = reactive("", repaint=False)
    folded: reactive[frozenset[str]] = reactive(frozenset(), repaint=False)
    subject: reactive[str] = reactive("", repaint=False)
    """The identity of the row under the table's cursor."""
    members: reactive[tuple[str, ...]] = reactive((), repaint=False)
    """Identities of the rows of the group that the cursor is on."""

    _fitted: tuple[str, int, int] = ("", 0, 0)
    _headed = False
    """Whether the table's cursor is on a group's own row, as the keys are named."""

    def table(self) -> ListPane[Any]:
        """The table's pane, to be made anew."""
        raise NotImplementedError

    def selected(self) -> LinePane:
        """The pane of the selected row, to be made anew."""
        raise NotImplementedError

    def more(self) -> tuple[LinePane, ...]:
        """What stands beneath the table where the selected row stands beside it and there is
        room; to be made anew.
        """
        return ()

    def header(self) -> Widget:
        bound = (ListScreen.snapshot, ListScreen.frozen, ListScreen.use_ascii)
        return VerdictLine(id="verdict").data_bind(*bound)

    def body(self) -> Widget:
        if not self.order:
            self.set_reactive(ListScreen.order, self.TABLE.ORDERS[0])
        shown = (ListScreen.snapshot, ListScreen.use_ascii)
        table = self.table()
        table.preferred = self.wanted
        table.data_bind(
            *shown,
            ListScreen.filter_text,
            ListScreen.order,
            ListScreen.grouping,
            ListScreen.folded,
        )
        selected = self.selected().data_bind(*shown, ListScreen.subject, ListScreen.members)
        more = [pane.data_bind(*shown, ListScreen.filter_text) for pane in self.more()]
        return Container(Container(table, *more, id="left"), selected, id="listing")

    @property
    def _table(self) -> ListPane[Any]:
        return self.query_one(self.TABLE)

    def come_back(self, wanted: Sequence[str], standing: Standing) -> None:
        self._table.preferred = tuple(name for name in wanted if name)
        super().come_back(wanted, standing)
        # The picture may be the one that was there before.
        self._table.update_lines()

    @property
    def chosen(self) -> str:
        return self._table.selected_check if self._composed else ""

    @property
    def bare(self) -> bool:
        return self._composed and self.snapshot is not None and not self._table.items()

    @property
    def row_ill(self) -> bool:
        # What stands beside the table, and its rows, are of the one under the table's cursor.
        status = self._table.status_at(self._table.selected) if self._composed else None
        return status not in (None, Status.OK) or super().row_ill

    # Room

    def on_resize(self, event: events.Resize) -> None:
        del event
        self._fit()

    def watch_snapshot(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """Share the room between the table and what is selected in it."""
        if not self._composed or self.snapshot is None:
            return
        room = max(1, self.size.height - 2)
        rows = min(room, self._table.most_rows())
        fitted = (*share(self.size.width, room, rows, low=self.LOW), rows)
        if fitted == self._fitted:
            return
        self._fitted = fitted
        where, given, _ = fitted
        beside = where == "beside"
        box, selected = self.query_one("#listing"), self.query_one("#selected", LinePane)
        box.styles.layout = "horizontal" if beside else "vertical"
        selected.display = where != "nowhere"
        selected.styles.width = given if beside else "1fr"
        selected.styles.height = given if where == "below" else "1fr"
        more = list(self.query("#left > .more"))
        for pane in more:
            pane.display = beside and room - rows >= _MORE
        shared = bool(more) and more[0].display
        self._table.styles.height = rows if shared else "1fr"

    # Keys

    @property
    def on_heading(self) -> bool:
        """Whether the cursor is on a group's own row: Enter folds it, or opens it."""
        table = self._table if self._composed else None
        return table is not None and self.focused is table and bool(table.group_at(table.selected))

    def opens(self) -> str:
        return "Fold or unfold the group" if self.on_heading else ""

    def now_does(self, hint: HintSource) -> HintSource:
        if hint[0] == ("pane.open",) and self.on_heading:
            return (hint[0], "fold")
        return super().now_does(hint)

    def action_sort(self) -> None:
        orders = self.TABLE.ORDERS
        self.order = orders[(orders.index(self.order) + 1) % len(orders)]

    def action_group(self) -> None:
        groupings = list(self._table.groupings())
        at = groupings.index(self.grouping) if self.grouping in groupings else -1
        self.grouping = groupings[(at + 1) % len(groupings)]
        self.folded = frozenset()
        table = self._table
        if table.selected is None and table.keys:
            table.select(table.keys[0])

    def action_fold(self) -> None:
        """Fold the group under the cursor, or the one whose row is; or open it."""
        table = self._table
        group = table.group_around(table.selected)
        if group is not None:
            folded = group.name in self.folded
            self.folded = self.folded - {group.name} if folded else self.folded | {group.name}
            table.select(group.key)

    def action_fold_all(self) -> None:
        """Fold every group, or open all where all are folded."""
        table = self._table
        names, at = frozenset(table.group_names()), table.group_around(table.selected)
        self.folded = frozenset() if names <= self.folded else names
        if at is not None and at.name in self.folded:
            table.select(at.key)

    def action_ill(self, step: int) -> None:
        if not self._table.go_ill(step):
            self.mention("every row is fine", 2)

    def besides(self, item: Any) -> str:
        """What is told of ``item`` to a colleague besides its sentence; empty for nothing."""
        del item
        return ""

    def action_copy_row(self) -> None:
        pane, snapshot = self.focused, self.snapshot
        if not isinstance(pane, LinePane) or snapshot is None:
            return
        if pane.selected is None:
            self.mention(NO_ROW)
            return
        item = self._table.item_at(pane.selected) if pane is self._table else None
        told = sentence_of(snapshot, pane.selected, pane.selected_check) if item is not None else ""
        if told:
            text = "; ".join(each for each in (told, self.besides(item)) if each)
        else:
            names = [pane.selected_check, pane.text_of(pane.selected)]
            text = ": ".join(each for each in names if each)
        self.post_message(self.Copied(text, "the row"))

    def action_details(self) -> None:
        if self.chosen:
            self.post_message(self.Deeper(self.chosen))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _ON_ROWS and self.bare:
            return False
        if action in ("fold", "fold_all"):
            return bool(self.grouping)
        return super().check_action(action, parameters)

    def watch_grouping(self) -> None:
        self._fit()
        self.refresh_bindings()

    @on(LinePane.Selected)
    def _selected(self, event: LinePane.Selected) -> None:
        if isinstance(event.pane, self.TABLE):
            group = self._table.group_at(event.key)
            rows = group.items if group is not None else ()
            self.members = tuple(self._table.key_of(item) for item in rows)
            self.subject = event.key or ""
            if self._headed != (group is not None):
                # Enter does another thing now.
                self._headed = group is not None
                self.keys_changed(None)

    @on(LinePane.Opened)
    def _opened(self, event: LinePane.Opened) -> None:
        if event.key.startswith(GROUP) and isinstance(event.pane, self.TABLE):
            event.stop()
            self.action_fold()
