"""Publishers that are killed, and two at once: what stands in the bucket is always one whole release."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from export.publish.errors import ReleaseOvertaken
from export.publish.release import ReleaseAddresses, ReleaseContents, publish_release
from export.publish.release_state import ReleaseState, read_state
from export.publish.removal import remove_old
from export.publish.s3 import S3Folder
from runtime.artefacts.manifest import check_models_match
from runtime.bootstrap import EngineSource
from runtime.library.catalog import Library
from runtime.settings import Settings
from tests.deploy.cloud import Cloud

PREFIXES = ("index", "models", "previews", "images")


class Killed(Exception):
    """The publisher's process is no more: nothing that it would send arrives."""


class CountedRequests:
    """Counts the requests of a client, and lets only so many through. `before` is called ahead of each, with its number."""

    def __init__(self, client: Any, allowed: float = float("inf"), before: Callable[[int], object] = lambda _: None) -> None:
        self.count, self._allowed, self._before = 0, allowed, before
        self._lock = threading.Lock()
        client.meta.events.register("before-send.s3", self._pass)

    def _pass(self, **_: Any) -> None:
        with self._lock:
            self.count += 1
            number = self.count
        if number > self._allowed:
            raise Killed
        self._before(number)


def addresses(client: Any, bucket: str) -> ReleaseAddresses:
    return ReleaseAddresses(*(S3Folder(f"s3://{bucket}/{prefix}", client) for prefix in PREFIXES))


def publish(contents: ReleaseContents, there: ReleaseAddresses) -> ReleaseState:
    """Do what `lookwhy publish release` does; old pictures go at once."""
    state, _ = publish_release(contents, there)
    remove_old(state, there, kept_s=0)
    return state


def publish_killed(cloud: Cloud, bucket: str, contents: ReleaseContents, allowed: int) -> bool:
    """Publish until so many requests were sent; return whether that was the end of it."""
    client = cloud.client("s3")
    CountedRequests(client, allowed)
    try:
        publish(contents, addresses(client, bucket))
    except Killed:
        return False
    return True


def assert_whole(there: ReleaseAddresses) -> ReleaseState:
    """Return what stands there, in which every file and picture of the releases that are kept must be."""
    state = read_state(there.index)
    if state.current is None:
        return state
    index, models = there.index.paths("files/"), there.models.paths("files/")
    for release in state.kept:
        for file in [*release.index.files(), release.pictures]:
            assert index[release.key(file)][0] == file.bytes
        for file in release.models.files() if release.models else []:
            assert models[release.key(file)][0] == file.bytes
        if release.models:
            check_models_match(Path(), release.index, Path(), release.models)
    return state


def start_cold(cloud: Cloud, bucket: str, fetch_dir: Path) -> str | None:
    """Open the release that is in force as a function does, search, and return its first caption; None without a release."""
    there = addresses(cloud.client("s3"), bucket)
    if read_state(there.index).current is None:
        return None
    urls = {"models_url": there.models.url, "index_url": there.index.url}
    engine = EngineSource(Settings.read(**urls, fetch_dir=fetch_dir, groq_api_key="")).open(warm=True)
    hits = engine.search(engine.limits.check_search("a red boat", 60)).hits
    assert_pictures(there, engine.library)
    return hits[0].caption.text


def assert_pictures(there: ReleaseAddresses, library: Library) -> None:
    """Fail unless every picture of a library lies there, with both previews."""
    previews, images = there.previews.paths(), there.images.paths()
    for row in library.rows(library.some_ids(library.count)):
        assert {f"{row.sha256}.512.jpg", f"{row.sha256}.1600.jpg"} <= set(previews)
        assert images[f"{row.sha256}/{row.image_path}"][0] == row.bytes


def publish_two(cloud: Cloud, bucket: str, both: tuple[ReleaseContents, ReleaseContents]) -> list[BaseException | int]:
    """Have two publish at the same time, both from the same state; return the number of each one's release, or its error."""
    have_read, ends = threading.Barrier(2), list[BaseException | int]([0, 0])
    one_at_a_time = threading.Lock()  # S3 compares and writes in one step, moto in two

    def run(at: int) -> None:
        client = cloud.client("s3")
        CountedRequests(client, before=lambda number: have_read.wait(120) if number == 2 else None)
        put_object = client.put_object

        def put_alone(**given: Any) -> Any:
            with one_at_a_time:
                return put_object(**given)

        client.put_object = put_alone
        try:
            ends[at] = publish(both[at], addresses(client, bucket)).number
        except ReleaseOvertaken as error:
            ends[at] = error

    threads = [threading.Thread(target=run, args=(at,)) for at in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends
