"""Who is called, when, and with which bytes; on a real terminal too."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from checks.model import Status
from checks.story.model import Acknowledgement
from checks.story.views import Handled, StoryView
from checks.views import AlertView, Snapshot
from tests.patience import PATIENCE
from tests.tui.app_kit import app_of, running, settle, source_of, told
from tests.tui.fakes import FakeSource
from tests.tui.terminals import OnTerminal
from tests.widgets import samples
from tui.attention import APART, FORGOTTEN, SETTLING, Attention, notification
from tui.commands.monitor import _Wishes
from tui.config import load
from widgets.verdict import VerdictLine

QUIET = replace(samples.bad_night(), alerts=(), story=StoryView())


def critical(name: str, since: float = 0.0, **more: object) -> AlertView:
    given: dict[str, object] = {
        "id": f"{name}@{since:.3f}",
        "name": name,
        "check": name,
        "status": Status.CRITICAL,
        "since": since,
        "sentence": "refused",
    }
    return AlertView(**(given | more))  # type: ignore[arg-type]


def picture(*alerts: AlertView, **handled: Handled) -> Snapshot:
    by_id = {one.id: handled[one.name] for one in alerts if one.name in handled}
    return replace(QUIET, alerts=alerts, story=StoryView(handled=by_id))


def settled() -> Attention:
    attention = Attention()
    attention.look(QUIET, 0.0)
    return attention


def test_a_new_critical_alert_calls_once() -> None:
    attention = settled()
    assert attention.look(QUIET, 10) is None
    call = attention.look(picture(critical("db")), 11)
    assert call is not None
    assert (call.text, call.count) == ("db: refused", 1)
    assert attention.look(picture(critical("db")), 12) is None
    assert attention.look(picture(critical("db")), 5000) is None


def test_what_was_there_at_the_start_is_one_call_once_it_is_known() -> None:
    attention = Attention()
    both = picture(critical("api", cause="db"), critical("db"))
    assert attention.look(picture(critical("api")), 0) is None
    assert attention.look(both, SETTLING - 1) is None
    call = attention.look(both, SETTLING)
    assert call is not None
    assert call.text == "db: refused (and 1 more)"


def test_a_flood_is_a_call_every_so_often_that_counts() -> None:
    attention = settled()
    assert attention.look(picture(critical("c0")), 10) is not None
    calls = []
    for second in range(1, 61):
        alerts = [critical(f"c{at}") for at in range(second + 1)]
        calls.append(attention.look(picture(*alerts), 10 + second))
    told = [call for call in calls if call is not None]
    assert [call.count for call in told] == [APART, APART]


def test_what_is_over_before_its_turn_calls_nobody() -> None:
    attention = settled()
    attention.look(picture(critical("db")), 10)
    assert attention.look(picture(critical("db"), critical("api")), 11) is None
    assert attention.look(picture(critical("db")), 12) is None
    assert attention.look(picture(critical("db")), 50) is None


def test_flapping_calls_once_and_again_only_much_later() -> None:
    attention = settled()
    assert attention.look(picture(critical("db")), 10) is not None
    for at in range(20, 200, 10):
        assert attention.look(QUIET, at) is None
        assert attention.look(picture(critical("db", at)), at + 5) is None
    assert attention.look(QUIET, 200) is None
    assert attention.look(picture(critical("db", 999)), 200 + FORGOTTEN) is not None


@pytest.mark.parametrize(
    "alert",
    [
        critical("db", status=Status.WARNING),
        critical("db", status=Status.OK),
        critical("db", firing=False),
        critical("db", rule="r", cause="db"),
    ],
    ids=["a warning", "for information", "pending", "said by its check"],
)
def test_what_is_not_urgent_calls_nobody(alert: AlertView) -> None:
    assert settled().look(picture(alert), 10) is None


def test_what_is_silenced_or_taken_calls_nobody_until_it_is_no_more() -> None:
    attention = settled()
    ack = Acknowledgement("db@0.000", "alice", 1.0)
    hidden, taken = Handled(silenced_by=("s",)), Handled(acknowledged=ack)
    both = picture(critical("db"), critical("api"), db=hidden, api=taken)
    assert attention.look(both, 10) is None
    call = attention.look(picture(critical("db"), critical("api"), api=taken), 20)
    assert call is not None
    assert call.text == "db: refused"


def test_a_past_that_is_looked_at_calls_nobody() -> None:
    assert settled().look(replace(picture(critical("db")), source="14:05"), 10) is None


HOSTILE = "x;y \x1b]52;c;aGk=\x07 \x9d9;z\x9c a\nb\u202e \x00" + "long " * 200


@pytest.mark.parametrize(
    ("environ", "begin", "end"),
    [
        ({"TERM": "xterm-kitty"}, "\x1b]9;onwatch: x,y", "\x07"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "\x1b]9;onwatch: x,y", "\x07"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "\x1b]777;notify;onwatch;x,y", "\x07"),
        ({"TERM": "rxvt-unicode-256color"}, "\x1b]777;notify;onwatch;x,y", "\x07"),
        (
            {"TERM": "tmux-256color", "TMUX": "/tmp/t", "KITTY_WINDOW_ID": "1"},
            "\x1bPtmux;\x1b\x1b]9;onwatch: x,y",
            "\x07\x1b\\",
        ),
        (
            {"TERM": "screen-256color", "STY": "1.p", "LC_TERMINAL": "iTerm2"},
            "\x1bP\x1b]9;onwatch: x,y",
            "\x07\x1b\\",
        ),
    ],
    ids=["kitty", "iTerm2", "VTE", "urxvt", "tmux", "screen"],
)
def test_a_notification_is_one_sequence_whatever_the_target_says(
    environ: dict[str, str], begin: str, end: str
) -> None:
    made = notification(HOSTILE, environ)
    assert made.startswith(begin)
    assert made.endswith(end)
    inner = made.removeprefix(begin).removesuffix(end)
    assert inner.isprintable()
    assert ";" not in inner
    assert len(made) < 300


@pytest.mark.parametrize(
    "environ",
    [{"TERM": "linux"}, {"TERM": "vt220"}, {"TERM": "xterm-256color"}, {}, {"TERM": "dumb"}],
)
def test_a_terminal_that_may_print_it_is_sent_none(environ: dict[str, str]) -> None:
    assert notification("db: refused", environ) == ""


async def test_the_key_makes_it_quiet_for_the_session_and_loud_again() -> None:
    async with running(FakeSource(QUIET)) as pilot:
        await pilot.press("b")
        await settle(pilot)
        assert "quiet" in told(pilot)[0]
        assert not app_of(pilot).calls
        await pilot.press("b")
        assert app_of(pilot).calls
        app_of(pilot).post_message(app_of(pilot).Attentive(False))
        await settle(pilot)
        assert not app_of(pilot).calls


async def test_the_verdict_flashes_a_few_times_also_without_colours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.attention.SETTLING", 0.0)
    monkeypatch.setattr("tui.attentive._FLASH", 0.02)
    async with running(FakeSource(QUIET)) as pilot:
        line = pilot.app.screen.query_one(VerdictLine)
        seen: list[bool] = []
        monkeypatch.setattr(VerdictLine, "watch_lit", lambda self: seen.append(self.lit))
        source_of(pilot).show(picture(critical("db")))
        await settle(pilot)
        await pilot.pause(0.3)
        assert seen == [True, False] * 3
        assert line.lit is False
        line.set_reactive(VerdictLine.lit, True)
        line.update_lines()
        style = line.render_line(0)._segments[0].style
        assert style is not None
        assert style.reverse


async def test_no_line_stays_lit_on_a_screen_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.attention.SETTLING", 0.0)
    monkeypatch.setattr("tui.attentive._FLASH", 0.05)
    async with running(FakeSource(QUIET)) as pilot:
        source_of(pilot).show(picture(critical("db")))
        await settle(pilot)
        first = pilot.app.screen.query_one(VerdictLine)
        await pilot.press("7")
        await pilot.pause(0.6)
        assert not first.lit
        assert not pilot.app.screen.query_one(VerdictLine).lit
        assert app_of(pilot)._flashing is None


async def test_on_a_narrow_link_it_does_not_flash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.attention.SETTLING", 0.0)
    async with running(FakeSource(QUIET)) as pilot:
        app_of(pilot).action_low_bandwidth()
        await settle(pilot)
        source_of(pilot).show(picture(critical("db")))
        await settle(pilot)
        assert not pilot.app.screen.query_one(VerdictLine).lit


CONFIG = """
version: 1
defaults: {interval: 1s, timeout: 500ms}
ATTENTION
checks:
  - {name: db, tcp: {address: "127.0.0.1:1"}}
  - {name: api, tcp: {address: "127.0.0.1:2"}}
"""
PROGRAM = """
import sys
import tui.attention
from tui.cli import main
tui.attention.SETTLING = 0.5
sys.exit(main(sys.argv[1:]))
"""
NOTIFIED = re.compile(rb"\x1b\]9;onwatch: ([^\x07]*)\x07")


def on_a_terminal(folder: Path, config: str) -> bytes:
    """What the monitor writes on a kitty while two checks fail."""
    file = folder / "onwatch.yaml"
    file.write_text(config)
    file.chmod(0o600)
    environ = {"TERM": "xterm-kitty", "HOME": str(folder), "XDG_STATE_HOME": str(folder)}
    with OnTerminal(["-c", PROGRAM, "-c", str(file)], environ=environ) as terminal:
        terminal.read_until(b"CRITICAL")
        # Until it would have called, and the flash would be over.
        until = time.monotonic() + 3.5
        while time.monotonic() < until:
            list(terminal.drain())
        terminal.type(b"\x11")
        assert terminal.wait_reading(PATIENCE) == 0
        return terminal.output


def test_on_a_terminal_it_rings_once_and_notifies_once_and_floods_nothing(tmp_path: Path) -> None:
    output = on_a_terminal(tmp_path, CONFIG.replace("ATTENTION", ""))
    (told,) = NOTIFIED.findall(output)
    assert told.startswith(b"db down: connection to 127.0.0.1:1 refused")
    assert told.endswith(b"(and 1 more)")
    assert re.sub(rb"\x1b\][^\x07\x1b]*(\x07|\x1b\\\\)", b"", output).count(b"\a") == 1
    after = output[output.index(b"\x1b]9;") :]
    assert len(after) < 9_000


async def test_it_is_quiet_where_the_configuration_says_so(tmp_path: Path) -> None:
    file = tmp_path / "onwatch.yaml"
    file.write_text(CONFIG.replace("ATTENTION", "attention: false"))
    file.chmod(0o600)
    async with running(FakeSource(QUIET)) as pilot:
        wishes = _Wishes()
        wishes.call(app_of(pilot), load(str(file)).attention)
        await settle(pilot)
        assert not app_of(pilot).calls
        file.write_text(CONFIG.replace("ATTENTION", ""))
        wishes.call(app_of(pilot), load(str(file)).attention)
        await settle(pilot)
        assert app_of(pilot).calls
