"""The step of a build that reads text: put off, killed, published, kept; each content is looked at once."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from export.index.build import BuildOptions
from export.index.journal import Journal
from runtime.images.previews import encode_preview
from runtime.library.catalog import Library
from runtime.library.picture_text import PictureWord
from runtime.library.previews.preview_files import preview_path
from tests.export.index.small_library import (
    FINGERPRINT,
    build,
    catalog_of,
    draw,
    draw_many,
    manifest_of,
    said_by,
    small_models,
)

COUNT = 8
BOX = (0.1, 0.2, 0.3, 0.4)
LATER = BuildOptions(text_later=True)


class BrightnessReader:
    """Reads of a picture how bright it is, of every fourth nothing; does `at[n]` before the nth."""

    def __init__(self, at: dict[int, Callable[[], None]] | None = None) -> None:
        self.at, self.count, self.sizes = at or {}, 0, set[tuple[int, ...]]()
        self._lock = threading.Lock()

    def prepare(self, image: Image.Image) -> NDArray[np.uint8]:
        self.sizes.add(image.size)
        return np.asarray(image)

    def read(self, pixels: NDArray[np.uint8]) -> tuple[PictureWord, ...]:
        with self._lock:
            self.at.get(self.count, lambda: None)()
            self.count += 1
        brightness = int(pixels.mean() * 1000)
        return (PictureWord("Platform", BOX), PictureWord(f"B{brightness}", BOX)) if brightness % 4 else ()


def reading(reader: BrightnessReader, **more: float) -> BuildOptions:
    return BuildOptions(open_text_reader=lambda: reader, **more)  # type: ignore[arg-type]  # of fields


def never_opened() -> BrightnessReader:
    pytest.fail("the reader was opened")


def texts_of(folder: Path, out: Path) -> dict[int, tuple[str, ...]]:
    library = Library(out / manifest_of(out).catalog.path, folder)
    return {at: tuple(word.text for word in words) for at, words in library.texts.of_pictures(range(1, 50)).items()}


def press_ctrl_c() -> None:
    raise KeyboardInterrupt


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return draw_many(tmp_path / "photos", [f"{number}.png" for number in range(COUNT)])


def test_what_is_read_is_in_the_catalogue_and_found_by_its_words(folder: Path, out: Path) -> None:
    summary = build(folder, out, options=reading(reader := BrightnessReader()))
    assert (reader.count, summary.unread_texts) == (COUNT, 0)
    texts = texts_of(folder, out)
    assert 0 < len(texts) <= COUNT
    assert {words[0] for words in texts.values()} == {"Platform"}
    library = Library(out / manifest_of(out).catalog.path, folder)
    assert sorted(library.text.find(["platform"], 50, last="platform", names_only=False)) == sorted(texts)


def test_nothing_is_looked_at_twice_also_where_there_was_no_text(folder: Path, out: Path) -> None:
    build(folder, out, options=reading(BrightnessReader()))
    before = texts_of(folder, out)
    assert not build(folder, out, options=BuildOptions(open_text_reader=never_opened)).written
    draw(folder / "new.png", 100)
    summary = build(folder, out)  # does not ask for text: what was read stays
    assert (summary.unread_texts, texts_of(folder, out)) == (1, before)
    (folder / "1.png").rename(folder / "moved.png")
    build(folder, out, options=reading(rest := BrightnessReader()))
    assert rest.count == 1


def test_later_reads_nothing_and_says_what_does(folder: Path, out: Path) -> None:
    told = said_by(folder, out, options=replace(LATER, open_text_reader=None))
    assert f"{COUNT} of them were not looked at for text yet" in told
    assert "`--text now`" in told
    assert texts_of(folder, out) == {}
    assert "looked at for text" not in said_by(folder, out, options=reading(BrightnessReader()))
    assert len(texts_of(folder, out)) > 0


def test_who_never_asked_for_text_is_not_told_of_it(folder: Path, out: Path) -> None:
    assert "looked at" not in said_by(folder, out)


def test_ctrl_c_puts_what_was_read_so_far_into_the_index_and_the_next_run_reads_the_rest(folder: Path, out: Path) -> None:
    whole = out.with_name("whole")
    build(folder, whole, options=reading(BrightnessReader()))
    with pytest.raises(KeyboardInterrupt):
        build(folder, out, options=reading(BrightnessReader({5: press_ctrl_c})))
    assert 0 < len(texts_of(folder, out)) <= 5
    build(folder, out, options=reading(rest := BrightnessReader()))
    assert rest.count == COUNT - 5
    assert texts_of(folder, out) == texts_of(folder, whole)


def test_a_reader_that_fails_loses_nothing_that_the_journal_has(folder: Path, out: Path) -> None:
    def fail() -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        build(folder, out, options=reading(BrightnessReader({3: fail})))
    with Journal(out, FINGERPRINT) as journal:
        assert len(journal.texts("PP-OCRv6-small")) == 3
    build(folder, out, options=reading(rest := BrightnessReader()))
    assert rest.count == COUNT - 3


def test_texts_are_published_while_the_rest_is_read(folder: Path, out: Path) -> None:
    seen: list[int] = []
    build(folder, out)
    look = {number: lambda: seen.append(len(texts_of(folder, out))) for number in range(COUNT)}
    build(folder, out, options=reading(BrightnessReader(look), publish_every_s=0))
    assert seen == sorted(seen)
    assert texts_of(folder, out)


def test_other_models_for_search_cost_no_second_reading(folder: Path, out: Path) -> None:
    build(folder, out, options=reading(BrightnessReader()))
    other = replace(small_models(), fingerprint={"clip/image.onnx": "3" * 64})
    build(folder, out, other, BuildOptions(open_text_reader=never_opened))
    assert texts_of(folder, out)


def test_an_index_beside_another_takes_its_texts_over(folder: Path, out: Path) -> None:
    build(folder, out, options=reading(BrightnessReader()))
    beside = out.with_name("beside")
    said = said_by(folder, beside, options=BuildOptions(open_text_reader=never_opened, reuse=out))
    assert f"the text in {COUNT} pictures" in said
    assert texts_of(folder, beside) == texts_of(folder, out)


def test_a_preview_is_read_in_place_of_its_picture_unless_it_is_damaged(folder: Path, out: Path) -> None:
    build(folder, out)
    rows = {row.image_path: row for row in catalog_of(out).rows}
    for name in ("1.png", "2.png"):
        path = preview_path(out, rows[name].sha256, 1600)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_preview(Image.new("RGB", (30, 20), "red"), 1600))
    preview_path(out, rows["2.png"].sha256, 1600).write_bytes(b"half of a JPEG")
    build(folder, out, options=reading(reader := BrightnessReader()))
    assert reader.sizes == {(16, 12), (30, 20)}
    assert reader.count == COUNT


def test_a_file_that_goes_away_meanwhile_is_left_to_the_next_run(folder: Path, out: Path) -> None:
    build(folder, out)
    last = folder / f"{COUNT - 1}.png"
    assert build(folder, out, options=reading(BrightnessReader({0: last.unlink}))).unread_texts in {0, 1}
    assert build(folder, out, options=reading(BrightnessReader())).unread_texts == 0
