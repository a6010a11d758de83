"""An index as it is published has no positions, in its rows or in its bytes."""

import struct
from pathlib import Path

from rich.console import Console

from export.publish.positions import without_positions
from export.verify.index_files import find_index_faults
from runtime.artefacts.manifest import read_index_manifest
from runtime.library.catalog import Library
from tests.export.index.photos.photo_files import BERLIN, exif, insert, put, segment, xmp
from tests.export.index.small_library import build, manifest_of

LATITUDE = struct.pack(">d", 52.52)  # as SQLite writes it


def test_positions_stay_at_home_and_all_else_goes(folder: Path, out: Path) -> None:
    insert(
        folder / "a.jpg",
        segment(0xE1, b"Exif\0\0" + exif(original="2019:07:04 15:30:00", gps=BERLIN).removeprefix(b"Exif\0\0")),
    )
    put(folder / "b.xmp", xmp(xmp_Rating="3"))
    build(folder, out)
    manifest = manifest_of(out)
    with without_positions(out, manifest) as (copy, published):
        assert {file.path for file in published.files()} == {file.path for file in manifest.files()}
        assert read_index_manifest(copy) == published
        content = (copy / published.catalog.path).read_bytes()
        library = Library(copy / published.catalog.path, folder)
        [facts] = library.facts.of([1])
        assert (facts.taken, facts.latitude, facts.longitude) == ("2019-07-04T15:30:00", None, None)
        assert library.count == 4
        library.close()
        assert find_index_faults(copy, Console(quiet=True))[1] == []
    assert LATITUDE in (out / manifest.catalog.path).read_bytes()
    assert LATITUDE not in content
    with without_positions(out, manifest) as (_, again):
        assert again == published, "the same to the byte"


def test_an_index_without_positions_is_published_as_it_is(folder: Path, out: Path) -> None:
    build(folder, out)
    with without_positions(out, manifest_of(out)) as (copy, published):
        assert (copy, published) == (out, manifest_of(out))
