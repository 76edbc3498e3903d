"""What the command palette offers besides the commands that were handed to the app."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from checks.requests.stats import WINDOWS
from tui.palette import PaletteCommand
from tui.themes import HOUSE_THEMES

if TYPE_CHECKING:
    from checks.views import CheckView, Snapshot
    from tui.app import OnwatchApp

__all__ = ["offers"]


def offers(app: OnwatchApp, snapshot: Snapshot | None) -> Iterator[PaletteCommand]:
    """What can be done in ``app`` while it shows ``snapshot``."""
    yield from _general(app)
    for check in snapshot.checks if snapshot else ():
        yield _check(app, check)
        yield from _questions(app, check)
    for seconds in WINDOWS:
        yield _window(app, seconds)
    house = [theme.name for theme in HOUSE_THEMES]
    for name in sorted(app.available_themes, key=lambda name: (name not in house, name)):
        yield _theme(app, name, common=name in house)


def _general(app: OnwatchApp) -> Iterator[PaletteCommand]:
    yield PaletteCommand("overview", "everything at once", app.action_overview)
    yield PaletteCommand("freeze", "hold the picture, or let it go on", app.action_freeze)
    yield PaletteCommand("poll now", "run every check at once", app.action_poll)
    yield PaletteCommand("help", "the keys of this screen", app.action_help)
    yield PaletteCommand("quit", "leave onwatch", app.leave)


def _check(app: OnwatchApp, check: CheckView) -> PaletteCommand:
    help_text = f"{check.status.value}: {check.message}" if check.message else check.status.value
    return PaletteCommand(f"check {check.name}", help_text, lambda: app.action_details(check.name))


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
