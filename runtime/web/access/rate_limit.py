"""TokenBuckets: how often each client may do something; a bounded number of clients is remembered."""

import math
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from time import monotonic

from cachetools import LRUCache
from starlette.types import Scope

CLIENTS_MAX = 10_000  # whoever was seen longest ago is forgotten, and begins anew; about 2 MB
PERIODS_S = {"second": 1, "minute": 60, "hour": 3600}
ADDRESS_MAX_CHARS = 64  # of what a proxy names that is no address


class TokenBuckets:
    """A bucket of `count` tokens for each client, refilled evenly in `period_s`. Belongs to one event loop.

    Kept as the time at which a bucket will be full again (the generic cell rate algorithm), one number a client.
    """

    def __init__(self, count: int, period_s: float, *, clock: Callable[[], float] = monotonic) -> None:
        self._interval_s, self._period_s, self._clock = period_s / count, period_s, clock
        self._full_at: LRUCache[str, float] = LRUCache(CLIENTS_MAX)

    def wait_s(self, client: str) -> int:
        """Return in how many whole seconds the client's bucket has a token; 0 if it has one now."""
        missing_s = max(0.0, self._full_at.get(client, 0.0) - self._clock())
        return max(0, math.ceil(round(missing_s + self._interval_s - self._period_s, 3)))

    def take(self, client: str) -> None:
        """Take a token out of the client's bucket."""
        self._full_at[client] = max(self._full_at.get(client, 0.0), self._clock()) + self._interval_s


def read_rate(rate: str) -> tuple[int, int]:
    """Return the count and the seconds of a rate such as `60/minute`."""
    count, _, period = rate.partition("/")
    return int(count), PERIODS_S[period]


def client_of(scope: Scope) -> str:
    """Return what a client is counted under: its IPv4 address, or the /64 of its IPv6 address, which one household has."""
    client = scope.get("client")
    return _counted_under(str(client[0])[:ADDRESS_MAX_CHARS]) if client else ""


@lru_cache(1024)
def _counted_under(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:  # a socket's path, or what a proxy made up
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return f"{int(address) >> 64:x}/64"
    return str(getattr(address, "ipv4_mapped", None) or address)
