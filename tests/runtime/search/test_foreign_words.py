"""Content words of other languages: cut where there are no blanks, without function words, and left out one by one."""

import subprocess
import sys
import unicodedata

import pytest

from runtime.search.text_search import words_of_path, words_of_text
from runtime.search.words import content_words, without_word
from tests.conftest import ROOT

WORDS = {
    "红色的船": "红色 船",
    "紅色的船": "紅色 船",
    "没有人的海滩": "人 海滩",
    "北京的夜景": "北京 夜景",
    "赤い船": "赤い 船",
    "海辺の赤いボート": "海辺 赤い ボート",
    "公園で遊ぶ子供たち": "公園 遊ぶ 子供",
    "2匹の猫": "2 匹 猫",
    "เรือสีแดง": "เรือ สี แดง",
    "قارب أحمر على الماء": "قارب أحمر الماء",
    "समुद्र तट पर कुत्ता": "समुद्र तट कुत्ता",
    "красная лодка на воде": "красная лодка воде",
    "два человека у моря": "два человека моря",
    "Hund auf dem Sofa": "hund sofa",
    "zwei Vögel über dem Haus": "zwei vögel haus",
    "l'arbre devant la maison": "arbre maison",
    "deux personnes à la plage": "deux personnes plage",
    "un bateau rouge": "bateau rouge",
    "dos pájaros sobre la casa": "dos pájaros casa",
    "duas crianças na praia": "duas crianças praia",
}


@pytest.mark.parametrize(("text", "words"), WORDS.items())
def test_what_names_nothing_is_no_content_word(text: str, words: str) -> None:
    assert content_words(text) == words.split()
    assert content_words(unicodedata.normalize("NFD", text)) == words.split()


@pytest.mark.parametrize("text", WORDS)
def test_each_word_can_be_left_out_and_the_others_stay(text: str) -> None:
    words = content_words(text)
    for word in words:
        left = content_words(without_word(text, word) + " ")
        assert word not in left
        assert "".join(without_word(text, word).split()) != "".join(text.split())


def test_what_stands_between_two_words_stays_when_one_is_left_out() -> None:
    assert without_word("红色的船", "船") == "红色的"
    assert without_word("l'arbre devant la maison", "arbre") == "l' devant la maison"
    assert without_word("赤い船と赤い家", "赤い") == "船と家"


def test_words_of_a_path_have_their_marks_and_those_of_unspaced_scripts_are_letters() -> None:
    assert set(words_of_path("लाल नाव.jpg")) == {"लाल", "नाव", "jpg"}
    assert {"เ", "รื", "อ"} <= set(words_of_path("เรือ.jpg"))
    assert set(words_of_text("เรือสีแดง").words) <= set(words_of_path("เรือสีแดง/1.jpg"))
    assert set(words_of_text("红色的船").words) <= set(words_of_path("红色的船.jpg"))


@pytest.mark.parametrize(
    ("text", "imported"), [("a red boat", []), ("ein rotes Boot", ["stop_words"]), ("赤い船", ["budoux", "stop_words"])]
)
def test_a_package_of_another_language_is_imported_for_a_text_in_it_alone(text: str, imported: list[str]) -> None:
    code = f"""
import sys
from runtime.search.words import content_words
content_words({text!r})
print(sorted({{"budoux", "stop_words"}} & set(sys.modules)))
"""
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert told.stdout == f"{imported}\n"
