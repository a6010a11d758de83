"""Words as the full-text index holds them: no case, no accents, cut at borders, stemmed; the same on both sides."""

import unicodedata
from typing import Literal

import pytest

from runtime.library.case_folding import fold
from runtime.search import text_search
from runtime.search.text_search import words_of_caption, words_of_path, words_of_text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("IMG_4711", {"img", "4711"}),
        ("holiday2019", {"holiday", "2019", "holiday2019"}),
        ("2019", {"2019"}),
        ("sunset-boat.JPG", {"sunset", "boat", "jpg"}),
        ("SunsetBoats.jpg", {"sunset", "boat", "sunsetboat", "jpg"}),
        ("a/b c/DSC0001~2.png", {"a", "b", "c", "dsc", "0001", "dsc0001", "2", "png"}),
        ("my photos.gif", {"my", "photo", "gif"}),
        ("Straße am Café.png", {"strasse", "am", "cafe", "png"}),
        ("北京2008", {"北", "京", "2008", "北京2008"}),
        ("", set()),
        ("- _ .", set()),
    ],
)
def test_a_path_has_its_parts_and_what_stands_between_separators(path: str, words: set[str]) -> None:
    assert set(words_of_path(path)) == words
    assert len(words_of_path(path)) == len(words)


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("Two boats on the sea", ("two", "boat", "sea")),
        ("a picture of a dog's t-shirt", ("dog", "t", "shirt")),
        ("black-and-white, don’t", ("black", "white", "dont")),
        ("a boeing747", ("boeing", "747")),
        ("the photo", ()),
        ("", ()),
    ],
)
def test_a_caption_has_its_content_words(caption: str, words: tuple[str, ...]) -> None:
    assert words_of_caption(caption) == words


def test_a_text_without_content_words_is_one_for_names() -> None:
    found = words_of_text("the Photos")
    assert (found.words, found.last, found.names_only) == (("the", "photo"), "photos", True)
    found = words_of_text("the photos of houses")
    assert (found.words, found.last, found.names_only) == (("house",), "houses", False)


@pytest.mark.parametrize("text", ["", " ", "\0", "😀", '"', "-", "'", "\ud800", "\u0301"])
def test_a_text_without_letters_and_digits_has_no_words(text: str) -> None:
    assert words_of_text(text).words == ()


@pytest.mark.parametrize("text", ["Café", "ÅNGSTRÖM", "Straße", "İstanbul", "が", "ﬁne", "Ⅳ", "２０１９", "हिन्दी", "한국"])
def test_the_ways_to_write_a_letter_are_one(text: str) -> None:
    forms: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
    written = {unicodedata.normalize(form, variant) for form in forms for variant in (text, text.upper(), text.lower())}
    assert len({fold(one) for one in written}) == 1
    assert len({words_of_text(one).words for one in written if unicodedata.normalize("NFC", one) == text}) == 1


@pytest.mark.parametrize("text", ["holiday2019_a boat", "3.5 x 10%", "", "_-_", "".join(map(chr, range(128)))])
def test_ascii_texts_are_cut_as_those_in_other_scripts(text: str) -> None:
    cut_as_others = text_search._any_part().findall(text.lower())
    assert text_search._parts(text) == cut_as_others
