"""What an earlier session has written about the services of this machine."""

from __future__ import annotations

from checks.discovery.memory import Memory
from tests.fuzz.oracle import check_line
from tests.fuzz.target import Target
from tests.fuzz.targets.native import file_of

__all__ = ["TARGETS"]

SEEDS = (
    b'{"version":1,"services":[{"kind":"redis","name":"redis","seen":1000,"host":"127.0.0.1",'
    b'"port":6379,"program":"redis-server"},{"kind":"http","name":"web","seen":999,'
    b'"host":"127.0.0.1","port":80,"page":"/health","tls":true,"status":200}]}',
    b'{"version":2,"services":{}}',
)
TOKENS = (
    *(b"[", b"]", b"{", b"}", b'"services":', b'"version":', b'"seen":', b'"port":', b"-1"),
    *(b"null",),
    *(b"9" * 400, b"9" * 5000, b"1e999", b"true", b'"', b"\\u001b", b"\xff", b"5", b","),
    *(b'"kind":',),
)  # fmt: skip


def run(data: bytes) -> None:
    memory = Memory(file_of(data))
    for one in memory.recall(1_000.0):
        check_line(one.name, 400)
        assert 0 <= one.service.port < 65_536


TARGETS = (Target("remembered", run, SEEDS, TOKENS),)
