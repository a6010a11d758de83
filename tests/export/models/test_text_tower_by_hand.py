"""A tiny text tower in three languages, aligned by hand to the sample CLIP: its pictures are found in each of them.

It is a bag of words: of each word, least squares find the vector that sums best to the CLIP's own vectors of English texts.
What a tower that was really trained finds, it cannot say.
"""

import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from rich.console import Console
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import DistilBertConfig, DistilBertModel, DistilBertTokenizerFast

from export.index.build import build_index
from export.index.chosen_models import open_models
from export.models.exporters import write_tokenizer
from export.models.mean_pooled_text import embed_with_torch
from export.models.text_checkpoint import TextCheckpoint
from export.models.text_tower_exporter import TextTowerExporter
from runtime.artefacts.manifest import MANIFEST_NAME, read_models_manifest
from runtime.bootstrap import open_engine
from runtime.models.clip import ClipEncoder
from runtime.settings import Settings
from tests.export.index.small_library import catalog_of
from tests.export.small_text_tower import SPECIAL, save_modules
from tests.sample_library import MODELS, SampleLibrary

pytestmark = pytest.mark.torch

THINGS = {
    "boat": ("Boot", "船"),
    "whale": ("Wal", "鯨"),
    "house": ("Haus", "家"),
    "castle": ("Schloss", "城"),
    "tree": ("Baum", "木"),
    "car": ("Auto", "車"),
    "dog": ("Hund", "犬"),
    "cat": ("Katze", "猫"),
    "balloon": ("Ballon", "気球"),
    "umbrella": ("Schirm", "傘"),
}
COLOURS = {"red": ("rotes", "赤い"), "blue": ("blaues", "青い"), "green": ("grünes", "緑の"), "white": ("weißes", "白い")}
ARTICLES = ("ein", "")
LANGUAGES = ("German", "Japanese")
WIDTH = 96


def said(colour: str, thing: str, language: int) -> str:
    """Return "a red boat" in one of the languages; words of Japanese stand apart, as this tokenizer knows no others."""
    return f"{ARTICLES[language]} {COLOURS[colour][language]} {THINGS[thing][language]}".strip()


def tokenizer_of(texts: list[str], folder: Path) -> DistilBertTokenizerFast:
    words = sorted({word for text in texts for word in text.split()})
    tokenizer = Tokenizer(models.WordPiece({word: at for at, word in enumerate([*SPECIAL, *words])}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in [*SPECIAL, *words]), "utf-8")
    return DistilBertTokenizerFast(
        str(folder / "vocab.txt"), do_lower_case=False, strip_accents=False, tokenize_chinese_chars=False
    )


def bag_of_words(entries: int) -> DistilBertModel:
    """Return a model whose tokens know nothing of each other, nor of their places."""
    torch.manual_seed(0)
    config = DistilBertConfig(vocab_size=entries, dim=WIDTH, hidden_dim=WIDTH, n_layers=1, n_heads=4)
    model = DistilBertModel(config).eval()
    for name, weight in model.named_parameters():
        if "out_lin" in name or "lin2" in name or "position" in name:
            weight.data.zero_()
    torch.nn.init.normal_(model.embeddings.word_embeddings.weight)
    return model


def ids_of(tokenizer: DistilBertTokenizerFast, texts: list[str]) -> list[NDArray[np.int64]]:
    return [np.array([tokenizer(text)["input_ids"]], dtype=np.int64) for text in texts]


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample models with the tower in the place of their own."""
    root = tmp_path_factory.mktemp("by_hand")
    own, pairs = read_models_manifest(MODELS), list(product(COLOURS, THINGS))
    english = [f"a {colour} {thing}" for colour, thing in pairs]
    others = [said(*pair, language) for language in range(len(LANGUAGES)) for pair in pairs]
    texts = [*english, *others]
    tokenizer = tokenizer_of(texts, root)
    model, plain = bag_of_words(len(tokenizer)), torch.nn.Linear(WIDTH, WIDTH, bias=False)
    plain.weight.data = torch.eye(WIDTH)
    means = torch.from_numpy(embed_with_torch(model, plain, ids_of(tokenizer, texts), 0))
    wanted = torch.from_numpy(ClipEncoder(MODELS, own.clip).embed_texts(english)).repeat(1 + len(LANGUAGES), 1)
    projection = torch.nn.Linear(WIDTH, own.clip.dimension, bias=False)
    projection.weight.data = torch.linalg.lstsq(means, wanted).solution.T.contiguous()
    (root / "text").mkdir()
    model.save_pretrained(root / "text")
    save_modules(root / "text", projection)
    checkpoint = TextCheckpoint(
        family="distilbert",
        name="by hand",
        revision=None,
        folder=root / "text",
        tokenizer=tokenizer,
        preprocessing=own.clip.preprocessing,
        context_length=32,
        projection=root / "text" / "2_Dense",
        dimension=own.clip.dimension,
    )
    shutil.copytree(MODELS, root / "models")
    exporter = TextTowerExporter(checkpoint, own.clip, MODELS)
    exporter.write_graphs(model, root / "models")
    write_tokenizer(checkpoint, root / "models" / exporter.tokenizer)
    manifest = own.model_copy(update={"clip": exporter.record(root / "models")})
    (root / "models" / MANIFEST_NAME).write_text(manifest.model_dump_json())
    return root / "models"


@pytest.mark.parametrize("language", range(len(LANGUAGES)), ids=LANGUAGES)
def test_texts_have_the_vectors_of_their_translations(models_dir: Path, language: int) -> None:
    pairs = list(product(COLOURS, THINGS))
    own = ClipEncoder(MODELS, read_models_manifest(MODELS).clip).embed_texts([f"a {one} {other}" for one, other in pairs])
    ours = ClipEncoder(models_dir, read_models_manifest(models_dir).clip).embed_texts(
        [said(*pair, language) for pair in pairs]
    )
    assert (own * ours).sum(axis=1).mean() > 0.9
    assert ((ours @ own.T).argmax(axis=1) == np.arange(len(pairs))).mean() > 0.9


def test_pictures_are_found_in_each_language(models_dir: Path, sample_library: SampleLibrary, tmp_path: Path) -> None:
    shutil.copytree(sample_library.index, tmp_path / "index")
    build_index(sample_library.images, tmp_path / "index", models=open_models(models_dir), console=Console(quiet=True))
    captions = [row.caption or "" for row in catalog_of(tmp_path / "index").rows]
    engine = open_engine(Settings.read(models_dir=models_dir, index_dir=tmp_path / "index", groq_api_key=""))
    for language, name in enumerate(LANGUAGES):
        there = [thing for thing in THINGS if any(thing in caption.split() for caption in captions)]
        found = []
        for thing in there:
            [first] = engine.search(engine.limits.check_search(THINGS[thing][language], 1)).hits
            found.append(thing in first.caption.text.split())
        assert len(there) > 5
        assert np.mean(found) >= 0.8, name
