"""Pictures found by words: which, in which order, and that no text is an error."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from export.index.catalog import Catalog, IndexedImage, write_catalog
from runtime.library.catalog import Library
from runtime.library.text_index import COMPLETIONS, LOOKED_AT
from runtime.search.text_search import find_by_words

PICTURES: list[tuple[str, str | None]] = [
    ("holiday2019/IMG_4711.jpg", "two boats on the sea at sunset"),
    ("a/sunset-boat.JPG", None),
    ("b/Café.png", "a man's t-shirt in a café"),
    ("c/4.jpg", "a boathouse by a lake"),
    ("c/5.jpg", "a boat"),
    ("the photo.jpg", "a black-and-white house"),
    ("北京火车站/7.jpg", ""),
    ("c/8.jpg", "a sunflower or a jar, not a vase"),
]


def library_of(folder: Path, pictures: list[tuple[str, str | None]]) -> Library:
    rows = [
        IndexedImage(image_id, path, f"{image_id:064x}", 1, 1, 1, caption, 0)
        for image_id, (path, caption) in enumerate(pictures, start=1)
    ]
    write_catalog(folder / "catalog.sqlite", Catalog(rows))
    return Library(folder / "catalog.sqlite", folder)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return library_of(tmp_path, PICTURES)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("a boat", [2, 5, 1, 4]),  # no caption, a short one, a longer one; then "boathouse", which only begins so
        ("boats", [2, 5, 1]),
        ("sunset boat", [2, 1, 5]),  # both words, then one of them
        ("boat sunset", [2, 1, 5]),
        ("boat zebra", [1, 2, 5]),  # no picture has both
        ("zebra", []),
        ("boath", [4]),
        ("sun", [2, 1, 8]),  # begins "sunset" and "sunflower"
        ("su", []),  # too short to begin a word
        ("IMG_4711", [1]),
        ("img4711", [1]),
        ("holiday2019", [1]),
        ("holiday2019/", [1]),
        ("2019", [1]),
        ("sunset-boat.JPG", [2, 1, 5, 4, 6, 7, 8]),  # the second is a "jpg" with a caption of a boat at sunset
        ("sunset-boat.jpg lake", [1, 2, 4, 5, 6, 7, 8]),  # three words, two and a rare one, one
        ("sea 4711", [1]),  # one from the caption, one from the name
        ("cafe", [3]),
        ("CAFE\u0301", [3]),
        ("t-shirt", [3]),
        ("the photo", [6]),  # no content words: names alone
        ("photos", [6]),
        ("black and white", [6]),
        ("火车", [7]),
        ("the", [6]),
        ("a or not", [8]),
    ],
)
def test_pictures_that_hold_all_words_come_first_and_then_those_that_hold_some(
    library: Library, text: str, ids: list[int]
) -> None:
    assert find_by_words(library, text, 10) == ids


@pytest.mark.parametrize(
    "text",
    [
        "",
        '"',
        '""boat"',
        "(boat",
        "boat)",
        "boat*",
        "^boat",
        "-boat",
        "captions: boat",
        "{captions} : boat",
        "boat AND",
        "boat OR sea",
        "NOT boat",
        "NEAR(boat sea)",
        "boat\0sea",
        "\0",
        "\ud800",
        "boat \udfff",
        "😀" * 1000,
        "a1" * 500,
        "'; DROP TABLE images; --",
        "".join(chr(0x4E00 + at) for at in range(1000)),
        "".join(chr(at) for at in range(1, 1001)),
        "x" * 1000,
        "\U0010ffff",
        "𞤀𞤁",
    ],
)
def test_no_text_is_an_error_and_none_is_an_expression(library: Library, text: str) -> None:
    assert set(find_by_words(library, text, 10)) <= {1, 2, 4, 5, 7, 8}


def test_a_thousand_words_are_looked_for_too(tmp_path: Path) -> None:
    letters = "".join(chr(0x4E00 + at) for at in range(1000))
    assert find_by_words(library_of(tmp_path, [("a.jpg", "a boat"), ("b.jpg", letters)]), letters, 10) == [2]


@pytest.mark.parametrize("limit", [-1, 0, 1, 2, 3])
def test_no_more_are_found_than_wanted(library: Library, limit: int) -> None:
    assert find_by_words(library, "boats", limit) == [2, 5, 1][: max(0, limit)]


def test_of_very_many_only_the_first_are_looked_at(tmp_path: Path) -> None:
    shortest_last = [("x.jpg", "a boat " + "at sea " * 3)] * LOOKED_AT + [("x.jpg", "a boat")]
    library = library_of(tmp_path, [(f"{at}.jpg", caption) for at, (_, caption) in enumerate(shortest_last)])
    assert find_by_words(library, "boat", 2) == [1, 2]
    assert len(find_by_words(library, "boat", 2 * LOOKED_AT)) == LOOKED_AT + 1


def test_a_beginning_stands_for_its_most_frequent_words(tmp_path: Path) -> None:
    words = [f"sun{chr(97 + at)}" for at in range(COMPLETIONS + 1)]
    pictures: list[tuple[str, str | None]] = [(f"{at}.jpg", word) for at, word in enumerate([*words, *words[1:]])]
    found = find_by_words(library_of(tmp_path, pictures), "sun", 100)
    assert len(found) == 2 * COMPLETIONS
    assert 1 not in found


def test_many_threads_find_at_once(library: Library) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(map(tuple, pool.map(lambda _: find_by_words(library, "boat sunset", 10), range(200)))) == {(2, 1, 5)}
