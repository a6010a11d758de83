"""Which Ray cluster is meant, and that one which is gone is told of at once."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from export.cluster.ray_address import HERE, find_cluster


@pytest.fixture
def answering() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def gone() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture(autouse=True)
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which Ray notes the cluster that was started last; not there yet."""
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    (tmp_path / "ray").mkdir()
    return tmp_path / "ray" / "ray_current_cluster"


def test_a_cluster_that_answers_is_taken(answering: str, noted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_cluster(answering) == answering
    assert find_cluster(f"ray://{answering}") == f"ray://{answering}"
    noted.write_text(answering)
    assert find_cluster("auto") == answering
    noted.unlink()
    monkeypatch.setenv("RAY_ADDRESS", answering)
    assert find_cluster("auto") == answering


@pytest.mark.parametrize("content", [None, "", "no address", "host:port"])
def test_without_one_that_was_started_before_one_is_started_here(noted: Path, content: str | None) -> None:
    if content is not None:
        noted.write_text(content)
    assert find_cluster("auto") == HERE


def test_one_that_was_started_before_and_is_gone_is_not_waited_for(noted: Path, gone: str) -> None:
    noted.write_text(gone)
    assert find_cluster("auto") == HERE


def test_a_named_one_that_is_gone_is_told_of(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in (gone, f"ray://{gone}"):
        with pytest.raises(ConnectionError, match="nobody answers there"):
            find_cluster(address)
    monkeypatch.setenv("RAY_ADDRESS", gone)
    with pytest.raises(ConnectionError, match="nobody answers there"):
        find_cluster("auto")


@pytest.mark.parametrize("address", ["", "nowhere", "ray://", "host:", ":6379", "host:port", "http://host:1/x"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        find_cluster(address)
