"""How long one run takes, beside torch in the same process: all take turns, and meet whatever else the machine does.

Owns the questions: a query of 10 tokens, one picture, one token behind a cache of 10. One thread each.
"""

import copy
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedModel

from export.models.checkpoints import Family, open_checkpoint, read_model
from export.models.onnx_graph import quiet
from runtime.models.onnx_session import Array, Session

TOKENS = 10
Run = Callable[[], Callable[[], object]]  # makes ready, and returns what is timed
Questions = dict[str, tuple[dict[str, Array], Run]]  # by graph: its inputs, and the same in torch


def time_in_turns(family: Family, checkpoint: Path, folders: Mapping[str, Path], rounds: int) -> dict[str, dict[str, float]]:
    """Return median times in ms by graph, then by the folder's name or "torch".

    Args:
        family: of the checkpoint; only its graphs are timed.
        checkpoint: whose weights torch runs.
        folders: exported models by name; their weights may be others, their shapes not.
        rounds: how often each runs, after one run that does not count.
    """
    torch.set_num_threads(1)
    with quiet():
        model = read_model(open_checkpoint(str(checkpoint), family))
    times = {}
    for graph, (feed, run) in (_ask_clip if family == "clip" else _ask_blip)(model).items():
        sessions = {name: Session(folder / graph, 1) for name, folder in folders.items()}
        runs: dict[str, Run] = {name: _runner(session, feed) for name, session in sessions.items()}
        times[graph] = _take_turns({"torch": run, **runs}, rounds)
    return times


@torch.inference_mode()
def _take_turns(runs: Mapping[str, Run], rounds: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds + 1):
        for name, make_ready in runs.items():
            run = make_ready()
            start = time.perf_counter()
            run()
            taken[name].append((time.perf_counter() - start) * 1e3)
    return {name: statistics.median(times[1:]) for name, times in taken.items()}


def _runner(session: Session, feed: dict[str, Array]) -> Run:
    return lambda: lambda: session.run(session.output_names, feed)


def _ask_clip(model: PreTrainedModel) -> Questions:
    text, vision = model.config.text_config, model.config.vision_config
    token_ids = torch.full((1, TOKENS), 7)
    token_ids[:, 0], token_ids[:, -1] = text.bos_token_id, text.eos_token_id
    pixels = torch.randn(1, 3, vision.image_size, vision.image_size)
    return {
        "clip/text.onnx": ({"input_ids": token_ids.numpy()}, lambda: lambda: model.get_text_features(token_ids)),
        "clip/image.onnx": ({"pixel_values": pixels.numpy()}, lambda: lambda: model.get_image_features(pixels)),
    }


def _ask_blip(model: PreTrainedModel) -> Questions:
    """The vision graph also gives the decoder's keys and values of the picture, which torch makes within its decoder."""
    text, vision = model.config.text_config, model.config.vision_config
    pixels = torch.randn(1, 3, vision.image_size, vision.image_size)
    seen = torch.randn(1, (vision.image_size // vision.patch_size) ** 2 + 1, vision.hidden_size)
    token_ids = torch.full((1, 1), 7)
    with torch.inference_mode():
        before = model.text_decoder(token_ids.expand(1, TOKENS), encoder_hidden_states=seen, use_cache=True).past_key_values

    def decode() -> Callable[[], object]:
        past = copy.deepcopy(before)  # which the run makes longer
        return lambda: model.text_decoder(token_ids, encoder_hidden_states=seen, past_key_values=past, use_cache=True)

    heads, width = text.num_attention_heads, text.hidden_size // text.num_attention_heads
    lengths = {"past": TOKENS, "cross": seen.shape[1]}
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
