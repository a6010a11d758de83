"""Releases that follow each other while requests go through the function's handler, in threads, without a pause."""

import json
import re
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from mangum import Mangum

from export.publish.s3 import S3Folder
from runtime.bootstrap import EngineSource
from runtime.errors import RemoteRefused
from runtime.settings import Settings
from runtime.web.api import create_app
from runtime.web.lambda_events import LambdaEvents
from runtime.web.live_engine import LiveEngine, LookBetweenRequests
from tests.deploy.cloud import Cloud
from tests.deploy.events import loop_of_this_thread, url_event
from tests.fuzz.generations import QUERIES
from tests.fuzz.release_kills import addresses, publish
from tests.fuzz.written_releases import write_release
from tests.sample_library import SampleLibrary

BUCKET, SHOWN = "releases-under-load", "https://site.example"
CHECK_S = 0.5
TAKEN_UP_LIMIT_S = 120.0
RELEASE = re.compile(r"release (\d+)")


class HandlerLoad:
    """Threads that search through a handler, and fetch the pictures of every hit from where the answer says."""

    def __init__(self, handler: LambdaEvents, site: S3Folder, threads: int) -> None:
        """Begin at once; the pictures' addresses lead to `site`."""
        self.statuses, self.met, self.wrong = Counter[int](), Counter[int](), list[str]()
        self.pictures, self.took_max_s = 0, 0.0
        self._handler, self._site = handler, site
        self._ended, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(at,)) for at in range(threads)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _run(self, at: int) -> None:
        asked = set[str]()
        with loop_of_this_thread():
            while not self._ended.is_set():
                at += len(self._threads)
                self._search(at, asked)

    def _search(self, at: int, asked: set[str]) -> None:
        body = json.dumps({"query": QUERIES[at % len(QUERIES)], "top_k": 60, "explain": at % 2 == 0}).encode()
        event = url_event("POST", "/search", headers={"content-type": "application/json"}, body=body)
        began = time.monotonic()
        answer = self._handler(event, None)
        with self._lock:
            self.took_max_s = max(self.took_max_s, time.monotonic() - began)
            self.statuses[answer["statusCode"]] += 1
        if answer["statusCode"] == 200:
            self._look_at(json.loads(answer["body"])["results"], asked)
        else:
            self.wrong.append(answer["body"][:300])

    def _look_at(self, hits: list[dict[str, Any]], asked: set[str]) -> None:
        numbers = {int(RELEASE.findall(hit["caption"])[-1]) for hit in hits}
        with self._lock:
            self.met.update(numbers)
        if len(numbers) != 1:
            self.wrong.append(f"an answer mixes releases {numbers}")
        for url in (url for hit in hits for url in (hit["image_url"], hit["preview_url"])):
            if url not in asked:  # the changed picture of each release is new
                asked.add(url)
                self.pictures += 1
                try:  # with rights: moto shows nothing to browsers, where CloudFront has them
                    self._site.read(unquote(url.removeprefix(f"{SHOWN}/")))
                except RemoteRefused as error:
                    self.wrong.append(f"{url}: {error.reason}")


def run_under_load(cloud: Cloud, sample: SampleLibrary, scratch: Path, *, releases: int, threads: int) -> dict[str, Any]:
    """Publish one release after the other under load, each once the one before is served; return the figures.

    Every picture that no kept release names goes at once, and so does every file of a release three before.
    """
    cloud.make_bucket(BUCKET)
    there = addresses(cloud.client("s3"), BUCKET)
    publish(write_release(sample, scratch / "1", 1), there)
    urls = {"index_url": there.index.url, "models_url": there.models.url, "image_base_url": f"{SHOWN}/images"}
    settings = Settings.read(**urls, preview_base_url=f"{SHOWN}/previews", fetch_dir=scratch / "fetched", groq_api_key="")
    live = LiveEngine(EngineSource(settings), check_s=CHECK_S)
    app = LookBetweenRequests(create_app(live, settings, on_lambda=True), live)
    with loop_of_this_thread():
        handler = LambdaEvents(Mangum(app, lifespan="off"))
    load = HandlerLoad(handler, S3Folder(f"s3://{BUCKET}", cloud.client("s3")), threads)
    taken_up_s = []
    try:
        for number in range(2, releases + 1):
            publish(write_release(sample, scratch / str(number), number), there)
            published = time.monotonic()
            while number not in load.met:
                if time.monotonic() > published + TAKEN_UP_LIMIT_S:
                    pytest.fail(f"release {number} is not taken up")
                time.sleep(0.05)  # what requests meet gives no sign
            taken_up_s.append(time.monotonic() - published)
    finally:
        load.end()
    return {
        "releases": releases,
        "requests": dict(load.statuses),
        "releases_met": len(load.met),
        "pictures_fetched": load.pictures,
        "slowest_request_s": round(load.took_max_s, 2),
        "taken_up_max_s": round(max(taken_up_s), 2),
        "wrong": load.wrong[:10],
    }
