"""What stands beside a vector in S3 Vectors: it comes back as it was, and stays within the limits."""

import numpy as np
import pytest

from runtime.library.image_rows import ImageRow
from runtime.library.photos.photo_facts import PhotoFacts
from runtime.library.picture_text import PictureWord
from runtime.library.remote.rows import StoredPicture
from runtime.stores.s3vectors.metadata import (
    FILTERABLE_MAX_BYTES,
    METADATA_MAX_BYTES,
    NOT_FILTERABLE,
    bytes_of,
    date_number,
    folders_above,
    pack_picture,
    token_of,
    unpack_picture,
    unpack_vector,
)

FACTS = PhotoFacts("2019-06-02", "exif", -60, "Canon EOS", 38.7, -9.1, "Lisbon", "PT", ("sea", "Ärmel"), 4)
WORDS = (PictureWord("STOP", (0.1, 0.2, 0.3, 0.4)),)


def picture(
    path: str = "2019/holiday/a.jpg", words: tuple[PictureWord, ...] | None = WORDS, **facts: object
) -> StoredPicture:
    row = ImageRow(7, path, "0" * 64, 12, 4, 3, "a boat", 5, caption_source="given", other_captions=("ein Boot",))
    known = {name: getattr(FACTS, name) for name in PhotoFacts.__slots__} | facts
    return StoredPicture(row, PhotoFacts(**known), words)


@pytest.mark.parametrize(
    "one",
    [
        picture(),
        picture(words=None),
        picture(words=()),
        StoredPicture(ImageRow(7, "a.jpg", "0" * 64, 12, 4, 3, None)),
        StoredPicture(ImageRow(7, 'ü "x"/\n.jpg', "0" * 64, 12, 4, 3, "", 0)),
        picture(rating=0, offset_minutes=0),
    ],
)
def test_a_picture_comes_back_as_it_was(one: StoredPicture) -> None:
    packed = pack_picture(one, None)
    assert packed.left_out == ()
    assert unpack_picture(7, packed.metadata) == one


def test_the_vector_of_a_caption_comes_back_in_16_bits() -> None:
    vector = np.random.default_rng(0).normal(size=512).astype(np.float16)
    held = pack_picture(picture(), vector).metadata["caption_embedding"]
    np.testing.assert_array_equal(unpack_vector(held), vector.astype(np.float32))


@pytest.mark.parametrize(
    ("one", "left_out"),
    [
        (picture("f/" * 1_000 + "a.jpg"), ("folders to filter by",)),
        (picture(words=WORDS * 5_000), ("words in them",)),
        (picture(keywords=("x" * 100,) * 1_000), ("keywords", "other captions")),
        (picture("f/" * 1_000 + "a.jpg", WORDS * 5_000), ("folders to filter by", "words in them")),
    ],
)
def test_what_is_too_long_is_cut_to_the_limits_and_named(one: StoredPicture, left_out: tuple[str, ...]) -> None:
    packed = pack_picture(one, np.ones(1024, np.float16))
    assert packed.left_out == left_out
    assert bytes_of(packed.metadata) <= METADATA_MAX_BYTES
    filterable = {name: value for name, value in packed.metadata.items() if name not in NOT_FILTERABLE}
    assert bytes_of(filterable) <= FILTERABLE_MAX_BYTES
    assert unpack_picture(7, packed.metadata).row.image_path == one.row.image_path


def test_a_caption_that_fits_no_vector_is_refused() -> None:
    row = ImageRow(7, "a.jpg", "0" * 64, 12, 4, 3, "x" * METADATA_MAX_BYTES)
    with pytest.raises(ValueError, match="at most 40,960 fit"):
        pack_picture(StoredPicture(row), None)


@pytest.mark.parametrize(
    ("key", "value"), [("row", "{}"), ("row", "[]"), ("row", '{"path": 3}'), ("text", "no list"), ("caption", 3)]
)
def test_metadata_that_nobody_wrote_is_refused(key: str, value: object) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        unpack_picture(7, {**pack_picture(picture(), None).metadata, key: value})


def test_dates_as_numbers_are_in_the_order_of_the_texts() -> None:
    dates = ["2018", "2019", "2019-01", "2019-06", "2019-06-02", "2019-06-02T14:03:22", "2019-12-31T23:59:59", "2020"]
    numbers = [date_number(date) for date in dates]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(numbers)
    assert date_number("2019~", "9") < date_number("2020")
    assert max(numbers) < 2**53  # a number of JSON


def test_folders_are_those_above_the_outermost_first() -> None:
    assert folders_above("a/b/c.jpg") == ["", "a/", "a/b/"]
    assert folders_above("c.jpg") == [""]


def test_a_token_has_one_length_and_takes_any_name() -> None:
    assert {len(token_of(name)) for name in ("", "a", "ü" * 300)} == {8}
    assert token_of("a/b/") != token_of("a/B/")
