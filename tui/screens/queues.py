"""All queues: how long, where they are going, what failed, how old the oldest item is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.screens.listing import ListScreen
from widgets.queue_list.selected import SelectedQueue
from widgets.queue_list.table import QueueTable
from widgets.queue_list.words import outlook

if TYPE_CHECKING:
    from checks.views import QueueView
    from widgets.lines import LinePane
    from widgets.listing.pane import ListPane

__all__ = ["QueuesScreen"]


class QueuesScreen(ListScreen):
    """A row a queue; the one under the cursor with its large curve. Enter opens the details
    of its check.
    """

    TABLE = QueueTable
    LOW = True
    TITLE = "Queues"
    QUESTION = "How much waits, does it grow, and when will it be empty or too long at this rate?"

    def table(self) -> ListPane[Any]:
        return QueueTable(id="table")

    def selected(self) -> LinePane:
        return SelectedQueue(id="selected")

    def besides(self, item: QueueView) -> str:
        return outlook(item)[0] if item.growth is not None else ""
