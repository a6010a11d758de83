"""Downloads against a real server: what is tried again and after how long, what is refused, how hard one host is asked."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from export.fetch.client import Downloader, DownloadFailed, DownloadStopped, Limits
from runtime.errors import SettingInvalid
from tests.export.fetch.picture_server import (
    Behaviour,
    PictureServer,
    drips,
    in_turn,
    picture_server,
    pours,
    sends,
)
from tests.server_faults import resets, stays_silent

OK = sends(200, b"picture")


@pytest.fixture(name="server")
def _server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PictureServer]:
    monkeypatch.setenv("NO_PROXY", "*")
    with picture_server() as server:
        yield server


def download(address: str, limits: Limits = Limits(), slept: list[float] | None = None) -> bytes:  # noqa: B008 (frozen)
    sleep = ([] if slept is None else slept).append
    with closing(Downloader(limits, threading.Event(), sleep=sleep, jitter=lambda: 0.5)) as downloader:
        return downloader.download(address)


def test_body_arrives_and_the_server_learns_who_asks(server: PictureServer) -> None:
    assert download(server.play("/a", OK)) == b"picture"
    assert server.asked == {"/a": 1}
    assert all(agent.startswith("Lookwhy/") for agent in server.agents)


@pytest.mark.parametrize("fault", [sends(500, b""), sends(503, b""), sends(429, b""), resets, sends(200, b"pic", length=7)])
def test_passing_fault_is_tried_again(fault: Behaviour, server: PictureServer) -> None:
    slept: list[float] = []
    assert download(server.play("/a", in_turn(fault, fault, OK)), slept=slept) == b"picture"
    assert slept == [0.375, 0.75]


def test_silence_is_tried_again(server: PictureServer) -> None:
    assert download(server.play("/a", in_turn(stays_silent, OK)), Limits(timeout_s=0.5)) == b"picture"


def test_lasting_fault_is_given_up_after_the_last_attempt(server: PictureServer) -> None:
    slept: list[float] = []
    with pytest.raises(DownloadFailed, match=r"^the server answered 500 Internal Server Error, 4 times$"):
        download(server.play("/a", sends(500, b"")), slept=slept)
    assert slept == [0.375, 0.75, 1.5]
    assert server.asked["/a"] == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_refusal_is_not_tried_again(status: int, server: PictureServer) -> None:
    with pytest.raises(DownloadFailed, match=f"the server answered {status}"):
        download(server.play("/a", sends(status, b"")))
    assert server.asked["/a"] == 1


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_is_honoured(status: int, server: PictureServer) -> None:
    slept: list[float] = []
    download(server.play("/a", in_turn(sends(status, b"", retry_after="7"), OK)), slept=slept)
    assert slept == [7.0]


def test_retry_after_as_a_date_is_honoured(server: PictureServer) -> None:
    slept: list[float] = []
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    download(server.play("/a", in_turn(sends(429, b"", retry_after=date), OK)), slept=slept)
    assert slept == [pytest.approx(30, abs=10)]


@pytest.mark.parametrize("header", ["soon", "-5", "", "Mon, 99 Xyz 2026 00:00:00 GMT"])
def test_unreadable_retry_after_leaves_the_usual_back_off(header: str, server: PictureServer) -> None:
    slept: list[float] = []
    download(server.play("/a", in_turn(sends(429, b"", retry_after=header), OK)), slept=slept)
    assert slept == [0.375]


def test_server_that_wants_to_be_left_alone_is(server: PictureServer) -> None:
    slept: list[float] = []
    with pytest.raises(DownloadFailed, match="429 Too Many Requests, and it asks to wait 3600 s"):
        download(server.play("/a", sends(429, b"", retry_after="3600")), slept=slept)
    assert slept == []


def test_announced_size_over_the_limit_is_refused_unread(server: PictureServer) -> None:
    with pytest.raises(DownloadFailed, match="larger than 1,000 bytes"):
        download(server.play("/a", sends(200, b"", length=10**12)), Limits(max_bytes=1000))


def test_endless_body_is_cut_at_the_limit(server: PictureServer) -> None:
    with pytest.raises(DownloadFailed, match="larger than 1,000,000 bytes"):
        download(server.play("/a", pours), Limits(max_bytes=1_000_000))


def test_drip_is_given_up_when_its_time_is_over(server: PictureServer) -> None:
    with pytest.raises(DownloadFailed, match=r"longer than 0.2 s"):
        download(server.play("/a", drips), Limits(total_s=0.2, attempts=1))


def test_redirect_is_followed_and_a_loop_is_not(server: PictureServer) -> None:
    server.play("/b", OK)
    assert download(server.play("/a", sends(302, b"", location="/b"))) == b"picture"
    with pytest.raises(DownloadFailed, match="redirects more than 5 times"):
        download(server.play("/loop", sends(302, b"", location="/loop")))
    assert server.asked["/loop"] == 6


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://a/b"])
def test_redirect_out_of_the_web_is_refused(location: str, server: PictureServer) -> None:
    with pytest.raises(DownloadFailed, match="cannot be used"):
        download(server.play("/a", sends(302, b"", location=location)))


@pytest.mark.parametrize(
    "address",
    ["", "picture.jpg", "/etc/passwd", "file:///etc/passwd", "ftp://a/b.jpg", "http://", "http://[::bad", "http://a:x/"],
)
def test_address_outside_the_web_is_refused(address: str) -> None:
    with pytest.raises(DownloadFailed, match="address"):
        download(address)


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
def test_proxy_that_cannot_be_used_is_named_without_its_password(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "socks9://me:secret@proxy")
    with pytest.raises(SettingInvalid, match="HTTP_PROXY") as refusal:
        Downloader(Limits(), threading.Event())
    assert "secret" not in str(refusal.value)


def test_unknown_host_and_closed_port_are_failures_by_name() -> None:
    for address in ("http://pictures.invalid/a.jpg", "http://127.0.0.1:1/a.jpg"):
        with pytest.raises(DownloadFailed, match="the connection failed"):
            download(address, Limits(attempts=2))


def test_one_host_is_asked_by_few_at_a_time(server: PictureServer) -> None:
    address = server.play("/a", lambda player: (server.released.wait(0.05), OK(player))[1])
    with closing(Downloader(Limits(per_host=3), threading.Event())) as downloader:
        threads = [threading.Thread(target=downloader.download, args=(address,)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert server.asked["/a"] == 12
    assert 1 < server.most_at_once <= 3


def test_stop_ends_a_download_that_is_under_way(server: PictureServer) -> None:
    stopped = threading.Event()
    threading.Timer(0.2, stopped.set).start()
    with closing(Downloader(Limits(), stopped)) as downloader, pytest.raises(DownloadStopped):
        downloader.download(server.play("/a", drips))
