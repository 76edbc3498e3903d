"""Panes in a running app: what they repaint, what stays selected, how they scroll."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.geometry import Region
from textual.pilot import Pilot

from checks.model import Status
from checks.views import Snapshot
from tests.widgets import samples
from tests.widgets.stage import Stage, shown, spy_on
from widgets.alerts import AlertsPane
from widgets.events import EventsPane
from widgets.hints import HintLine
from widgets.host import HostPane
from widgets.lines import LinePane
from widgets.queues import QueuesPane
from widgets.requests import RequestsPane
from widgets.services import ServicesPane
from widgets.text import Line
from widgets.verdict import VerdictLine


def many(count: int, *, worst: int | None = None, duration: float = 0.012) -> Snapshot:
    """``count`` checks ``c00``, ``c01``, …; the one called ``worst`` is first and critical."""
    checks = [samples.check(f"c{i:02}", duration=duration) for i in range(count)]
    if worst is not None:
        bad = samples.check(f"c{worst:02}", Status.CRITICAL, value="down", message="it is down")
        checks = [bad, *(check for check in checks if check.name != bad.name)]
    return samples.all_quiet(checks=tuple(checks))


async def show(pilot: Pilot[None], pane: LinePane, snapshot: Snapshot | None) -> None:
    pane.snapshot = snapshot
    await pilot.pause()


async def test_one_changed_figure_repaints_its_cells_alone() -> None:
    pane = ServicesPane()
    app = Stage(pane)
    async with app.run_test(size=(80, 12)) as pilot:
        await show(pilot, pane, many(5))
        asked = spy_on(pane)
        checks = list(many(5).checks)
        checks[2] = replace(checks[2], duration=0.013)
        await show(pilot, pane, samples.all_quiet(checks=tuple(checks)))
        assert len(asked) == 1
        region = asked[0]
        assert region is not None
        assert (region.y, region.height, region.width) == (3, 1, 1)
        assert shown(pane)[3][region.x] == "3"


async def test_a_new_picture_of_the_same_repaints_nothing() -> None:
    pane = ServicesPane()
    async with Stage(pane).run_test(size=(80, 12)) as pilot:
        await show(pilot, pane, many(5))
        asked = spy_on(pane)
        await show(pilot, pane, many(5))
        assert asked == []


async def test_what_is_repainted_is_what_is_then_on_screen() -> None:
    pane = ServicesPane()
    app = Stage(pane)
    async with app.run_test(size=(80, 12)) as pilot:
        await show(pilot, pane, many(5))
        await show(pilot, pane, many(5, worst=3))
        screen = [
            "".join(seg.text for seg in strip) for strip in app.screen._compositor.render_strips()
        ]
        assert screen[1].startswith("▌✖ c03"), "the cursor that nobody moved is on the worst"
        assert [text.rstrip() for text in screen] == shown(pane)


async def test_the_clock_repaints_its_digits_alone() -> None:
    line = VerdictLine()
    async with Stage(line).run_test(size=(120, 5)) as pilot:
        line.snapshot = samples.bad_night()
        await pilot.pause()
        asked = spy_on(line)
        line.snapshot = samples.bad_night(time=samples.NOW + 1)
        await pilot.pause()
        assert [region and region.size for region in asked] == [Region(0, 0, 1, 1).size]


async def test_the_engine_s_notice_takes_a_second_line_while_there_is_one() -> None:
    line = VerdictLine()
    async with Stage(line).run_test(size=(80, 5)) as pilot:
        line.snapshot = samples.bad_night(health=samples.health(notice="onwatch.yaml:3 is broken"))
        await pilot.pause()
        assert line.size.height == 2
        assert "onwatch.yaml:3 is broken" in shown(line)[1]
        line.snapshot = samples.bad_night()
        await pilot.pause()
        assert line.size.height == 1


async def test_a_frozen_picture_says_so() -> None:
    line = VerdictLine()
    async with Stage(line).run_test(size=(80, 5)) as pilot:
        line.snapshot = samples.bad_night()
        line.frozen = True
        await pilot.pause()
        assert "❄ frozen" in shown(line)[0]


async def test_hints_follow_what_they_are_given() -> None:
    line = HintLine()
    async with Stage(line).run_test(size=(80, 3)) as pilot:
        line.hints = (("?", "help"),)
        await pilot.pause()
        asked = spy_on(line)
        line.hints = (("?", "held"),)
        await pilot.pause()
        assert shown(line) == [" ? held"]
        assert asked == [Region(6, 0, 1, 1)]


async def test_the_cursor_stays_with_its_row_when_rows_reorder() -> None:
    pane = ServicesPane()
    app = Stage(pane)
    async with app.run_test(size=(80, 12)) as pilot:
        await show(pilot, pane, many(5))
        pane.focus()
        await pilot.press("down", "down")
        assert pane.selected == "c02"
        await show(pilot, pane, many(5, worst=4))
        assert pane.selected == "c02"
        marked = [text for text in shown(pane) if text.startswith("▌")]
        assert len(marked) == 1
        assert "c02" in marked[0]
        await pilot.press("enter")
        assert app.opened == [("c02", "c02")]


async def test_a_cursor_that_nobody_has_moved_is_on_the_worst() -> None:
    pane = ServicesPane()
    app = Stage(pane)
    async with app.run_test(size=(80, 12)) as pilot:
        await show(pilot, pane, many(5))
        pane.focus()
        await pilot.pause()
        assert pane.selected == "c00"
        await show(pilot, pane, many(5, worst=4))
        assert pane.selected == "c04"
        assert app.chosen[-1] == "c04"
        await pilot.press("down", "up")
        await show(pilot, pane, many(5, worst=2))
        assert pane.selected == "c04", "somebody has moved it"


async def test_a_row_that_has_gone_leaves_nothing_selected() -> None:
    pane = ServicesPane()
    app = Stage(pane)
    async with app.run_test(size=(80, 12)) as pilot:
        await show(pilot, pane, many(5))
        pane.focus()
        await pilot.press("end")
        await show(pilot, pane, many(4))
        assert pane.selected is None
        await pilot.press("enter")
        assert app.opened == []
        assert app.chosen[-1] is None
        await pilot.press("up")
        assert pane.selected == "c03"


@pytest.mark.parametrize(
    ("keys", "selected"),
    [
        (["down"], "c01"),
        (["j", "j", "k"], "c01"),
        (["end"], "c29"),
        (["end", "home"], "c00"),
        (["pagedown"], "c08"),
        (["pagedown", "pagedown", "pageup"], "c08"),
        (["up"], "c00"),
        (["end", "down"], "c29"),
    ],
)
async def test_keys_move_the_cursor(keys: list[str], selected: str) -> None:
    pane = ServicesPane()
    async with Stage(pane).run_test(size=(80, 10)) as pilot:
        await show(pilot, pane, many(30))
        pane.focus()
        await pilot.press(*keys)
        assert pane.selected == selected
        assert any(text.startswith("▌") and selected in text for text in shown(pane))


async def test_the_title_tells_how_much_there_is_beyond() -> None:
    pane = ServicesPane()
    async with Stage(pane).run_test(size=(80, 10)) as pilot:
        await show(pilot, pane, many(30))
        assert shown(pane)[0].endswith("+21 more ↓")
        pane.focus()
        await pilot.press("end")
        assert shown(pane)[0].endswith("+21 ↑")
        assert "c29" in shown(pane)[-1]


async def test_the_wheel_scrolls_without_moving_the_cursor() -> None:
    pane = ServicesPane()
    async with Stage(pane).run_test(size=(80, 10)) as pilot:
        await show(pilot, pane, many(30))
        pane.focus()
        await pilot.pause()
        await pilot._post_mouse_events([_scroll_down()], widget=pane)
        assert "c02" in shown(pane)[1]
        assert pane.selected == "c00"


def _scroll_down() -> type:
    from textual.events import MouseScrollDown  # noqa: PLC0415

    return MouseScrollDown


async def test_a_click_selects_and_a_double_click_opens() -> None:
    pane = ServicesPane()
    app = Stage(pane)
    async with app.run_test(size=(80, 12)) as pilot:
        await show(pilot, pane, many(5))
        await pilot.click(pane, offset=(10, 4))
        assert pane.selected == "c03"
        assert app.opened == []
        await pilot.click(pane, offset=(10, 2), times=2)
        assert app.opened == [("c01", "c01")]


async def test_a_click_on_the_title_or_on_nothing_selects_nothing() -> None:
    pane = ServicesPane()
    async with Stage(pane).run_test(size=(80, 12)) as pilot:
        await show(pilot, pane, many(3))
        pane.select("c02")
        await pilot.click(pane, offset=(3, 0))
        await pilot.click(pane, offset=(3, 8))
        assert pane.selected == "c02"


async def test_opening_a_part_names_its_check() -> None:
    pane = ServicesPane()
    app = Stage(pane)
    async with app.run_test(size=(100, 40)) as pilot:
        await show(pilot, pane, samples.bad_night())
        pane.focus()
        await pilot.press("down", "enter")
        assert app.opened == [("gateway/database", "gateway")]


async def test_filtering_keeps_the_matching_rows() -> None:
    pane = ServicesPane()
    async with Stage(pane).run_test(size=(80, 12)) as pilot:
        await show(pilot, pane, many(30))
        pane.filter_text = "c07"
        await pilot.pause()
        assert [text.split()[1] for text in shown(pane)[1:] if text] == ["c07"]
        assert "/c07" in shown(pane)[0]


@pytest.mark.parametrize("size", [(80, 24), (40, 6), (200, 60), (12, 3), (1, 1)])
async def test_panes_draw_anew_at_any_size(size: tuple[int, int]) -> None:
    panes = [ServicesPane(), RequestsPane(), QueuesPane(), HostPane(), AlertsPane()]
    app = Stage(VerdictLine(), *panes)
    async with app.run_test(size=(100, 50)) as pilot:
        for pane in panes:
            pane.snapshot = samples.bad_night()
        await pilot.resize_terminal(*size)
        await pilot.pause()
        for pane in panes:
            assert all(len(text) <= size[0] for text in shown(pane))


@pytest.mark.parametrize(
    ("kind", "starts"),
    [
        (RequestsPane, "Requests gateway log 128/s"),
        (QueuesPane, "Queues   ▲ default"),
        (HostPane, "Host     cpu 63 %"),
    ],
)
async def test_compact_panes_are_one_line_with_their_title(
    kind: type[LinePane], starts: str
) -> None:
    pane = kind()
    async with Stage(pane).run_test(size=(80, 12)) as pilot:
        pane.compact = True
        await show(pilot, pane, samples.bad_night())
        assert pane.size.height == 1
        assert shown(pane)[0][1:].startswith(starts)
        pane.compact = False
        await pilot.pause()
        assert pane.size.height == 12


async def test_a_plain_terminal_gets_nothing_but_ascii() -> None:
    panes = [ServicesPane(), RequestsPane(), QueuesPane(), HostPane(), AlertsPane()]
    app = Stage(*panes)
    async with app.run_test(size=(100, 60)) as pilot:
        for pane in panes:
            pane.use_ascii = True
            pane.snapshot = samples.bad_night()
        await pilot.pause()
        assert all(text.isascii() for pane in panes for text in shown(pane))
        assert any("X gateway" in text for text in shown(panes[0]))


async def test_markup_in_a_message_reaches_the_screen_as_text() -> None:
    pane = AlertsPane()
    night = samples.bad_night()
    alert = replace(night.alerts[0], sentence="[red]x[/] [@click=app.quit]y[/]")
    async with Stage(pane).run_test(size=(80, 12)) as pilot:
        await show(pilot, pane, replace(night, alerts=(alert,)))
        assert "[red]x[/] [@click=app.quit]y[/]" in shown(pane)[2]


async def test_text_can_be_selected_with_the_mouse_and_copied() -> None:
    pane = AlertsPane()
    app = Stage(pane)
    async with app.run_test(size=(80, 12)) as pilot:
        await show(pilot, pane, samples.bad_night())
        await pilot.mouse_down(pane, offset=(3, 2))
        await pilot.hover(pane, offset=(10, 2))
        await pilot.mouse_up(pane, offset=(10, 2))
        assert app.screen.get_selected_text() == "HTTP 503"
        strip = pane.render_line(2)
        chosen = strip.crop(3, 11)
        assert {seg.style and seg.style.bgcolor for seg in chosen} != {
            seg.style and seg.style.bgcolor for seg in strip.crop(20, 30)
        }


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "nord"])
async def test_every_role_has_a_style_in_every_theme(theme: str) -> None:
    line, pane = VerdictLine(), ServicesPane()
    app = Stage(line, pane)
    async with app.run_test(size=(100, 40)) as pilot:
        app.theme = theme
        line.snapshot = pane.snapshot = samples.bad_night()
        await pilot.pause()
        styles = pane._styles()
        plain, critical = (styles[seg.role, False] for seg in pane._lines[1].segs[:2])
        assert critical.color != plain.color


async def test_a_change_of_theme_recolours_what_is_shown() -> None:
    pane = ServicesPane()
    app = Stage(pane)
    async with app.run_test(size=(100, 40)) as pilot:
        await show(pilot, pane, samples.bad_night())
        role = pane._lines[1].segs[1].role
        before = pane._styles()[role, False]
        app.theme = "textual-light"
        await pilot.pause()
        assert pane._styles()[role, False] != before


async def test_enter_on_an_event_opens_its_check() -> None:
    pane = EventsPane()
    app = Stage(pane)
    async with app.run_test(size=(80, 12)) as pilot:
        await show(pilot, pane, samples.bad_night())
        pane.focus()
        await pilot.press("down", "enter")
        assert [check for _, check in app.opened] == ["search"]


async def test_a_pane_that_gets_the_focus_shows_so_and_has_a_cursor_at_once() -> None:
    first, second = ServicesPane(id="first"), ServicesPane(id="second")
    async with Stage(first, second).run_test(size=(80, 24)) as pilot:
        await show(pilot, first, many(5))
        await show(pilot, second, many(5))
        first.focus()
        await pilot.pause()
        assert first.selected == "c00"
        assert shown(first)[1].startswith("▌")
        second.focus()
        await pilot.pause()
        assert not shown(first)[1].startswith("▌")
        assert shown(second)[1].startswith("▌")
        assert "▌" not in shown(first)[1]


async def test_a_pane_that_was_hidden_shows_what_is_so_now() -> None:
    pane = ServicesPane()
    async with Stage(pane).run_test(size=(80, 12)) as pilot:
        await show(pilot, pane, many(5))
        pane.display = False
        await pilot.pause()
        await show(pilot, pane, many(5, worst=3))
        pane.display = True
        await pilot.pause()
        assert shown(pane)[1].startswith(" ✖ c03")


async def test_a_host_that_told_nothing_new_is_not_built_again_and_ages() -> None:
    night = samples.bad_night()
    pane = HostPane()
    built: list[int] = []
    build = pane.build

    def counted(width: int, height: int) -> list[Line]:
        built.append(height)
        return build(width, height)

    pane.build = counted  # type: ignore[method-assign]
    async with Stage(pane).run_test(size=(100, 30)) as pilot:
        pane.snapshot = night
        await pilot.pause()
        before = len(built)
        pane.snapshot = replace(night, time=night.time + 2)
        await pilot.pause()
        assert len(built) == before
        pane.snapshot = replace(night, time=night.time + 86400)
        await pilot.pause()
        assert "up 4 d" in "\n".join(shown(pane))
        pane.snapshot = replace(night, hosts=(replace(night.hosts[0], memory=0.123),))
        await pilot.pause()
        assert "12 %" in "\n".join(shown(pane))
