"""What a user may write under ``redis:``, and what a mistake in it says."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from checks.probes.redis.config import Address, RedisConfig, parse_url


@pytest.mark.parametrize(
    ("url", "address", "shown"),
    [
        ("redis://localhost", Address("localhost", 6379), "localhost:6379"),
        ("redis://10.0.0.1:7000/2", Address("10.0.0.1", 7000, db=2), "10.0.0.1:7000"),
        ("rediss://cache.example", Address("cache.example", 6379, tls=True), "cache.example:6379"),
        ("redis://[::1]:6379", Address("::1", 6379), "[::1]:6379"),
        (
            "redis://bob:p%40ss@h?db=3",
            Address("h", 6379, db=3, username="bob", password="p@ss"),
            "h:6379",
        ),
        ("unix:///run/r.sock?db=1", Address(path="/run/r.sock", db=1), "/run/r.sock"),
    ],
)
def test_urls(url: str, address: Address, shown: str) -> None:
    assert parse_url(url) == address
    assert RedisConfig.model_validate(url).instance() == shown


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"url": "http://h"}, "write redis://host:port/db"),
        ({"url": "redis://h:99999"}, "the URL's port is not a number"),
        ({"url": "redis://h/zero"}, "the number of the database"),
        ({"url": "redis://h?timeout=3"}, "'timeout' is not known"),
        ({"url": "unix://"}, "a unix URL names the socket"),
        ({"url": "redis://:a@h", "password": "b"}, "not in both"),
        ({"passwort": "x"}, "Extra inputs are not permitted"),
        ({"client_name": "two words"}, "String should match pattern"),
        ({"memory_warning": 90}, "less than or equal to 1"),
        ({"slowlog": 1000}, "less than or equal to 128"),
        ({"latency": {"warning": "2s", "critical": "1s"}}, "warning must not be above critical"),
        ({"queues": [{"name": "q"}]}, "give a name with size"),
        ({"queues": [{"size": {"list": "q"}}]}, "the queue needs a name"),
        ({"queues": [{"name": "q", "failed": {"list": "f"}}]}, "the queue needs a size"),
        ({"queues": [{"celery": ["a"], "laravel": ["b"]}]}, "give a name with size"),
        ({"queues": [{"name": "q", "layout": "resque"}]}, "'celery', 'laravel', 'sidekiq'"),
        (
            {"queues": [{"name": "q", "size": {"list": "a", "set": "b"}}]},
            "give exactly one of list, set, zset, hash, stream, value",
        ),
        (
            {"queues": [{"name": "q", "size": {"list": "a", "group": "g"}}]},
            "group goes with stream",
        ),
        ({"values": [{"metric": "a-b", "key": "k"}]}, "String should match pattern"),
    ],
)
def test_mistakes_are_sentences(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as raised:
        RedisConfig.model_validate(settings)
    assert sentence in str(raised.value)


def test_a_password_never_shows() -> None:
    hidden = ("hunter2", "hunter3")
    config = RedisConfig.model_validate({"url": "redis://bob:hunter2@h/1"})
    other = RedisConfig.model_validate({"password": "hunter3"})
    shown = f"{config!r}{config.address()}{config.instance()}{other!r}{parse_url(config.url)!r}"
    assert not any(secret in shown for secret in hidden)
    with pytest.raises(ValidationError) as raised:
        RedisConfig.model_validate({"url": "redis://bob:hunter2@h:0x/1"})
    assert "hunter2" not in str(raised.value)


def test_the_design_documents_example_is_accepted() -> None:
    config = RedisConfig.model_validate(
        {
            "url": "redis://127.0.0.1:6379/0",
            "values": [
                {"metric": "oauth_cache_hits_total", "type": "counter", "key": "oauth:cache:hits"}
            ],
            "queues": [
                {
                    "name": "default",
                    "size": {"list": "queues:default"},
                    "processing": {"list": "queues:default:processing"},
                    "failed": {"value": "queues:default:failed"},
                }
            ],
        }
    )
    assert config.queues[0].size is not None
    assert config.queues[0].size.key == "queues:default"
