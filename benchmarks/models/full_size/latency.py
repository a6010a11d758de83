"""Latency of one run of each graph, and of the same in torch, alternating in one process on one thread.

Owns the inputs: a query of 10 tokens, one picture, one token after 10 in the cache.
"""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedModel

from benchmarks.measure.timing import median_prepared_ms
from export.models.checkpoints import open_checkpoint, read_model
from export.models.families import Family
from export.models.onnx_graph import quiet
from export.precision.cross_states import read_scales, round_states
from runtime.models.onnx_session import Array, Session

TOKENS = 10
PrepareRun = Callable[[], Callable[[], object]]  # returns the call that is timed
Inputs = dict[str, tuple[dict[str, Array], PrepareRun]]  # by graph: its inputs, and the same run in torch


def measure_latency(
    family: Family, checkpoint: Path, folders: Mapping[str, Path], rounds: int
) -> dict[str, dict[str, float]]:
    """Return median times in ms by graph, then by the folder's name or "torch".

    Args:
        family: the checkpoint's; only its graphs are timed.
        checkpoint: the weights that torch runs.
        folders: exported models by name, of the same shapes; their weights may differ.
        rounds: how often each runs, after one run that is not counted.
    """
    torch.set_num_threads(1)
    with quiet():
        model = read_model(open_checkpoint(str(checkpoint), family))
    times = {}
    for graph, (feed, run) in (_clip_inputs if family == "clip" else _blip_inputs)(model).items():
        sessions = {name: Session(folder / graph, 1) for name, folder in folders.items()}
        feeds = {name: round_states(feed, read_scales(folder / graph)) for name, folder in folders.items()}
        runs: dict[str, PrepareRun] = {name: _runner(session, feeds[name]) for name, session in sessions.items()}
        with torch.inference_mode():
            times[graph] = median_prepared_ms({"torch": run, **runs}, rounds)
    return times


def _runner(session: Session, feed: dict[str, Array]) -> PrepareRun:
    return lambda: lambda: session.run(session.output_names, feed)


def _clip_inputs(model: PreTrainedModel) -> Inputs:
    text, vision = model.config.text_config, model.config.vision_config
    token_ids = torch.full((1, TOKENS), 7)
    token_ids[:, 0], token_ids[:, -1] = text.bos_token_id, text.eos_token_id
    pixels = torch.randn(1, 3, vision.image_size, vision.image_size)
    return {
        "clip/text.onnx": ({"input_ids": token_ids.numpy()}, lambda: lambda: model.get_text_features(token_ids)),
        "clip/image.onnx": ({"pixel_values": pixels.numpy()}, lambda: lambda: model.get_image_features(pixels)),
    }


def _blip_inputs(model: PreTrainedModel) -> Inputs:
    """The vision graph also computes the decoder's keys and values of the picture, which torch computes in its decoder."""
    text, vision = model.config.text_config, model.config.vision_config
    pixels = torch.randn(1, 3, vision.image_size, vision.image_size)
    image_states = torch.randn(1, (vision.image_size // vision.patch_size) ** 2 + 1, vision.hidden_size)
    token_ids = torch.full((1, 1), 7)
    with torch.inference_mode():
        before = model.text_decoder(
            token_ids.expand(1, TOKENS), encoder_hidden_states=image_states, use_cache=True
        ).past_key_values

    def decode() -> Callable[[], object]:
        past = copy.deepcopy(before)  # the run appends to it
        return lambda: model.text_decoder(
            token_ids, encoder_hidden_states=image_states, past_key_values=past, use_cache=True
        )

    heads, width = text.num_attention_heads, text.hidden_size // text.num_attention_heads
    lengths = {"past": TOKENS, "cross": image_states.shape[1]}
    feed: dict[str, Array] = {"input_ids": token_ids.numpy()}
    rng = np.random.default_rng(0)
    for cache, length in lengths.items():
        for layer in range(text.num_hidden_layers):
            for part in ("key", "value"):
                shape = (1, heads, length, width)
                feed[f"{cache}_{part}_{layer}"] = rng.standard_normal(shape, dtype=np.float32)
    return {
        "blip/vision.onnx": ({"pixel_values": pixels.numpy()}, lambda: lambda: model.vision_model(pixels)),
        "blip/decoder.onnx": (feed, decode),
    }
