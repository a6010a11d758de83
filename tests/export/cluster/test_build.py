"""Shards built by the steps of a cluster, in this process: the same as an index built here, whatever happens on the way."""

import io
import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

if not find_spec("pyarrow"):
    pytest.skip("pyarrow comes with the extra `cluster`; make cluster-test has it", allow_module_level=True)

from export.cluster.build import ShardOptions
from export.cluster.errors import ShardsUnusable, SourceUnusable
from export.cluster.from_index import shards_of_index
from export.cluster.load.to_faiss import LoadOptions, load_faiss
from export.cluster.shard_files import put_manifest, put_table
from export.cluster.shards import (
    image_id_of,
    import_pyarrow,
    pictures_schema,
    read_failures,
    read_shards,
    read_shards_manifest,
)
from export.cluster.sources import Rules
from export.index.build import BuildOptions, build_index
from export.index.chosen_models import open_models
from runtime.artefacts.manifest import read_models_manifest
from tests.cluster.same_index import assert_same_index
from tests.export.cluster.here import Killed, build_here
from tests.export.index.small_library import FEW_QUESTIONS, draw, draw_many, small_models
from tests.sample_library import MODELS

NAMES = ["b.png", "a.jpg", "sub/deeper/c.webp", "sub/d.bmp"]
OLD = (1_600_000_000, 1_600_000_000)


@pytest.fixture(autouse=True)
def few_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("export.index.probabilities.fit_calibration.QUESTIONS", FEW_QUESTIONS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = draw_many(tmp_path / "photos", NAMES)
    draw(folder / "large.jpg", 77, (2000, 1500))  # larger than its preview, which it is captioned from
    (folder / "copy.png").write_bytes((folder / "b.png").read_bytes())
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    for path in folder.rglob("*.*"):
        os.utime(path, OLD)
    return folder


def paths_in(shards: Path) -> list[str]:
    return sorted(path for batch in read_shards(shards, ["path"]) for path in batch["path"].to_pylist())


def test_shards_loaded_are_the_index_that_a_build_here_makes(folder: Path, tmp_path: Path) -> None:
    shards, loaded, built = tmp_path / "shards", tmp_path / "loaded", tmp_path / "built"
    manifest, _, said = build_here(folder, shards)
    assert (manifest.count, manifest.failed) == (6, 1)
    assert "broken.jpg" in said
    models = open_models(MODELS)
    load_faiss(str(shards), loaded, models=models, options=LoadOptions(), console=quiet())
    build_index(folder, built, models=models, console=quiet())
    assert_same_index(built, loaded)
    files = {path.relative_to(built): path.read_bytes() for path in built.glob("previews/*/*.jpg")}
    assert files == {path.relative_to(loaded): path.read_bytes() for path in loaded.glob("previews/*/*.jpg")}


def test_a_build_here_goes_on_from_loaded_shards_and_embeds_nothing_again(folder: Path, tmp_path: Path) -> None:
    shards, out = tmp_path / "shards", tmp_path / "index"
    build_here(folder, shards)
    models = open_models(MODELS)
    load_faiss(str(shards), out, models=models, options=LoadOptions(), console=quiet())
    summary = build_index(folder, out, models=models, console=quiet())
    assert (summary.encoded, summary.unchanged) == (0, 6)


def test_an_index_makes_the_shards_that_its_pictures_make(folder: Path, tmp_path: Path) -> None:
    built, shards, loaded = tmp_path / "built", tmp_path / "shards", tmp_path / "loaded"
    models = open_models(MODELS)
    given = {"a.jpg": ("ours", "another")}
    build_index(folder, built, models=models, console=quiet(), options=BuildOptions(given_captions=given))
    shards_of_index(built, str(shards), quiet())
    load_faiss(str(shards), loaded, models=models, options=LoadOptions(), console=quiet())
    assert_same_index(built, loaded)
    shards_of_index(built, str(shards), quiet())  # again, over them
    assert len(paths_in(shards)) == 6


def test_shards_are_not_written_over_something_else(folder: Path, tmp_path: Path) -> None:
    build_index(folder, tmp_path / "built", models=small_models(), console=quiet())
    with pytest.raises(ShardsUnusable, match="something else lies there"):
        shards_of_index(tmp_path / "built", str(folder), quiet())


def test_a_picture_has_the_same_id_in_every_build(folder: Path, tmp_path: Path) -> None:
    build_here(folder, tmp_path / "shards")
    rows = [row for batch in read_shards(tmp_path / "shards") for row in batch.to_pylist()]
    assert all(row["image_id"] == image_id_of(row["sha256"], row["path"]) for row in rows)
    assert all(0 <= row["image_id"] < 2**63 for row in rows)
    assert len({row["image_id"] for row in rows}) == len(rows)
    norms = [np.linalg.norm(np.array(row["embedding"], np.float32)) for row in rows]
    assert np.allclose(norms, 1, atol=1e-3)


def test_a_killed_build_goes_on_and_looks_at_nothing_twice(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("export.cluster.build.ROWS_MIN", 2)
    monkeypatch.setattr("export.cluster.build.ROWS_MAX", 2)
    shards = tmp_path / "shards"
    with pytest.raises(Killed):
        build_here(folder, shards, files_max=2)
    assert not (shards / "manifest.json").exists()
    manifest, cluster, said = build_here(folder, shards)
    assert "goes on" in said
    assert len(cluster.looked_at) < 7
    assert manifest.count == len(paths_in(shards)) == 6
    assert not (shards / "building").exists()


def test_an_unfinished_build_is_not_gone_on_with_by_other_options(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("export.cluster.build.ROWS_MIN", 2)
    monkeypatch.setattr("export.cluster.build.ROWS_MAX", 2)
    with pytest.raises(Killed):
        build_here(folder, tmp_path / "shards", files_max=1)
    with pytest.raises(ShardsUnusable, match="captions: True"):
        build_here(folder, tmp_path / "shards", ShardOptions(captions=False))


def test_only_what_is_new_is_looked_at_and_what_has_gone_is_passed_over(folder: Path, tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    build_here(folder, shards)
    again, cluster, _ = build_here(folder, shards)
    assert (again.count, cluster.looked_at) == (6, [])
    (folder / "a.jpg").unlink()
    (folder / "b.png").rename(folder / "moved.png")
    draw(folder / "new.png", 9)
    before = {row["sha256"]: row for batch in read_shards(shards) for row in batch.to_pylist()}
    manifest, cluster, _ = build_here(folder, shards)
    assert sorted(cluster.looked_at) == ["moved.png", "new.png"]
    assert paths_in(shards) == ["copy.png", "large.jpg", "moved.png", "new.png", "sub/d.bmp", "sub/deeper/c.webp"]
    assert manifest.count == 6
    [moved] = [row for batch in read_shards(shards) for row in batch.to_pylist() if row["path"] == "moved.png"]
    assert moved["embedding"] == before[moved["sha256"]]["embedding"]
    assert moved["caption"] == before[moved["sha256"]]["caption"]


def test_a_picture_that_comes_back_is_there_again_and_one_that_left_before_stays_away(folder: Path, tmp_path: Path) -> None:
    shards, away = tmp_path / "shards", tmp_path / "away.jpg"
    build_here(folder, shards)
    (folder / "a.jpg").rename(away)
    build_here(folder, shards)
    (folder / "sub" / "d.bmp").unlink()
    manifest, _, _ = build_here(folder, shards)
    assert manifest.count == len(paths_in(shards)) == 4
    assert not {"a.jpg", "sub/d.bmp"} & set(paths_in(shards))
    away.rename(folder / "a.jpg")
    manifest, cluster, _ = build_here(folder, shards)
    assert cluster.looked_at == []
    assert manifest.count == len(paths_in(shards)) == 5
    assert "a.jpg" in paths_in(shards)


def test_another_search_for_captions_makes_them_all_again(folder: Path, tmp_path: Path) -> None:
    shards, others = tmp_path / "shards", tmp_path / "models"
    build_here(folder, shards)
    shutil.copytree(MODELS, others)
    manifest = json.loads((others / "manifest.json").read_text())
    manifest["blip"]["num_beams"] += 1
    (others / "manifest.json").write_text(json.dumps(manifest))
    anew, cluster, said = build_here(folder, shards, models=others)
    assert "another captioner (blip/search)" in said
    assert len(cluster.looked_at) == 6, "why the seventh cannot be read is known"
    assert anew.count == len(paths_in(shards)) == 6
    assert len(list(shards.glob("pictures-*.parquet"))) == len(anew.pictures)


def test_captions_are_made_later_of_all_pictures_that_lack_one(folder: Path, tmp_path: Path) -> None:
    shards, whole = tmp_path / "shards", tmp_path / "whole"
    manifest, _, _ = build_here(folder, shards, ShardOptions(captions=False))
    assert not manifest.captioned
    later, _, _ = build_here(folder, shards)
    build_here(folder, whole)
    rows, others = ({r["path"]: r for b in read_shards(one) for r in b.to_pylist()} for one in (shards, whole))
    assert later.captioned
    assert rows == others


def test_failures_say_which_and_why_and_are_not_tried_again_while_their_files_stay(folder: Path, tmp_path: Path) -> None:
    build_here(folder, tmp_path / "shards")
    [failure] = [row for batch in read_failures(tmp_path / "shards") for row in batch.to_pylist()]
    assert failure["path"] == "broken.jpg"
    assert failure["reason"]
    manifest, cluster, _ = build_here(folder, tmp_path / "shards")
    assert (manifest.failed, cluster.looked_at) == (1, [])


def test_rules_leave_out_what_is_excluded(folder: Path, tmp_path: Path) -> None:
    manifest, _, said = build_here(folder, tmp_path / "shards", ShardOptions(rules=Rules(("sub/",))))
    assert manifest.count == 4
    assert "--exclude sub/" in said


def test_a_source_without_a_picture_is_refused_before_a_cluster_is_asked(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "note.txt").write_text("no picture")
    with pytest.raises(Exception, match="cannot be indexed"):
        build_here(tmp_path / "empty", tmp_path / "shards")


def test_shards_of_other_models_are_not_loaded(folder: Path, tmp_path: Path) -> None:
    build_here(folder, tmp_path / "shards")
    with pytest.raises(ShardsUnusable, match="other models"):
        load_faiss(str(tmp_path / "shards"), tmp_path / "out", models=small_models(), options=LoadOptions(), console=quiet())


@pytest.mark.parametrize(
    ("entry", "anew"),
    [
        ("clip/image.onnx", {"embedding"}),
        ("clip/text.onnx", {"caption_embedding"}),
        ("blip/decoder.onnx", {"caption", "caption_embedding"}),
    ],
)
def test_shards_of_other_models_keep_what_those_do_not_change(
    folder: Path, tmp_path: Path, entry: str, anew: set[str]
) -> None:
    shards = tmp_path / "shards"
    build_here(folder, shards)
    before = _rows(shards)
    marked = {path: row | {"caption": "a mark", "embedding": row["caption_embedding"]} for path, row in before.items()}
    _write_rows(shards, marked, entry)
    manifest, cluster, said = build_here(folder, shards)
    after = _rows(shards)
    assert "Made with another" in said
    assert len(cluster.looked_at) == manifest.count == len(before)
    of_mark = open_models(MODELS).encoder.embed_texts(["a mark"])[0].astype(np.float16).tolist()
    for path, row in after.items():
        for column in ("embedding", "caption"):
            assert row[column] == (before if column in anew else marked)[path][column]
        is_of_mark = row["caption"] == "a mark" and "caption_embedding" in anew
        assert row["caption_embedding"] == (of_mark if is_of_mark else before[path]["caption_embedding"])
    assert manifest.models == read_models_manifest(MODELS).fingerprint()


def _rows(shards: Path) -> dict[str, dict[str, Any]]:
    return {row["path"]: row for batch in read_shards(shards) for row in batch.to_pylist()}


def _write_rows(shards: Path, rows: dict[str, dict[str, Any]], entry: str) -> None:
    """Put rows in the place of those that shards have, and let another model have made one part of them."""
    manifest = read_shards_manifest(shards)
    table = import_pyarrow().Table.from_pylist(list(rows.values()), schema=pictures_schema(manifest.dimension))
    file = put_table(str(shards), "pictures-marked.parquet", table)
    models = manifest.models | {entry: "0" * 64}
    put_manifest(str(shards), manifest.model_copy(update={"pictures": (file,), "models": models}))


def test_a_list_names_the_pictures(folder: Path, tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    write_table(pa.table({"path": ["a.jpg", "sub/d.bmp", "../outside.jpg", "gone.jpg"]}), folder / "list.parquet")
    manifest, _, said = build_here(folder / "list.parquet", tmp_path / "shards")
    assert paths_in(tmp_path / "shards") == ["a.jpg", "sub/d.bmp"]
    assert manifest.failed == 2
    assert "does not lie below" in said


@pytest.mark.parametrize(
    ("columns", "reason"),
    [({"name": ["a.jpg"]}, "needs `path`"), ({"bucket": ["a", "b"], "key": ["x.jpg", "y.jpg"]}, "needs `path`")],
)
def test_a_list_of_another_form_says_what_it_needs(columns: dict[str, list[str]], reason: str, tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    write_table(pa.table(columns), tmp_path / "list.parquet")
    with pytest.raises(SourceUnusable, match=reason):
        build_here(tmp_path / "list.parquet", tmp_path / "shards")


def quiet() -> Console:
    return Console(file=io.StringIO())
