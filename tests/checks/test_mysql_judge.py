"""What a server's figures mean, and what a MySQL server's answers are: as documented, since
there is none to ask here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checks.errors import TargetError
from checks.model import Sampler, Status
from checks.probes.mysql.actions import Ender
from checks.probes.mysql.asking import Asker, Troubles
from checks.probes.mysql.config import MysqlConfig
from checks.probes.mysql.judge import Reading, headline, judge, role
from checks.probes.mysql.locks import read_waits
from checks.probes.mysql.pulse import Pacer, Pulse, Survey, add_pulse, read_pulse
from checks.probes.mysql.refusals import Said, grant_for, refusal, statement_error
from checks.probes.mysql.replication import add_channels, channel_of, channel_part
from checks.probes.mysql.server import Boot, Server, server_of
from checks.probes.mysql.sessions import Process, session_id
from checks.probes.mysql.setup import _settings
from checks.probes.mysql.sizes import read_sizes
from checks.probes.mysql.slow import SlowTier
from checks.probes.mysql.sql import statement_for, statements
from checks.probes.mysql.status import number
from checks.probes.mysql.wire import Rows

MYSQL = Server("8.0.36", "MySQL Community Server - GPL", "onwatch@%", "db1", True)
OLD = Server("8.0.19", "MySQL Community Server - GPL", "onwatch@%", "db1", True)
MARIADB = Server("10.11.6-MariaDB-log", "Debian 12", "onwatch@%", "db1", False)


DIGEST_COLUMNS = (
    *("sum_timer_wait", "max_timer_wait", "sum_errors", "sum_warnings", "sum_rows_affected"),
    *("sum_rows_sent", "sum_rows_examined", "sum_created_tmp_tables"),
    *("sum_created_tmp_disk_tables", "sum_sort_merge_passes", "sum_sort_rows"),
    "sum_no_index_used",
)


class Answers:
    """A connection that answers what a server's documentation says, by a piece of the statement;
    what it was asked is in ``asked``."""

    def __init__(self, answers: dict[str, list[dict[str, Any]] | TargetError]) -> None:
        self._answers = answers
        self.asked: list[str] = []
        self.closed = False
        self.thread = 7
        self.sent = 0

    async def ask(self, sql: str, parameters: Any = None, **_: Any) -> Rows:
        self.asked.append(sql % tuple(map(repr, parameters)) if parameters else sql)
        for piece, answer in self._answers.items():
            if piece in sql:
                if isinstance(answer, TargetError):
                    raise answer
                columns = tuple(answer[0]) if answer else ()
                return Rows(columns, [tuple(row.values()) for row in answer])
        return Rows((), [])


def asker(server: Server, answers: dict[str, Any]) -> Asker:
    troubles = Troubles()
    troubles.server = server
    return Asker(Answers(answers), server, troubles)  # type: ignore[arg-type]


def reading(status: dict[str, str], **more: Any) -> Reading:
    given = {
        "server": MARIADB,
        "pulse": Pulse(0.001, 0.0, False, status, Survey(), ()),
        "variables": {"max_connections": "100"},
        "before": {},
        "elapsed": 5.0,
        **more,
    }
    return Reading(**given)


def test_which_server_it_is() -> None:
    row = {"version": "8.0.36", "comment": "Percona Server", "account": "o'n@%", "hostname": "h"}
    server = server_of(row, {"performance_schema": "ON"})
    assert (server.product, server.number, server.flavours) == ("MySQL", (8, 0, 36), ("mysql",))
    assert server.user == "'o''n'@'%'"
    assert OLD.flavours == ("mysql-old", "mysql")
    assert server_of(row, {}).flavours == ("mysql-old", "mysql")
    assert (MARIADB.product, MARIADB.short_version) == ("MariaDB", "10.11.6")
    assert Server("unknown", "", "", "", False).number == (0, 0, 0)


def test_replicas_that_are_expected_and_cannot_be_seen_are_not_taken_for_connected() -> None:
    def said(**config: Any) -> list[tuple[Status, str, str]]:
        blind = reading({}, pulse=Pulse(0.001, 0.0, False, {}, Survey(blind=True), ()))
        rows = judge(blind, MysqlConfig.model_validate({"url": "mysql://u@h/", **config}))
        return [(part.status, part.message, why) for part, why in rows]

    assert said() == []
    assert said(replicas=2) == [
        (
            Status.UNKNOWN,
            "replicas: whether 2 are connected cannot be seen: "
            "GRANT PROCESS ON *.* TO 'onwatch'@'%'",
            "permission",
        )
    ]


def test_there_is_a_statement_for_each_server() -> None:
    for name, flavour in statements():
        server = MARIADB if flavour == "mariadb" else OLD
        assert statement_for(name, server.flavours)
    assert "performance_schema.processlist" in statement_for("busy", MYSQL.flavours)
    assert "information_schema.PROCESSLIST" in statement_for("busy", OLD.flavours)
    assert statement_for("replication", MYSQL.flavours) == "SHOW REPLICA STATUS"
    assert statement_for("replication", OLD.flavours) == "SHOW SLAVE STATUS"
    assert statement_for("replication", MARIADB.flavours) == "SHOW ALL SLAVES STATUS"


def test_how_sessions_are_limited() -> None:
    mysql, mariadb = list(_settings(2.4, mariadb=False)), list(_settings(2.4, mariadb=True))
    assert "SET SESSION max_execution_time = 2400" in mysql
    assert "SET SESSION max_statement_time = 2.400" in mariadb
    assert not any("max_execution_time" in one for one in mariadb)


def test_a_life_of_the_server() -> None:
    boot = Boot()
    assert boot.see(1000, 5.0, 10) == ""
    first, boot.uptime, boot.connections = boot.life, 3600.0, 50
    assert boot.see(1000, 3600.0, 51) == ""
    assert boot.life == first
    assert boot.see(4700, 2.0, 3) == "restarted: uptime fell from 1 h to 2 s"
    assert boot.life != first
    second, boot.uptime, boot.connections = boot.life, 2.0, 20
    assert boot.see(4700, 0.0, 3).startswith("restarted")
    assert boot.life != second
    boot.uptime = 2.0
    assert boot.see(1000, 7200.0, 900) == "another server answers: it has been up for 2 h"
    boot.uptime = 60.0
    assert boot.see(9000, 300.0, 5) == "restarted: it has been up for 5 min"


DEADLOCKS = "mysql_info_schema_innodb_metrics_lock_lock_deadlocks_total"


async def test_the_pulse_of_mysql() -> None:
    answers = {
        "read_only": [{"now": 1700000000.0, "read_only": 1}],
        "GLOBAL STATUS": [
            {"Variable_name": "Threads_connected", "Value": "12"},
            {"Variable_name": "Innodb_rows_read", "Value": "99"},
            {"Variable_name": "Innodb_buffer_pool_pages_dirty", "Value": "4"},
        ],
        "INNODB_METRICS": [
            {"name": "trx_rseg_history_len", "value": 60_000},
            {"name": "lock_deadlocks", "value": 2},
            {"name": "something_else", "value": 1},
        ],
        "GROUP BY COMMAND, STATE": [
            {"command": "Sleep", "state": "", "sessions": 11, "seconds": 50},
            {"command": "Query", "state": "executing", "sessions": 1, "seconds": 0},
        ],
    }
    ask = asker(MYSQL, answers)

    pulse = await read_pulse(ask, 0.0, Pacer(), Survey())

    assert pulse.read_only
    assert pulse.deadlocks_since(replace(pulse, innodb={DEADLOCKS: 0.0})).startswith(
        "2 deadlocks: "
    )
    assert pulse.deadlocks_since(pulse) == pulse.deadlocks_since(None) == ""
    out = Sampler({}).builder()
    add_pulse(out, pulse, MYSQL, frozenset())
    samples = out.build()
    history = "mysql_info_schema_innodb_metrics_transaction_trx_rseg_history_len"
    assert samples.get(history) == 60_000
    assert samples.get(DEADLOCKS) == 2
    assert samples.get("mysql_global_status_innodb_row_ops_total", operation="read") == 99
    threads = "mysql_info_schema_processlist_threads"
    assert samples.get(threads, command="sleep", state="unknown") == 11


async def test_who_waits_for_whom_on_mysql() -> None:
    """From performance_schema.data_lock_waits and data_locks."""
    answers = {
        "INNODB_TRX": [
            {"trx": 421, "thread": 11, "state": "RUNNING", "age": 90, "waited": None,
             "wanted": None, "modified": 1},
            {"trx": 422, "thread": 12, "state": "LOCK WAIT", "age": 40, "waited": 39,
             "wanted": "1:2:4:3", "modified": 0},
        ],
        "data_lock_waits": [{"waiting": 422, "blocking": 421}],
        "data_locks": [
            {"lock_id": "1:2:4:3", "lock_mode": "X,REC_NOT_GAP", "lock_table": "`shop`.`accounts`",
             "lock_index": "by_name"},
        ],
        "GROUP BY COMMAND, STATE": [
            {"command": "Query", "state": "updating", "sessions": 2, "seconds": 40},
        ],
        "WHERE\n    COMMAND NOT IN": [
            {"id": 12, "user": "app", "host": "10.0.0.1:5", "db": "shop", "command": "Query",
             "seconds": 40, "state": "updating", "query_id": 0, "info": "UPDATE accounts SET a=1"},
            {"id": 11, "user": "app", "host": "10.0.0.2:6", "db": "shop", "command": "Sleep",
             "seconds": 80, "state": "", "query_id": 0, "info": None},
        ],
    }  # fmt: skip
    pulse = await read_pulse(asker(MYSQL, answers), 0.0, Pacer(), Survey())

    rows = {row.pid: row for row in pulse.survey.attention(5, frozenset())}
    assert rows[12].blocked_by == (session_id(11, 5),)
    assert rows[12].waiting == "row lock (X,REC_NOT_GAP) of shop.accounts, index by_name"
    assert rows[11].transaction == 90
    made = reading({"Threads_connected": "2"}, pulse=pulse, server=MYSQL)
    (row,) = [part for part, _ in judge(made, MysqlConfig()) if part.name == "locks"]
    assert row.message == (
        "locks: session 11 (app@shop, idle for 1 min) holds up session 12 (app@shop), which has "
        "waited 39 s for row lock (X,REC_NOT_GAP) of shop.accounts, index by_name"
    )
    assert row.status is Status.WARNING


async def test_metadata_locks_where_they_are_seen() -> None:
    answers = {"metadata_locks": [{"waiting": 5, "blocking": 4, "name": "shop.accounts"}]}

    waits = await read_waits(asker(MYSQL, answers), (), rows=False, tables=True)
    unseen = await read_waits(asker(MARIADB, answers), (), rows=False, tables=True)

    assert waits.blockers == {5: (4,)}
    assert waits.what == {5: "metadata lock of shop.accounts"}
    assert unseen.blockers == {}


REPLICA = {
    "Replica_IO_State": "Waiting for source to send event",
    "Source_Host": "db0",
    "Source_Port": 3306,
    "Source_Log_File": "binlog.7",
    "Read_Source_Log_Pos": 2000,
    "Relay_Source_Log_File": "binlog.7",
    "Exec_Source_Log_Pos": 1500,
    "Replica_IO_Running": "Yes",
    "Replica_SQL_Running": "Yes",
    "Seconds_Behind_Source": 45,
    "Source_Server_Id": 9,
    "Source_UUID": "3e11fa47",
    "SQL_Delay": 0,
    "Last_IO_Error": "",
    "Last_SQL_Error": "",
    "Replica_SQL_Running_State": "Replica has read all relay log",
    "Channel_Name": "west",
}
"""A row of MySQL's SHOW REPLICA STATUS, from its manual."""


def test_mysqls_words_for_replication_become_the_exporters() -> None:
    channel = channel_of(REPLICA)

    assert (channel.primary, channel.name, channel.lag, channel.behind) == (
        "db0:3306", "west", 45, 500,
    )  # fmt: skip
    out = Sampler({}).builder()
    add_channels(out, [channel])
    labels = {"master_host": "db0", "master_uuid": "3e11fa47", "channel_name": "west"}
    samples = out.build()
    assert samples.get("mysql_slave_status_seconds_behind_master", **labels) == 45
    assert samples.get("mysql_slave_status_slave_io_running", **labels) == 1
    assert samples.get("mysql_slave_status_master_server_id", **labels) == 9
    part, reason = channel_part(channel, MysqlConfig().replication_lag)
    assert (part.status, reason) == (Status.WARNING, "latency")
    assert part.message == "replication west: 45 s behind db0:3306, 500 B fetched and not applied"


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"Replica_SQL_Running": "No", "Last_SQL_Error": "Error 1062"}, Status.CRITICAL, "1062"),
        ({"Replica_IO_Running": "Connecting"}, Status.CRITICAL, "cannot connect to db0:3306"),
        ({"Replica_IO_Running": "No", "Last_IO_Error": "fatal"}, Status.CRITICAL, "fatal"),
        (
            {"Replica_IO_Running": "No", "Replica_SQL_Running": "No"},
            Status.CRITICAL,
            "stopped, data of db0:3306 grows stale",
        ),
        ({"Seconds_Behind_Source": None}, Status.WARNING, "is not known"),
        ({"Seconds_Behind_Source": 400}, Status.CRITICAL, "7 min behind"),
        ({"Seconds_Behind_Source": 0}, Status.OK, "lag 0 s"),
        ({"Seconds_Behind_Source": 3610, "SQL_Delay": 3600}, Status.OK, "lag 10 s besides"),
    ],
)
def test_how_replication_is_judged(changes: dict[str, Any], status: Status, words: str) -> None:
    part, _ = channel_part(channel_of({**REPLICA, **changes}), MysqlConfig().replication_lag)

    assert part.status is status
    assert words in part.message


async def test_files_of_mysql_stand_for_many_tables() -> None:
    answers = {
        "COUNT(*) AS tables\nFROM information_schema.TABLES": [{"tables": 5000}],
        "SUM(FILE_SIZE)": [
            {"table_schema": "shop", "tables": 4990, "bytes": 5e9},
            {"table_schema": "mysql", "tables": 10, "bytes": 1e6},
        ],
        "ORDER BY FILE_SIZE": [
            {"name": "shop/orders#p#p0", "bytes": 4e9},
            {"name": "shop/odd@002dname", "bytes": 1e9},
            {"name": "sys/sys_config", "bytes": 100},
        ],
        "TABLE_NAME = %s": [
            {"table_schema": "shop", "table_name": "odd-name", "engine": "InnoDB",
             "table_rows": 10, "data_length": 700, "index_length": 200, "data_free": 0},
        ],
    }  # fmt: skip
    ask = asker(MYSQL, answers)

    found = await read_sizes(ask, 10)

    assert found is not None
    assert found.schemas == (("shop", 5e9, 4990),)
    assert [(one.name, one.size) for one in found.tables] == [("orders", 4e9), ("odd-name", 900)]
    assert "information_schema.INNODB_TABLESPACES" in "".join(ask.link.asked)  # type: ignore[attr-defined]


async def test_notes_of_mysqls_slow_tier() -> None:
    slow = SlowTier(MysqlConfig(tables=0))
    ask = asker(MYSQL, {})

    await slow.collect(ask, {"slow_query_log": "ON", "log_output": "TABLE"}, 100.0)

    assert slow.notes() == (
        "statements are not counted: UPDATE performance_schema.setup_consumers "
        "SET ENABLED = 'YES' WHERE NAME = 'statements_digest'",
    )
    large = asker(MYSQL, {"mysql' AND TABLE_NAME = 'slow_log'": [{"bytes": 5e7}]})
    await slow.collect(large, {"slow_query_log": "ON", "log_output": "FILE,TABLE"}, 200.0)
    assert "mysql.slow_log is too large to be read (50.0 MB): rotate it" in slow.notes()


async def test_what_the_slow_tier_could_not_read_again_is_shown_no_more() -> None:
    variables = {"log_bin": "ON"}
    logs = [{"Log_name": "bin.000007", "File_size": 4096}]
    digest = {"schema_name": "shop", "digest": "ab", "digest_text": "SELECT ?", "count_star": 5}
    statements = [{**dict.fromkeys(DIGEST_COLUMNS, 0), **digest}]
    answers: dict[str, Any] = {"events_statements_summary": statements, "BINARY LOGS": logs}

    def told(slow: SlowTier) -> set[str]:
        out = Sampler({}).builder()
        slow.samples(out)
        return {series.name for series in out.build().series}

    slow = SlowTier(MysqlConfig(tables=0))
    await slow.collect(asker(MYSQL, answers), variables, 100.0)
    assert {"mysql_binlog_files", "mysql_perf_schema_events_statements_total"} <= told(slow)
    denied = TargetError("permission", "SELECT command denied")
    await slow.collect(asker(MYSQL, dict.fromkeys(answers, denied)), variables, 200.0)
    assert told(slow) == set()
    await slow.collect(asker(MYSQL, answers), variables, 300.0)
    slow.missed(310.0)
    assert told(slow)
    slow.missed(400.0)
    assert told(slow) == set()


def process(**changes: Any) -> dict[str, Any]:
    return {
        "id": 12, "user": "app", "host": "h:1", "db": "shop", "command": "Query", "seconds": 30,
        "state": "executing", "query_id": 0, "info": "SELECT SLEEP(99)", **changes,
    }  # fmt: skip


def ender(server: Server, **seen: Any) -> Ender:
    shown = Process(**process(**seen))
    return Ender(server, 5, frozenset({1}), {12: (shown, 100.0)})


async def test_a_statement_of_mysql_is_known_by_its_text_and_beginning() -> None:
    """MySQL numbers no statements: KILL QUERY takes the session's."""
    link = Answers({"performance_schema.processlist": [process(seconds=35)]})
    said = await ender(MYSQL).act(link, "cancel", "12-5", 105.0)  # type: ignore[arg-type]
    assert said == "the statement of session 12 was cancelled from onwatch"
    assert link.asked[-1] == "KILL QUERY 12"

    for other in (process(seconds=2), process(info="SELECT 2", seconds=35)):
        link = Answers({"performance_schema.processlist": [other]})
        said = await ender(MYSQL).act(link, "cancel", "12-5", 105.0)  # type: ignore[arg-type]
        assert "runs another statement by now" in said
        assert not any(sql.startswith("KILL") for sql in link.asked)


async def test_what_mysql_says_of_an_ending() -> None:
    denied = TargetError("permission", "You are not owner of thread 12")
    link = Answers({"processlist": [process(seconds=35)], "KILL": denied})
    said = await ender(MYSQL).act(link, "terminate", "12-5", 105.0)  # type: ignore[arg-type]
    assert said.endswith("GRANT CONNECTION_ADMIN ON *.* TO 'onwatch'@'%'")

    gone = TargetError("config", "Unknown thread id: 12")
    link = Answers({"processlist": [process(seconds=35)], "KILL": gone})
    said = await ender(MYSQL).act(link, "terminate", "12-5", 105.0)  # type: ignore[arg-type]
    assert "has just ended" in said

    link = Answers({"processlist": [process(user="other")]})
    said = await ender(MYSQL).act(link, "terminate", "12-5", 105.0)  # type: ignore[arg-type]
    assert said == "session 12 is another one by now: nothing was done"

    for command in ("Binlog Dump", "Daemon"):
        link = Answers({"processlist": [process(command=command)]})
        said = await ender(MYSQL).act(link, "terminate", "12-5", 105.0)  # type: ignore[arg-type]
        assert "the server's own, or feeds a replica" in said


def test_the_headline_and_the_role() -> None:
    status = {"Threads_connected": "40", "Questions": "600"}
    told = headline(reading(status, before={"Questions": "100"}))
    assert told == (
        "answered in 1 ms: MariaDB 10.11.6 standalone, 40 of 100 connections, 100 statements/s"
    )
    closed = reading(status, pulse=Pulse(0.001, 0.0, True, status, Survey(), ()))
    assert "standalone, read-only, 40 of" in headline(closed)
    replica = reading(status, pulse=Pulse(0.1, 0, True, status, Survey(), (channel_of(REPLICA),)))
    assert role(replica) == "replica"
    assert "read-only" not in headline(replica)


def test_where_all_connections_are_in_use_nothing_is_still_to_come() -> None:
    (row,) = [part for part, _ in judge(reading({"Threads_connected": "100"}), MysqlConfig())]
    assert row.message == "connections: 100 of 100 (100 %) in use: further ones are refused"


@pytest.mark.parametrize(
    ("used", "status"), [("79", None), ("80", Status.WARNING), ("96", Status.CRITICAL)]
)
def test_bounds_on_connections(used: str, status: Status | None) -> None:
    rows = [part for part, _ in judge(reading({"Threads_connected": used}), MysqlConfig())]
    assert [row.status for row in rows] == ([status] if status else [])


def test_recovery_is_forced() -> None:
    made = reading({}, variables={"innodb_force_recovery": "3"})
    (row,) = [part for part, _ in judge(made, MysqlConfig())]
    assert row.message.startswith("InnoDB runs with innodb_force_recovery=3")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1040, "limit"),
        (1129, "permission"),
        (1130, "permission"),
        (1044, "permission"),
        (1049, "config"),
        (1203, "limit"),
        (1862, "auth"),
        (3118, "auth"),
        (3159, "tls"),
        (1053, "loading"),
        (9999, "protocol"),
    ],
)
def test_what_a_login_comes_to(code: int, reason: str) -> None:
    error = refusal(Said(code, "the server's text\x1b[31m"), "db:3306", "me", "shop")

    assert error.reason == reason
    assert "db:3306" in str(error)
    assert error.serving is (code != 1053)


def test_what_a_statement_comes_to() -> None:
    reasons = {3024: "timeout", 1969: "timeout", 1227: "permission", 1021: "limit", 1064: "config"}
    for code, reason in reasons.items():
        assert statement_error(Said(code, "text"), 2.0).reason == reason


@pytest.mark.parametrize(
    ("text", "grant"),
    [
        (
            "Access denied; you need (at least one of) the PROCESS privilege(s) for this operation",
            "GRANT PROCESS ON *.* TO me",
        ),
        (
            "Access denied; you need (at least one of) the SUPER, REPLICATION CLIENT privilege(s)",
            "GRANT REPLICATION CLIENT ON *.* TO me",
        ),
        (
            "SELECT command denied to user 'a'@'b' for table 'threads'",
            "GRANT SELECT ON performance_schema.* TO me",
        ),
        (
            "SELECT command denied to user 'a'@'b' for table `mysql`.`slow_log`",
            "GRANT SELECT ON mysql.slow_log TO me",
        ),
        (
            "INSERT, SELECT command denied to user 'me'@'h' for column 'x' in table `shop`.`jobs`",
            "GRANT INSERT, SELECT ON shop.jobs TO me",
        ),
        (
            "execute command denied to user 'me'@'h' for routine 'shop.tax'",
            "GRANT EXECUTE ON FUNCTION shop.tax TO me",
        ),
        (
            "Access denied for user 'me'@'h' to database 'shop'",
            "GRANT SELECT ON shop.* TO me",
        ),
        ("something else", "GRANT PROCESS, REPLICATION CLIENT ON *.* TO me"),
    ],
)
def test_which_grant_would_allow_it(text: str, grant: str) -> None:
    assert grant_for(text, "me", mariadb=False) == grant


@pytest.mark.parametrize("text", ["1e999", "-1e999", "9" * 400, "nan", "inf"])
def test_what_no_number_holds_is_no_figure(text: str) -> None:
    assert number(text) is None


def test_an_absurd_version_is_read_as_far_as_it_goes() -> None:
    server = Server(f"{'8' * 5000}.0.1", "", "u@h", "db", performance_schema=True)
    assert all(part < 10**9 for part in server.number)
