"""A page whose build_info names another version tells of a deployment."""

from __future__ import annotations

from checks.model import Series
from checks.probes.metrics.versions import changes, versions_of
from checks.story.model import EntryKind
from checks.story.telling import of_event
from checks.views import EventView
from tests.checks.http_kit import probing
from tests.servers.http import HttpServer


def build(version: str, name: str = "shop", **labels: str) -> Series:
    return Series.of(f"{name}_build_info", {"version": version, **labels})


def test_another_build_of_the_same_thing_is_another_version() -> None:
    before = versions_of([build("1.2.2", revision="a", job="x"), Series.of("up")])
    after = versions_of([build("1.2.3", revision="b", job="x")])
    assert changes(before, after) == ("version changed from 1.2.2 to 1.2.3",)
    assert changes(after, after) == ()
    assert changes(before, {}) == ()
    assert changes({}, after) == (), "what is seen for the first time has changed nothing"


def test_several_are_named_and_what_has_several_versions_at_once_is_left_out() -> None:
    before = versions_of([build("1", "shop"), build("7", "worker"), build("3", "mixed")])
    after = versions_of(
        [build("2", "shop"), build("8", "worker"), build("3", "mixed"), build("4", "mixed")]
    )
    assert changes(before, after) == (
        "version changed from 1 to 2 (shop)",
        "version changed from 7 to 8 (worker)",
    )


async def test_a_page_tells_it_once_also_after_the_server_was_away(
    http_server: HttpServer,
) -> None:
    def serve(version: str, status: int = 200) -> str:
        page = f'shop_build_info{{version="{version}"}} 1\n'
        headers = {"Content-Type": "text/plain; version=0.0.4"}
        return http_server.answer("/metrics", page, status=status, headers=headers)

    async with probing("metrics", serve("1.2.2")) as probe:
        assert (await probe.run()).events == ()
        serve("1.2.2", 503)
        assert (await probe.run()).events == ()
        serve("1.2.3")
        (told,) = (await probe.run()).events
        assert (await probe.run()).events == ()
    entry = of_event(EventView(5.0, "shop", told))
    assert entry is not None
    assert (entry.kind, entry.text) == (EntryKind.DEPLOYMENT, "version 1.2.3 (was 1.2.2)")
