"""The table pane: rows of which only those on the screen are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.reactive import reactive

from checks.model import Status
from widgets import format as fmt
from widgets.empty import nothing_matches
from widgets.frame import Frame
from widgets.lines import LinePane
from widgets.listing.order import Group, arranged, following, group_line
from widgets.text import Line, Seg

__all__ = ["ListPane"]

Item = TypeVar("Item")
_FINE = (Status.OK, Status.WAITING)


class ListPane(LinePane, Generic[Item]):
    """A row an item of :meth:`items`, sorted by :attr:`order` and grouped by :attr:`grouping`.

    ``folded`` are the names of the groups of which there is only their own row. A thousand
    rows are sorted when data comes, and some thirty are drawn.
    """

    leads = True
    title: ClassVar[str] = ""
    ORDERS: ClassVar[tuple[str, ...]] = ()
    """What rows can be sorted by."""

    order: reactive[str] = reactive("", repaint=False, layout=False)
    grouping: reactive[str] = reactive("", repaint=False, layout=False)
    folded: reactive[frozenset[str]] = reactive(frozenset(), repaint=False, layout=False)

    preferred: tuple[str, ...] = ()
    """Checks, or identities of rows, on which the cursor is to begin: the first there is."""

    _shown: dict[str, Item]
    _groups: dict[str, Group[Item]]
    _drawn: dict[str, tuple[tuple[object, ...], Line]]
    _heads: list[Line]
    _members: tuple[str, tuple[str, ...]] = ("", ())
    """The group under the cursor and the rows in it, as the screen knows them."""
    _matched: int = 0

    # What subclasses say

    def items(self) -> Sequence[Item]:
        """What there is, in the order of the picture: worst first."""
        raise NotImplementedError

    def key_of(self, item: Item) -> str:
        """The identity of the item's row."""
        raise NotImplementedError

    def check_of(self, item: Item) -> str:
        """The check it belongs to."""
        raise NotImplementedError

    def status_of(self, item: Item) -> Status:
        raise NotImplementedError

    def texts_of(self, item: Item) -> tuple[str, ...]:
        """Everything that a user would look for it by."""
        raise NotImplementedError

    def rank(self, item: Item) -> tuple[object, ...]:
        """What it is sorted by in the present order."""
        raise NotImplementedError

    def group_of(self, item: Item) -> str:
        """The group that it is in by the present grouping."""
        raise NotImplementedError

    def groupings(self) -> Sequence[str]:
        """What rows can be grouped by."""
        raise NotImplementedError

    def measure(self, items: Sequence[Item], frame: Frame) -> None:
        """Decide on the columns for ``items``."""

    def row(self, item: Item) -> Line:
        """The item's row, as measured."""
        raise NotImplementedError

    def names(self) -> Line:
        """The names of the columns, as measured."""
        raise NotImplementedError

    def nothing(self, width: int) -> list[Line]:
        """What is said where there are no items at all."""
        raise NotImplementedError

    def total(self, items: Sequence[Item]) -> Line | None:
        """A line about all ``items`` together, above the names of the columns."""
        del items
        return None

    def grouped(self, matched: Sequence[Item]) -> list[Group[Item]]:
        """The rows of ``matched`` in their groups, both in order."""
        return arranged(matched, self.rank, self.group_of if self.grouping else None)

    # Rows

    def inputs(self) -> tuple[object, ...]:
        return (*self.items(), self.snapshot is None, self.order, self.grouping, self.folded)

    def build(self, width: int, height: int) -> list[Line]:
        frame = self.frame(width, height)
        items = self.items()
        self._shown, self._groups, self._drawn = {}, {}, {}
        self._heads, self._matched = [], 0
        if not items:
            return self.nothing(width)
        matched = [item for item in items if frame.wants(*self._all_texts(frame, item))]
        if not matched:
            return nothing_matches(frame.filter_text, width)
        self._matched = len(matched)
        self.measure(matched, frame)
        self._heads = [one for one in (self.total(matched), self.names()) if one is not None]
        groups = self.grouped(matched)
        return [line for group in groups for line in self._lines_of(group)]

    def _all_texts(self, frame: Frame, item: Item) -> tuple[str, ...]:
        return self.texts_of(item) if frame.filter_text else ()

    def _lines_of(self, group: Group[Item]) -> list[Line]:
        """Empty lines with the rows' identities: what is on the screen is drawn later."""
        lines = []
        if self.grouping:
            self._groups[group.key] = group
            lines.append(Line(key=group.key))
        if self.grouping and group.name in self.folded:
            return lines
        for item in group.items:
            key = self.key_of(item)
            self._shown[key] = item
            lines.append(Line(key=key, check=self.check_of(item)))
        return lines

    def pinned(self, width: int) -> list[Line]:
        del width
        return self._heads

    def compose_lines(self, width: int, height: int) -> list[Line]:
        lines = super().compose_lines(width, height)
        if self._begin_at_preferred():
            lines = super().compose_lines(width, height)
        marker = Seg(self.glyphs.cursor, "focus")
        room = max(1, width - 1)
        return [
            line
            if line.key is None or line.segs
            else self._mark(self._draw(line.key, room), marker)
            for line in lines
        ]

    def _first_of(self, keys: Sequence[str]) -> str:
        """The first row of an item: on a group's own row most keys are about nothing."""
        return next((key for key in keys if key not in self._groups), keys[0])

    def _keep_selection(self) -> None:
        """As for all panes; of a group under the cursor it is also told which rows it has now."""
        super()._keep_selection()
        group = self.group_at(self._selected)
        members = (group.key, tuple(map(self.key_of, group.items))) if group else ("", ())
        if group and members != self._members and members[0] == self._members[0]:
            self.post_message(self.Selected(self, group.key, self.selected_check))
        self._members = members

    def _begin_at_preferred(self) -> bool:
        """Put the cursor on the row that is preferred most; whether it moved."""
        if not self.preferred or not self.keys:
            return False
        wanted, self.preferred = self.preferred, ()
        rows = {line.check: line.key for line in reversed(self._body) if line.check}
        rows |= {key: key for key in self.keys}
        found = next((key for name in wanted if (key := rows.get(name)) is not None), None)
        if found is None or found == self._selected:
            return False
        self._selected, self._place = found, self.keys.index(found)
        self._moved = True
        self._scroll_to_row(found)
        self.post_message(self.Selected(self, found, self.selected_check))
        return True

    def _scroll_to_row(self, key: str) -> None:
        """As for all panes, and what its group is called stays above the first row of one."""
        super()._scroll_to_row(key)
        above = self._body[self._top - 1].key if self._top else None
        if above is not None and above in self._groups and self._body[self._top].key == key:
            self._top -= 1

    def _draw(self, key: str, width: int) -> Line:
        """The row with the identity ``key``, anew only where something in it has changed."""
        group, item = self._groups.get(key), self._shown.get(key)
        told = self._of_group(group, width) if group else self.told(item) if item else ()
        known = self._drawn.get(key)
        if known is not None and known[0] == told:
            return known[1]
        drawn = self._group_row(group, width) if group else self.row(self._shown[key])
        self._drawn[key] = (told, drawn)
        return drawn

    def told(self, item: Item) -> tuple[object, ...]:
        """What the row is made of besides the item and the columns: texts that time changes."""
        del item
        return ()

    def _of_group(self, group: Group[Item], width: int) -> tuple[object, ...]:
        return (width, group.name in self.folded)

    def _group_row(self, group: Group[Item], width: int) -> Line:
        title = f"{self.grouping} {group.name}" if group.name else f"no {self.grouping}"
        statuses = [self.status_of(item) for item in group.items]
        folded = group.name in self.folded
        return group_line(group.key, title, statuses, width, self.glyphs, folded=folded)

    def text_of(self, key: str) -> str:
        known = key in self._groups or key in self._shown
        return " ".join(self._draw(key, max(1, self.size.width - 1)).text.split()) if known else ""

    # What a user does

    def item_at(self, key: str | None) -> Item | None:
        """The item whose row has the identity ``key``."""
        return self._shown.get(key) if key is not None else None

    def status_at(self, key: str | None) -> Status | None:
        item = self.item_at(key)
        return self.status_of(item) if item is not None else None

    def group_at(self, key: str | None) -> Group[Item] | None:
        """The group whose row has the identity ``key``."""
        return self._groups.get(key) if key is not None else None

    def group_around(self, key: str | None) -> Group[Item] | None:
        """The group whose row, or one of whose rows, has the identity ``key``."""
        found = self.group_at(key)
        if found is not None:
            return found
        held = (
            group
            for group in self._groups.values()
            if any(self.key_of(item) == key for item in group.items)
        )
        return next(held, None)

    def most_rows(self) -> int:
        """The lines it could use with nothing folded or filtered, its title among them."""
        items = self.items()
        if not items:
            return len(self.nothing(max(1, self.size.width - 1))) + 1
        groups = len({self.group_of(item) for item in items}) if self.grouping else 0
        return len(items) + groups + 4

    def group_names(self) -> list[str]:
        """The names of the groups there are."""
        return [group.name for group in self._groups.values()]

    def go_ill(self, step: int) -> bool:
        """Go to the next (1) or previous (-1) row that is not OK; whether there is one."""
        found = following(self.keys, self._is_ill, self.selected, step)
        if found is not None:
            self.select(found)
        return found is not None

    def _is_ill(self, key: str) -> bool:
        item, group = self.item_at(key), self.group_at(key)
        if item is not None:
            return self.status_of(item) not in _FINE
        hidden = group.items if group is not None and group.name in self.folded else ()
        return any(self.status_of(one) not in _FINE for one in hidden)

    def heading(self) -> Sequence[Seg]:
        items = self.items()
        segs = [Seg(self.title, "title")]
        if not items:
            return segs
        if self.filter_text:
            segs.append(Seg(f" {fmt.count(self._matched)} of {fmt.count(len(items))} match", "dim"))
        else:
            fine = sum(self.status_of(item) is Status.OK for item in items)
            segs.append(Seg(f" {fine:,}/{len(items):,} ok", "dim"))
        told = f" {self.glyphs.dot} by {self.order}"
        if self.grouping:
            told += f", grouped by {self.grouping}"
        return [*segs, Seg(told, "dim")]

    def watch_order(self) -> None:
        self.update_lines()

    def watch_grouping(self) -> None:
        self.update_lines()

    def watch_folded(self) -> None:
        self.update_lines()
