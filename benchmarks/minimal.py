"""The smallest Textual app there is: what painting a first frame costs without onwatch."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static


class Minimal(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("the minimal Textual app has painted its first frame")


if __name__ == "__main__":
    Minimal().run()
