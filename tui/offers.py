"""What the command palette offers besides the commands that were handed to the app."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.binding import ActiveBinding, Binding
from textual.screen import Screen

from checks.model import Status
from checks.requests.stats import WINDOWS
from tui.keymap import key_name
from tui.numbered import NUMBERED
from tui.palette import QUERY, PaletteCommand
from tui.screens.overview import OverviewScreen
from tui.screens.picture import PictureScreen
from tui.themes import HOUSE_THEMES

if TYPE_CHECKING:
    from checks.views import CheckView, DatabaseView, QueueView, Snapshot
    from tui.app import OnwatchApp

__all__ = ["offers"]


_NOT_OFFERED = {"app.palette", "app.copy_or_quit", "app.quit_always"}
"""What is there already, or means something else from here."""
_SCREENS = {"app.overview", *(f"app.{each.name}" for each in NUMBERED)}
_KNOWN = {"screen.next_pane", "screen.previous_pane"}
_FOLLOWED: Final = "›"
_FEW: Final = 6
"""How many of those in trouble come before what can be done about them."""


def offers(
    app: OnwatchApp,
    screen: Screen[object],
    snapshot: Snapshot | None,
    given: Iterable[PaletteCommand] = (),
) -> Iterator[PaletteCommand]:
    """What can be done on ``screen`` of ``app`` while it shows ``snapshot``.

    What is nearest to what is on the screen comes first: the check that the cursor is on, what is
    wrong, the keys of the screen, the screens; then all the rest, among it what was ``given``.
    """
    checks = snapshot.checks if snapshot else ()
    at = screen.chosen if isinstance(screen, PictureScreen) else ""
    told = screen.all_about if isinstance(screen, PictureScreen) else ""
    near = [check for check in checks if check.name == at]
    fine = (Status.OK, Status.WAITING)
    ill = [check for check in checks if check.status not in fine and check.name != at]
    well = [check for check in checks if check.status in fine and check.name != at]
    for check in near:
        yield from _about(app, check, opened=at == told)
    yield from (_check(app, check) for check in ill[:_FEW])
    yield from _keys(app, screen)
    for check in ill:
        yield from _about(app, check, opened=check in ill[:_FEW])
    for check in well:
        yield from _about(app, check)
    for view in snapshot.databases if snapshot else ():
        yield _database(app, view)
    for queue in snapshot.queues if snapshot else ():
        yield _queue(app, queue)
    yield from (_log(app, check) for check in checks if check.kind == "log")
    yield from _dashboards(app, snapshot)
    yield from _runbooks(app, snapshot)
    yield PaletteCommand(QUERY, "ask in PromQL what is collected: query EXPRESSION", app.open_query)
    yield from given
    yield from _looks(app, windows=not told)


def _runbooks(app: OnwatchApp, snapshot: Snapshot | None) -> Iterator[PaletteCommand]:
    """Those that something leads to now before all others; with their steps, as far as these are
    known. Each is opened for what the cursor is on.
    """
    books = snapshot.runbooks if snapshot is not None else None
    if books is None:
        return
    linked = set(books.links.values())
    for offer in sorted(books.offers, key=lambda one: one.name not in linked):
        common = offer.name in linked
        title = offer.title or f"what to do about {offer.name.replace('-', ' ')}"
        run = partial(app.action_step, offer.name, "")
        yield PaletteCommand(f"runbook {offer.name}", title, run, common=common)
        for name, told in offer.steps:
            step = partial(app.action_step, offer.name, name)
            named = f"runbook {offer.name} {_FOLLOWED} {name}"
            yield PaletteCommand(named, told, step, common=False)


def _about(app: OnwatchApp, check: CheckView, *, opened: bool = False) -> Iterator[PaletteCommand]:
    """Its details, unless they are ``opened`` or offered, and what it can be asked."""
    if not opened:
        yield _check(app, check)
    yield from _questions(app, check)
    if check.found and not check.up and check.last_run is not None:
        yield _farewell(app, check)


def _looks(app: OnwatchApp, *, windows: bool) -> Iterator[PaletteCommand]:
    """How the picture is made: how often, over how long, in which colours."""
    yield PaletteCommand(
        "low bandwidth",
        "for narrow links: a picture every 5 s, without curves; or as before",
        app.action_low_bandwidth,
    )
    if windows:
        yield from (_window(app, seconds) for seconds in WINDOWS)
    house = [theme.name for theme in HOUSE_THEMES]
    for name in sorted(app.available_themes, key=lambda name: (name not in house, name)):
        yield _theme(app, name, common=name in house)


def _keys(app: OnwatchApp, screen: Screen[object]) -> Iterator[PaletteCommand]:
    """Everything that a key does on ``screen`` now, by the words of its id."""
    offered: set[str] = {*_NOT_OFFERED, *_leading_here(screen)}
    for each in sorted(screen.active_bindings.values(), key=_place):
        binding, node = each.binding, each.node
        if binding.id and each.enabled and binding.id not in offered:
            offered.add(binding.id)
            yield PaletteCommand(
                _title(binding),
                f"key {key_name(binding.key)}",
                partial(app.act, binding.action, node),
                common=not binding.id.startswith("pane."),
            )


def _leading_here(screen: Screen[object]) -> Iterator[str]:
    """The ids of the keys that lead to ``screen``."""
    if isinstance(screen, OverviewScreen):
        yield "app.overview"
    yield from (f"app.{each.name}" for each in NUMBERED if each.screen == type(screen).__name__)


def _place(each: ActiveBinding) -> int:
    """What this screen alone has, the screens, and last what everybody knows the key of."""
    name = str(each.binding.id)
    if name in _SCREENS:
        return 1
    if name in _KNOWN:
        return 3
    return 2 if name.startswith(("app.", "screen.", "pane.")) else 0


def _title(binding: Binding) -> str:
    """``maximise: give the pane the whole screen, or take it``."""
    name = str(binding.id).partition(".")[2].replace("_", " ")
    what = f"{binding.description[:1].lower()}{binding.description[1:]}"
    return name if sorted(what.split()) == sorted(name.split()) else f"{name}: {what}"


def _check(app: OnwatchApp, check: CheckView) -> PaletteCommand:
    help_text = f"{check.status.value}: {check.message}" if check.message else check.status.value
    return PaletteCommand(f"check {check.name}", help_text, lambda: app.action_details(check.name))


def _farewell(app: OnwatchApp, check: CheckView) -> PaletteCommand:
    return PaletteCommand(
        f"forget {check.name}",
        "it is not meant to run here any more: miss it no longer, until it runs again",
        partial(app.forget, check.name),
    )


def _database(app: OnwatchApp, view: DatabaseView) -> PaletteCommand:
    help_text = f"{view.kind}, {view.status.value}: who does what on it"
    return PaletteCommand(
        f"database {view.check}", help_text, lambda: app.go_to("databases", view.check)
    )


def _queue(app: OnwatchApp, view: QueueView) -> PaletteCommand:
    help_text = f"of {view.check}, {view.status.value}: how long it is and where it is going"
    key = f"{view.check}/{view.name}"
    return PaletteCommand(f"queue {view.name}", help_text, lambda: app.go_to("queues", key))


def _dashboards(app: OnwatchApp, snapshot: Snapshot | None) -> Iterator[PaletteCommand]:
    for one in snapshot.dashboards if snapshot else ():
        run = partial(app.go_to, "dashboards", one.name)
        yield PaletteCommand(f"dashboard {one.title}", f"from {one.place or one.name}", run)


def _log(app: OnwatchApp, check: CheckView) -> PaletteCommand:
    def open_lines() -> None:
        from checks.logs.views import LogsWanted  # noqa: PLC0415 - when wanted
        from tui.screens.logs_about import LogsAbout  # noqa: PLC0415 - when wanted

        app.open_logs(LogsAbout("", LogsWanted(checks=(check.name,))))

    help_text = f"{check.status.value}: its lines as they come"
    return PaletteCommand(f"log {check.name}", help_text, open_lines)


def _questions(app: OnwatchApp, check: CheckView) -> Iterator[PaletteCommand]:
    for question, title, help_text in check.questions:
        run = partial(app.ask, check.name, question, title)
        yield PaletteCommand(f"{title}: {check.name}", help_text, run)


def _window(app: OnwatchApp, seconds: float) -> PaletteCommand:
    return PaletteCommand(
        f"window {seconds / 60:.0f} min",
        "figures over this long",
        lambda: app.set_window(seconds),
        common=False,
    )


def _theme(app: OnwatchApp, name: str, *, common: bool) -> PaletteCommand:
    return PaletteCommand(
        f"theme {name}", "change the colours", lambda: app.set_theme(name), common=common
    )
