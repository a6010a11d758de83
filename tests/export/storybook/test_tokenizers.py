import random
from itertools import islice
from pathlib import Path

import pytest

from export.storybook.captions import exact_caption
from export.storybook.queries import paraphrase, partial_query
from export.storybook.scenes import HeldOut, sample_scenes
from export.storybook.tokenizers import MAX_TOKENS, save_blip_tokenizer, train_clip_tokenizer

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

SCENES = list(islice(sample_scenes(random.Random(31), HeldOut.ANY), 1500))


def test_every_word_of_a_caption_is_one_piece_and_comes_back(tmp_path: Path) -> None:
    tokenizer = save_blip_tokenizer(tmp_path)
    captions = [exact_caption(scene) for scene in SCENES]
    for caption, ids in zip(captions, tokenizer(captions, add_special_tokens=False)["input_ids"], strict=True):
        assert len(ids) == len(caption.split())
        assert tokenizer.decode(ids) == caption


def test_blips_special_ids_are_berts_with_the_start_of_a_caption_last(tmp_path: Path) -> None:
    tokenizer = save_blip_tokenizer(tmp_path)
    assert (tokenizer.pad_token_id, tokenizer.sep_token_id, tokenizer.mask_token_id) == (0, 3, 4)
    assert tokenizer.bos_token_id == len(tokenizer) - 1


def test_clips_tokenizer_is_the_same_every_time_and_ends_with_the_highest_id(tmp_path: Path) -> None:
    first, second = (train_clip_tokenizer(tmp_path / name, 0, 300) for name in ("first", "second"))
    assert first.get_vocab() == second.get_vocab()
    assert (tmp_path / "first" / "merges.txt").read_bytes() == (tmp_path / "second" / "merges.txt").read_bytes()
    assert first.eos_token_id == first.pad_token_id == len(first) - 1
    assert first("a red boat")["input_ids"][-1] == first.eos_token_id


def test_queries_fit_the_positions_and_unknown_words_are_spelled(tmp_path: Path) -> None:
    tokenizer = train_clip_tokenizer(tmp_path, 0, 2000)
    rng = random.Random(5)
    texts = [ask(scene, rng).text for scene in SCENES for ask in (paraphrase, partial_query)]
    assert max(map(len, tokenizer(texts)["input_ids"])) <= MAX_TOKENS
    assert tokenizer.decode(tokenizer("zebra été 3")["input_ids"], skip_special_tokens=True) == "zebra été 3"
