"""The seed's own files, as its code wrote them, to an index that the runtime serves."""

import io
import json
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from export.errors import FolderUnusable
from export.index.build import Summary, build_index
from export.index.seed.importing import SeedFiles, import_index
from runtime.errors import ArtefactCorrupt, ArtefactMissing
from runtime.images import open_image
from runtime.library.catalog import Library
from runtime.stores.flat import FlatStore
from tests.export.index.small_library import (
    DIMENSION,
    GridEncoder,
    catalog_of,
    draw_many,
    ids_by_path,
    manifest_of,
    small_models,
    told_by,
)

NAMES = [f"{number:04d}.jpg" for number in range(1, 11)]


def embed(paths: list[Path]) -> NDArray[np.float32]:
    encoder = GridEncoder()
    return encoder.embed_pixels(np.stack([encoder.prepare(open_image(path)) for path in paths]))


def write_seed(folder: Path, names: list[str], vectors: NDArray[np.float32], prefix: str = "images/") -> SeedFiles:
    """Write the two files as the seed's indexing script does."""
    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(vectors)
    faiss.write_index(index, str(folder / "image_index.faiss"))
    metadata = [{"filename": Path(name).name, "path": prefix + name} for name in names]
    (folder / "metadata.json").write_text(json.dumps(metadata), "utf-8")
    return SeedFiles(folder / "image_index.faiss", folder / "metadata.json", folder / "photos")


@pytest.fixture
def seed(tmp_path: Path) -> SeedFiles:
    photos = draw_many(tmp_path / "photos", NAMES)
    return write_seed(tmp_path, NAMES, embed([photos / name for name in NAMES]))


def take_over(seed: SeedFiles, out: Path) -> Summary:
    return import_index(seed, out, models=small_models(), console=Console(file=io.StringIO()))


def search(out: Path, queries: NDArray[np.float32], k: int) -> list[list[str]]:
    manifest = manifest_of(out)
    ids, _ = FlatStore.open(out / manifest.store.path, DIMENSION).search(queries, k)
    library = Library.open(out, manifest)
    return [[row.image_path for row in library.rows(found.tolist())] for found in ids]


def test_the_imported_index_answers_as_the_seed_did(seed: SeedFiles, out: Path) -> None:
    summary = take_over(seed, out)
    assert (summary.count, summary.added, summary.skipped) == (10, 10, ())
    queries = np.random.default_rng(5).uniform(0, 1, (20, DIMENSION)).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    _, rows = faiss.read_index(str(seed.store)).search(queries, 4)
    assert search(out, queries, 4) == [[NAMES[row] for row in found] for found in rows]


def test_rows_have_ids_from_one_sizes_and_no_captions(seed: SeedFiles, out: Path) -> None:
    take_over(seed, out)
    assert ids_by_path(out) == {name: row + 1 for row, name in enumerate(NAMES)}
    assert {(row.width, row.height, row.caption) for row in catalog_of(out).rows} == {(16, 12, None)}


def test_missing_broken_and_repeated_pictures_are_reported_by_name_and_skipped(tmp_path: Path, out: Path) -> None:
    photos = draw_many(tmp_path / "photos", NAMES)
    vectors = embed([photos / name for name in NAMES])
    (photos / NAMES[2]).unlink()
    (photos / NAMES[4]).write_bytes(b"broken")
    seed = write_seed(tmp_path, [*NAMES, NAMES[0]], np.concatenate([vectors, vectors[:1]]))
    summary = take_over(seed, out)
    assert summary.count == 8
    reasons = {image.name: image.reason for image in summary.skipped}
    assert reasons.keys() == {f"images/{NAMES[2]}", NAMES[4], f"images/{NAMES[0]}"}
    assert "is not in" in reasons[f"images/{NAMES[2]}"]
    assert "same file" in reasons[f"images/{NAMES[0]}"]
    assert search(out, vectors[9:], 1) == [[NAMES[9]]]


@pytest.mark.parametrize("prefix", ["", "images/", "./", "/home/somebody/data/images/", "C:\\Users\\x\\images\\", "../up/"])
def test_pictures_are_found_wherever_they_lay_before(tmp_path: Path, out: Path, prefix: str) -> None:
    photos = draw_many(tmp_path / "photos", NAMES)
    assert take_over(write_seed(tmp_path, NAMES, embed([photos / name for name in NAMES]), prefix), out).count == 10


def test_of_pictures_with_one_name_the_one_that_shares_more_of_the_path_is_meant(tmp_path: Path, out: Path) -> None:
    names = ["2019/beach.jpg", "2020/beach.jpg", "beach.jpg"]
    photos = draw_many(tmp_path / "photos", names)
    take_over(write_seed(tmp_path, names, embed([photos / name for name in names]), "old/photos/"), out)
    assert ids_by_path(out) == {"2019/beach.jpg": 1, "2020/beach.jpg": 2, "beach.jpg": 3}


@pytest.mark.parametrize("path", ["../secret.jpg", "/etc/passwd", "\0.jpg", "\ud800.jpg", "x" * 5000 + ".jpg", "", ".."])
def test_an_entry_that_names_no_picture_of_the_folder_is_only_reported(tmp_path: Path, out: Path, path: str) -> None:
    photos = draw_many(tmp_path / "photos", NAMES)
    draw_many(tmp_path, ["secret.jpg"])
    vectors = embed([photos / name for name in [*NAMES, NAMES[0]]])
    summary = take_over(write_seed(tmp_path, [*NAMES, path], vectors, ""), out)
    assert (summary.count, len(summary.skipped)) == (10, 1)


def test_the_next_index_run_adds_captions_and_new_pictures_and_keeps_the_ids(seed: SeedFiles, out: Path) -> None:
    take_over(seed, out)
    draw_many(seed.images_dir / "new", ["11.jpg"])
    summary = build_index(seed.images_dir, out, models=small_models(), console=Console(file=io.StringIO()))
    assert (summary.unchanged, summary.added) == (10, 1)
    assert ids_by_path(out) == {name: row + 1 for row, name in enumerate(NAMES)} | {"new/11.jpg": 11}
    assert None not in {row.caption for row in catalog_of(out).rows}


def test_without_a_captioner_the_next_index_run_only_looks_for_copies(seed: SeedFiles, out: Path) -> None:
    take_over(seed, out)
    models = replace(small_models(), open_captioner=None)
    first, second = (build_index(seed.images_dir, out, models=models, console=Console(file=io.StringIO())) for _ in range(2))
    assert (first.written, first.encoded, first.unchanged) == (True, 0, 10)
    assert not second.written


# Files that do not fit are refused, and the index that is there stays


def refused(seed: SeedFiles, out: Path, words: str) -> None:
    before = told_by(out)
    with pytest.raises(ArtefactCorrupt, match=words):
        take_over(seed, out)
    assert told_by(out) == before


@pytest.fixture
def index_before(seed: SeedFiles, out: Path) -> Path:
    take_over(seed, out)
    return out


def test_lists_and_vectors_of_different_lengths_are_refused(seed: SeedFiles, index_before: Path) -> None:
    entries = json.loads(seed.metadata.read_text())
    seed.metadata.write_text(json.dumps(entries[:-1]))
    refused(seed, index_before, "9 pictures .* 10 vectors")


@pytest.mark.parametrize("text", ["", "{}", "[1, 2]", '[{"filename": "a.jpg"}]', '[{"filename": 3, "path": "a"}]', "\xff"])
def test_a_list_of_another_form_is_refused(seed: SeedFiles, index_before: Path, text: str) -> None:
    seed.metadata.write_bytes(text.encode("latin-1"))
    refused(seed, index_before, "filename")


def test_vectors_of_another_dimension_are_refused(seed: SeedFiles, index_before: Path, tmp_path: Path) -> None:
    write_seed(tmp_path, NAMES, np.eye(10, 32, dtype=np.float32))
    refused(seed, index_before, "32 dimensions .* 12")


@pytest.mark.parametrize("factor", [2.0, 0.0, np.nan])
def test_vectors_that_are_not_of_length_one_are_refused(
    seed: SeedFiles, index_before: Path, tmp_path: Path, factor: float
) -> None:
    vectors = embed([seed.images_dir / name for name in NAMES])
    vectors[3] *= factor
    write_seed(tmp_path, NAMES, vectors)
    refused(seed, index_before, "length 1")


def test_vectors_of_other_models_of_the_same_dimension_are_refused(
    seed: SeedFiles, index_before: Path, tmp_path: Path
) -> None:
    vectors = np.random.default_rng(1).normal(size=(10, DIMENSION))
    write_seed(tmp_path, NAMES, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    refused(seed, index_before, "median cosine")


def test_a_store_that_is_cut_short_or_not_flat_is_refused(seed: SeedFiles, index_before: Path) -> None:
    whole = seed.store.read_bytes()
    seed.store.write_bytes(whole[:-10])
    refused(seed, index_before, "cut short")
    faiss.write_index(faiss.IndexHNSWFlat(DIMENSION, 8), str(seed.store))
    refused(seed, index_before, "HNSW")


def test_files_that_are_not_there_are_named(seed: SeedFiles, out: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtefactMissing, match=r"no\.faiss"):
        take_over(replace(seed, store=tmp_path / "no.faiss"), out)
    with pytest.raises(ArtefactMissing, match=r"no\.json"):
        take_over(replace(seed, metadata=tmp_path / "no.json"), out)
    with pytest.raises(FolderUnusable, match="nowhere"):
        take_over(replace(seed, images_dir=tmp_path / "nowhere"), out)
    assert not out.exists()


def test_a_folder_without_any_of_the_pictures_is_refused(seed: SeedFiles, out: Path, tmp_path: Path) -> None:
    draw_many(tmp_path / "others", ["x.jpg"])
    with pytest.raises(FolderUnusable, match="none of the 10"):
        take_over(replace(seed, images_dir=tmp_path / "others"), out)


def test_names_from_a_mac_are_found_composed_and_without_case_and_it_is_said(tmp_path: Path, out: Path) -> None:
    here = ["Mu\u0308sli/\u00e9.jpg", "IMG_1.jpg", "Größe.JPG", "plain.jpg"]
    there = ["Mu\u0308sli/e\u0301.jpg", "IMG_1.JPG", "gro\u0308\u00dfe.jpg", "plain.jpg"]
    photos = draw_many(tmp_path / "photos", here)
    seed = write_seed(tmp_path, there, embed([photos / name for name in here]), prefix="images\\")
    shown = io.StringIO()
    import_index(seed, out, models=small_models(), console=Console(file=shown, width=200))
    assert ids_by_path(out) == {name: row + 1 for row, name in enumerate(here)}
    assert "1 name was matched in Unicode's composed form (NFC).\n" in shown.getvalue()
    assert "2 names were matched without regard to case.\n" in shown.getvalue()


def test_a_name_that_may_mean_two_pictures_is_reported_and_an_exact_one_goes_first(tmp_path: Path, out: Path) -> None:
    here = ["a.jpg", "A.jpg", "b.jpg"]
    photos = draw_many(tmp_path / "photos", here)
    vectors = embed([photos / name for name in ("A.jpg", "a.jpg", "b.jpg")])
    seed = write_seed(tmp_path, ["A.jpg", "a.JPG", "b.jpg"], vectors)
    summary = take_over(seed, out)
    assert set(ids_by_path(out)) == {"A.jpg", "b.jpg"}
    [skipped] = summary.skipped
    assert skipped.reason.endswith("under this name, and 2 pictures differ from it in case alone")


def test_a_picture_that_is_left_out_or_not_read_is_named_so(tmp_path: Path, out: Path) -> None:
    here = ["b.jpg", "@eaDir/a.jpg"]
    photos = draw_many(tmp_path / "photos", here)
    (photos / "c.svg").write_text("<svg>")
    seed = write_seed(tmp_path, [*here, "c.svg"], embed([photos / name for name in (*here, "b.jpg")]))
    assert [one.reason for one in take_over(seed, out).skipped] == ["it is left out: @eaDir", "SVG is not read"]
