"""What the panes about a server say, as plain text, and what they repaint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from checks.databases.model import DatabaseFacts, ReplicaRow, SessionRow
from checks.model import Status, Table
from checks.views import DatabaseView, FigureView, Snapshot
from tests.widgets import sample_databases, samples
from tests.widgets.curves import NAN, NOW
from tests.widgets.sample_databases import database, session
from tests.widgets.stage import Stage, shown, spy_on
from widgets.databases.blocking import BlockingPane, blocking_lines
from widgets.databases.longest import LongestPane, longest_lines, longest_of
from widgets.databases.pane import DatabasePane, not_seen
from widgets.databases.replication import ReplicationPane, lag_of, replica_lines
from widgets.databases.server import ServerPane, connection_lines, figure_lines, server_lines
from widgets.databases.session import session_whole
from widgets.databases.sessions import ORDERS, SessionsPane, in_order, next_order, session_lines
from widgets.databases.tables import cell_widths, row_of, table_lines, table_rows
from widgets.databases.waits import known_sessions, wait_trees
from widgets.databases.words import at_rest, client_of, held_for, who
from widgets.frame import Frame
from widgets.glyphs import ASCII, UNICODE
from widgets.tabs import tab_line
from widgets.text import Line, broken, segs_width

Builder = Callable[[DatabaseView, Frame], list[Line]]


def sessions_only(view: DatabaseView, frame: Frame) -> list[Line]:
    names, lines = session_lines(view, frame)
    return [*names, *lines]


def server_only(view: DatabaseView, frame: Frame) -> list[Line]:
    check = samples.database_night().check(view.check)
    return server_lines(view, check, (("version", "7.2"),), frame)


BUILDERS: list[Builder] = [
    blocking_lines,
    longest_lines,
    sessions_only,
    replica_lines,
    table_lines,
    server_only,
]


def extreme() -> DatabaseView:
    """Names and texts at their limits, figures that are none."""
    wide = "名" * 120
    bad = tuple(
        session(
            10**9 + i,
            user=wide,
            database=wide,
            client=wide,
            application=wide,
            state=wide,
            waiting=wide,
            seconds=NAN if i else 1e12,
            transaction=None if i else 1e12,
            blocked_by=(f"gone/{i}",) if i % 2 else (),
            query=wide * 20,
        )
        for i in range(30)
    )
    table = Table("t" * 80, tuple("abcdefgh"), (("長" * 300,) * 8, ("x",)), frozenset("bcd"))
    replica = ReplicaRow("r" * 200, "upstream", Status.CRITICAL, "s" * 200, NAN, 1e18, "m" * 200)
    facts = DatabaseFacts(
        "PostgreSQL",
        connections=1e9,
        connection_limit=1.0,
        by_state=((wide, 1e9),) * 20,
        longest=bad,
        sessions=bad,
        replicas=(replica,),
        tables=(table,),
        notes=("n" * 900, ""),
    )
    return database(facts=facts)


VIEWS = [
    *sample_databases.databases(),
    extreme(),
    database(facts=DatabaseFacts("MySQL"), figures=()),
]


def texts(lines: list[Line]) -> list[str]:
    return [line.text.rstrip() for line in lines]


def joined(lines: list[Line]) -> str:
    return "\n".join(texts(lines))


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("width", [20, 39, 46, 73, 80, 127, 220])
@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.check)
def test_every_line_can_be_drawn_in_its_width(
    build: Builder, width: int, compact: bool, view: DatabaseView
) -> None:
    lines = build(view, Frame(width, 12, compact=compact))
    assert lines
    for line in lines:
        assert segs_width(line.fitted(width).segs) == width


@pytest.mark.parametrize("build", BUILDERS[:5])
def test_rows_belong_to_their_server(build: Builder) -> None:
    lines = build(database(), Frame(100, 40))
    assert {line.check for line in lines if line.key is not None} == {"shop"}


# Who waits for whom


def waits(*sessions: SessionRow) -> list[tuple[str, int, int]]:
    """Each session of the trees: its id, its depth, how many wait behind it."""
    trees = wait_trees({one.id: one for one in sessions})
    return [(wait.id, wait.depth, wait.behind) for wait in trees]


def held(pid: int, *by: str, seconds: float = 1.0) -> SessionRow:
    return session(pid, id=str(pid), blocked_by=by, seconds=seconds)


def test_a_tree_begins_with_the_one_whom_nobody_holds_up() -> None:
    found = waits(held(3, "2"), held(2, "1"), held(1), held(9))
    assert found == [("1", 0, 2), ("2", 1, 1), ("3", 2, 0)]


def test_who_waits_longest_comes_first() -> None:
    found = waits(held(1), held(2, "1", seconds=5), held(3, "1", seconds=50))
    assert [key for key, _, _ in found] == ["1", "3", "2"]


def test_the_tree_of_most_comes_first() -> None:
    found = waits(held(1), held(2, "1"), held(5), held(6, "5"), held(7, "6"))
    assert [key for key, depth, _ in found if not depth] == ["5", "1"]


def test_one_that_waits_for_several_stands_below_the_one_that_runs_freely() -> None:
    trees = wait_trees({one.id: one for one in (held(1), held(2, "1"), held(3, "2", "1"))})
    assert [(wait.id, wait.depth, wait.beside) for wait in trees] == [
        ("1", 0, 0),
        ("2", 1, 0),
        ("3", 1, 1),
    ]


def test_a_blocker_that_was_not_seen_is_still_told() -> None:
    view = database(facts=DatabaseFacts("PostgreSQL", sessions=(held(2, "prepared"),)))
    assert "a session that cannot be seen" in joined(blocking_lines(view, Frame(80, 20)))


def test_a_deadlock_is_a_circle_and_shown_once() -> None:
    trees = wait_trees({one.id: one for one in (held(1, "3"), held(2, "1"), held(3, "2"))})
    assert [(wait.id, wait.depth, wait.behind) for wait in trees] == [
        ("1", 0, 2),
        ("2", 1, 1),
        ("3", 2, 0),
    ]
    assert trees[0].circle
    two = database(facts=DatabaseFacts("x", sessions=(held(1, "2"), held(2, "1"))))
    assert "in a circle: a deadlock" in joined(blocking_lines(two, Frame(100, 20)))


def test_a_session_that_waits_for_itself_ends_nothing() -> None:
    assert waits(held(1, "1")) == [("1", 0, 0)]


def test_thousands_that_wait_are_put_in_order_soon() -> None:
    many = [held(0), *(held(i, str(i - 1)) for i in range(1, 5000))]
    found = waits(*many)
    assert found[0] == ("0", 0, 4999)
    assert found[-1] == ("4999", 4999, 0)


def test_blocking_tells_what_holds_up_whom() -> None:
    text = texts(blocking_lines(database(), Frame(120, 40)))
    assert text[0] == " ✖ 4121 anna@shop  idle in tx 4 m  7 wait behind it  from 10.0.0.9"
    assert text[1] == "     UPDATE accounts SET frozen = true WHERE id = 17"
    assert text[2].startswith("   └ 4130 app@shop  4 m  6 wait behind it  transactionid  UPDATE")
    assert text[3].startswith("     └ 4131 app@shop  3 m  tuple  UPDATE accounts")
    assert len(text) == 9


def test_the_filter_keeps_what_stands_above_a_match() -> None:
    text = texts(blocking_lines(database(), Frame(120, 40, filter_text="4136")))
    assert [row.split()[1] for row in (text[0], text[2], text[3])] == ["4121", "4130", "4136"]
    assert len(text) == 4


def test_nobody_waits() -> None:
    calm = database(facts=sample_databases.mariadb_facts())
    assert "no session waits for another one" in joined(blocking_lines(calm, Frame(80, 20)))


# Sessions


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("10.0.0.5:51234", "10.0.0.5"),
        ("[::1]:51234", "[::1]"),
        ("::1", "::1"),
        ("fe80::1:22", "fe80::1:22"),
        ("db.example:3306", "db.example"),
        ("localhost", "localhost"),
        ("/run/postgresql", "/run/postgresql"),
        ("", ""),
    ],
)
def test_a_client_is_known_by_its_host(client: str, expected: str) -> None:
    assert client_of(session(1, client=client)) == expected


def test_a_transaction_that_only_is_open_counts_from_its_beginning() -> None:
    forgotten = session(1, state="idle in transaction", seconds=3.0, transaction=90.0)
    busy = replace(forgotten, state="active")
    asleep = replace(forgotten, state="Sleep")
    assert [held_for(one) for one in (forgotten, busy, asleep)] == [90.0, 3.0, 90.0]
    assert [at_rest(one) for one in (forgotten, busy, asleep)] == [True, False, True]


def test_a_session_without_a_user_has_a_name_all_the_same() -> None:
    assert who(session(1, user="", database="shop")) == "shop"
    assert who(session(1, user="", database="", application="walsender")) == "walsender"
    assert who(session(1, user="", database="", application="")) == "server"


def test_busy_sessions_come_first_and_onwatch_s_own_last() -> None:
    rows = in_order(
        sample_databases.postgres_facts().sessions or (),
        "time",
        hide_idle=False,
        frame=Frame(80, 9),
    )
    assert rows[0].pid == 3987
    assert rows[-1].own
    idle = [row.idle for row in rows[:-1]]
    assert idle == sorted(idle)


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_holds_everybody(order: str) -> None:
    everybody = sample_databases.postgres_facts().sessions or ()
    rows = in_order(everybody, order, hide_idle=False, frame=Frame(80, 9))
    assert sorted(row.pid for row in rows) == sorted(row.pid for row in everybody)


def test_orders_go_round() -> None:
    seen, order = [], "time"
    for _ in ORDERS:
        seen.append(order)
        order = next_order(order)
    assert (seen, order) == (list(ORDERS), "time")


def test_by_transaction_the_oldest_comes_first() -> None:
    everybody = sample_databases.postgres_facts().sessions or ()
    rows = in_order(everybody, "transaction", hide_idle=False, frame=Frame(80, 9))
    assert [row.pid for row in rows[:3]] == [3987, 4121, 4130]


def test_the_columns_name_the_order_and_give_way_where_it_is_narrow() -> None:
    heads = {
        width: session_lines(database(), Frame(width, 9))[0][0].text for width in (46, 90, 130)
    }
    assert heads[46].split() == ["pid", "for↓", "state", "who", "statement"]
    assert " ".join(heads[90].split()) == "pid for↓ tx state who waits for statement"
    assert " ".join(heads[130].split()) == "pid for↓ tx state who client waits for statement"
    by_user = session_lines(database(), Frame(90, 9), "user")[0][0].text
    assert "who↓" in by_user


def test_rows_say_who_blocks_and_who_waits() -> None:
    _, lines = session_lines(database(), Frame(90, 9))
    signs = {line.key: line.text[1] for line in lines}
    assert signs["4121/1700000000.4121"] == "✖"
    assert signs["4130/1700000000.4130"] == "▲"
    assert signs["3987/1700000000.3987"] == " "


def test_sessions_beyond_what_is_shown_are_counted() -> None:
    many = tuple(session(i) for i in range(1000))
    view = database(facts=DatabaseFacts("x", sessions=many, sessions_left_out=7))
    _, lines = session_lines(view, Frame(90, 9))
    assert len(lines) == 401
    assert "and 607 more: filter to find one" in lines[-1].text


def test_nothing_matches_names_the_filter() -> None:
    _, lines = session_lines(database(), Frame(90, 9, filter_text="nobody"))
    assert texts(lines) == [" nothing matches 'nobody'"]


def test_longest_leaves_out_who_only_waits_is_idle_or_onwatch_s_own() -> None:
    assert [one.pid for one in longest_of(sample_databases.postgres_facts())] == [
        3987,
        4121,
        4001,
        4255,
    ]


def test_longest_tells_time_state_wait_and_statement() -> None:
    text = texts(longest_lines(database(), Frame(110, 20)))
    assert text[0].startswith("  12 m  3987 report@shop  active  waits for BufferIO")
    assert text[1].startswith("        SELECT customer_id, date_trunc('day', created_at) AS day")


def test_known_sessions_are_those_of_both_tiers_once() -> None:
    facts = sample_databases.postgres_facts()
    assert len(known_sessions(facts)) == len(facts.sessions or ())
    assert list(known_sessions(replace(facts, sessions=None))) == [s.id for s in facts.longest]


# A session whole


def test_a_session_whole_tells_everything_in_words() -> None:
    facts = sample_databases.postgres_facts()
    waiter = next(one for one in facts.sessions or () if one.pid == 4130)
    text = joined(session_whole(waiter, facts, 76))
    for told in (
        "10.0.0.5:51234",
        "active for 4 m",
        "open for 4 m",
        "transactionid",
        "4121 anna@shop",
        "4131 app@shop, 4132 app@shop",
        "RETURNING balance",
    ):
        assert told in text


def test_a_session_whose_statement_is_hidden_says_so() -> None:
    hidden = session(1, query="")
    text = joined(session_whole(hidden, DatabaseFacts("x", sessions=(hidden,)), 60))
    assert "none is known" in text


@pytest.mark.parametrize("width", [1, 7, 40])
def test_nothing_is_lost_where_text_is_broken(width: int) -> None:
    text = " ".join(("SELECT a,b FROM", "x" * 90, "WHERE name = 'y z'"))
    rows = broken(text, width)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(row) <= width for row in rows)
    assert broken("", width) == []


# Connections, figures, notes


def test_connections_are_told_against_their_limit() -> None:
    facts = sample_databases.postgres_facts()
    text = texts(connection_lines(facts, Frame(80, 20)))
    assert text[0].startswith(" connections 96 of 100 96 %  ━━━")
    assert text[1] == "   by state  idle 84 · active 11 · idle in transaction 1"
    assert text[2] == "   by user, of 35 seen  app 32 · anna 1 · report 1"
    assert "10.0.0.5 12" in text[3]


def test_a_narrow_pane_leaves_out_no_state() -> None:
    text = joined(connection_lines(sample_databases.postgres_facts(), Frame(46, 20)))
    assert "idle in transaction 1" in text


def test_in_short_it_says_who_holds_the_connections_only_where_they_run_out() -> None:
    short = Frame(80, 20, compact=True)
    full = sample_databases.postgres_facts()
    assert "by user" in joined(connection_lines(full, short))
    assert "by user" not in joined(connection_lines(replace(full, connections=20.0), short))


def test_connections_without_a_limit_have_no_share() -> None:
    facts = DatabaseFacts("MySQL", connections=7.0)
    assert texts(connection_lines(facts, Frame(60, 9))) == [" connections 7"]


def test_figures_are_told_with_their_units_and_bounds() -> None:
    redis = sample_databases.databases()[2]
    text = texts(figure_lines(redis.figures, Frame(80, 20)))
    assert text[0].startswith(" clients    48 of 10,000  ")
    assert text[1].startswith(" memory   58 MB of 64 MB  ")
    assert "95 %" in text[3]
    roles = {seg.role for seg in figure_lines(redis.figures, Frame(80, 20))[1].segs}
    assert "high" in roles, "91 % of the memory"


def test_names_of_figures_are_whole_where_a_curve_can_be_shorter() -> None:
    figures = sample_databases.databases()[0].figures
    text = "\n".join(texts(figure_lines(figures, Frame(46, 20))))
    assert max(len(each.title) for each in figures) > 46 // 3
    assert all(each.title in text for each in figures)
    assert any(row[-1] in "▁▂▃▄▅▆▇█" for row in text.splitlines()), "and a curve"


def test_a_figure_that_is_not_known_is_a_dash_not_a_nought() -> None:
    unknown = sample_databases.databases()[4].figures
    assert "—" in joined(figure_lines(unknown, Frame(60, 9)))


def test_what_cannot_be_seen_is_told_with_the_grant_that_it_takes() -> None:
    view = sample_databases.databases()[1]
    text = " ".join(joined(server_only(view, Frame(60, 40))).split())
    assert "GRANT PROCESS ON *.* TO 'onwatch'@'localhost'" in text


@pytest.mark.parametrize(("height", "most"), [(7, 200), (9, 90), (12, 46)])
def test_the_first_note_is_shown_whole_whatever_else_is_cut(height: int, most: int) -> None:
    grant = "GRANT PROCESS ON *.* TO 'onwatch'@'localhost'"
    notes = (f"who waits is not seen: {grant}", *(f"other {i}: {grant}" for i in range(5)))
    facts = replace(sample_databases.mariadb_facts(), connections=5.0, notes=notes)
    view = replace(sample_databases.databases()[1], facts=facts)
    shown = texts(server_only(view, Frame(most, height)))[:height]
    assert notes[0] in " ".join(" ".join(shown).split())
    assert shown[0].startswith(" ✖ CRITICAL"), "but not before the sentence of the server"


def test_a_long_note_is_wrapped_to_its_end() -> None:
    note = " ".join(f"part{i}" for i in range(60))
    view = database(facts=replace(sample_databases.mariadb_facts(), notes=(note,)))
    assert "part59" in joined(server_only(view, Frame(46, 99)))


def test_without_privileges_no_pane_says_that_nobody_waits_or_nothing_runs() -> None:
    blind = "the sessions of others cannot be seen: GRANT PROCESS ON *.* TO 'onwatch'@'localhost'"
    own = session(7, own=True, user="onwatch")
    view = database(facts=DatabaseFacts("MariaDB", longest=(), sessions=(own,), blind=blind))
    for build in (blocking_lines, longest_lines, sessions_only):
        text = " ".join(joined(build(view, Frame(60, 12))).split())
        assert blind in text, build
        assert "no session waits" not in text
        assert "nothing runs" not in text
    assert sessions_only(view, Frame(60, 12))[-1].key == own.id, "its own are still listed"
    for pane in (BlockingPane(), LongestPane(), SessionsPane()):
        told = "".join(seg.text for seg in pane.summary(view))
        assert "cannot be seen" in told, pane
        assert "busy" not in told


def test_a_statement_that_cannot_be_seen_names_the_grant() -> None:
    blind = "sessions of others are hidden: GRANT pg_monitor TO onwatch"
    facts = DatabaseFacts("PostgreSQL", longest=(hidden := session(9, query=""),), blind=blind)
    assert "GRANT pg_monitor TO onwatch" in joined(session_whole(hidden, facts, 90))
    seen = joined(session_whole(hidden, replace(facts, blind=""), 90))
    assert seen.endswith("none is known")


async def test_notes_below_the_edge_are_scrolled_to() -> None:
    notes = tuple(f"note {i}" for i in range(40))
    first, *others = sample_databases.databases()
    assert first.facts is not None
    changed = replace(first, facts=replace(first.facts, notes=notes))
    pane = ServerPane()
    async with Stage(pane).run_test(size=(60, 14)) as pilot:
        pane.check = first.check
        await show(pilot, pane, samples.database_night(databases=(changed, *others)))
        pane.focus()
        assert "note 39" not in "\n".join(shown(pane))
        await pilot.press("end")
        assert "note 39" in "\n".join(shown(pane))
        await pilot.press("home", "down")
        assert "CRITICAL" not in "\n".join(shown(pane)), "a line further"
        await pilot.press("up")
        assert "CRITICAL" in "\n".join(shown(pane))


def test_who_waits_is_shown_though_others_cannot_be_seen() -> None:
    facts = replace(sample_databases.postgres_facts(), blind="hidden: GRANT pg_monitor TO onwatch")
    text = joined(blocking_lines(database(facts=facts), Frame(80, 40)))
    assert "4121 anna" in text
    assert "GRANT pg_monitor TO onwatch" in text


def test_of_a_server_that_went_unlooked_at_those_that_were_known_anyway_are_shown() -> None:
    facts = replace(sample_databases.postgres_facts(), sessions=None)
    gone = database(facts=facts, silent_since=NOW - 5)
    text = " ".join(joined(sessions_only(gone, Frame(120, 40))).split())
    assert "asked for only while this screen is open" in text
    assert "4121" in text
    pane = SessionsPane()
    assert f"{len(facts.longest)} known" in "".join(seg.text for seg in pane.summary(gone))
    none = database(facts=replace(facts, longest=()), silent_since=NOW - 5)
    text = " ".join(joined(sessions_only(none, Frame(120, 40))).split())
    assert "none was known to run long" in text


def test_a_server_that_was_never_seen_is_not_said_to_have_been() -> None:
    never = database(facts=None, silent_since=NOW - 5, never=True)
    text = joined(server_lines(never, None, (), Frame(120, 40)))
    assert "not seen since onwatch began to watch it" in text
    assert not_seen(never, NOW) == "never seen yet"
    assert not_seen(replace(never, never=False), NOW) == "not seen for 5 s"


def test_parts_that_the_sentence_does_not_tell_are_told() -> None:
    check = samples.check(
        "shop",
        Status.CRITICAL,
        message="locks: 7 wait (and 1 more)",
        parts=(
            samples.part("locks", Status.CRITICAL, "7", "locks: 7 wait"),
            samples.part("query", Status.WARNING, "9 s", "query: one runs for 9 s"),
            samples.part("replica", Status.OK, "lag 0 s"),
        ),
    )
    text = joined(server_lines(database(), check, (), Frame(80, 40)))
    assert text.count("locks: 7 wait") == 1
    assert " ▲ query  one runs for 9 s" in text
    assert "replica" not in text


def test_a_server_not_seen_any_more_shows_its_last_figures_and_says_so() -> None:
    silent = sample_databases.databases()[3]
    lines = server_only(silent, Frame(80, 40))
    text = joined(lines)
    assert "not seen since 22:09:56; below is what was seen then" in text
    commits = next(line for line in lines if line.text.startswith(" commits"))
    assert "212/s" in commits.text
    assert {seg.role for seg in commits.segs} <= {"dim", "text"}


def test_of_a_server_not_seen_only_what_was_known_then_is_shown() -> None:
    """A hit rate of ten minutes before, when somebody looked something up, is not among it."""
    figures = (
        FigureView("clients", "", None, (46.0, 47.0, 48.0, NAN, NAN), 10_000.0),
        FigureView("hit rate", "ratio", None, (0.33, NAN, NAN, NAN, NAN)),
    )
    (cache,) = (one for one in sample_databases.databases() if one.check == "cache")
    silent = database("cache", "redis", facts=None, figures=figures, silent_since=NOW - 5)
    text = joined(server_only(replace(silent, tables=cache.tables), Frame(80, 40)))
    assert "48 of 10,000" in text
    assert "hit rate" not in text
    assert "below is what was seen then" in text


# Replication, tables, tabs


def test_replicas_say_their_lag_and_what_is_wrong() -> None:
    text = texts(replica_lines(database(), Frame(90, 20)))
    assert " ".join(text[0].split()) == "✔ to replica-1 (10.0.0.11) <1 s, 18 kB streaming"
    assert text[2] == "   94 s behind, warning from 60 s"
    assert lag_of(ReplicaRow("x", "slot", Status.OK)) == "—"
    assert lag_of(ReplicaRow("x", "replica", Status.OK, lag=0.0)) == "0 s"


def test_a_long_text_never_pushes_the_numbers_off_a_table() -> None:
    statements = sample_databases.postgres_facts().tables[0]
    for width in (60, 90, 120):
        widths = cell_widths(statements, width)
        assert all(widths), f"every column at {width}"
        assert sum(widths) + 2 * (len(widths) - 1) <= width
    rows = texts(table_rows(statements, Frame(60, 20), "shop"))
    assert rows[2].endswith("41  212 ms   38 %     41")


def test_where_it_is_narrow_the_last_columns_go_before_a_text_cannot_be_read() -> None:
    statements = sample_databases.postgres_facts().tables[0]
    widths = cell_widths(statements, 44)
    assert widths[0] >= 22
    assert [bool(each) for each in widths] == [True, True, True, False, False]
    rows = texts(table_rows(statements, Frame(46, 20), "shop"))
    assert rows[0] == " Statements 4, 2 more columns"
    assert rows[1].split() == ["statement", "calls/s", "mean"]
    sizes = sample_databases.postgres_facts().tables[1]
    assert cell_widths(sizes, 44)[0] == len("public.order_lines")


def test_a_table_that_is_far_too_wide_keeps_its_first_column() -> None:
    widths = cell_widths(sample_databases.postgres_facts().tables[0], 20)
    assert widths[0] >= 10
    assert widths[-1] == 0
    assert cell_widths(Table("t", (), ()), 20) == []
    assert cell_widths(Table("t", ("n",), (("1",),), frozenset({"n"})), 20) == [1]


def test_rows_of_a_table_have_identities_of_their_own() -> None:
    table = Table("t", ("a", "b"), (("x", "1"), ("x", "2"), ("y", "3")))
    view = database(facts=DatabaseFacts("x", tables=(table,)))
    keys = [line.key for line in table_lines(view, Frame(60, 9)) if line.key]
    assert len(set(keys)) == 3
    found = row_of(view, keys[1])
    assert found is not None
    assert found[1] == ("x", "2")
    assert row_of(view, "t/z/0") is None


def test_the_filter_leaves_out_tables_without_a_match() -> None:
    text = joined(table_lines(database(), Frame(90, 30, filter_text="carts")))
    assert "carts" in text
    assert "public.orders" not in text


def test_tabs_carry_sign_name_and_word() -> None:
    checks = sample_databases.database_checks()
    made, spans = tab_line(checks, "cache", 120)
    assert made.text.startswith("  ✖ shop critical")
    assert "▲ cache warning" in made.text
    assert [name for _, _, name in spans] == [check.name for check in checks]
    for start, end, name in spans:
        assert name in made.text[start:end]


def test_tabs_without_room_keep_the_open_one_and_count_the_others() -> None:
    checks = sample_databases.database_checks()
    for width in (18, 24, 40, 60):
        for check in checks:
            made, spans = tab_line(checks, check.name, width)
            assert check.name in made.text[: width + 12]
            left_out = len(checks) - len(spans)
            assert ("+" in made.text) == bool(left_out)


def test_tabs_in_ascii() -> None:
    made, _ = tab_line(sample_databases.database_checks(), "shop", 120, ASCII)
    assert made.text.isascii()
    assert UNICODE.status(Status.CRITICAL) not in made.text


# Repainting


async def show(pilot: Pilot[None], pane: DatabasePane, snapshot: Snapshot) -> None:
    pane.check = "shop"
    pane.snapshot = snapshot
    await pilot.pause()


@pytest.mark.parametrize("kind", [ServerPane, SessionsPane, ReplicationPane])
async def test_a_picture_in_which_nothing_is_new_repaints_nothing(
    kind: type[DatabasePane],
) -> None:
    pane = kind()
    async with Stage(pane).run_test(size=(100, 30)) as pilot:
        night = samples.database_night()
        await show(pilot, pane, night)
        asked = spy_on(pane)
        await show(pilot, pane, replace(night, time=NOW + 1))
        assert asked == []


async def test_a_session_that_goes_on_waiting_repaints_nothing_until_its_time_says_more() -> None:
    pane = SessionsPane()
    facts = sample_databases.postgres_facts()

    def later(seconds: float) -> Snapshot:
        rows = tuple(
            replace(one, seconds=None if one.seconds is None else one.seconds + seconds)
            for one in facts.sessions or ()
            if one.pid in (4121, 4130, 4131)
        )
        own = database(facts=replace(facts, sessions=rows, longest=rows))
        return samples.database_night(databases=(own,))

    async with Stage(pane).run_test(size=(100, 30)) as pilot:
        await show(pilot, pane, later(0))
        asked = spy_on(pane)
        await show(pilot, pane, later(2))
        assert asked == []
        await show(pilot, pane, later(50))
        assert asked
        assert all(region is not None and region.width <= 16 for region in asked)


async def test_names_of_columns_stay_while_the_rows_scroll() -> None:
    pane = SessionsPane()
    async with Stage(pane).run_test(size=(100, 10)) as pilot:
        await show(pilot, pane, samples.database_night())
        pane.focus()
        await pilot.press("end")
        await pilot.pause()
        lines = shown(pane)
        assert lines[1].split()[:2] == ["pid", "for↓"]
        assert "4400" in "\n".join(lines)
        assert pane.selected == "4400/1700000000.4400"
        assert any(line.startswith("▌") for line in lines[2:])


async def test_a_click_selects_the_row_that_it_hits_below_the_names_of_the_columns() -> None:
    pane = SessionsPane()
    async with Stage(pane).run_test(size=(100, 10)) as pilot:
        await show(pilot, pane, samples.database_night())
        await pilot.click(SessionsPane, offset=(5, 3))
        assert pane.selected == "4121/1700000000.4121"
        await pilot.click(SessionsPane, offset=(5, 1))
        assert pane.selected == "4121/1700000000.4121", "that is no row"


def test_a_tree_of_thousands_is_cut_and_the_filter_finds_the_rest() -> None:
    many = (held(0), *(held(i, "0", seconds=float(i)) for i in range(1, 3000)))
    view = database(facts=DatabaseFacts("x", sessions=many))
    text = texts(blocking_lines(view, Frame(80, 20)))
    assert text[-1] == " and 2,800 more: filter to find one"
    assert text[2].startswith("   └ 2999 app@shop")
    found = texts(blocking_lines(view, Frame(80, 20, filter_text="7 app@shop")))
    assert found[0].startswith(" ✖ 0 app@shop")
    assert found[2].startswith("   └ 2997 app@shop")
