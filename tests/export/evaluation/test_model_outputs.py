"""One folder of models: opened without a run, each picture run once, each different text once."""

import numpy as np
from PIL import Image

from export.evaluation.model_outputs import EvaluatedModels, TokenizedCaption, Vectors
from runtime.artefacts.manifest import read_models_manifest
from tests.sample_library import MODELS

MANIFEST = read_models_manifest(MODELS)


class CountingModels:
    """An encoder and a captioner that count their runs."""

    def __init__(self) -> None:
        self.runs: list[str] = []

    def embed_images(self, images: list[Image.Image]) -> Vectors:
        self.runs.append("image")
        return np.ones((len(images), 4), np.float32)

    def embed_texts(self, texts: list[str]) -> Vectors:
        self.runs += texts
        return np.full((len(texts), 4), len(texts[0]), np.float32)

    def caption(self, image: Image.Image) -> TokenizedCaption:
        self.runs.append("caption")
        return TokenizedCaption((7,), "a boat")


def test_constructing_evaluated_models_runs_none() -> None:
    counting = CountingModels()
    EvaluatedModels(MANIFEST, counting, counting)
    assert not counting.runs


def test_a_text_that_comes_twice_is_embedded_once_and_returned_twice() -> None:
    counting = CountingModels()
    models = EvaluatedModels(MANIFEST, counting, counting)
    models.add_image(Image.new("RGB", (4, 4)))
    for text in ("a cat", "a red boat", "a cat"):
        models.add_text(text)
    outputs = models.outputs(["a cat", "a red boat", "a cat"])
    assert counting.runs == ["image", "caption", "a cat", "a red boat"]
    assert outputs.texts[:, 0].tolist() == [5, 10, 5]
    assert outputs.captions == [TokenizedCaption((7,), "a boat")]


def test_models_without_a_captioner_have_no_captions() -> None:
    models = EvaluatedModels(MANIFEST, CountingModels(), None)
    models.add_image(Image.new("RGB", (4, 4)))
    models.add_text("a cat")
    assert models.outputs(["a cat"]).captions is None


def test_a_real_folder_opens_with_its_manifest() -> None:
    models = EvaluatedModels.open(MODELS, 1)
    assert models.manifest == MANIFEST
    models.add_image(Image.new("RGB", (64, 64), "red"))
    models.add_text("a red boat")
    outputs = models.outputs(["a red boat"])
    assert outputs.images.shape == outputs.texts.shape == (1, MANIFEST.clip.dimension)
    assert outputs.captions
