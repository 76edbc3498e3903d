"""Where the panels of a dashboard stand: Grafana's grid in whatever cells there are."""

from __future__ import annotations

from itertools import combinations

import pytest
from textual.geometry import Region

from checks.dashboards.model import Panel, PanelKind
from tests.widgets.sample_dashboards import database, gateway
from widgets.dashboard.places import LEAST_HIGH, Laid, laid

SIZES = [(40, 9), (60, 12), (80, 20), (100, 26), (120, 32), (200, 56), (300, 96)]
GATEWAY = [one.panel for one in gateway().panels]
LOOSE = [one.panel for one in database().panels]


def placed(kind: PanelKind, *place: int, group: str = "") -> Panel:
    x, y, wide, high = place
    return Panel(f"{kind}{place}", kind, place=(x, y, wide, high), group=group)


def apart(found: Laid) -> bool:
    pairs = combinations(found.panels.values(), 2)
    return all(not one.intersection(other).area for one, other in pairs)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("panels", [GATEWAY, LOOSE], ids=["placed", "loose"])
def test_every_panel_has_room_of_its_own(panels: list[Panel], size: tuple[int, int]) -> None:
    width, height = size
    found = laid(panels, width, height)
    assert set(found.panels) == set(range(len(panels)))
    assert apart(found)
    for number, region in found.panels.items():
        assert 0 <= region.x < region.right <= width
        assert region.bottom <= found.height
        assert min(LEAST_HIGH[panels[number].kind], 3) <= region.height
    assert not {region.y for region in found.panels.values()} & set(found.heads)


def test_what_fits_fills_the_screen_and_is_not_scrolled() -> None:
    assert laid(GATEWAY, 200, 56).height in range(48, 57)
    assert laid(GATEWAY, 300, 96).height in range(84, 97)
    assert laid(GATEWAY, 80, 20).height > 20


def test_what_is_aligned_in_grafana_stays_so() -> None:
    found = laid(GATEWAY, 200, 56).panels
    figures = [found[number] for number in range(6)]
    assert len({region.y for region in figures}) == 1
    assert len({region.bottom for region in figures}) == 1
    assert (found[6].x, found[6].right, found[7].x, found[7].right) == (0, 100, 100, 200)
    assert found[8].y == found[9].y == found[10].y == found[6].bottom


def test_small_panels_beside_a_tall_one_share_its_height() -> None:
    panels = [
        placed(PanelKind.CHART, 0, 0, 12, 8),
        placed(PanelKind.NUMBER, 12, 0, 12, 2),
        placed(PanelKind.NUMBER, 12, 2, 12, 2),
        placed(PanelKind.NUMBER, 12, 4, 12, 2),
        placed(PanelKind.NUMBER, 12, 6, 12, 2),
    ]
    found = laid(panels, 120, 12).panels
    assert [found[n].height >= 3 for n in range(1, 5)] == [True] * 4
    assert found[4].bottom == found[0].bottom


def test_a_narrow_terminal_has_fewer_columns_and_small_panels_stay_side_by_side() -> None:
    columns = {
        width: len(
            {region.x for n, region in laid(GATEWAY, width, 30).panels.items() if n in (6, 7)}
        )
        for width in (200, 80, 60, 40)
    }
    assert columns == {200: 2, 80: 2, 60: 1, 40: 1}
    narrow = laid(GATEWAY, 40, 9).panels
    assert narrow[0].y == narrow[1].y, "two figures beside each other"
    assert {region.width for n, region in narrow.items() if GATEWAY[n].kind is PanelKind.CHART} <= {
        20,  # a sentence alone
        40,
    }


def test_without_places_figures_share_a_row_above_what_is_large() -> None:
    kinds = (PanelKind.CHART, PanelKind.GAUGE, PanelKind.CHART, PanelKind.NUMBER)
    found = laid([Panel(str(kind), kind) for kind in kinds], 120, 30).panels
    assert found[1].y == found[3].y == 0
    assert found[0].y == found[2].y == found[1].bottom
    own = laid([placed(kind, 0, 8 * n, 24, 8) for n, kind in enumerate(kinds)], 120, 30).panels
    assert own[0].y < own[1].y < own[2].y < own[3].y, "where they have places these hold"


def test_no_panel_is_higher_than_the_room_that_it_is_seen_in() -> None:
    tall = [placed(PanelKind.CHART, 0, 0, 24, 30), placed(PanelKind.TABLE, 0, 30, 24, 40)]
    assert all(region.height <= 15 for region in laid(tall, 80, 15).panels.values())


def test_groups_have_a_title_above_their_panels() -> None:
    panels = [
        placed(PanelKind.CHART, 0, 0, 24, 8),
        placed(PanelKind.CHART, 0, 9, 24, 8, group="Redis"),
    ]
    found = laid(panels, 100, 40)
    assert list(found.heads.values()) == ["Redis"]
    assert found.panels[0].bottom <= min(found.heads) < found.panels[1].y


def test_a_place_beyond_the_grid_is_brought_into_it() -> None:
    panels = [placed(PanelKind.TEXT, 20, 0, 24, 8), placed(PanelKind.TEXT, -3, 8, 0, 0)]
    found = laid(panels, 240, 30).panels
    assert found[0] == Region(200, 0, 40, found[0].height)
    assert found[1].x == 0


def test_where_it_folds_figures_come_together_before_what_they_stood_beside() -> None:
    panels = [
        placed(PanelKind.NUMBER, 0, 0, 4, 4),
        placed(PanelKind.CHART, 4, 0, 16, 8),
        placed(PanelKind.NUMBER, 20, 0, 4, 4),
    ]
    found = laid(panels, 60, 30).panels
    assert found[0].y == found[2].y < found[1].y
