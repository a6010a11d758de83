"""Libraries in the large form, built by the real `index` step: incremental, resumable, and the same each time."""

import json
import resource
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from export.errors import OutputUnwritable
from export.index.catalog import Catalog, IndexedImage
from export.index.generations.generation import NextGeneration, publish
from export.index.generations.publisher import BuildOptions
from export.index.vectors.store_files import STORE_NAMES
from runtime.stores.opening import open_stores
from tests.export.index.small_library import (
    build,
    catalog_of,
    draw,
    draw_many,
    ids_by_path,
    manifest_of,
    small_models,
    times_below,
    told_by,
)
from tests.runtime.stores.large_vectors import crowded, silent

COUNT, LARGE, SMALL = 130, 100, 1000


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_many(tmp_path_factory.mktemp("pictures"), (f"{number:03}.png" for number in range(COUNT)))


@pytest.fixture
def folder(drawn: Path, tmp_path: Path) -> Path:
    """A folder of its own, of links to the pictures."""
    (tmp_path / "pictures").mkdir()
    for picture in drawn.iterdir():
        (tmp_path / "pictures" / picture.name).hardlink_to(picture)
    return tmp_path / "pictures"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "index"


def vector_bytes(out: Path) -> dict[str, bytes]:
    """Return the bytes of each picture's vector by path."""
    store, _ = open_stores(out, manifest_of(out))
    rows = catalog_of(out).rows
    return {
        row.image_path: vector.tobytes() for row, vector in zip(rows, store.vectors_of([r.id for r in rows]), strict=True)
    }


def test_the_manifest_says_how_a_large_index_is_searched_and_how_well(folder: Path, out: Path) -> None:
    build(folder, out, options=BuildOptions(ivf_from=LARGE))
    manifest = manifest_of(out)
    assert manifest.probing is not None
    assert manifest.probing.asked_with == "captions"
    assert manifest.probing.queries == COUNT // 2
    assert manifest.probing.recall_at_10 >= 0.9
    assert {file.path.split("/")[1] for file in manifest.files()} == {
        "image_index.faiss",
        "image_vectors.f16",
        "caption_vectors.f16",
        "catalog.sqlite",
        "metadata.json",
    }


def test_every_picture_of_a_large_index_is_found_by_its_own_vector(folder: Path, out: Path) -> None:
    build(folder, out, options=BuildOptions(ivf_from=LARGE))
    store, captions = open_stores(out, manifest_of(out))
    ids = list(ids_by_path(out).values())
    vectors = store.vectors_of(ids)
    found, scores = store.search(vectors, 1)
    np.testing.assert_allclose(scores[:, 0], 1, atol=1e-3)
    assert np.mean(found[:, 0] == ids) > 0.95
    assert captions is not None
    assert captions.vectors_of(ids).shape == (COUNT, manifest_of(out).dimension)


def test_a_small_index_says_nothing_of_it(folder: Path, out: Path) -> None:
    build(folder, out, options=BuildOptions(ivf_from=SMALL))
    assert not {"probing", "vectors"} & json.loads((out / "manifest.json").read_text()).keys()


def test_a_large_index_that_is_up_to_date_is_left_alone(folder: Path, out: Path) -> None:
    build(folder, out, options=BuildOptions(ivf_from=LARGE))
    before = times_below(out)
    assert not build(folder, out, options=BuildOptions(ivf_from=LARGE)).written
    assert times_below(out) == before


def test_added_removed_and_renamed_pictures_touch_nothing_else_of_a_large_index(folder: Path, out: Path) -> None:
    build(folder, out, options=BuildOptions(ivf_from=LARGE))
    ids, vectors = ids_by_path(out), vector_bytes(out)
    draw(folder / "new.png", 5000)
    (folder / "003.png").unlink()
    (folder / "004.png").rename(folder / "moved.png")
    models = small_models()
    summary = build(folder, out, models, options=BuildOptions(ivf_from=LARGE))
    assert (summary.added, summary.removed, summary.renamed, summary.encoded) == (1, 1, 1, 1)
    assert models.encoder.seen == 1  # type: ignore[attr-defined]  # the small encoder's
    kept = ids.keys() - {"003.png", "004.png"}
    assert {path: ids_by_path(out)[path] for path in kept} == {path: ids[path] for path in kept}
    assert ids_by_path(out)["moved.png"] == ids["004.png"]
    assert {path: vector_bytes(out)[path] for path in kept} == {path: vectors[path] for path in kept}


def test_a_library_may_cross_the_threshold_both_ways(folder: Path, out: Path) -> None:
    build(folder, out, options=BuildOptions(ivf_from=COUNT + 1))
    rows = told_by(out)[0]
    assert manifest_of(out).probing is None
    draw(folder / "new.png", 5000)
    build(folder, out, options=BuildOptions(ivf_from=COUNT + 1))
    assert manifest_of(out).probing is not None
    assert [row for row in told_by(out)[0] if row[1] != "new.png"] == rows
    large = vector_bytes(out)
    (folder / "new.png").unlink()
    build(folder, out, options=BuildOptions(ivf_from=COUNT + 1))
    assert manifest_of(out).probing is None
    assert told_by(out)[0] == rows
    assert vector_bytes(out) == {path: vector for path, vector in large.items() if path != "new.png"}


def test_an_index_of_the_other_form_is_written_anew_without_a_model(folder: Path, out: Path) -> None:
    build(folder, out, options=BuildOptions(ivf_from=SMALL))
    models = small_models()
    assert build(folder, out, models, options=BuildOptions(ivf_from=LARGE)).written
    assert models.encoder.seen == 0  # type: ignore[attr-defined]  # the small encoder's
    assert manifest_of(out).probing is not None


def test_the_same_pictures_give_the_same_files(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        build(folder, tmp_path / name, options=BuildOptions(ivf_from=LARGE))
    written = [
        {path.name: path.read_bytes() for path in (tmp_path / name / "g000001").iterdir()} for name in ("one", "other")
    ]
    for store in STORE_NAMES:
        assert written[0].get(store) == written[1].get(store)


def test_ctrl_c_while_a_large_index_is_written_leaves_nothing_of_it(tmp_path: Path) -> None:
    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    rows = [IndexedImage(row + 1, f"{row}.png", "0" * 64, 1, 1, 1, "a red boat", 0) for row in range(COUNT)]
    batches = [(range(1, COUNT + 1), crowded(COUNT))]
    following = NextGeneration(
        number=1,
        catalog=Catalog(rows),
        images_dir=tmp_path,
        models={},
        dimension=crowded(1).shape[1],
        vectors=batches,
        captions=batches,
        embed_texts=interrupt,
        ivf_from=LARGE,
    )
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, following, silent())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("max_bytes", [1000, 4000, 7000])
def test_a_large_index_that_cannot_be_written_leaves_the_old_one_and_a_later_run_ends_it(
    folder: Path, out: Path, max_bytes: int
) -> None:
    build(folder, out, options=BuildOptions(ivf_from=SMALL))
    before = told_by(out)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, limits[1]))
    try:
        with pytest.raises(OutputUnwritable):
            build(folder, out, options=BuildOptions(ivf_from=LARGE))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert told_by(out) == before
    assert {path.name for path in out.iterdir()} == {"manifest.json", "previews", "signatures.sqlite", "g000001"}
    assert build(folder, out, options=BuildOptions(ivf_from=LARGE)).written
