"""How often a client may do something, who is one client, and that no crowd of them fills the memory."""

import pytest

from runtime.web.access import rate_limit
from runtime.web.access.rate_limit import TokenBuckets, client_of, read_rate


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def take_all(five_a_minute: TokenBuckets, client: str = "a") -> int:
    """Take tokens until there is none; return how many there were."""
    taken = 0
    while not five_a_minute.wait_s(client):
        five_a_minute.take(client)
        taken += 1
    return taken


def test_a_bucket_has_its_tokens_at_once_and_is_refilled_evenly(clock: Clock) -> None:
    five_a_minute = TokenBuckets(5, 60, clock=clock)
    assert take_all(five_a_minute) == 5
    assert five_a_minute.wait_s("a") == 12
    clock.now_s += 11.5
    assert five_a_minute.wait_s("a") == 1
    clock.now_s += 0.5
    assert take_all(five_a_minute) == 1
    clock.now_s += 3600
    assert take_all(five_a_minute) == 5


def test_each_client_has_a_bucket_of_its_own(clock: Clock) -> None:
    five_a_minute = TokenBuckets(5, 60, clock=clock)
    take_all(five_a_minute, "a")
    assert take_all(five_a_minute, "b") == 5


def test_a_crowd_of_clients_fills_no_memory_and_takes_no_bucket_from_who_is_there(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "CLIENTS_MAX", 10)
    five_a_minute = TokenBuckets(5, 60, clock=clock)
    take_all(five_a_minute, "steady")
    for number in range(100):
        five_a_minute.take(str(number))
        assert five_a_minute.wait_s("steady") == 12
    assert five_a_minute._full_at.currsize == 10


@pytest.mark.parametrize(("rate", "read"), [("60/minute", (60, 60)), ("2/second", (2, 1)), ("1000/hour", (1000, 3600))])
def test_a_rate_is_read(rate: str, read: tuple[int, int]) -> None:
    assert read_rate(rate) == read


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::1", "20010db800010002/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "20010db800010002/64"),
        ("fe80::1%eth0", "fe80000000000000/64"),
        ("no address", "no address"),
        ("x" * 1000, "x" * 64),
    ],
)
def test_a_client_is_its_address_or_its_households_network(host: str, counted: str) -> None:
    assert client_of({"type": "http", "client": (host, 1)}) == counted


def test_a_server_on_a_socket_of_files_counts_all_clients_as_one() -> None:
    assert client_of({"type": "http", "client": None}) == client_of({"type": "http"}) == ""
