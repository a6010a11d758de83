"""A file's name states a query where each of its words stands in the path as a whole word."""

import unicodedata

import pytest

from runtime.library.image_rows import ImageRow
from runtime.search.text_search import which_are_named


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("holiday2019/IMG_4711.jpg", "IMG_4711", True),
        ("holiday2019/IMG_4711.jpg", "img4711", True),
        ("holiday2019/IMG_4711.jpg", "holiday2019/", True),
        ("holiday2019/IMG_4711.jpg", "a photo of the holidays in 2019", True),
        ("holiday2019/IMG_4711.jpg", "holiday 2018", False),
        ("holiday2019/IMG_4711.jpg", "471", False),
        ("sunset-boat.JPG", "boats at sunset", True),
        ("sunset-boat.JPG", "a red boat at sunset", False),
        ("sunday.jpg", "sun", False),
        ("butterflies.jpg", "a butterfly", True),
        ("sunday.jpg", "jpg", False),
        ("sunday.jpg", "sunday.jpg", True),
        ("the photo.jpg", "the photo", True),
        ("photo.jpg", "the photo", False),
        (unicodedata.normalize("NFD", "Café/x.png"), "CAFÉ", True),
        ("cities/stories.jpg", "a story of a city", True),  # a stem that is no part of its plural
        ("flies.jpg", "a fly", True),
        ("休暇/赤い船と犬.jpg", "赤い船", True),
        ("休暇/船と赤い犬.jpg", "赤い船の写真", True),
        ("タワー東京.jpg", "東京タワー", False),  # all letters, in another order
        ("ทะเล/เรือสีแดง.jpg", "เรือ", True),
        ("लाल नाव.jpg", "नाव पर", True),
        ("नल.jpg", "लाल", False),  # the same letters without their marks
        ("a.jpg", "", False),
        ("a.jpg", '"', False),
    ],
)
def test_a_name_states_all_words_or_not(path: str, text: str, expected: bool) -> None:
    assert which_are_named([ImageRow(1, path, "", 1, 1, 1, "a red boat")], text) == [expected]
