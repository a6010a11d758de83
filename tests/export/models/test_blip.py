"""BLIP's graphs, decoded by the runtime's own loop, against transformers' `generate()`."""

from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from shutil import copytree

import numpy as np
import onnx
import pytest
import torch
from transformers import BlipForConditionalGeneration

from export.models.blip import caption_with_torch, write_blip_graphs
from export.models.parity import fill_captions
from runtime.artefacts.file_record import record_graph
from runtime.models.blip import NEXT_TOKENS, BlipCaptioner
from runtime.models.decoding import EarlyStopping, likeliest_tokens
from runtime.models.onnx_session import Session
from tests.export.small_checkpoints import BLIP_KIN, SIZE, Exported, save_blip

pytestmark = pytest.mark.torch

Traced = tuple[BlipForConditionalGeneration, Path]

MAX_TOKENS = 20
NUM_BEAMS = 3  # the decoder returns next tokens for so many: with more, the runtime chooses among all of its logits
END_BIAS = 5.0  # makes the small models end some captions early: 5 to 8 of 12, after 0 to 19 tokens


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Traced]:
    """Return the model and the graphs of one of `BLIP_KIN`, each made once."""

    @cache
    def make(kin: str) -> Traced:
        folder: Path = tmp_path_factory.mktemp("blip")
        model = save_blip(folder / "checkpoint", **BLIP_KIN[kin])
        with torch.no_grad():
            model.text_decoder.cls.predictions.decoder.bias[model.config.text_config.sep_token_id] += END_BIAS
        write_blip_graphs(model, folder, num_beams=NUM_BEAMS)
        return model, folder

    return make


@pytest.fixture(params=BLIP_KIN)
def traced(request: pytest.FixtureRequest, trace: Callable[[str], Traced]) -> Traced:
    return trace(request.param)


@pytest.fixture
def captioner(traced: Traced, exported: Exported) -> BlipCaptioner:
    _, folder = traced
    tokenizer = folder / "blip/tokenizer.json"
    tokenizer.write_bytes((exported["fp32"][0] / "blip/tokenizer.json").read_bytes())
    record = exported["fp32"][1].blip
    assert record is not None
    files = {part: record_graph(folder, getattr(record, part).path) for part in ("vision", "decoder")}
    return BlipCaptioner(folder, record.model_copy(update={"max_tokens": MAX_TOKENS, "num_beams": 1, **files}))


def make_pixels(images: int) -> np.ndarray:
    return np.random.default_rng(2).standard_normal((images, 3, SIZE, SIZE)).astype(np.float32)


def empty_past(decoder: Session, batch: int) -> dict[str, np.ndarray]:
    names = [name for name in decoder.input_shapes if name.startswith("past_")]
    return {name: np.empty((batch, 2, 0, 16), np.float32) for name in names}


def test_captions_equal_generate_token_for_token(traced: Traced, captioner: BlipCaptioner) -> None:
    model, _ = traced
    pixels = make_pixels(12)
    expected = caption_with_torch(model, pixels, max_tokens=MAX_TOKENS)
    given = captioner.decode(captioner.see(pixels), len(pixels))
    assert len({tuple(row) for row in expected}) > 6, "the small model should not say the same of every image"
    assert np.array_equal(given[:, : expected.shape[1]], expected[:, : given.shape[1]])


# Every combination on one checkpoint, and each value once more on the others: what beams do with a graph's outputs does not
# depend on how the graph came about.
BEAMS, STOPPING, PENALTIES = [2, 3, 5], [False, True, "never"], [1.0, 0.0, 2.0, -1.5]
EVERY_WAY = list(product(BEAMS, STOPPING, PENALTIES))
EACH_VALUE = [(2, False, 1.0), (3, True, 0.0), (5, "never", 2.0), (3, False, -1.5)]
WAYS = [(kin, *way) for kin in BLIP_KIN for way in (EVERY_WAY if kin == "base" else EACH_VALUE)]


@pytest.mark.parametrize(("traced", "num_beams", "early_stopping", "length_penalty"), WAYS, indirect=["traced"])
def test_beam_search_equals_generate_token_for_token(
    traced: Traced,
    captioner: BlipCaptioner,
    num_beams: int,
    early_stopping: EarlyStopping,
    length_penalty: float,
) -> None:
    model, folder = traced
    record = captioner.record.model_copy(
        update={"num_beams": num_beams, "early_stopping": early_stopping, "length_penalty": length_penalty}
    )
    pixels = make_pixels(24)
    expected = caption_with_torch(
        model,
        pixels,
        max_tokens=MAX_TOKENS,
        num_beams=num_beams,
        length_penalty=length_penalty,
        early_stopping=early_stopping,
    )
    searching = BlipCaptioner(folder, record)
    given = searching.decode(searching.see(pixels), len(pixels))
    lengths = (expected != record.pad_token_id).sum(axis=1)
    if length_penalty == 1.0:
        assert len(set(lengths)) > 2, "the small model should end its captions at different lengths"
    given, expected = (fill_captions(rows, MAX_TOKENS, pad_token_id=record.pad_token_id) for rows in (given, expected))
    assert np.array_equal(given, expected)


def test_a_prefix_on_an_empty_past_equals_its_tokens_one_by_one(traced: Traced, captioner: BlipCaptioner) -> None:
    decoder = Session(traced[1] / "blip/decoder.onnx", 1)
    cross = captioner.see(make_pixels(2))
    prefix = np.array([[17, 6, 7, 8, 9], [17, 12, 6, 11, 5]])
    outputs = ["logits", *(name.replace("past_", "present_") for name in empty_past(decoder, 2))]
    at_once = decoder.run(outputs, {"input_ids": prefix, **empty_past(decoder, 2), **cross})
    past = empty_past(decoder, 2)
    for token in prefix.T:
        logits, *present = decoder.run(outputs, {"input_ids": token[:, None], **past, **cross})
        past = dict(zip(past, present, strict=True))
    for whole, stepped in zip(at_once, [logits, *present], strict=True):
        assert whole.shape == stepped.shape
        assert np.abs(whole - stepped).max() <= 1e-4


def test_rows_of_a_batch_can_be_chosen_and_repeated(traced: Traced, captioner: BlipCaptioner) -> None:
    decoder = Session(traced[1] / "blip/decoder.onnx", 1)
    cross = captioner.see(make_pixels(3))
    chosen = [2, 2, 0]
    tokens = np.full((3, 1), 17)
    (logits,) = decoder.run(["logits"], {"input_ids": tokens, **empty_past(decoder, 3), **cross})
    rows = {name: states[chosen] for name, states in cross.items()}
    (again,) = decoder.run(["logits"], {"input_ids": tokens, **empty_past(decoder, 3), **rows})
    assert np.abs(again - logits[chosen]).max() <= 1e-5


def test_the_likeliest_next_tokens_are_those_of_the_logits(traced: Traced, captioner: BlipCaptioner) -> None:
    decoder = Session(traced[1] / "blip/decoder.onnx", 1)
    cross = captioner.see(make_pixels(3))
    inputs = {"input_ids": np.array([[17], [6], [7]]), **empty_past(decoder, 3), **cross}
    logits, *given = decoder.run(["logits", *NEXT_TOKENS], inputs)
    assert decoder.output_shapes["top_tokens"][1] == 2 * NUM_BEAMS
    for count in (1, 2 * NUM_BEAMS):
        expected = likeliest_tokens(logits, count)
        assert np.array_equal(given[0][:, :count], expected.tokens)
        assert np.abs(given[1][:, :count] - expected.log_probabilities).max() <= 1e-5


def test_a_decoder_with_logits_alone_captions_as_before(traced: Traced, captioner: BlipCaptioner, tmp_path: Path) -> None:
    """So do models that were exported before the decoder returned next tokens, such as the sample models."""
    folder = tmp_path / "models"
    copytree(traced[1], folder, ignore=lambda _, names: {"checkpoint"} & set(names))
    graph = onnx.load(folder / "blip/decoder.onnx", load_external_data=False)
    kept = [output for output in graph.graph.output if output.name not in NEXT_TOKENS]
    del graph.graph.output[:]
    graph.graph.output.extend(kept)
    onnx.save(graph, folder / "blip/decoder.onnx")
    pixels = make_pixels(12)
    for beams in (1, NUM_BEAMS):
        record = captioner.record.model_copy(update={"num_beams": beams})
        now = BlipCaptioner(traced[1], record)
        before = BlipCaptioner(folder, record.model_copy(update={"decoder": record_graph(folder, record.decoder.path)}))
        caption, caption_before = (each.decode(each.see(pixels), len(pixels)) for each in (now, before))
        assert np.array_equal(caption, caption_before)


def test_tied_words_are_stored_once_and_untied_words_twice(traced: Traced) -> None:
    model, folder = traced
    words = model.text_decoder.bert.embeddings.word_embeddings.weight
    graph = onnx.load(folder / "blip/decoder.onnx").graph
    tables = [tensor for tensor in graph.initializer if sorted(tensor.dims) == sorted(words.shape)]
    assert len(tables) == (1 if model.config.text_config.tie_word_embeddings else 2)
