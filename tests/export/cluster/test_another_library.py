"""What is there already is not replaced by another library unasked: an index by shards, shards by other pictures."""

import io
from importlib.util import find_spec
from pathlib import Path

import pytest
from rich.console import Console

from export.cluster.another_library import pictures_folder, refuse_other_index, refuse_other_shards
from export.cluster.errors import LibraryOfAnother
from export.index.catalog import IndexedImage
from export.index.generations.salvage import last_generation
from tests.export.index.small_library import build, draw_many

QUIET = Console(file=io.StringIO())
NAMES = [f"{number}.png" for number in range(6)]


def rows_of(*hashes: str) -> list[IndexedImage]:
    sizes = enumerate(hashes, start=100)
    return [IndexedImage(bytes_, f"{sha256}.jpg", sha256, bytes_, 40, 30, None, 0) for bytes_, sha256 in sizes]


def test_an_index_of_another_folder_is_left_as_it_is_unless_half_of_it_is_in_the_shards(tmp_path: Path) -> None:
    photos, out, other = draw_many(tmp_path / "photos", NAMES), tmp_path / "index", tmp_path / "other"
    build(photos, out)
    last = last_generation(out, QUIET)
    hashes = [row.sha256 for row in last.catalog.rows]
    refuse_other_index("shards", other, out, last, hashes[:3])  # moved, and half of it thrown away
    refuse_other_index("shards", photos, out, last, [])  # the same folder, of which all is gone
    with pytest.raises(LibraryOfAnother) as refused:
        refuse_other_index("my shards", other, out, last, [*hashes[:2], "f" * 64])
    assert str(refused.value) == (
        f"my shards cannot be used as shards: {out} holds the library of {photos}, which has 6 pictures, most of which are "
        f"not in this one and would be removed; nothing was changed. For a second index: lookwhy load 'my shards' --store "
        f"faiss:{other}. To replace {photos}: add --forget."
    )


def test_there_is_nothing_to_refuse_where_there_is_no_index(tmp_path: Path) -> None:
    refuse_other_index("shards", tmp_path / "photos", tmp_path / "index", last_generation(tmp_path / "index", QUIET), [])


def test_pictures_on_s3_are_known_by_their_contents_too(tmp_path: Path) -> None:
    assert pictures_folder("s3://bucket/photos", tmp_path / "index") == tmp_path / "index" / "pictures"
    assert pictures_folder("/photos", tmp_path / "index") == Path("/photos")
    photos, out = draw_many(tmp_path / "index" / "pictures", NAMES), tmp_path / "index"
    build(photos, out)
    last = last_generation(out, QUIET)
    refuse_other_index("shards", photos, out, last, [row.sha256 for row in last.catalog.rows])
    with pytest.raises(LibraryOfAnother):  # of another bucket, whose pictures an index here looks for in the same place
        refuse_other_index("shards", photos, out, last, ["f" * 64])


def test_shards_of_another_source_are_left_as_they_are_by_lengths_first_then_by_contents() -> None:
    rows = rows_of("a", "b", "c", "d")
    refuse_other_shards("shards", "/photos", "/photos", rows, [])
    refuse_other_shards("shards", "s3://bucket/new", "/photos", rows, [100, 103, 7])
    refuse_other_shards("shards", "s3://bucket/new", "/photos", rows, ["b", "d", "x"])
    for found in ([100, 5, 6], ["a", "x", "y"], []):
        with pytest.raises(LibraryOfAnother, match=r"it holds the library of /photos, which has 4 pictures.* add --forget"):
            refuse_other_shards("shards", "s3://bucket/new", "/photos", rows, found)


@pytest.mark.skipif(not find_spec("pyarrow"), reason="pyarrow comes with the extra `cluster`; make cluster-test has it")
def test_builds_and_loads_stop_before_anything_is_replaced(tmp_path: Path) -> None:
    from export.cluster.build import ShardOptions
    from export.cluster.load.to_faiss import LoadOptions, load_faiss
    from export.cluster.shards import read_shards_manifest
    from export.index.chosen_models import open_models
    from tests.export.cluster.here import build_here
    from tests.export.index.small_library import draw
    from tests.sample_library import MODELS

    photos, shards, out = draw_many(tmp_path / "photos", NAMES), tmp_path / "shards", tmp_path / "index"
    wedding = draw(tmp_path / "wedding" / "a.png", 70).parent
    models = open_models(MODELS)
    before, _, _ = build_here(photos, shards)
    load_faiss(str(shards), out, models=models, options=LoadOptions(), console=QUIET)
    with pytest.raises(LibraryOfAnother, match="has 6 pictures"):
        build_here(wedding, shards)
    assert read_shards_manifest(str(shards)) == before
    build_here(wedding, tmp_path / "others")
    with pytest.raises(LibraryOfAnother, match="has 6 pictures"):
        load_faiss(str(tmp_path / "others"), out, models=models, options=LoadOptions(), console=QUIET)
    assert len(last_generation(out, QUIET).catalog.rows) == 6
    load_faiss(str(tmp_path / "others"), out, models=models, options=LoadOptions(forget=True), console=QUIET)
    assert len(last_generation(out, QUIET).catalog.rows) == 1
    assert build_here(wedding, shards, ShardOptions(forget=True))[0].count == 1
