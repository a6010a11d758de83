"""The mirror of a folder on S3: what lies there whole is kept, what does not is fetched, and pictures make room."""

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from runtime.artefacts.manifest import IndexManifest
from runtime.artefacts.remote.aws import Bucket
from runtime.artefacts.remote.remote_folder import KEPT_FREE_BYTES, RemoteFolder
from runtime.errors import ArtefactCorrupt, ImageNotFound, StorageTooSmall
from runtime.library.catalog import Library
from tests.deploy.published import Published


@pytest.fixture
def remote(published_before: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RemoteFolder:
    """The index of the sample library; boto3 asks the server that plays S3."""
    for name, value in published_before.cloud.environment.items():
        monkeypatch.setenv(name, value)
    return RemoteFolder(f"s3://{published_before.bucket}/index", tmp_path / "index", "INDEX_URL")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each object is asked for."""
    counts: Counter[str] = Counter()
    chunks = Bucket.chunks

    def counted(self: Bucket, path: str) -> Any:
        counts[path] += 1
        return chunks(self, path)

    monkeypatch.setattr(Bucket, "chunks", counted)
    return counts


def test_a_second_process_fetches_only_what_the_first_left_unfinished(
    remote: RemoteFolder, published_before: Published, asked: Counter[str]
) -> None:
    index = remote.read_index()
    remote.fetch(*index.files())
    os.truncate(remote.path / index.catalog.path, 100)
    again = RemoteFolder(f"s3://{published_before.bucket}/index", remote.path, "INDEX_URL")
    again.fetch(*index.files())
    assert asked[index.catalog.path] == 2
    assert asked[index.store.path] == 1
    assert (remote.path / index.catalog.path).read_bytes() == (
        published_before.library.index / index.catalog.path
    ).read_bytes()


def test_a_file_that_another_release_has_put_in_its_place_is_not_taken_for_it(
    remote: RemoteFolder, asked: Counter[str]
) -> None:
    index = remote.read_index()
    remote.fetch(index.catalog)
    place = remote.path / index.catalog.path
    place.unlink()
    place.write_bytes(bytes(index.catalog.bytes))
    remote.fetch(index.catalog)
    assert asked[index.catalog.path] == 2


def test_a_manifest_is_told_from_the_next_without_being_read(remote: RemoteFolder, asked: Counter[str]) -> None:
    remote.read_index()
    assert remote.stamp() == remote.read_stamp is not None
    assert asked["manifest.json"] == 1


def test_what_other_releases_left_is_removed_and_what_is_open_stays_readable(remote: RemoteFolder) -> None:
    index = remote.read_index()
    remote.fetch(*index.files())
    with (remote.path / index.store.path).open("rb") as opened:
        remote.keep_only([index.catalog])
        assert len(opened.read()) == index.store.bytes
    assert [path.name for path in remote.path.rglob("*") if path.is_file()] == [Path(index.catalog.path).name]


def test_a_file_with_more_bytes_than_promised_is_refused(remote: RemoteFolder) -> None:
    index = remote.read_index()
    with pytest.raises(ArtefactCorrupt, match="sha256"):
        remote.fetch(index.catalog.model_copy(update={"bytes": 10}))
    assert [path for path in remote.path.rglob("*") if path.is_file()] == []


class Disk(NamedTuple):
    """What `shutil.disk_usage` says of a disk with room for `room_bytes` in all, less what lies in `folder`."""

    folder: Path
    room_bytes: int

    @property
    def free(self) -> int:
        used = sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())
        return self.room_bytes + KEPT_FREE_BYTES - used


def library_of(published_before: Published, remote: RemoteFolder, index: IndexManifest) -> Library:
    remote.fetch(index.catalog)
    pictures = RemoteFolder(f"s3://{published_before.bucket}/images", remote.path.parent / "images", "IMAGES_URL")
    return Library(remote.path / index.catalog.path, pictures)


def test_pictures_make_room_for_the_next_one(
    remote: RemoteFolder, published_before: Published, asked: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = library_of(published_before, remote, remote.read_index())
    first, second = library.rows(library.some_ids(library.count))[:2]
    images = remote.path.parent / "images"
    room_bytes = max(first.bytes, second.bytes) + 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Disk(images, room_bytes))
    for row in (first, first, second):
        assert library.image_file(row.image_path).stat().st_size == row.bytes
    assert [path.name for path in images.rglob("*") if path.is_file()] == [second.image_path]
    assert (asked[first.image_path], asked[second.image_path]) == (1, 1)


def test_a_picture_that_no_disk_has_room_for_is_not_found(
    remote: RemoteFolder, published_before: Published, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    library = library_of(published_before, remote, remote.read_index())
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Disk(remote.path.parent / "images", 1))
    [row] = library.rows(library.some_ids(1)[:1])
    with pytest.raises(ImageNotFound) as raised:
        library.image_file(row.image_path)
    assert isinstance(raised.value.__cause__, StorageTooSmall)
    assert "has room for 1 bytes" in caplog.text


def test_a_disk_that_fills_up_meanwhile_is_named(remote: RemoteFolder) -> None:
    """Played by a limit on the length of files, which the system reports as it does a full disk."""
    import resource

    index = remote.read_index()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(ArtefactCorrupt, match=r"cannot be written \(File too large\)"):
            remote.fetch(index.catalog)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path for path in remote.path.rglob("*") if path.is_file()] == []
