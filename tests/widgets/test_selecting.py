"""Screens that were covered hold no notices that have passed."""

from __future__ import annotations

from textual.app import App
from textual.widgets._toast import Toast, ToastHolder

from widgets.selecting import SelectingScreen


class Two(App[None]):
    """An app of two screens that stay."""

    def on_mount(self) -> None:
        for name in ("one", "two"):
            self.install_screen(SelectingScreen(), name)
        self.push_screen("one")


async def test_notices_do_not_pile_up_on_screens_that_were_covered() -> None:
    async with Two().run_test(notifications=True) as pilot:
        app = pilot.app
        for number in range(5):
            app.notify(f"copied {number}", timeout=20)
            await pilot.pause()
            # As when a notice has expired and is looked for before its own timer has run.
            app.clear_notifications()
            await pilot.pause()
            app.push_screen("two")
            await pilot.pause()
            app.pop_screen()
            await pilot.pause()
        assert len(app.screen.query(ToastHolder)) == 0


async def test_a_notice_is_seen_on_the_screen_above_and_below() -> None:
    async with Two().run_test(notifications=True) as pilot:
        app = pilot.app
        app.notify("copied", timeout=20)
        for _ in range(2):
            app.push_screen("two")
            await pilot.pause(0.1)
            assert len(app.screen.query(Toast)) == 1
            app.pop_screen()
            await pilot.pause(0.1)
            assert len(app.screen.query(Toast)) == 1
