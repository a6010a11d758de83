"""The `retry-after` header: numbers and dates are seconds, anything else is no answer, and none asks for ever."""

from email.utils import formatdate
from time import time

import pytest

from runtime.explain.retry_after import read_retry_after


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("1.5", 1.5), (" 3 ", 3.0), ("0", 0.0)])
def test_a_number_is_seconds(header: str, seconds: float) -> None:
    assert read_retry_after(header) == seconds


@pytest.mark.parametrize("usegmt", [True, False])
def test_a_date_is_the_seconds_until_then(usegmt: bool) -> None:
    waited = read_retry_after(formatdate(time() + 100, usegmt=usegmt))
    assert waited is not None
    assert 0 < waited <= 100


def test_a_date_without_a_time_zone_is_taken_for_utc() -> None:
    waited = read_retry_after(formatdate(time() + 100, usegmt=True).removesuffix(" GMT"))
    assert waited is not None
    assert 0 < waited <= 100


def test_a_date_that_has_passed_asks_for_no_wait() -> None:
    assert read_retry_after(formatdate(0, usegmt=True)) == 0.0


@pytest.mark.parametrize("header", ["999999999", "1e300", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_wait_is_longer_than_a_day(header: str) -> None:
    assert read_retry_after(header) == 24 * 60 * 60


@pytest.mark.parametrize(
    "header",
    ["", "soon", "-5", "nan", "inf", "-inf", "Mon, 99 Xyz 2026 00:00:00 GMT", f"Mon, 01 Jan {'9' * 30} 00:00:00 GMT"],
)
def test_what_is_neither_a_number_from_0_nor_a_date_says_nothing(header: str) -> None:
    assert read_retry_after(header) is None
