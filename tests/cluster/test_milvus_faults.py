"""Milvus goes away, comes back, and takes another generation, while clients search."""

import http.client
import json
import os
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from export.cluster.load.to_milvus import load_milvus
from export.index.chosen_models import open_models
from runtime.stores.address import StoreAddress
from tests.cluster.milvus_server import MilvusProcess, milvus_in
from tests.cluster.sample_answers import index_shards
from tests.cluster.with_parent import PYTHON
from tests.conftest import ROOT
from tests.ports import free_port
from tests.runtime.stores.large_vectors import silent
from tests.sample_library import MODELS, wait_until_ready

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary

CLIENTS = 16
RIGHT_WITHIN_S = 10.0  # of Milvus's own first answer after its return
LIMIT_S = 150


class Clients:
    """Searches from several threads, one after the other each; remembers every outcome with its time."""

    def __init__(self, base: str) -> None:
        self.outcomes: list[tuple[float, str, tuple[int, ...]]] = []
        self._base, self._ended = base, threading.Event()
        self._threads = [threading.Thread(target=self._search, daemon=True) for _ in range(CLIENTS)]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(60)

    def since(self, moment: float) -> Counter[str]:
        """Return how often each outcome came since a moment."""
        return Counter(code for at, code, _ in list(self.outcomes) if at >= moment)

    def wait_for(self, code: str, since: float, limit_s: float = LIMIT_S) -> float:
        """Return when an outcome first came since a moment."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            times = [at for at, told, _ in list(self.outcomes) if at >= since and told == code]
            if times:
                return min(times)
            self._ended.wait(0.05)
        pytest.fail(f"no {code} within {limit_s} s: {self.since(since)}")

    def _search(self) -> None:
        while not self._ended.is_set():
            code, ids = search(self._base)
            self.outcomes.append((time.monotonic(), code, ids))
            if code != "right":
                self._ended.wait(0.1)


def search(base: str) -> tuple[str, tuple[int, ...]]:
    """Return "right" and the ids of one search, or the code of its error."""
    body = json.dumps({"query": "a red boat", "top_k": 5, "explain": False}).encode()
    asked = urllib.request.Request(f"{base}/search", body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return "right", tuple(one["id"] for one in json.load(answer)["results"])
    except urllib.error.HTTPError as error:
        with error:
            wait, body = error.headers["retry-after"], error.read()
        if error.code != 503 or not wait or int(wait) < 1:
            return f"{error.code} {dict(error.headers)} {body!r}", ()
        told: dict[str, Any] = json.loads(body)["error"]
        return told["code"], ()
    except (OSError, http.client.HTTPException) as error:  # told, as a thread that ends by one is not missed
        return f"no answer: {error!r}", ()


@contextmanager
def served(store: str, fetched: Path) -> Iterator[str]:
    """The server over a store, on a free port."""
    port = free_port()
    environment = os.environ | {
        "MODELS_DIR": str(MODELS),
        "STORE": store,
        "FETCH_DIR": str(fetched),
        "PYTHONPATH": str(ROOT),
        "RELOAD_CHECK_S": "0.5",
    }
    command = [*PYTHON, "-m", "runtime", "serve", "--port", str(port)]
    log = fetched.parent / "served.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stderr=output, stdout=output)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)  # type: ignore[arg-type]  # it looks at whether it runs alone
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def mortal(milvus_packages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusProcess]:
    """A Milvus of this module's own, which its tests kill."""
    with milvus_in(tmp_path_factory.mktemp("mortal")) as server:
        yield server


@pytest.fixture(scope="module")
def shards(sample_library: "SampleLibrary", tmp_path_factory: pytest.TempPathFactory) -> Path:
    return index_shards(sample_library.index, tmp_path_factory.mktemp("faults") / "shards")


@pytest.fixture(scope="module")
def base(mortal: MilvusProcess, shards: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    load_milvus(shards, mortal.url("sample"), open_models(MODELS), silent())
    with served(mortal.url("sample"), tmp_path_factory.mktemp("served") / "fetched") as address:
        yield address


def test_another_generation_is_taken_up_under_load_without_an_error(mortal: MilvusProcess, shards: Path, base: str) -> None:
    def generation() -> str:
        with urllib.request.urlopen(f"{base}/readyz", timeout=60) as answer:
            return str(json.load(answer)["generation"])

    with Clients(base) as clients:
        began = time.monotonic()
        clients.wait_for("right", began)
        for number in (2, 3):
            load_milvus(shards, mortal.url("sample"), open_models(MODELS), silent())
            deadline = time.monotonic() + LIMIT_S
            while generation() != f"sample_g{number:06}":
                assert time.monotonic() < deadline
                time.sleep(0.1)  # the server takes it up by itself
        clients.wait_for("right", time.monotonic())
    assert set(clients.since(began)) == {"right"}
    assert len({ids for _, _, ids in clients.outcomes}) == 1


def test_a_server_that_is_killed_and_started_again_is_searched_again_by_itself(mortal: MilvusProcess, base: str) -> None:
    _, right = search(base)
    with Clients(base) as clients:
        clients.wait_for("right", time.monotonic())
        killed = time.monotonic()
        mortal.kill()
        clients.wait_for("store_unavailable", killed)
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(f"{base}/readyz", timeout=60)
        mortal.start()
        answered = wait_until_milvus_answers(mortal)
        back = clients.wait_for("right", killed + 5)
        assert back - answered < RIGHT_WITHIN_S
        settled = time.monotonic()
        clients.wait_for("right", settled)
        clients._ended.wait(5)
    assert set(clients.since(killed)) == {"right", "store_unavailable"}
    assert set(clients.since(back + RIGHT_WITHIN_S)) <= {"right"}
    assert {ids for _, code, ids in clients.outcomes if code == "right"} == {right}
    with urllib.request.urlopen(f"{base}/readyz", timeout=60) as answer:
        assert answer.status == 200


def wait_until_milvus_answers(server: MilvusProcess) -> float:
    """Return when Milvus itself first answers a search again: it loads its collections anew."""
    from pymilvus import MilvusClient, MilvusException

    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        try:
            client = MilvusClient(uri=f"http://127.0.0.1:{server.port}", timeout=5, dedicated=True)
            try:
                client.query("sample", filter="image_id > 0", output_fields=["image_id"], limit=1, timeout=5)
                return time.monotonic()
            finally:
                client.close()
        except MilvusException:
            time.sleep(0.2)  # it gives no other sign
    pytest.fail(f"Milvus did not answer within {LIMIT_S} s")


def test_the_address_of_a_test_server_is_one_that_the_setting_takes(mortal: MilvusProcess) -> None:
    assert str(StoreAddress.parse(mortal.url("sample"))) == mortal.url("sample")
