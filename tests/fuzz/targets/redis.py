"""What Redis answers: INFO, and the protocol's own bytes."""

from __future__ import annotations

import math

from checks.errors import TargetError
from checks.model import Sampler
from checks.probes.redis.config import Address
from checks.probes.redis.info import SERIES_BOUND, add_info, parse_info
from checks.probes.redis.reply import as_text, lookups, parse_number
from checks.probes.redis.wire import RedisLink, Replies
from tests.fuzz.oracle import check_finite, check_samples, check_told
from tests.fuzz.target import Target
from tests.fuzz.targets.loop import finished, reader, writer

__all__ = ["TARGETS"]

INFO = (
    b"# Server\r\nredis_version:7.2.4\r\nredis_mode:standalone\r\nprocess_id:1\r\n"
    b"uptime_in_seconds:9\r\nloading:0\r\n# Memory\r\nused_memory:1024\r\nmaxmemory:0\r\n"
    b"# Replication\r\nrole:master\r\nconnected_slaves:1\r\n"
    b"slave0:ip=10.0.0.2,port=6379,state=online,offset=5,lag=0\r\n"
    b"# Commandstats\r\ncmdstat_get:calls=2,usec=3,usec_per_call=1.5,rejected_calls=0\r\n"
    b"# Errorstats\r\nerrorstat_OOM:count=3\r\n# Keyspace\r\ndb0:keys=4,expires=0,avg_ttl=0\r\n",
    b"role:slave\r\nmaster_host:a\r\nmaster_port:1\r\nmaster_link_status:down\r\n"
    b"master_link_down_since_seconds:7\r\nvalkey_version:8.0.1\r\nlatest_fork_usec:12\r\n",
)
INFO_TOKENS = (
    *(b":", b"=", b",", b"\r\n", b"#", b"redis_version:", b"role:", b"slave1:", b"db1:keys="),
    *(b"cmdstat_x:calls=1\n", b"errorstat_x:count=1\n", b"nan", b"inf", b"1e999", b"-1", b"1_0"),
    *(b"9" * 400, b"9" * 5000, b"loading:1", b"\x1b]0;x\x07", b"\xff", b"\xe2\x80\xa8", b"\x00"),
    *(b"uptime_in_seconds:", b"latest_fork_usec:", b"\xd9\xa3", b"\xc2\xb2"),
)


def info(data: bytes) -> None:
    found = parse_info(as_text(data))
    out = Sampler({"instance": "x"}).builder()
    add_info(out, found, 1e9)
    samples = out.build()
    check_samples(samples)
    check_finite(samples.values)
    assert found.major >= 0
    assert isinstance(found.version + found.role, str)
    for each in (found.databases(), found.commands(), found.errors()):
        assert sum(1 for _ in each) <= SERIES_BOUND
    assert len(found.replicas()) <= SERIES_BOUND
    number = parse_number(as_text(data))
    assert number is None or math.isfinite(number)


REPLIES = (
    b"+OK\r\n:12\r\n$5\r\nhello\r\n*2\r\n$1\r\na\r\n:1\r\n-WRONGTYPE Operation against\r\n",
    b"-NOAUTH Authentication required.\r\n$-1\r\n*-1\r\n*0\r\n",
    b"*3\r\n*2\r\n:1\r\n-ERR x\r\n$0\r\n\r\n+a\r\n",
    b"-MOVED 3999 127.0.0.1:6381\r\n-LOADING x\r\n-NOPERM y\r\n-ERR max number of clients\r\n",
)
REPLY_TOKENS = (
    *(b"\r\n", b"+", b"-", b":", b"$", b"*", b"_\r\n", b"#t\r\n", b",1.5\r\n", b"(9\r\n"),
    *(b"%1\r\n",),
    *(b"~1\r\n", b">1\r\n", b"=5\r\ntxt:a\r\n", b"!3\r\nERR\r\n", b"*1\r\n", b"*9999999\r\n"),
    *(b"$-2\r\n",),
    *(b"$99999999999\r\n", b"*-5\r\n", b":" + b"9" * 5000 + b"\r\n", b":\xd9\xa3\r\n", b"-\r\n"),
    *(b"$1\r\n", b"a", b"\xff", b"*1000000000\r\n", b"-ERR \x1b[2J\r\n", b"-ASK\r\n"),
    *(b"-MOVED\r\n",),
)  # fmt: skip
_ADDRESS = Address(host="cache", port=6379)


def replies(data: bytes) -> None:
    found = finished(_asked(data))
    if found is not None:
        hits, misses = lookups(found.values)
        assert hits >= 0
        assert misses >= 0
        for value in found.values:
            parse_number(as_text(value)[:64])


async def _asked(data: bytes) -> Replies | None:
    link = RedisLink(_ADDRESS, None, "")
    stream = reader(data)
    link._reader, link._writer = stream, writer(stream)
    link._parser.on_connect(link)  # type: ignore[no-untyped-call]
    try:
        return await link.ask([("PING",)] * 4)
    except TargetError as error:
        check_told(error)
        return None
    finally:
        link.abort()


TARGETS = (
    Target("redis-info", info, INFO, INFO_TOKENS),
    Target("redis-replies", replies, REPLIES, REPLY_TOKENS),
)
