"""Loads into a real Milvus that are ended, repeated, or refused: nothing twice, nothing lost, and what is in force stays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from export.cluster.errors import ShardsUnusable
from export.cluster.load import milvus_collections
from export.cluster.load import to_milvus as loading
from export.cluster.load.errors import LoadRefused
from export.cluster.load.milvus_collections import MilvusCollections
from export.cluster.load.to_milvus import load_milvus
from runtime.errors import RemoteRefused
from runtime.library.picture_text import PictureWord, write_words
from runtime.library.remote.faults import StoreUnavailable
from runtime.stores.address import StoreAddress
from runtime.stores.milvus_calls import MilvusCalls
from runtime.stores.opening import open_engine_folder
from runtime.stores.remote_calls import CallLimits
from runtime.stores.remote_manifest import RemoteManifest
from tests.cluster.contract_shards import contract_shards, row_of, write_shards
from tests.cluster.milvus_server import MilvusProcess
from tests.cluster.played import MODELS, played_models
from tests.cluster.test_milvus import open_over
from tests.runtime.stores.contract_library import DIMENSION, PICTURES, contract_facts, contract_rows, vectors
from tests.runtime.stores.large_vectors import silent

STEPS = ("begin", "send", "note_progress", "finish", "count", "scores_of", "put_in_force")


class Killed(BaseException):
    """The process ended here."""


def end_at(call: int, monkeypatch: pytest.MonkeyPatch, *, before: bool) -> None:
    """Have the load end at a call of Milvus, before or after it is done."""
    left = iter(range(call))

    def ending(step: Callable[..., Any]) -> Callable[..., Any]:
        def ended(*given: Any, **named: Any) -> Any:
            is_last = next(left, None) is None
            if is_last and before:
                raise Killed
            done = step(*given, **named)
            if is_last:
                raise Killed
            return done

        return ended

    for name in STEPS:
        monkeypatch.setattr(MilvusCollections, name, ending(getattr(MilvusCollections, name)))


def generations(milvus: MilvusProcess, name: str) -> tuple[str | None, list[str]]:
    """Return which generation is in force, and which there are."""
    address = StoreAddress.parse(milvus.url(name))
    collections = MilvusCollections(address)
    there = [one for one in collections._calls.client.list_collections() if one.startswith(f"{name}_g")]
    in_force = collections.in_force()
    collections.close()
    return in_force, sorted(there)


def test_a_load_that_ends_at_any_call_is_finished_by_the_next(
    milvus: MilvusProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = contract_shards(tmp_path / "shards", MODELS)
    monkeypatch.setattr(loading, "BATCH_ROWS", 30)
    monkeypatch.setattr(loading, "NOTED_EVERY", 3)
    for call in (0, 1, 2, 3, 4, 5, 3):
        for before in (True, False):
            with monkeypatch.context() as once:
                end_at(call, once, before=before)
                with pytest.raises(Killed):
                    load_milvus(shards, milvus.url("killed"), played_models(DIMENSION), silent())
    assert generations(milvus, "killed") == (None, ["killed_g000001"])
    load_milvus(shards, milvus.url("killed"), played_models(DIMENSION), silent())
    assert generations(milvus, "killed") == ("killed_g000001", ["killed_g000001"])
    opened = open_over(milvus.url("killed"), tmp_path)
    ids = [row.id for row in contract_rows()]
    assert (opened.pictures.vectors_of(ids) == vectors(PICTURES)).all()
    assert [row.image_path for row in opened.library.rows(ids)] == [row.image_path for row in contract_rows()]


def test_the_generation_before_stays_until_the_next_load(milvus: MilvusProcess, tmp_path: Path) -> None:
    shards = contract_shards(tmp_path / "shards", MODELS, places=range(60))
    for number in (1, 2, 3):
        load_milvus(shards, milvus.url("three"), played_models(DIMENSION), silent())
        there = [f"three_g{one:06}" for one in (number - 1, number) if one]
        assert generations(milvus, "three") == (there[-1], there)


def test_requests_that_began_with_the_generation_before_end_with_it_while_the_next_is_loaded(
    milvus: MilvusProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = contract_shards(tmp_path / "shards", MODELS, places=range(60))
    for _ in range(2):
        load_milvus(shards, milvus.url("ends"), played_models(DIMENSION), silent())
    there, put_in_force = list[tuple[str | None, list[str]]](), MilvusCollections.put_in_force

    def note_and_put(self: MilvusCollections, manifest: RemoteManifest) -> None:
        there.append(generations(milvus, "ends"))
        put_in_force(self, manifest)

    monkeypatch.setattr(MilvusCollections, "put_in_force", note_and_put)
    load_milvus(shards, milvus.url("ends"), played_models(DIMENSION), silent())
    monkeypatch.setattr(milvus_collections, "REQUESTS_END_S", 0.0)  # as of a load that takes longer
    load_milvus(shards, milvus.url("ends"), played_models(DIMENSION), silent())
    one, two, three, four = (f"ends_g{number:06}" for number in range(1, 5))
    assert there == [(two, [one, two, three]), (three, [three, four])]


def test_what_is_not_right_does_not_take_the_place_of_what_is_in_force(
    milvus: MilvusProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = contract_shards(tmp_path / "good", MODELS, places=range(50))
    load_milvus(good, milvus.url("checked"), played_models(DIMENSION), silent())
    with pytest.raises(LoadRefused, match="other models"):
        load_milvus(
            contract_shards(tmp_path / "others", {"clip/text.onnx": "1" * 64}, places=range(9)),
            milvus.url("checked"),
            played_models(DIMENSION),
            silent(),
        )
    manifest = (tmp_path / "good" / "manifest.json").read_text()
    (tmp_path / "good" / "manifest.json").write_text(manifest.replace('"count":50', '"count":51'))
    with pytest.raises(ShardsUnusable, match="50 ids from 0 on, where its manifest counts 51"):
        load_milvus(good, milvus.url("checked"), played_models(DIMENSION), silent())
    (tmp_path / "good" / "manifest.json").write_text(manifest)
    send = MilvusCollections.send  # one batch for each of three files
    with monkeypatch.context() as once:
        once.setattr(MilvusCollections, "send", lambda self, rows, **named: send(self, rows[1:], **named))
        with pytest.raises(LoadRefused, match="has 47 of 50 pictures, the shards' manifest says 50"):
            load_milvus(good, milvus.url("checked"), played_models(DIMENSION), silent())
    monkeypatch.setattr(loading, "RECALL_LEAST", 1.1)
    with pytest.raises(LoadRefused, match="nearest pictures"):
        load_milvus(good, milvus.url("checked"), played_models(DIMENSION), silent())
    assert generations(milvus, "checked")[0] == "checked_g000001"
    assert open_over(milvus.url("checked"), tmp_path).pictures.count == 50


def test_a_batch_whose_answer_was_lost_is_sent_again_and_is_not_there_twice(
    milvus: MilvusProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pymilvus import MilvusClient, MilvusException

    insert, lost = MilvusClient.insert, iter([True])

    def insert_and_lose_the_first_answer(self: MilvusClient, *given: Any, **named: Any) -> Any:
        done = insert(self, *given, **named)
        if next(lost, False):
            raise MilvusException(message="the answer was lost")
        return done

    monkeypatch.setattr(MilvusClient, "insert", insert_and_lose_the_first_answer)
    shards = contract_shards(tmp_path / "shards", MODELS, places=range(50))
    load_milvus(shards, milvus.url("lost"), played_models(DIMENSION), silent())
    assert next(lost, None) is None
    assert open_over(milvus.url("lost"), tmp_path).pictures.count == 50


def test_while_milvus_does_not_say_what_is_in_force_nothing_is_dropped(
    milvus: MilvusProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pymilvus import MilvusClient, MilvusException

    shards = contract_shards(tmp_path / "shards", MODELS, places=range(50))
    load_milvus(shards, milvus.url("unsaid"), played_models(DIMENSION), silent())

    def fail(*_given: Any, **_named: Any) -> None:
        raise MilvusException(message="not now")

    with monkeypatch.context() as once:
        once.setattr(MilvusClient, "describe_alias", fail)
        once.setattr("export.cluster.load.milvus_collections.LIMITS", CallLimits(deadline_s=60, tries=2))
        with pytest.raises(StoreUnavailable, match="not now"):
            load_milvus(shards, milvus.url("unsaid"), played_models(DIMENSION), silent())
    assert generations(milvus, "unsaid") == ("unsaid_g000001", ["unsaid_g000001"])


def test_a_picture_with_more_text_than_fits_loses_its_end_and_no_other(milvus: MilvusProcess, tmp_path: Path) -> None:
    words = [PictureWord(f"word{at}ü", (0.1, 0.1, 0.2, 0.2)) for at in range(5000)]
    rows = [
        row_of(row, contract_facts()[row.id], vectors(PICTURES)[at], None, write_words(words if at == 3 else words[:2]))
        for at, row in enumerate(contract_rows()[:10])
    ]
    console = silent()
    load_milvus(
        write_shards(tmp_path / "shards", rows, DIMENSION, MODELS), milvus.url("long"), played_models(DIMENSION), console
    )
    assert "1 pictures have more text" in console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    folder = open_engine_folder(milvus.url("long"), None, tmp_path)
    folder.read_index()
    read = folder.open_store().rows.pictures_of([row.id for row in contract_rows()[:10]])
    lengths = [len(read[row.id].words or ()) for row in contract_rows()[:10]]
    assert lengths[:3] + lengths[4:] == [2] * 9
    assert 500 < lengths[3] < 5000


def test_a_name_without_a_library_and_a_wrong_token_are_told(milvus: MilvusProcess, tmp_path: Path) -> None:
    with pytest.raises(RemoteRefused, match="nothing_here"):
        open_engine_folder(milvus.url("nothing_here"), None, tmp_path).read_index()
    calls = MilvusCalls(StoreAddress.parse(milvus.url("nothing_here")))
    with pytest.raises(RemoteRefused, match="parse expression"):
        calls.query("killed_manifest", "no such thing ==", ["id"])
    calls.close()
