"""The catalogue: rows in the order asked for, and no path that leads anywhere but to its own pictures."""

import io
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from export.index.catalog import read_catalog
from runtime.errors import ArtefactCorrupt, ArtefactMissing, ImageNotFound
from runtime.library.catalog import Library
from runtime.library.image_rows import CATALOG_SCHEMA

NAMES = ["red boat.jpg", "sub/grün & <b>bold</b>.png", 'a "quote"\nand a line.webp', "100%/#1?.gif", "gone.jpg"]
INSERT = (
    "INSERT INTO images (id, image_path, sha256, bytes, mtime_ns, width, height, caption) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


def write_catalog(path: Path, image_paths: list[str], form: str = CATALOG_SCHEMA) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript(form)
    for image_id, name in enumerate(image_paths, start=1):
        caption = None if image_id == 2 else f"caption {image_id}"
        row = (image_id, name, f"{image_id:064x}", 100 * image_id, 1, 20, 10, caption)
        connection.execute(INSERT, row)
    connection.execute("INSERT INTO counters VALUES ('next_id', 9), ('scanned_ns', 0)")
    connection.commit()
    connection.close()
    return path


@pytest.fixture
def images_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    for name in NAMES[:-1]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    (tmp_path / "secret.txt").write_text("outside")
    return folder


@pytest.fixture
def library(tmp_path: Path, images_dir: Path) -> Library:
    return Library(write_catalog(tmp_path / "catalog.sqlite", NAMES), images_dir)


def test_rows_come_in_the_order_of_the_ids_even_twice(library: Library) -> None:
    rows = library.rows([3, 1, 3])
    assert [row.id for row in rows] == [3, 1, 3]
    assert (rows[1].image_path, rows[1].bytes, rows[1].caption) == ("red boat.jpg", 100, "caption 1")
    assert library.count == len(NAMES)
    assert library.rows([]) == []


def test_a_missing_caption_is_none(library: Library) -> None:
    assert library.rows([2])[0].caption is None


def test_a_given_caption_comes_with_those_beside_it(tmp_path: Path, library: Library) -> None:
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as connection, connection:
        given = ("given", '["a ship", "größer"]', "a boat")
        update = "UPDATE images SET caption_source = ?, other_captions = ?, made_caption = ? WHERE id = 1"
        connection.execute(update, given)
    library = Library(tmp_path / "catalog.sqlite", tmp_path)
    assert [(row.caption_source, row.other_captions) for row in library.rows([1, 2])] == [
        ("given", ("a ship", "größer")),
        ("index", ()),
    ]


def test_a_catalogue_from_before_captions_were_given_is_read(tmp_path: Path) -> None:
    write_catalog(tmp_path / "older.sqlite", NAMES)
    with closing(sqlite3.connect(tmp_path / "older.sqlite")) as connection:
        for column in ("caption_source", "other_captions", "made_caption"):
            connection.execute(f"ALTER TABLE images DROP COLUMN {column}")
    [row] = Library(tmp_path / "older.sqlite", tmp_path).rows([3])
    assert (row.caption, row.caption_source, row.other_captions) == ("caption 3", "index", ())
    assert [(one.model_caption, one.caption_source) for one in read_catalog(tmp_path / "older.sqlite").rows[:2]] == [
        ("caption 1", "index"),
        (None, "index"),
    ]


def test_an_unknown_id_is_no_picture(library: Library) -> None:
    with pytest.raises(ImageNotFound, match="99"):
        library.rows([1, 99])


def test_every_file_is_found_by_its_exact_path(library: Library) -> None:
    for name in NAMES[:-1]:
        assert library.image_file(name).read_bytes() == name.encode()
        assert library.row_by_path(name).image_path == name


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "%252e%252e%252fsecret.txt",
        "..\\secret.txt",
        "sub/../../secret.txt",
        "sub/../red boat.jpg",
        "./red boat.jpg",
        "/etc/passwd",
        "//etc/passwd",
        "red boat.jpg/",
        "red boat.jpg\0",
        "red boat.jpg\0.png",
        "RED BOAT.JPG",
        "\udcff\ud800",
        "\uff0e\uff0e/secret.txt",
        "a" * 100_000,
        "'; DROP TABLE images; --",
        "",
        ".",
    ],
)
def test_a_path_that_is_not_in_the_catalogue_leads_nowhere(library: Library, path: str) -> None:
    with pytest.raises(ImageNotFound):
        library.image_file(path)


def test_a_picture_whose_file_is_gone_is_not_found(library: Library) -> None:
    with pytest.raises(ImageNotFound, match=r"gone\.jpg"):
        library.image_file("gone.jpg")


def test_a_small_picture_is_a_jpeg_of_no_more_pixels_and_bytes_than_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    Image.effect_noise((1600, 900), 80).convert("RGB").save(folder / "noise.png")
    library = Library(write_catalog(tmp_path / "large.sqlite", ["noise.png"]), folder)
    row = library.row_by_path("noise.png")
    with Image.open(io.BytesIO(library.small_picture(row, 512, 400_000))) as small:
        assert (small.format, small.size) == ("JPEG", (512, 288))
    assert len(library.small_picture(row, 512, 20_000)) <= 20_000
    library.close()


def test_even_a_forged_catalogue_leads_out_of_the_folder_nowhere(tmp_path: Path, images_dir: Path) -> None:
    outside = str(tmp_path / "secret.txt")
    (images_dir / "file link.jpg").symlink_to(outside)
    (images_dir / "folder link").symlink_to(tmp_path)
    (images_dir / "loop.jpg").symlink_to(images_dir / "loop.jpg")
    forged = ["../secret.txt", outside, "file link.jpg", "folder link/secret.txt", "loop.jpg", "nul\0.jpg", "sub", "x" * 999]
    library = Library(write_catalog(tmp_path / "forged.sqlite", forged), images_dir)
    for path in forged:
        with pytest.raises(ImageNotFound):
            library.image_file(path)


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        (None, "/images/100%25/%231%3F.gif"),
        ("https://cdn.example/p/", "https://cdn.example/p/100%25/%231%3F.gif"),
        ("", "/100%25/%231%3F.gif"),
    ],
)
def test_urls_are_the_base_and_the_quoted_path(tmp_path: Path, base_url: str | None, expected: str) -> None:
    library = Library(write_catalog(tmp_path / "c.sqlite", NAMES), tmp_path, base_url)
    assert library.image_url(library.rows([4])[0]) == expected


def test_a_catalogue_that_is_absent_foreign_or_of_another_form_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ArtefactMissing, match="absent"):
        Library(tmp_path / "absent.sqlite", tmp_path)
    (tmp_path / "foreign.sqlite").write_bytes(b"not a database, but long enough to look like one " * 100)
    (tmp_path / "empty.sqlite").write_bytes(b"")
    write_catalog(tmp_path / "newer.sqlite", [], CATALOG_SCHEMA.replace("user_version = 1", "user_version = 2"))
    for name in ("foreign", "empty", "newer"):
        with pytest.raises(ArtefactCorrupt, match=name):
            Library(tmp_path / f"{name}.sqlite", tmp_path)


def test_looking_up_writes_nothing_beside_the_catalogue(tmp_path: Path, library: Library) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    library.rows([1, 2])
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_many_threads_look_up_at_once(library: Library) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda turn: library.rows([turn % 5 + 1])[0].id, range(400)))
    assert found == [turn % 5 + 1 for turn in range(400)]
