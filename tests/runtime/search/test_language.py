"""The guess at a text's language: which texts are told, and which stay unknown so that English rules hold for them."""

import pytest

from runtime.search.language import FUNCTION_WORDS_OF, differ, foreign_language, has_own_latin_words, language_of
from runtime.search.language_nouns import TELLING_WORDS_OF
from runtime.search.query import parse_query

TOLD = {
    "de": [
        "ein rotes Boot",
        "Hund auf dem Sofa",
        "Katze auf Sofa",
        "Strand ohne Menschen",
        "EIN ROTES BOOT",
        "rotes Boot",
        "Hund",
        "madchen",
    ],
    "fr": ["chien dans la neige", "l'arbre devant la maison", "une plage sans personne", "oiseau bleu"],
    "es": ["perro en la playa", "dos pájaros sobre la casa", "una mujer con vestido rojo", "perro negro", "árbol"],
    "pt": [
        "um barco vermelho",
        "gato no sofá",
        "menina na praia",
        "homem em um cavalo",
        "barco no mar",
        "gato no sofa",
        "jardim",
    ],
    "it": ["gatto sul divano", "cane nella neve", "macchina rossa"],
    "nl": ["een rode boot", "zwarte hond"],
    "zh": ["红色的船", "船"],
    "ja": ["赤い船", "東京タワーの夜景", "ボート"],
    "th": ["เรือสีแดง"],
    "ar": ["قارب أحمر على الماء"],
    "fa": ["پسر"],
    "hi": ["लाल नाव"],
    "ru": ["красная лодка"],
    "uk": ["червоний човен і море"],
    "ko": ["빨간 배"],
    "und": ["ქართული", "un bateau rouge"],
    "en": [
        "a red boat",
        "a man in a hat at war",
        "die hard poster in the hall",
        "los angeles at night",
        "a sign with 東京 on it",
        "a man called gato",
    ],
}
UNKNOWN = """red boat|man hat war|die hard|also man hat|los angeles|rio de janeiro beach|le mans race|de niro portrait
    |van gogh|das boot submarine|comic con|UN peacekeepers convoy|MIT campus building|São Paulo|jalapeño|Zürich
    |crème brûlée dessert|amazon.com logo|beach no people|casa|chat|vino bar|IMG_4711|2019||?!"""


@pytest.mark.parametrize(("language", "text"), [(language, text) for language, texts in TOLD.items() for text in texts])
def test_a_text_is_told_by_its_letters_and_its_function_words(language: str, text: str) -> None:
    assert language_of(text) == language
    assert foreign_language(text) == (None if language == "en" else language)


@pytest.mark.parametrize("text", [text.strip() for text in UNKNOWN.split("|")])
def test_short_texts_and_names_stay_unknown(text: str) -> None:
    assert language_of(text) is None


def test_texts_differ_only_where_both_languages_are_known() -> None:
    assert differ("ein rotes Boot", "a red boat")
    assert differ("赤い船", "ein rotes Boot")
    assert not differ("ein rotes Boot", "das Haus am See")
    assert not differ("Boot", "a red boat")
    assert not differ("赤い船", "red boat")


def test_no_means_in_the_in_portuguese_and_leaves_nothing_out() -> None:
    assert has_own_latin_words("gato no sofá")
    assert not parse_query("gato no sofá").unwanted
    assert not parse_query("barco no mar").unwanted
    assert [phrase.text for phrase in parse_query("beach no people").unwanted] == ["people"]
    assert [phrase.text for phrase in parse_query("a cat no sofa").unwanted] == ["sofa"]
    assert [phrase.text for phrase in parse_query("gato no sofá -cão").unwanted] == ["cão"]


def test_no_telling_word_is_a_function_word_or_told_of_in_the_wrong_language() -> None:
    for language, words in TELLING_WORDS_OF.items():
        assert all(word.isascii() and word.islower() for word in words)
        assert not words & FUNCTION_WORDS_OF[language]
        assert {language_of(word) for word in words} <= {language, "und", *TELLING_WORDS_OF}
