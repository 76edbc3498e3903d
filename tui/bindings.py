"""All key bindings there are, gathered from the screens and panes that have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.binding import Binding, BindingType

from tui import keymap
from tui.keymap import key_name
from tui.screens.filter import FilterLine
from widgets.lines import LinePane

__all__ = ["all_bindings", "keys_page"]

_HEAD = """# Keys

Every key has an id, by which `keybindings` in the configuration gives it another one:

```yaml
keybindings:
  app.freeze: f
  screen.filter: "ctrl+f,slash"
```

`onwatch validate` reports every wish that cannot be granted, with its line, and ends with 2:
an id that there is not, a key that is taken, that there is not, that a terminal cannot tell
from another (Ctrl-I, -J, -M, -H, -[) or that ssh keeps for itself (`~`). The monitor starts
all the same, says so, and keeps the key below. Ctrl-A and Ctrl-B work, but screen and tmux
may keep them: a warning.

`?` says which keys work where you are, and what its signs mean:

![help for a screen](../screenshots/help.png)

`:` finds a command, a screen or a check by any letters of its name. What is nearest comes first:
the check under the cursor, what is wrong, the keys of the screen; offered is what works where you
are. `:query` and a blank lead to the [prompt for PromQL](alerts-screen.md#asking-in-promql):

![the palette](../screenshots/palette.png)
"""


def _groups() -> Mapping[str, Iterable[BindingType]]:
    return {
        "Everywhere": keymap.APP,
        "On every screen with panes": keymap.SCREEN,
        "In a pane": LinePane.BINDINGS,
        "While a filter is typed": FilterLine.BINDINGS,
        "On a screen with a tab a check": keymap.TABS,
        "Services, queues and alerts": keymap.LISTS,
        "Databases": keymap.DATABASES,
        "Requests": keymap.REQUESTS,
        "Host": keymap.HOST,
        "Dashboards": keymap.DASHBOARDS,
        "Wall": keymap.WALL,
        "Choosing the values of variables": keymap.OPTIONS,
        "A panel, whole": keymap.PANEL,
        "A session, or a row of a table, whole": (keymap.CLOSE, *keymap.SESSION, *keymap.BOX),
        "A runbook": keymap.RUNBOOK,
        "A step of a runbook, whole": keymap.STEP,
        "Acknowledging an alert": keymap.ACKNOWLEDGE,
        "Silencing alerts": keymap.SILENCE,
        "All silences": keymap.SILENCES,
        "While a field of a box is typed": (*keymap.FIELD, *keymap.CHOICE),
        "While steps run and you quit": keymap.LEAVING,
        "Logs": keymap.LOGS,
        "A record of a log, whole": keymap.RECORD,
        "Timeline": keymap.TIMELINE,
        "An entry of the timeline, whole": keymap.ENTRY,
        "Writing a note": keymap.NOTE,
        "Details": keymap.DETAILS,
        "An alert or a rule, whole": keymap.ALERT,
        "Query": keymap.QUERY,
        "While an expression is typed": keymap.PROMPT,
        "Help": keymap.HELP,
    }


def all_bindings() -> list[Binding]:
    """Every binding that has an id."""
    found = [each for group in _groups().values() for each in group]
    return [each for each in found if isinstance(each, Binding) and each.id]


def keys_page() -> str:
    """The reference page of all keys, in Markdown."""
    parts = [_HEAD]
    for title, group in _groups().items():
        parts.append(f"\n## {title}\n\n| key | what it does | id |\n|---|---|---|\n")
        parts += [_row(each) for each in group if isinstance(each, Binding)]
    return "".join(parts)


def _row(binding: Binding) -> str:
    keys = " ".join(f"`{key_name(key.strip())}`" for key in binding.key.split(","))
    return f"| {keys} | {binding.description} | `{binding.id}` |\n"
