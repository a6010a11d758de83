"""Token ids and texts equal the reference tokenizers', fast and slow, on people's captions and on the oddest input.

The files are those that the export step writes: the fast tokenizer's own `tokenizer.json`, and CLIP's as mapped arrays.
"""

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.measure.script_texts import draw_texts
from export.models.mapped_words_file import maps_words, write_mapped_words
from runtime.artefacts.mapped_arrays import MappedArrays
from runtime.models.mapped_words import MappedWords
from runtime.models.tokenizer import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

pytest.importorskip("transformers")
pytestmark = [pytest.mark.torch, pytest.mark.shared]

CLIP_LENGTH, BERT_LENGTH = 77, 512
ODD_TEXTS = {
    "nothing": "",
    "white space": " \t\n\r ",
    "other white space": "\u00a0\u3000\u2028",
    "white space between": "line\nbreak\ttab  double  space ",
    "emoji": "an emoji 🍕 on ☕️",
    "emoji joined": "👩‍👩‍👧 a family 🏳️‍🌈",
    "3,000 emoji": "🍕" * 3000,
    "Chinese": "红色的船在日落",
    "Japanese": "東京の夜",
    "Korean": "한국어",
    "right to left": "قارب أحمر عند الغروب שלום עולם",
    "Indic and Thai": "हिन्दी ภาษาไทย",
    "combining marks": "É\u0301 e\u0301\u0327 n\u0303 Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ Tiếng Việt",
    "control characters": "a\x00b\x07c\x1b[31m\x7f\x85d",
    "replacement character": "a\ufffdb",
    "no character": "a \ufffe b",
    "zero width": "zero\u200bwidth\u200djoiner\u200cnon\ufeffmark\u2060end",
    "compatibility forms": "ﬁ １２ Ⅷ ß İ ı ŒÆ",
    "beyond the basic plane": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈",
    "punctuation": "it's \"quoted\" -- don't... ([{}]) $5.00 #1 @home a_b &amp; 3.14",
    "special tokens": "<|startoftext|> <|endoftext|> [CLS] [SEP] [MASK] [PAD] [DEC] [ENC] [UNK]",
    "a word of 10,000 characters": "w" * 10_000,
    "10,000 characters of words": "word " * 2000,
}
# Without the package ftfy, the slow CLIP tokenizer falls back to BERT's splitting: it sets every Chinese character (and
# kanji) apart, drops control and format characters (the joiners of emoji among them), and U+FFFD. The fast one does neither.
SLOW_CLIP_DIFFERS = {
    "emoji joined",
    "Chinese",
    "Japanese",
    "control characters",
    "replacement character",
    "no character",
    "zero width",
}
# The slow BERT tokenizer drops code points that Unicode has assigned to nothing; the fast one makes them an unknown word.
SLOW_BERT_DIFFERS = {"no character"}


@dataclass(frozen=True)
class Pair:
    """Our tokenizer, and the reference whose file it reads."""

    ours: Tokenizer
    fast: "PreTrainedTokenizerBase"
    slow: "PreTrainedTokenizerBase"
    length: int

    def ids(self, text: str) -> list[int]:
        ids: list[int] = self.ours.encode([text])[0].tolist()
        return ids

    def reference_ids(self, text: str, *, slow: bool = False) -> list[int]:
        tokenizer = self.slow if slow else self.fast
        ids: list[int] = tokenizer(text, truncation=True, max_length=self.length)["input_ids"]
        return ids


def exported(reference: Any, path: Path, length: int) -> Tokenizer:
    path.write_text(reference.backend_tokenizer.to_str(), "utf-8")  # as export/models/exporters.py does
    return Tokenizer(path, length, reference.pad_token_id)


@pytest.fixture(scope="module")
def clip(shared_vocabularies: Path, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    from transformers import CLIPTokenizer, CLIPTokenizerFast

    folder = shared_vocabularies / "clip"
    fast = CLIPTokenizerFast.from_pretrained(folder)
    ours = exported(fast, tmp_path_factory.mktemp("clip") / "tokenizer.json", CLIP_LENGTH)
    return Pair(ours, fast, CLIPTokenizer.from_pretrained(folder), CLIP_LENGTH)


@pytest.fixture(scope="module")
def mapped_clip(clip: Pair, tmp_path_factory: pytest.TempPathFactory) -> MappedWords:
    path = tmp_path_factory.mktemp("clip") / "tokenizer.safetensors"
    write_mapped_words(clip.fast.backend_tokenizer, path)
    return MappedWords(MappedArrays(path, ""), CLIP_LENGTH, clip.fast.pad_token_id)


@pytest.fixture(scope="module")
def blip(shared_vocabularies: Path, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    from transformers import BertTokenizer, BertTokenizerFast

    vocabulary = str(shared_vocabularies / "bert" / "vocab.txt")
    fast, slow = BertTokenizerFast(vocab_file=vocabulary), BertTokenizer(vocab_file=vocabulary)
    for tokenizer in (fast, slow):
        tokenizer.add_special_tokens({"bos_token": "[DEC]"})  # the order in which BLIP's authors add them
        tokenizer.add_special_tokens({"additional_special_tokens": ["[ENC]"]})
        assert tokenizer.convert_tokens_to_ids(["[DEC]", "[ENC]"]) == [30522, 30523]
    ours = exported(fast, tmp_path_factory.mktemp("blip") / "tokenizer.json", BERT_LENGTH)
    return Pair(ours, fast, slow, BERT_LENGTH)


@pytest.fixture(scope="module")
def captions(shared_photos: Path) -> list[str]:
    lines = (shared_photos / "captions.jsonl").read_text("utf-8").splitlines()
    captions = [caption for line in lines for caption in json.loads(line)["captions"]]
    assert len(captions) == 250
    return captions


def test_ids_of_captions_equal_both_reference_tokenizers(clip: Pair, blip: Pair, captions: list[str]) -> None:
    for pair in (clip, blip):
        for caption in captions:
            ids = pair.ids(caption)
            assert ids == pair.reference_ids(caption), caption
            assert ids == pair.reference_ids(caption, slow=True), caption


def test_clip_s_mapped_arrays_give_the_same_ids_and_parts(clip: Pair, mapped_clip: MappedWords, captions: list[str]) -> None:
    assert maps_words(clip.fast.backend_tokenizer)
    drawn = draw_texts(100, vocabulary=[token.removesuffix("</w>") for token in clip.fast.get_vocab()])
    for text in [*captions, *ODD_TEXTS.values(), *(text for texts in drawn.values() for text in texts)]:
        assert mapped_clip.encode([text]).tolist() == [clip.ids(text)], text
        assert mapped_clip.read_part(text) == clip.ours.read_part(text), text


@pytest.mark.parametrize("kind", ODD_TEXTS)
def test_ids_of_odd_texts_equal_the_reference(clip: Pair, blip: Pair, kind: str) -> None:
    for pair in (clip, blip):
        ids = pair.ids(ODD_TEXTS[kind])
        assert ids == pair.reference_ids(ODD_TEXTS[kind])
        assert 2 <= len(ids) <= pair.length


@pytest.mark.parametrize("kind", ODD_TEXTS)
def test_only_where_berts_slow_tokenizer_differs_from_the_fast_does_ours(blip: Pair, kind: str) -> None:
    slow = blip.reference_ids(ODD_TEXTS[kind], slow=True)
    assert (blip.ids(ODD_TEXTS[kind]) != slow) == (kind in SLOW_BERT_DIFFERS)


@pytest.mark.skipif(find_spec("ftfy") is not None, reason="with ftfy, the slow CLIP tokenizer mends texts first")
@pytest.mark.parametrize("kind", ODD_TEXTS)
def test_only_where_clips_slow_tokenizer_differs_from_the_fast_does_ours(clip: Pair, kind: str) -> None:
    slow = clip.reference_ids(ODD_TEXTS[kind], slow=True)
    assert (clip.ids(ODD_TEXTS[kind]) != slow) == (kind in SLOW_CLIP_DIFFERS)


def test_texts_of_captions_equal_both_reference_tokenizers(clip: Pair, blip: Pair, captions: list[str]) -> None:
    for pair in (clip, blip):
        for caption in [*captions, *ODD_TEXTS.values()]:
            ids = pair.reference_ids(caption)
            text = pair.ours.decode(ids)
            assert text == pair.fast.decode(ids, skip_special_tokens=True).strip()
            assert text == pair.slow.decode(ids, skip_special_tokens=True).strip()


def test_a_caption_with_an_apostrophe_is_spelt_as_people_write_it(blip: Pair) -> None:
    assert blip.ours.decode(blip.ids("A man's dog, isn't it? It's a cat.")) == "a man's dog, isn't it? it's a cat."
