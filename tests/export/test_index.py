"""The index step over real files with played models: what is touched, what is kept, what is said of the rest."""

import fcntl
import io
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from export.errors import FolderUnusable, OutputUnwritable
from export.index import Models, Summary, build_index
from runtime.library import Library
from tests.export.small_library import (
    DIMENSION,
    GridEncoder,
    catalog_of,
    draw,
    draw_many,
    ids_by_path,
    manifest_of,
    small_models,
    times_below,
    told_by,
)

NAMES = ["b.png", "a.jpg", "sub/deeper/c.webp", "sub/d.bmp"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures, old enough that their times are trusted."""
    folder = draw_many(tmp_path / "photos", NAMES)
    for name in NAMES:
        os.utime(folder / name, (1_600_000_000, 1_600_000_000))
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "artefacts" / "index"


def build(folder: Path, out: Path, models: Models | None = None) -> Summary:
    return build_index(folder, out, models=models or small_models(), console=Console(file=io.StringIO()))


def said_by(folder: Path, out: Path, models: Models | None = None) -> str:
    console = Console(file=io.StringIO(), width=200)
    build_index(folder, out, models=models or small_models(), console=console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def reasons(summary: Summary) -> dict[str, str]:
    return {image.name: image.reason for image in summary.skipped}


# What a first build gives


def test_a_new_index_has_every_picture_by_path_with_its_caption_and_size(folder: Path, out: Path) -> None:
    summary = build(folder, out)
    assert (summary.count, summary.added, summary.encoded, summary.written) == (4, 4, 4, True)
    assert ids_by_path(out) == {"a.jpg": 1, "b.png": 2, "sub/d.bmp": 3, "sub/deeper/c.webp": 4}
    library = Library.open(out, manifest_of(out))
    row = library.row_by_path("sub/d.bmp")
    assert (row.width, row.height, row.caption is not None) == (16, 12, True)
    assert library.image_file("sub/d.bmp") == folder / "sub" / "d.bmp"


def test_the_readable_copy_lists_id_path_and_caption(folder: Path, out: Path) -> None:
    import json

    build(folder, out)
    listed = json.loads((out / manifest_of(out).metadata.path).read_text("utf-8"))
    assert listed == [{"id": row.id, "image_path": row.image_path, "caption": row.caption} for row in catalog_of(out).rows]


def test_hidden_files_are_passed_over_and_other_files_counted(folder: Path, out: Path) -> None:
    draw(folder / ".hidden.png", 9)
    draw(folder / ".trash" / "old.png", 9)
    (folder / "notes.txt").write_text("no picture")
    summary = build(folder, out)
    assert (summary.count, summary.other_files, summary.skipped) == (4, 1, ())


def test_links_neither_loop_nor_lead_out(folder: Path, out: Path, tmp_path: Path) -> None:
    draw(tmp_path / "elsewhere" / "x.png", 8)
    (folder / "sub" / "loop").symlink_to(folder)
    (folder / "away").symlink_to(tmp_path / "elsewhere")
    (folder / "out.png").symlink_to(tmp_path / "elsewhere" / "x.png")
    (folder / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    (folder / "in.jpg").symlink_to(folder / "a.jpg")
    summary = build(folder, out)
    assert set(ids_by_path(out)) == {*NAMES, "in.jpg"}
    assert set(reasons(summary)) == {"away", "out.png", "dangling.png"}
    assert all("link" in reason for reason in reasons(summary).values())


def test_strange_names_are_indexed_and_reported_as_they_are(folder: Path, out: Path) -> None:
    names = ["a space.png", "grün 雪.png", "<img src=x onerror=alert(1)>.png", "two\nlines.png", "[bold]mark\x1b[31mup.png"]
    draw_many(folder / "strange", names)
    (folder / "strange" / "[red]broken\x1b[2J\n.png").write_bytes(b"")
    told = said_by(folder, out)
    assert {f"strange/{name}" for name in names} < set(ids_by_path(out))
    assert r"strange/[red]broken\x1b[2J\n.png: the file is empty" in told


def test_names_that_are_no_utf8_are_reported_and_skipped(folder: Path, out: Path) -> None:
    draw(folder / "ok.png", 7)
    shutil.copy(folder / "ok.png", os.fsencode(folder) + b"/caf\xe9.png")
    summary = build(folder, out)
    assert reasons(summary) == {"caf\\xe9.png": "its name has bytes that are not UTF-8; rename it"}
    assert summary.count == 5


# Pictures of every kind


def test_pictures_of_unusual_kinds_are_indexed(tmp_path: Path, out: Path) -> None:
    folder = tmp_path / "unusual"
    folder.mkdir()
    small = Image.effect_noise((20, 10), 80)
    small.convert("CMYK").save(folder / "cmyk.jpg")
    small.convert("P").save(folder / "palette.png", transparency=0)
    small.convert("1").save(folder / "bilevel.tiff")
    Image.fromarray(np.arange(200, dtype=np.uint16).reshape(10, 20) * 300).save(folder / "sixteen.png")
    small.convert("RGB").save(folder / "animated.gif", save_all=True, append_images=[small.convert("RGB")] * 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    small.convert("RGB").save(folder / "turned.jpg", exif=exif)
    summary = build(folder, out)
    assert (summary.count, summary.skipped) == (6, ())
    sizes = {row.image_path: (row.width, row.height) for row in catalog_of(out).rows}
    assert sizes.pop("turned.jpg") == (10, 20)
    assert set(sizes.values()) == {(20, 10)}


def make_broken(folder: Path) -> dict[str, str]:
    """Write broken pictures of every kind; returns a word of each one's reason."""
    draw(folder / "whole.jpg", 1, (400, 300))
    draw(folder / "whole.png", 2, (400, 300))
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("no picture at all")
    (folder / "cut.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:900])
    (folder / "cut.png").write_bytes((folder / "whole.png").read_bytes()[:200])
    Image.new("1", (40_000, 4_000)).save(folder / "huge.png")
    (folder / "folder.png").mkdir()
    return {"empty.jpg": "empty", "text.jpg": "format", "cut.jpg": "truncated", "cut.png": "", "huge.png": "pixels"}


def test_broken_pictures_are_reported_by_name_and_stop_nothing(tmp_path: Path, out: Path) -> None:
    expected = make_broken(tmp_path / "broken")
    summary = build(tmp_path / "broken", out)
    assert set(ids_by_path(out)) == {"whole.jpg", "whole.png"}
    assert reasons(summary).keys() == expected.keys()
    for name, word in expected.items():
        assert word in reasons(summary)[name]
        assert name not in reasons(summary)[name]


def test_a_second_run_repeats_the_report_without_decoding_again(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_broken(tmp_path / "broken")
    first = build(tmp_path / "broken", out)
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("a picture was decoded again"))
    second = build(tmp_path / "broken", out)
    assert second.skipped == first.skipped
    assert not second.written


def test_a_broken_picture_that_is_mended_enters_the_index(tmp_path: Path, out: Path) -> None:
    folder = tmp_path / "broken"
    make_broken(folder)
    build(folder, out)
    draw(folder / "empty.jpg", 44)
    summary = build(folder, out)
    assert (summary.added, summary.encoded, "empty.jpg" in ids_by_path(out)) == (1, 1, True)


def test_a_picture_that_broke_since_leaves_the_index(folder: Path, out: Path) -> None:
    build(folder, out)
    (folder / "b.png").write_bytes(b"gone bad")
    summary = build(folder, out)
    assert (summary.removed, summary.unchanged, set(reasons(summary))) == (1, 3, {"b.png"})


# What a later build touches


def test_a_second_run_touches_nothing_and_says_so(folder: Path, out: Path) -> None:
    build(folder, out)
    before = times_below(out)
    models = small_models()
    assert "Nothing has changed" in said_by(folder, out, models)
    assert times_below(out) == before
    assert isinstance(models.encoder, GridEncoder)
    assert models.encoder.seen == 0


def test_an_unchanged_file_is_not_even_read(folder: Path, out: Path) -> None:
    build(folder, out)
    changed = bytearray((folder / "b.png").read_bytes())
    changed[-1] ^= 1  # same length, and the old time back: as git, we take it for the same file
    (folder / "b.png").write_bytes(changed)
    os.utime(folder / "b.png", (1_600_000_000, 1_600_000_000))
    assert build(folder, out).unchanged == 4


def test_a_file_as_young_as_the_scan_is_read_again_whatever_its_time(folder: Path, out: Path) -> None:
    picture = draw(folder / "young.bmp", 50)
    facts = picture.stat()
    build(folder, out)
    draw(picture, 51)
    os.utime(picture, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert picture.stat().st_size == facts.st_size
    assert build(folder, out).changed == 1


def test_a_touched_file_with_the_same_content_changes_nothing(folder: Path, out: Path) -> None:
    build(folder, out)
    before = times_below(out)
    (folder / "a.jpg").touch()
    assert not build(folder, out).written
    assert times_below(out) == before


def test_deleting_one_and_adding_one_touches_two(folder: Path, out: Path) -> None:
    build(folder, out)
    (folder / "b.png").unlink()
    draw(folder / "new.png", 20)
    summary = build(folder, out)
    assert (summary.removed, summary.added, summary.unchanged, summary.encoded) == (1, 1, 3, 1)
    assert ids_by_path(out) == {"a.jpg": 1, "sub/d.bmp": 3, "sub/deeper/c.webp": 4, "new.png": 5}


def test_the_id_of_a_removed_picture_is_never_given_again(folder: Path, out: Path) -> None:
    build(folder, out)
    last = max(ids_by_path(out), key=lambda path: ids_by_path(out)[path])
    (folder / last).unlink()
    build(folder, out)
    draw(folder / "new.png", 20)
    build(folder, out)
    assert ids_by_path(out)["new.png"] == 5


def test_a_renamed_picture_keeps_its_id_and_costs_no_model_run(folder: Path, out: Path) -> None:
    build(folder, out)
    before = ids_by_path(out)["b.png"]
    (folder / "b.png").rename(folder / "sub" / "renamed.png")
    summary = build(folder, out)
    assert (summary.renamed, summary.unchanged, summary.encoded) == (1, 3, 0)
    assert ids_by_path(out)["sub/renamed.png"] == before


def test_pictures_keep_their_ids_through_a_renumbering_of_the_folder(tmp_path: Path, out: Path) -> None:
    folder = draw_many(tmp_path / "numbered", [f"{number:04d}.png" for number in range(1, 6)])
    build(folder, out)
    (folder / "0001.png").unlink()
    for number in range(2, 6):
        (folder / f"{number:04d}.png").rename(folder / f"{number - 1:04d}.png")
    summary = build(folder, out)
    assert (summary.renamed, summary.removed, summary.changed, summary.encoded) == (4, 1, 0, 0)
    assert ids_by_path(out) == {"0001.png": 2, "0002.png": 3, "0003.png": 4, "0004.png": 5}


def test_a_changed_picture_keeps_its_id_and_gets_a_new_vector(folder: Path, out: Path) -> None:
    build(folder, out)
    (rows, vectors, _), ids = told_by(out), ids_by_path(out)
    draw(folder / "a.jpg", 99)
    summary = build(folder, out)
    assert (summary.changed, summary.unchanged, summary.encoded) == (1, 3, 1)
    assert ids_by_path(out) == ids
    row_bytes = 4 * DIMENSION
    after = told_by(out)
    assert after[0][0] != rows[0]
    assert after[1][:row_bytes] != vectors[:row_bytes]
    assert after[1][row_bytes:] == vectors[row_bytes:]


def test_the_same_content_twice_is_two_rows_and_one_model_run(folder: Path, out: Path) -> None:
    shutil.copy(folder / "a.jpg", folder / "copy of a.jpg")
    summary = build(folder, out)
    assert (summary.count, summary.encoded) == (5, 4)
    rows = {row.image_path: row for row in catalog_of(out).rows}
    assert rows["a.jpg"].sha256 == rows["copy of a.jpg"].sha256
    assert rows["a.jpg"].id != rows["copy of a.jpg"].id


def test_other_models_encode_everything_again_and_keep_the_ids(folder: Path, out: Path) -> None:
    build(folder, out)
    ids = ids_by_path(out)
    others = replace(small_models(), fingerprint={"clip/image.onnx": "9" * 64})
    summary = build(folder, out, others)
    assert (summary.encoded, summary.unchanged, summary.written) == (4, 4, True)
    assert ids_by_path(out) == ids
    assert manifest_of(out).models == {"clip/image.onnx": "9" * 64}


def test_missing_captions_are_made_by_a_run_that_has_a_captioner(folder: Path, out: Path) -> None:
    build(folder, out, replace(small_models(), captioner=None))
    assert {row.caption for row in catalog_of(out).rows} == {None}
    build(folder, out)
    assert None not in {row.caption for row in catalog_of(out).rows}


def test_a_library_that_moved_is_found_again_without_a_model_run(folder: Path, out: Path) -> None:
    build(folder, out)
    ids = ids_by_path(out)
    moved = folder.rename(folder.with_name("moved"))
    summary = build(moved, out)
    assert (summary.written, summary.encoded, ids_by_path(out)) == (True, 0, ids)
    assert manifest_of(out).images_dir == str(moved)


# Generations


def test_a_reader_that_opened_the_old_generation_goes_on_reading_it(folder: Path, out: Path) -> None:
    build(folder, out)
    old = manifest_of(out)
    draw(folder / "new.png", 30)
    build(folder, out)
    assert Library.open(out, old).count == 4
    assert Library.open(out, manifest_of(out)).count == 5


def test_only_the_generation_in_force_and_the_one_before_are_kept(folder: Path, out: Path) -> None:
    for turn in range(4):
        draw(folder / f"new {turn}.png", 30 + turn)
        build(folder, out)
    assert {path.name for path in out.iterdir()} == {"manifest.json", "g000003", "g000004"}


def test_a_damaged_index_is_built_from_the_start_with_a_warning(folder: Path, out: Path) -> None:
    build(folder, out)
    store = out / manifest_of(out).store.path
    store.write_bytes(store.read_bytes()[:-1])
    assert "built from the start" in said_by(folder, out)
    assert len(told_by(out)[0]) == 4


def test_a_foreign_folder_that_looks_like_a_generation_is_left_alone(folder: Path, out: Path) -> None:
    (out / "g000007").mkdir(parents=True)
    (out / "g000007" / "mine.txt").write_text("not yours")
    build(folder, out)
    assert (out / "g000007" / "mine.txt").read_text() == "not yours"


# What cannot be done, and leaves the index as it was


@pytest.mark.parametrize("kind", ["missing", "file", "empty", "no pictures", "only broken", "nested empty"])
def test_a_folder_without_pictures_is_refused_and_the_index_untouched(
    folder: Path, out: Path, tmp_path: Path, kind: str
) -> None:
    build(folder, out)
    before = told_by(out)
    other = tmp_path / "other"
    if kind == "file":
        other.write_text("")
    elif kind != "missing":
        (other / "sub").mkdir(parents=True)
    if kind == "no pictures":
        (other / "notes.txt").write_text("")
    if kind == "only broken":
        (other / "broken.png").write_bytes(b"")
    with pytest.raises(FolderUnusable, match="other"):
        build(other, out)
    assert told_by(out) == before


def test_a_refused_folder_makes_no_index_folder(tmp_path: Path, out: Path) -> None:
    with pytest.raises(FolderUnusable):
        build(tmp_path / "missing", out)
    assert not out.exists()


def test_a_second_builder_is_told_that_the_first_is_at_work(folder: Path, out: Path) -> None:
    out.mkdir(parents=True)
    first = os.open(out, os.O_RDONLY)
    fcntl.flock(first, fcntl.LOCK_EX)
    with pytest.raises(OutputUnwritable, match="another build"):
        build(folder, out)
    os.close(first)
    assert build(folder, out).count == 4


def test_an_index_folder_that_is_a_file_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputUnwritable, match="file"):
            build(folder, out)


@contextmanager
def file_size_limit(max_bytes: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("max_bytes", [0, 600, 5_000, 20_000, 24_000])
def test_files_that_cannot_grow_leave_the_old_index_and_no_half_one(folder: Path, out: Path, max_bytes: int) -> None:
    build(folder, out)
    before, there = told_by(out), {path.name for path in out.iterdir()}
    draw_many(folder / "more", [f"{number}.png" for number in range(20)])
    with file_size_limit(max_bytes), pytest.raises(OutputUnwritable, match="untouched"):
        build(folder, out)
    assert told_by(out) == before
    assert {path.name for path in out.iterdir()} - there <= {"building.sqlite"}
    assert build(folder, out).added == 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own of 128 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    yield disk
    subprocess.run(["umount", disk], check=True)


def fill_up(stuffing: Path) -> None:
    with suppress(OSError), stuffing.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def test_a_full_disk_leaves_the_old_index_and_a_run_with_room_ends_it(folder: Path, small_disk: Path) -> None:
    out = small_disk / "index"
    build(folder, out)
    before = told_by(out)
    draw_many(folder / "more", [f"{number}.png" for number in range(30)])
    stuffing = small_disk / "stuffing"
    fill_up(stuffing)
    for spare_bytes in (0, 8_192, 24_576, 40_960):
        with stuffing.open("r+b") as file:
            file.truncate(stuffing.stat().st_size - spare_bytes)
        with pytest.raises(OutputUnwritable):
            build(folder, out)
        assert told_by(out) == before
        assert {path.name for path in out.iterdir()} <= {"manifest.json", "g000001", "building.sqlite"}
    stuffing.unlink()
    assert build(folder, out).count == 34


# Interruptions


class StoppingEncoder(GridEncoder):
    """Presses Ctrl-C after `pictures`."""

    def __init__(self, pictures: int) -> None:
        super().__init__()
        self.pictures = pictures

    def embed_pixels(self, pixels: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        if self.seen >= self.pictures:
            raise KeyboardInterrupt
        return super().embed_pixels(pixels)


def test_ctrl_c_keeps_what_is_done_and_the_next_run_ends_it(tmp_path: Path, out: Path) -> None:
    folder = draw_many(tmp_path / "many", [f"{number}.png" for number in range(40)])
    console = Console(file=io.StringIO())
    with pytest.raises(KeyboardInterrupt):
        build_index(folder, out, models=replace(small_models(), encoder=StoppingEncoder(16)), console=console)
    assert isinstance(console.file, io.StringIO)
    assert "goes on from here" in console.file.getvalue()
    assert build(folder, out).encoded == 24
    build(folder, tmp_path / "uninterrupted")
    assert told_by(out) == told_by(tmp_path / "uninterrupted")


def test_a_damaged_journal_only_costs_its_work(folder: Path, out: Path) -> None:
    out.mkdir(parents=True)
    (out / "building.sqlite").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    assert build(folder, out).encoded == 4
    assert not (out / "building.sqlite").exists()


def test_a_journal_of_other_models_is_not_believed(folder: Path, out: Path, tmp_path: Path) -> None:
    many = draw_many(tmp_path / "many", [f"{number}.png" for number in range(20)])
    others = Models({"clip/image.onnx": "8" * 64}, StoppingEncoder(8))
    with pytest.raises(KeyboardInterrupt):
        build(many, out, others)
    with sqlite3.connect(out / "building.sqlite") as journal:
        assert journal.execute("SELECT count(*) FROM encoded").fetchone() == (8,)
    journal.close()
    assert build(many, out).encoded == 20


def test_a_file_that_changes_while_it_is_read_is_left_to_the_next_run(folder: Path, out: Path) -> None:
    class Meddler(GridEncoder):
        """Changes the last picture when the first is prepared."""

        def prepare(self, image: Image.Image) -> np.ndarray:  # type: ignore[type-arg]
            draw(folder / "zz.png", 71)
            return super().prepare(image)

    draw_many(folder / "n", [f"{number:02d}.png" for number in range(30)])
    draw(folder / "zz.png", 70, (32, 32))
    summary = build(folder, out, replace(small_models(), encoder=Meddler()))
    assert reasons(summary) == {"zz.png": "it changed while it was being read"}
    assert build(folder, out).added == 1


def test_ten_kills_at_random_moments_change_nothing_in_the_end(tmp_path: Path) -> None:
    script = Path(__file__).with_name("killed_builds.py")
    told = subprocess.run(
        [sys.executable, script, "random", tmp_path], capture_output=True, text=True, check=False, timeout=120
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "10 killed" in told.stdout


def test_a_kill_at_any_write_shows_a_reader_the_old_index_or_the_new(tmp_path: Path) -> None:
    script = Path(__file__).with_name("killed_builds.py")
    told = subprocess.run(
        [sys.executable, script, "every-write", tmp_path], capture_output=True, text=True, check=False, timeout=120
    )
    assert told.returncode == 0, told.stdout + told.stderr
