"""The tabs of the request logs: each with the share of its newest requests that fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from widgets import format as fmt
from widgets.requests import fails
from widgets.tabs import TabLine
from widgets.text import Seg

if TYPE_CHECKING:
    from checks.views import RequestView

__all__ = ["LogTabs"]


class LogTabs(TabLine):
    """A log's check is well as long as it can be read: whether requests fail is said too."""

    def told(self) -> Mapping[str, Seg]:
        views = self.snapshot.requests if self.snapshot else ()
        return {view.check: Seg(_errors(view), "critical") for view in views if fails(view)}


def _errors(view: RequestView) -> str:
    return f"{fmt.percent(view.stats.window(0.0).error_ratio)} errors"
