"""The content words of texts in other languages than English: where a word begins and ends, and which name nothing.

Scripts without blanks between words are cut by the models of BudouX, and function words left out by the lists of stop-words;
neither is imported before a text needs it. Where the language is not told or has no list, all words are content words.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.search.language import ELISION, FUNCTION_WORDS_OF, UNDETERMINED, language_of
from runtime.search.word_pattern import UNSPACED, WORD

if TYPE_CHECKING:
    from budoux.parser import Parser

# Of the ten languages with the most speakers, those with a list; and of those that `language.py` tells by function words.
_LISTED = frozenset(("ar", "de", "es", "fr", "hi", "it", "ja", "nl", "pt", "ru", "zh"))
# What the lists have that a picture can show: people, times of day, numbers, sides. As in English, these are content.
_SHOWN = {
    "ar": "صباح مساء اثنان ثلاثة اربعة عشر عشرة واحد",
    "de": "eins zwei drei vier",
    "es": "dos tres cuatro cinco seis siete ocho nueve diez",
    "fr": "deux droite haut personne personnes pièce trois",
    "hi": "घर दो",
    "it": "cinque due grande nove quattro sei sette sotto sopra tre",
    "pt": "caminho cara direita dois duas trabalho",
    "ru": """восемнадцать восемь два двадцать две двенадцать двух девятнадцать девять день десять люди мира один одна
        одиннадцать пятнадцать пять рядом семнадцать семь три тринадцать четыре четырнадцать человек шестнадцать шесть""",
    "zh": "人 上 下 一 几 小",
}
# What they lack: endings and particles, which are words of their own once a text is cut, and words for "photo of". For Thai,
# there is no list.
_ADDED = {
    "ja": "あっ あり い いっ いる う え お か せ た たち だ て で な ない なっ ね の へ や よ ら り る れ ん 写真 画像",
    "th": "กับ การ ของ ความ คือ จะ จาก ซึ่ง ด้วย ได้ ตัว ที่ ใน นี้ นั้น บน เป็น ไป มา มี ไม่ และ ว่า แล้ว โดย ให้ อยู่ อัน ภาพ รูป",
    "zh": "只 条 张 没有 没 的 了 着 里 們 個 與 為 這 隻 在 裡 照片 图片 圖片",
}
_UNSPACED_LETTER = re.compile(f"[{UNSPACED}]")
_MODELS = {"ja": "ja_word", "th": "th", "zh": "zh-hans"}  # of BudouX
_TRADITIONAL, _SIMPLIFIED_LETTERS = "zh-hant", "gb2312"


def foreign_content_words(text: str) -> tuple[str, ...]:
    """Return the content words of a text in NFC: lower case, in the order of the text, each once."""
    return tuple(dict.fromkeys(_compared(text[start:end]) for start, end in _content_spans(text)))


def without_foreign_word(text: str, word: str) -> str:
    """Return a text in NFC with every occurrence of a content word left out."""
    kept, done = "", 0
    for start, end in _content_spans(text):
        if _compared(text[start:end]) == word:
            kept, done = kept + text[done:start], end
    return kept + text[done:]


@cache
def function_words(language: str) -> frozenset[str]:
    """Return the words of a language that name nothing a picture could show; few or none where it has no list."""
    from stop_words import get_stop_words

    listed = get_stop_words(language) if language in _LISTED else ()
    if language == UNDETERMINED:  # one of those that share function words
        listed = frozenset[str]().union(*FUNCTION_WORDS_OF.values())
    words = (*listed, *FUNCTION_WORDS_OF.get(language, ()), *_ADDED.get(language, "").split())
    shown = _SHOWN.values() if language == UNDETERMINED else [_SHOWN.get(language, "")]
    return frozenset(map(_compared, words)) - set(" ".join(shown).split())


def _content_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each content word begins and ends."""
    language = language_of(text) or UNDETERMINED
    left_out = function_words(language)
    for found in WORD.finditer(text):
        for start, end in _cut(found[0], language):
            if _compared(found[0][start:end]) not in left_out:
                yield found.start() + start, found.start() + end


def _cut(word: str, language: str) -> Iterator[tuple[int, int]]:
    """Yield where the words begin and end of what stands between blanks: of "赤い船" two, of "l'arbre" the second."""
    elided = ELISION.match(word.lower())
    start = elided.end() if elided else 0
    for piece in _pieces(word[start:], language):
        yield start, start + len(piece)
        start += len(piece)


def _pieces(word: str, language: str) -> list[str]:
    if language not in _MODELS or not _UNSPACED_LETTER.search(word):
        return [word]
    return _parser(_TRADITIONAL if language == "zh" and _is_traditional(word) else _MODELS[language]).parse(word)


def _is_traditional(word: str) -> bool:
    """Return whether a Chinese word has a letter that the simplified script lacks."""
    try:
        word.encode(_SIMPLIFIED_LETTERS)
    except UnicodeEncodeError:
        return True
    return False


@cache
def _parser(model: str) -> "Parser":
    """Return the parser with one of the models of BudouX, which are JSON files beside its code."""
    from budoux.parser import MODEL_DIR, Parser

    return Parser(json.loads(Path(MODEL_DIR, f"{model}.json").read_text("utf-8")))


def _compared(word: str) -> str:
    """Return a word as it is compared: in lower case and plain letters (NFKC)."""
    return unicodedata.normalize("NFKC", word).lower()
