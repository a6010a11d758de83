"""Pictures of every kind and pictures that are none: indexed, or reported with the reason, and never in the way."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile

from runtime.images import PictureLimits
from runtime.images.limits import process_limits
from tests.export.index.small_library import (
    GridEncoder,
    build,
    catalog_of,
    draw,
    draw_many,
    ids_by_path,
    reasons,
    small_models,
)
from tests.runtime.images.broken_pictures import BROKEN_ENTRIES, exif_block, jpeg, segment
from tests.runtime.images.odd_pictures import encoded


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
    (folder / "heights.tif").write_bytes(encoded(Image.fromarray(np.arange(200, dtype=np.int32).reshape(10, 20)), "TIFF"))
    words = {"empty.jpg": "empty", "text.jpg": "format", "cut.jpg": "cut short", "cut.png": "", "huge.png": "pixels"}
    return words | {"heights.tif": "32-bit"}


@pytest.mark.parametrize("error", [RuntimeError("decoder"), OverflowError("'L' format"), MemoryError(), RecursionError()])
def test_whatever_a_decoder_raises_costs_one_picture_and_not_the_build(
    error: Exception, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mixed"
    draw(folder / "bad.png", 1, (123, 45))
    draw(folder / "good.png", 2, (40, 30))
    load_whole = ImageFile.ImageFile.load

    def load(image: ImageFile.ImageFile) -> Any:
        if image.size == (123, 45):
            raise error
        return load_whole(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    summary = build(folder, out)
    assert set(ids_by_path(out)) == {"good.png"}
    assert set(reasons(summary)) == {"bad.png"}


def test_mistyped_metadata_keeps_no_picture_out_of_the_index(tmp_path: Path, out: Path) -> None:
    folder = tmp_path / "metadata"
    folder.mkdir()
    for kind, entry in BROKEN_ENTRIES.items():
        (folder / f"{kind}.jpg").write_bytes(jpeg(segment(0xE1, exif_block(entry))))
    summary = build(folder, out)
    assert summary.skipped == ()
    assert {(row.width, row.height) for row in catalog_of(out).rows} == {(40, 60)}


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
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("a picture was decoded again"))
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


def test_a_file_that_changes_while_it_is_read_is_left_to_the_next_run(folder: Path, out: Path) -> None:
    class Meddler(GridEncoder):
        """Changes the last picture when the first is prepared."""

        def prepare(self, image: Image.Image, scaled_from: tuple[int, int] | None = None) -> NDArray[np.float32]:
            draw(folder / "zz.png", 71)
            return super().prepare(image, scaled_from)

    draw_many(folder / "n", [f"{number:02d}.png" for number in range(30)])
    draw(folder / "zz.png", 70, (32, 32))
    summary = build(folder, out, replace(small_models(), encoder=Meddler()))
    assert reasons(summary) == {"zz.png": "it changed while it was being read"}
    assert build(folder, out).added == 1


def test_a_picture_that_was_over_a_limit_is_tried_again_and_so_is_one_that_another_version_refused(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "limits"
    draw(folder / "large.png", 1, (123, 45))
    draw(folder / "small.png", 2, (40, 30))
    monkeypatch.setattr(process_limits, "library", PictureLimits(max_pixels=2000))
    first = build(folder, out)
    assert reasons(first) == {"large.png": "it has 5,535 pixels; 2,000 are allowed"}
    monkeypatch.undo()
    assert build(folder, out).skipped == ()
