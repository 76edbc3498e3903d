"""A sentence that has no room says first what happened."""

from __future__ import annotations

import pytest

from widgets.brief import brief, brief_name, name_of_check


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        (
            "connection to 127.0.0.1:29999 refused: is the server running?",
            30,
            "refused by 127.0.0.1:29999; i…",
        ),
        ("connection to 127.0.0.1:29999 refused", 20, "refused by 127.0.0.…"),
        (
            "HTTP 200 after 536 ms: status degraded, provider borealis",
            30,
            "status degraded, provider bor…",
        ),
        ("HTTP 503 after 1.2 s: no database", 24, "HTTP 503: no database"),
        # Where there is room nothing is turned round, and what is not known is only cut.
        ("HTTP 200 after 536 ms: status degraded", 38, "HTTP 200 after 536 ms: status degraded"),
        ("HTTP 200 after 536 ms", 12, "HTTP 200 af…"),
        ("600 waiting, 12/min more", 12, "600 waiting…"),
    ],
)
def test_what_has_no_room_begins_with_its_reason(text: str, width: int, shown: str) -> None:
    assert brief(text, width) == shown


@pytest.mark.parametrize(
    ("name", "width", "shown"),
    [
        ("query shop_stock img", 20, "query shop_stock img"),
        ("query shop_stock img", 14, "shop_stock img"),
        ("query shop_stock img", 12, "shop…ock img"),
        ("query account_used_total mail", 16, "accou…total mail"),
        ("query shop_stock", 8, "shop…ock"),
        # Where the labels alone have no room, of the metric there is still enough to know it by.
        ("query shop_stock a-very-long-value", 14, "sho…ck a-v…lue"),
        ("query queue_size orders.created.v1", 16, "que…ze orde…d.v1"),
        ("query queue_size orders.created.v2", 16, "que…ze orde…d.v2"),
        # Where of the labels there would be next to nothing beside it, it goes.
        ("query queue_size orders.created.v1", 10, "order…d.v1"),
        ("query shop_stock img", 10, "sho…ck img"),
        ("query shop_stock img", 9, "img"),
        ("query shop_stock img", 1, "…"),
        ("query 数据库连接数 表", 9, "数…数 表"),
        # What is none of a query keeps its beginning.
        ("newest line of all", 12, "newest line…"),
    ],
)
def test_values_of_a_query_keep_the_labels_that_tell_them_apart(
    name: str, width: int, shown: str
) -> None:
    assert brief_name(name, width) == shown


@pytest.mark.parametrize(
    ("name", "width", "shown"),
    [
        ("checkout-service-eu-central-1-a down", 40, "checkout-service-eu-central-1-a down"),
        ("checkout-service-eu-central-1-a down", 20, "checkou…ral-1-a down"),
        # Where there is no room for it, what is wrong is said by the sign.
        ("checkout-service-eu-central-1-a down", 15, "checkou…ral-1-a"),
        ("Down checkout-service-eu-central-1-a", 20, "Down checkou…ral-1-a"),
        ("HttpErrorStatus checkout-service-eu-central-1-a", 20, "HttpErrorS…ntral-1-a"),
        ("HttpErrorStatus", 10, "HttpError…"),
    ],
)
def test_of_a_check_that_something_is_wrong_with_the_name_stays(
    name: str, width: int, shown: str
) -> None:
    assert name_of_check(name, "checkout-service-eu-central-1-a", width) == shown
