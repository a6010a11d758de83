"""One address -> the bytes behind it: limits, retries with back-off, few requests to one host at a time.

The only export file that knows httpx. Does not look into the bytes and writes nothing.
"""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import httpx

from runtime import __version__
from runtime.errors import SettingInvalid
from runtime.explain.retry_after import read_retry_after

USER_AGENT = f"Lookwhy/{__version__} (picture search; python-httpx/{httpx.__version__})"
BROKEN_CONNECTION = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)


@dataclass(frozen=True)
class Limits:
    """How often servers are asked, how long they are waited for, and how much is downloaded.

    `timeout_s` bounds each silence, `total_s` one attempt as a whole. A server that asks to wait longer than
    `longest_wait_s` is not asked again.
    """

    per_host: int = 6  # what browsers allow themselves
    attempts: int = 4
    backoff_s: float = 0.5
    longest_wait_s: float = 60.0
    timeout_s: float = 20.0
    total_s: float = 120.0
    max_bytes: int = 50_000_000
    max_redirects: int = 5


class DownloadFailed(Exception):
    """The address gave nothing usable; the message is the reason for the user's list of failures."""


class DownloadStopped(Exception):
    """The run is over; what was under way is dropped."""


class _TransientError(Exception):
    """The attempt failed, and another one may not."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        self.reason, self.wait_s = reason, wait_s


class Downloader:
    """Downloads addresses, from any number of threads, until `stopped` is set."""

    def __init__(
        self,
        limits: Limits,
        stopped: threading.Event,
        *,
        sleep: Callable[[float], object] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Open the connection pool; nothing is asked yet.

        Args:
            limits: what every download keeps to.
            stopped: ends waits and downloads when it is set.
            sleep: waits so many seconds; by default no longer than until `stopped` is set.
            jitter: a random number in [0, 1).

        Raises:
            SettingInvalid: the environment names a proxy that cannot be used.
        """
        self._limits, self._stopped, self._jitter = limits, stopped, jitter
        self._sleep = sleep or stopped.wait
        self._hosts: dict[str, threading.BoundedSemaphore] = {}
        self._client = _open_client(limits)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def download(self, address: str) -> bytes:
        """Return the whole body behind an address.

        Raises:
            DownloadFailed: it is no http address, was refused, is too large, or failed at every attempt.
            DownloadStopped: `stopped` was set meanwhile.
        """
        url = _checked_url(address)
        # setdefault is atomic: two threads with the same new host get the same semaphore
        slots = self._hosts.setdefault(url.host, threading.BoundedSemaphore(self._limits.per_host))
        with slots:  # also while waiting to try again, so that a busy host is asked less
            for attempt in range(1, self._limits.attempts):
                try:
                    return self._attempt(url)
                except _TransientError as fault:
                    self._wait(fault, attempt)
            try:
                return self._attempt(url)
            except _TransientError as fault:
                raise DownloadFailed(f"{fault.reason}, {self._limits.attempts} times") from None

    def _wait(self, fault: _TransientError, attempt: int) -> None:
        """Sleep as long as the server asks, else 0.5 to 1 times the back-off, which doubles with each attempt.

        Half is fixed and half is chance ("equal jitter", AWS Architecture Blog, 2015), lest all threads return at once.
        """
        backoff_s = self._limits.backoff_s * 2 ** (attempt - 1) * (0.5 + 0.5 * self._jitter())
        wait_s = backoff_s if fault.wait_s is None else fault.wait_s
        if wait_s > self._limits.longest_wait_s:
            raise DownloadFailed(f"{fault.reason}, and it asks to wait {wait_s:.0f} s")
        self._sleep(wait_s)

    def _attempt(self, url: httpx.URL) -> bytes:
        if self._stopped.is_set():
            raise DownloadStopped
        try:
            with self._client.stream("GET", url) as response:
                _check_status(response)
                return self._body(response)
        except httpx.TimeoutException:
            raise _TransientError(f"no answer within {self._limits.timeout_s:g} s") from None
        except BROKEN_CONNECTION as error:
            raise _TransientError(f"the connection failed ({error or type(error).__name__})") from None
        except httpx.TooManyRedirects:
            raise DownloadFailed(f"it redirects more than {self._limits.max_redirects} times") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:  # a redirect to nowhere, a broken encoding
            raise DownloadFailed(f"the answer cannot be used ({error or type(error).__name__})") from None

    def _body(self, response: httpx.Response) -> bytes:
        deadline = monotonic() + self._limits.total_s
        self._check_size(int(length) if (length := response.headers.get("content-length", "")).isdecimal() else 0)
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            self._check_size(len(body))
            if self._stopped.is_set():
                raise DownloadStopped
            if monotonic() > deadline:
                raise _TransientError(f"it took longer than {self._limits.total_s:g} s")
        return bytes(body)

    def _check_size(self, given_bytes: int) -> None:
        if given_bytes > self._limits.max_bytes:
            raise DownloadFailed(f"it is larger than {self._limits.max_bytes:,} bytes")


def _open_client(limits: Limits) -> httpx.Client:
    try:
        return httpx.Client(
            headers={"user-agent": USER_AGENT, "accept": "image/*"},
            timeout=limits.timeout_s,
            follow_redirects=True,
            max_redirects=limits.max_redirects,
            limits=httpx.Limits(max_connections=None),
        )
    except (ImportError, ValueError):  # their texts may quote the proxy's password
        raise SettingInvalid(
            "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY", "...", "a proxy's URL begins with http:// or https://"
        ) from None


def _checked_url(address: str) -> httpx.URL:
    if not address:
        raise DownloadFailed("the row has no address")
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise DownloadFailed(f"it is no address ({error})") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise DownloadFailed("it is no http or https address")
    return url


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status == httpx.codes.OK:
        return
    reason = f"the server answered {status} {response.reason_phrase}".rstrip()
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
        raise _TransientError(reason, read_retry_after(response.headers.get("retry-after", "")))
    raise DownloadFailed(reason)
