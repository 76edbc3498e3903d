"""The machines, a tab each: processor, memory, filesystems, disks, network, processes, and what
has changed of late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.reactive import reactive
from textual.widget import Widget

from tui import keymap
from tui.screens.host_places import HostPanes
from tui.screens.picture import NO_ROW
from tui.screens.process import ProcessScreen
from tui.screens.session import WholeBox
from tui.screens.standing import Standing
from tui.screens.tabs import TabbedScreen
from widgets.databases.session import Told, pair_lines
from widgets.host_screen.changes import ChangesPane
from widgets.host_screen.devices import DisksPane, NetworkPane
from widgets.host_screen.filesystems import FilesystemsPane
from widgets.host_screen.hardware import HardwarePane, has_hardware
from widgets.host_screen.memory import MemoryPane
from widgets.host_screen.order import next_order
from widgets.host_screen.pane import HostScreenPane, detail_of
from widgets.host_screen.pressure import PressurePane
from widgets.host_screen.processes import ProcessesPane
from widgets.host_screen.processor import ProcessorPane
from widgets.lines import LinePane
from widgets.tabs import TabLine
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from checks.hosts.model import HostDetail
    from checks.views import Snapshot

__all__ = ["HostScreen", "RowBox"]

_FILTERED = (ProcessesPane, FilesystemsPane, DisksPane, NetworkPane, ChangesPane)
"""Panes whose rows can be filtered; the figures of the others are always those of all."""


class HostScreen(TabbedScreen):
    """One machine at a time. Enter shows a process, a filesystem or another row whole."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.HOST]
    ALLOW_IN_MAXIMIZED_VIEW = ".header, TabLine, Banner, FilterLine, HintLine"
    AUTO_FOCUS = ""
    TITLE = "Host"
    QUESTION = (
        "What is this machine short of: processor, memory, disk or network; who uses it, when "
        "will a filesystem be full, and what changed of late?"
    )
    HINTS = (
        (("screen.back",), "back"),
        (("tabs.previous", "tabs.next"), "machine"),
        (("host.sort",), "sort"),
        (("host.tree",), "tree"),
        (("screen.filter",), "filter"),
        (("pane.open",), "whole"),
        (("screen.next_pane",), "next pane"),
        (("screen.maximise",), "maximise"),
        (("app.help",), "help"),
        (("host.details",), "details"),
        (("app.freeze",), "freeze"),
        (("app.quit",), "quit"),
    )

    order: reactive[str] = reactive("cpu", repaint=False)
    as_tree: reactive[bool] = reactive(False, repaint=False)
    names: reactive[tuple[str, ...]] = reactive((), repaint=False)

    def begin(self, standing: Standing) -> None:
        super().begin(standing)
        if standing.shown is not None:
            self.set_reactive(HostScreen.names, tuple(self.subjects(standing.shown)))

    def subjects(self, snapshot: Snapshot) -> Sequence[str]:
        told = [host.check for host in snapshot.hosts]
        untold = (check.name for check in snapshot.checks if check.kind == "host")
        return [*told, *(name for name in untold if name not in told)]

    @property
    def detail(self) -> HostDetail | None:
        """The machine that is shown."""
        return detail_of(self.snapshot, self.check)

    def header(self) -> Widget:
        bound = (HostScreen.snapshot, HostScreen.frozen, HostScreen.use_ascii)
        return VerdictLine(id="verdict").data_bind(*bound)

    def body(self) -> Widget:
        bound = (HostScreen.snapshot, HostScreen.frozen, HostScreen.check, HostScreen.use_ascii)
        processes = ProcessesPane(id="processes")
        processes.data_bind(HostScreen.order, HostScreen.as_tree)
        panes: list[HostScreenPane] = [
            ChangesPane(id="changes"),
            ProcessorPane(id="processor"),
            MemoryPane(id="memory"),
            PressurePane(id="pressure"),
            FilesystemsPane(id="filesystems"),
            DisksPane(id="disks"),
            NetworkPane(id="network"),
            HardwarePane(id="hardware"),
            processes,
        ]
        for pane in panes:
            pane.data_bind(*bound)
            if isinstance(pane, _FILTERED):
                pane.data_bind(HostScreen.filter_text)
        self._show_panes(panes)
        return HostPanes(*panes)

    def compose(self) -> ComposeResult:
        header, *rest = super().compose()
        yield header
        yield TabLine(id="tabs").data_bind(
            HostScreen.snapshot, HostScreen.names, HostScreen.check, HostScreen.use_ascii
        )
        yield from rest

    def on_mount(self) -> None:
        super().on_mount()
        self._settle()

    def on_resize(self) -> None:
        self._settle()

    # What is shown

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        super().watch_snapshot(old, new)
        self.names = tuple(self.subjects(new)) if new else ()
        if detail_of(old, self.check) is not self.detail or self.detail is None:
            self._settle()

    def watch_check(self, old: str, new: str) -> None:
        super().watch_check(old, new)
        self._settle()

    def _settle(self) -> None:
        """Show the panes that this machine has something for, and share the room among them."""
        if not self.is_mounted or not self.query(HostPanes):
            return
        panes = self.query_one(HostPanes)
        self._show_panes(list(panes.query(HostScreenPane)))
        panes.fit()
        if self.focused is None or not self.focused.display:
            first = "processes" if self.check else "changes"
            self.set_focus(self.query_one(f"#{first}", LinePane))
        self.refresh_bindings()

    def _show_panes(self, panes: Sequence[HostScreenPane]) -> None:
        detail = self.detail
        for pane in panes:
            if not self.check:
                pane.display = pane.id == "changes"
            elif pane.id == "hardware":
                pane.display = detail is not None and has_hardware(detail)
            else:
                pane.display = True

    @on(TabLine.Chosen)
    def _show_tab(self, event: TabLine.Chosen) -> None:
        self.check = event.check

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("sort", "tree"):
            return self.detail is not None and self.detail.facts.processes is not None
        if action == "details":
            return bool(self.check)
        return super().check_action(action, parameters)

    def action_sort(self) -> None:
        self.order = next_order(self.order)

    def action_tree(self) -> None:
        self.as_tree = not self.as_tree

    def action_details(self) -> None:
        self.post_message(self.Deeper(self.check))

    def action_copy_row(self) -> None:
        pane = self.focused
        if isinstance(pane, HostScreenPane) and pane.selected is not None:
            self.post_message(
                self.Copied(f"{self.check}: {pane.sentence(pane.selected)}", "the row")
            )
        else:
            self.mention(NO_ROW)

    @on(LinePane.Opened)
    def _whole(self, event: LinePane.Opened) -> None:
        """Show the row whole."""
        pane, plain, check = event.pane, self.use_ascii, self.check
        if isinstance(pane, ProcessesPane):
            event.stop()
            key = event.key
            self.post_message(
                self.Opens(lambda standing: ProcessScreen(check, key, standing, ascii_only=plain))
            )
        elif isinstance(pane, HostScreenPane) and (pairs := pane.whole(event.key)):
            event.stop()
            told = Told(f"{check}: {pane.title}", lambda width: pair_lines(list(pairs), width))
            self.post_message(self.Opens(lambda _: RowBox(told, ascii_only=plain)))


class RowBox(WholeBox):
    """A row of a pane whole."""

    TITLE = "Row"
    QUESTION = "The whole row, nothing of it cut."
    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE]
