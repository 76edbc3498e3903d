"""Judgements on figures that a test server cannot be brought to in a short time."""

from __future__ import annotations

import math
from typing import Any

import pytest

from checks.model import Sampler
from checks.probes.redis.config import RedisConfig
from checks.probes.redis.info import add_info, parse_info
from checks.probes.redis.judge import Reading, events, facts, judge
from checks.probes.redis.reply import ErrorReply

MASTER = """# Server
redis_version:7.2.4
run_id:a
uptime_in_seconds:500
# Clients
connected_clients:10
maxclients:100
# Memory
used_memory:1000
maxmemory:0
maxmemory_policy:noeviction
total_system_memory:100000
# Persistence
rdb_last_bgsave_status:ok
aof_enabled:1
aof_last_write_status:ok
aof_last_bgrewrite_status:ok
# Replication
role:master
master_repl_offset:5000
"""
REPLICA = MASTER.replace("role:master", "role:slave\nmaster_host:m\nmaster_port:1")


def judged(text: str, ping: ErrorReply | None = None, **config: Any) -> dict[str, tuple[str, str]]:
    """Status and message of each row, by name."""
    reading = Reading(parse_info(text), None, 5.0, 0.001, ping)
    rows = judge(reading, RedisConfig.model_validate(config))
    return {part.name: (part.status.value, part.message) for part, _ in rows}


def changed(old: str, new: str, text: str = MASTER) -> str:
    assert old in text
    return text.replace(old, new)


def test_a_sound_master_has_nothing_to_say() -> None:
    assert judged(MASTER) == {}


@pytest.mark.parametrize(
    ("lag", "state", "status", "words"),
    [
        (0, "online", "ok", "lag 0 s, 1.0 kB behind"),
        (11, "online", "warning", "lag 11 s, 1.0 kB behind; past its warning bound"),
        (61, "online", "critical", "lag 1 min, 1.0 kB behind; past its critical bound"),
        (0, "wait_bgsave", "warning", "state wait_bgsave, not online yet"),
    ],
)
def test_replicas_by_lag_and_state(lag: int, state: str, status: str, words: str) -> None:
    line = f"slave0:ip=10.0.0.2,port=6379,state={state},offset=4000,lag={lag}"
    rows = judged(f"{MASTER}{line}\n")
    assert rows == {"replica": (status, f"replica 10.0.0.2:6379: {words}")}


def test_many_replicas_are_rows_of_their_own_up_to_a_bound() -> None:
    lines = "".join(
        f"slave{n}:ip=10.0.0.{n},port=6379,state=online,offset=1,lag=0\n" for n in range(40)
    )
    rows = judged(MASTER + lines)
    assert len(rows) == 16
    assert "replica 10.0.0.7:6379" in rows
    lines = lines.replace("10.0.0.39,port=6379,state=online,offset=1,lag=0", "10.0.0.39,lag=70,"
                          "port=6379,state=online,offset=1")  # fmt: skip
    rows = judged(MASTER + lines)
    assert len(rows) == 16
    assert rows["replica 10.0.0.39:6379"][0] == "critical"


def test_a_replica_that_synchronises_warns_and_one_cut_off_is_critical() -> None:
    syncing = "master_link_status:down\nmaster_sync_in_progress:1\nmaster_sync_left_bytes:2000000\n"
    status, message = judged(REPLICA + syncing)["master link"]
    assert status == "warning"
    assert message.endswith("first synchronisation with m:1 under way, 2.0 MB left")
    down = "master_link_status:down\nmaster_link_down_since_seconds:300\n"
    status, message = judged(REPLICA + down)["master link"]
    assert status == "critical"
    assert message.startswith("master link: down for 5 min")


@pytest.mark.parametrize(
    ("old", "new", "status", "words"),
    [
        ("last_write_status:ok", "last_write_status:err", "critical", "the last write failed"),
        ("bgrewrite_status:ok", "bgrewrite_status:err", "warning", "the last rewrite failed"),
        ("bgsave_status:ok", "bgsave_status:err", "warning", "the last snapshot failed"),
    ],
)
def test_persistence(old: str, new: str, status: str, words: str) -> None:
    found, message = judged(changed(old, new))["persistence"]
    assert found == status
    assert words in message


def test_the_state_of_an_aof_that_is_off_is_nobodys_trouble() -> None:
    off = changed("aof_enabled:1", "aof_enabled:0")
    assert judged(changed("last_write_status:ok", "last_write_status:err", off)) == {}


def test_misconf_outweighs_the_failed_snapshot() -> None:
    failed = changed("bgsave_status:ok", "bgsave_status:err")
    assert judged(failed, ErrorReply("MISCONF", "…"))["persistence"][0] == "critical"


def test_memory_without_a_limit_is_held_against_the_hosts() -> None:
    status, message = judged(changed("used_memory:1000", "used_memory:95000"))["memory"]
    assert status == "warning"
    assert "95 % of the host's 100 kB and no maxmemory" in message


@pytest.mark.parametrize(
    ("used", "role", "status"),
    [
        (89, "master", None),
        (90, "master", "warning"),
        (100, "master", "critical"),
        # It takes what its master sends.
        (150, "slave", None),
    ],
)
def test_the_limit_of_a_server_that_evicts_nothing(
    used: int, role: str, status: str | None
) -> None:
    text = changed("used_memory:1000", f"used_memory:{used}", MASTER)
    text = changed("maxmemory:0", "maxmemory:100", text)
    row = judged(changed("role:master", f"role:{role}", text)).get("memory")
    assert (row[0] if row else None) == status


def test_clients_near_their_limit_warn() -> None:
    status, message = judged(changed("connected_clients:10", "connected_clients:91"))["clients"]
    assert status == "warning"
    assert "91 of maxclients 100 connected (91 %)" in message


def test_another_server_behind_the_same_address_is_an_event() -> None:
    before, now = parse_info(MASTER), parse_info(changed("run_id:a", "run_id:b"))
    assert list(events(now, before)) == [
        "another server answers: its run id changed, its uptime is 8 min"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no colon here",
        "used_memory:many\nmaxmemory:nan\nuptime_in_seconds:",
        "slave0:garbage\ndb0:keys\ncmdstat_get:\nerrorstat_:=,=,\nrole:slave\nmaster_link_status:",
        "db0:keys=1,expires=x,avg_ttl=\nslave1:ip=1,port=2,state=online,offset=x,lag=-",
    ],
)
def test_a_mangled_info_yields_fewer_figures_and_no_error(text: str) -> None:
    info = parse_info(text)
    out = Sampler({}).builder()
    add_info(out, info, 1_700_000_000.0)
    reading = Reading(info, info, 5.0, 0.001)
    assert all(map(math.isfinite, out.build().values))
    assert all(text for _, text in facts(reading))
    assert {part.name for part, _ in judge(reading, RedisConfig())} <= {"replica"}
    assert list(events(info, info)) == []


def test_the_last_save_is_told_with_its_age_by_the_servers_clock() -> None:
    text = "rdb_last_bgsave_status:ok\nrdb_last_save_time:1700000000\n"
    told = [
        dict(facts(Reading(parse_info(text + more), None, 5.0, 0.001)))["RDB"]
        for more in ("server_time_usec:1700010800000000\n", "")
    ]
    assert told == ["last save ok 3 h ago, 0 changes since", "last save ok, 0 changes since"]


def test_an_absurd_version_is_none() -> None:
    assert parse_info(f"redis_version:{'9' * 5000}.1").major == 0
    assert parse_info("redis_version:7.2.4").major == 7
