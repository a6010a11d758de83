"""Signs, marks and invisible letters within words and numbers: which part them, and which do not."""

import re
import unicodedata

import pytest

from runtime.search.word_pattern import MARKS
from runtime.search.words import content_words, without_word


@pytest.mark.parametrize(
    "number",
    [
        *("1,000", "1,000,000", "1.000", "1'000", "1,000.50", "3.5", "3.5mm", "12.5-inch", "10%", "12.5%", "20-year-old"),
        *("2021-06-03", "06/03/2021", "3.6.2021", "10:30", "16:9", "1/2", "2.0.1", "٣٫٥"),
    ],
)
def test_a_number_is_one_word_with_the_signs_within_it(number: str) -> None:
    assert content_words(f"{number} birds, in {number}.") == [number, "birds"]
    assert without_word(f"{number} birds", number) == "birds"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("boats,1,2", ["boats", "1", "2"]),
        ("1,2,3", ["1", "2", "3"]),
        ("1,0000", ["1", "0000"]),
        ("red,blue", ["red", "blue"]),
        ("the end.5 boats", ["end", "5", "boats"]),
        ("100%cotton", ["100%", "cotton"]),
        ("www.boats.example", ["www", "boats", "example"]),
    ],
)
def test_signs_between_other_words_part_them(text: str, words: list[str]) -> None:
    assert content_words(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "लाल नाव",
        "नीली क्रिकेट",
        "เรือ น้ำ",
        "நீல படகு",
        "লাল নৌকা",
        "שָׁלוֹם עוֹלָם",
        "مُحَمَّد قارب",
        "می\u200cخواهم قایق",
        "ශ්\u200dරී ලංකා",
        "ខ្មែរ ទូក",
        "မြန်မာ လှေ",
        "ລາວ ເຮືອ",
        "ქართული ნავი",
        "한국어 배",
        "赤い ボート",
        "葛\U000e0100 城",
        "Mu\u0308nchen cafe\u0301",
        "Việt Nam",
    ],
)
def test_words_of_every_script_stay_whole(text: str) -> None:
    wanted = [unicodedata.normalize("NFKC", word).lower() for word in text.split()]
    assert content_words(text) == wanted
    assert content_words(unicodedata.normalize("NFD", text)) == wanted
    for word in wanted:
        assert len(without_word(text, word).split()) == len(wanted) - 1
    assert without_word("लाल नाव", "ल") == "लाल नाव"


def test_the_marks_are_those_of_the_scripts_in_use_and_no_sign_is_among_them() -> None:
    joins_words = re.compile(f"[{MARKS}]")
    for char in map(chr, range(0x10000)):
        category = unicodedata.category(char)
        if category in ("Mn", "Mc") and char not in "\ufe0e\ufe0f":
            assert joins_words.match(char), hex(ord(char))
        if category[0] in "PSZ" or category in ("Cc", "Cf"):
            assert not joins_words.match(char), hex(ord(char))


@pytest.mark.parametrize("text", ["𞤘𞤢𞤲𞥆𞤣𞤢𞤤 𞤤𞤢𞥄𞤲𞤢", "𑄌𑄋𑄴𑄟𑄳𑄦 𑄜𑄪𑄣𑄴", "𑀦𑀸𑀯 𑀮𑀸𑀮"])
def test_marks_past_the_first_plane_belong_to_their_word_too(text: str) -> None:
    first, second = text.lower().split()
    assert content_words(text) == [first, second]
    assert without_word(text, first) == second


def test_a_soft_hyphen_parts_no_word() -> None:
    assert content_words("a light\u00adhouse, sail\u2060boats") == ["lighthouse", "sailboats"]
    assert without_word("a light\u00adhouse at sea", "lighthouse") == "a at sea"
