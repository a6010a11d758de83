"""Stand-ins for real checkpoints: ordinary folders, whose outliers are really there and do no more than they should."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import PreTrainedModel

from benchmarks.models.checkpoints.outliers import (
    Edit,
    add_residual_outliers,
    add_token_outliers,
    draw_heavy_tails,
    scale_norm_channels,
)
from benchmarks.models.checkpoints.random_checkpoints import ShapeName, save_random_checkpoint
from benchmarks.models.checkpoints.transformer_layers import Transformer, list_transformers, record_inputs
from export.models.checkpoints import open_checkpoint, read_model
from export.models.exporters import BlipExporter, ClipExporter
from export.models.families import Family

pytestmark = pytest.mark.torch

SMALL: dict[Family, ShapeName] = {"clip": "clip-small", "blip": "blip-small"}
EDITS: tuple[Edit, ...] = (scale_norm_channels, add_residual_outliers, add_token_outliers, draw_heavy_tails)


def streams(transformer: Transformer) -> list[Tensor]:
    """What the norms behind the early layer read of the probe: (n, t, w) each."""
    return list(record_inputs(transformer, *transformer.norms_after(1)).values())


def peakedness(values: Tensor) -> float:
    return float(values.abs().max() / values.abs().median())


@torch.inference_mode()
def spread_of_images(model: PreTrainedModel) -> float:
    """1 - the mean cosine between the probe's images."""
    pixels = next(transformer for transformer in list_transformers(model) if transformer.name == "vision").probe[
        "pixel_values"
    ]
    embeddings = torch.nn.functional.normalize(model.get_image_features(pixels), dim=-1)
    return 1 - float((embeddings @ embeddings.T)[~torch.eye(len(pixels), dtype=torch.bool)].mean())


def transformers_with(tmp_path: Path, edit: Edit) -> list[Transformer]:
    return [
        transformer
        for shape in SMALL.values()
        for transformer in list_transformers(save_random_checkpoint(shape, tmp_path / shape, edit))
    ]


@pytest.mark.parametrize("family", SMALL)
def test_a_random_checkpoint_is_an_ordinary_checkpoint(tmp_path: Path, family: Family) -> None:
    saved = save_random_checkpoint(SMALL[family], tmp_path)
    checkpoint = open_checkpoint(str(tmp_path), family)
    read = read_model(checkpoint)
    assert all(torch.equal(weights, read.state_dict()[name]) for name, weights in saved.state_dict().items())
    assert read.config.text_config.vocab_size == len(checkpoint.tokenizer)
    text = "a red boat, 2 castles!"
    assert checkpoint.tokenizer.decode(checkpoint.tokenizer(text)["input_ids"], skip_special_tokens=True) == {
        "clip": "a red boat , 2 castles !", "blip": "a red boat, 2 castles!",
    }[family]  # fmt: skip


def test_special_tokens_stand_where_the_real_ones_do(tmp_path: Path) -> None:
    from benchmarks.models.checkpoints.tokenizers import save_bert_tokenizer, save_clip_tokenizer

    clip = save_clip_tokenizer(tmp_path / "clip", entries=49_408, context=77)
    assert (len(clip), clip.bos_token_id, clip.eos_token_id) == (49_408, 49_406, 49_407)
    bert = save_bert_tokenizer(tmp_path / "bert", entries=30_522, context=512)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]"]
    assert bert.convert_tokens_to_ids(special) == [0, 100, 101, 102, 103, 30_522, 30_523]
    assert len(bert) == 30_524


@pytest.mark.parametrize("family", SMALL)
@pytest.mark.parametrize("edit", EDITS)
def test_the_same_seed_gives_the_same_weights(tmp_path: Path, family: Family, edit: Edit) -> None:
    plain, one, other = (
        save_random_checkpoint(SMALL[family], tmp_path / name, *edits).state_dict()
        for name, edits in (("plain", ()), ("one", (edit,)), ("other", (edit,)))
    )
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not all(torch.equal(one[name], plain[name]) for name in one)


@pytest.mark.parametrize("family", SMALL)
def test_scaled_norm_channels_leave_the_function_unchanged(tmp_path: Path, family: Family) -> None:
    answers = []
    for edits in ((), (scale_norm_channels,)):
        model = save_random_checkpoint(SMALL[family], tmp_path, *edits)
        exporter = (ClipExporter if family == "clip" else BlipExporter)(open_checkpoint(str(tmp_path), family), model)
        answers.append(exporter.run_model(model))
    plain, scaled = answers
    for name, expected in plain.items():
        np.testing.assert_allclose(scaled[name], expected, atol=1e-5, err_msg=name)


def test_scaled_norm_channels_stand_out_in_what_every_layer_reads(tmp_path: Path) -> None:
    transformers = [transformer for transformer in transformers_with(tmp_path, scale_norm_channels) if transformer.pre_norm]
    assert len(transformers) == 3
    for transformer in transformers:
        readers = [linears[0] for linears in transformer.readers.values()]
        seen = record_inputs(transformer, *readers[:-1])  # the last is no part of the transformer
        assert all(peakedness(values) > 60 for values in seen.values())


def test_residual_outliers_run_through_all_tokens_of_all_later_layers(tmp_path: Path) -> None:
    for transformer in transformers_with(tmp_path, add_residual_outliers):
        for values in streams(transformer):
            heights = values.abs().amax(dim=-1) / values.abs().median()  # (n, t)
            assert heights.min() > (40 if transformer.pre_norm else 5), transformer.name
            outlying = (values.abs() > 0.2 * values.abs().max()).flatten(0, -2).any(dim=0)
            assert 2 <= outlying.sum() <= 4 or not transformer.pre_norm, transformer.name


def test_residual_outliers_do_not_drown_what_tells_pictures_apart(tmp_path: Path) -> None:
    plain, outlying = (
        spread_of_images(save_random_checkpoint("clip-small", tmp_path, *edits)) for edits in ((), (add_residual_outliers,))
    )
    assert outlying > 0.5 * plain


def test_token_outliers_stand_on_their_tokens_alone(tmp_path: Path) -> None:
    transformers = [transformer for transformer in transformers_with(tmp_path, add_token_outliers) if transformer.pre_norm]
    for transformer in transformers:
        special = torch.stack(transformer.special).any(dim=0)  # (n, t)
        early = streams(transformer)[0]
        usual = early[~special].abs().median()
        assert (early[special].abs().amax(dim=-1) / usual).min() > 40, transformer.name
        assert (early[~special].abs().amax(dim=-1) / usual).median() < 20, transformer.name
        narrowed = record_inputs(transformer, transformer.layers[1].narrowing)[transformer.layers[1].narrowing]
        assert narrowed[special].amax(dim=-1).median() > 200, transformer.name


def test_heavy_tails_keep_the_standard_deviation(tmp_path: Path) -> None:
    plain, heavy = (
        dict(save_random_checkpoint("clip-small", tmp_path, *edits).named_parameters())
        for edits in ((), (draw_heavy_tails,))
    )
    for name in ("text_model.encoder.layers.0.mlp.fc1.weight", "visual_projection.weight"):
        assert heavy[name].std().item() == pytest.approx(plain[name].std().item(), rel=1e-3)
        assert heavy[name].abs().max() > 1.5 * plain[name].abs().max()
