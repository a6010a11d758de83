"""Edits that give a model with random weights the outliers of trained ones, which are what makes quantization hard.

Owns four edits, each seeded, each with its source. Their callers decide which model gets which.
"""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from benchmarks.models.checkpoints.transformer_layers import (
    Hooks,
    Layer,
    Transformer,
    list_transformers,
    record_inputs,
    with_hooks,
)

Edit = Callable[[PreTrainedModel], object]
EARLY = 1  # the layer in which massive values first appear: the second in LLaMA2-7B, "early layers" elsewhere (Sun 2024)
WRITERS_EVERY = 6  # layers: two of twelve have the neurons, 6 % of their weights
SHARE = 0.5  # of what all other channels add to a product, added by the massive channels
DISTINCT = 5  # factor on the embeddings of start and end token; at 1, neurons fire at other tokens in the small model
BOTH_SIDES = torch.tensor([1.0, -1.0])  # signs that cancel: a norm subtracts the mean of all channels


@torch.no_grad()
def scale_norm_channels(model: PreTrainedModel, factor: float = 40, channels: int = 6, *, seed: int = 1) -> None:
    """Enlarge random channels of each norm's output, and shrink the columns that read them; the function is unchanged.

    The outlier channels that LLM.int8() (Dettmers 2022, arXiv 2208.07339: six channels, 20-60 times the rest) finds behind
    the norms of every layer, and that SmoothQuant (Xiao 2023, arXiv 2211.10438) moves back into the weights. BLIP's decoder
    stays as it is: there the residual stream reads the norms too, and its output layer shares the token embeddings.
    """
    generator = torch.Generator().manual_seed(seed)
    for transformer in list_transformers(model):
        for norm, readers in transformer.readers.items() if transformer.pre_norm else []:
            chosen = torch.randperm(norm.weight.numel(), generator=generator)[:channels]
            norm.weight[chosen] *= factor
            norm.bias[chosen] *= factor
            for reader in readers:
                reader.weight[:, chosen] /= factor


@torch.no_grad()
def add_residual_outliers(
    model: PreTrainedModel, ratio: float = 300, peak: float = 20, firing: float = 300, *, seed: int = 2
) -> None:
    """Give a few channels of the residual stream massive values on all tokens, from an early layer on.

    In LLM.int8() (Dettmers 2022) such channels run through all layers and at least three quarters of the tokens, about 20
    times the rest where they are multiplied. BERT, on which BLIP's decoder is built, has them too (Bondarenko 2021, arXiv
    2109.12948; Kovaleva 2021, arXiv 2105.06990). Neurons that fire at every token write them. After a norm, SmoothQuant
    can move them into the weights; it cannot after the activation function, where the neurons are, nor in a post-norm
    decoder, where the residual stream reads every norm.

    Args:
        model: changed in place.
        ratio: massive values to the median of the stream, before a norm.
        peak: massive values after each norm, where the other channels have a standard deviation of 1.
        firing: activation of the neurons; it differs by a tenth from token to token (Sun 2024: "largely constant").
        seed: of the choice of channels and neurons.
    """
    generator = torch.Generator().manual_seed(seed)
    for transformer in list_transformers(model):
        behind, writers = transformer.norms_after(EARLY), transformer.layers[EARLY::WRITERS_EVERY]
        usual = record_inputs(transformer, *behind)
        spreads = {norm: values.std(dim=-1).mean() for norm, values in usual.items()}
        chosen = _choose_channels(transformer, 4, seed)
        massive = BOTH_SIDES.repeat(2) * (ratio * usual[behind[0]].abs().median() if transformer.pre_norm else peak)
        hooks: Hooks = {norm: partial(_rescale_norm, transformer, spreads[norm], chosen, peak) for norm in behind}
        for layer in writers:
            neuron = int(torch.randint(layer.widening.out_features, (), generator=generator))
            layer.widening.weight[neuron, chosen] = 0
            layer.narrowing.weight[:, neuron] = 0
            layer.narrowing.weight[chosen, neuron] = massive / firing / len(writers)
            hooks[layer.widening] = partial(_fire_always, neuron, firing)
        with with_hooks(hooks):  # each part is fitted to its inputs after the earlier parts were changed
            transformer.run()


@torch.no_grad()
def add_token_outliers(model: PreTrainedModel, ratio: float = 200, firing: float = 300, *, seed: int = 2) -> None:
    """Give single tokens massive values in a few channels: the first or class token, and a text's end token.

    "Massive activations" (Sun 2024, arXiv 2402.17762: over 100, and over 1000 times the median; at the first token and at
    delimiters, written by one early layer; in CLIP's vision tower as well) and the "registers" of vision transformers
    (Darcet 2024, arXiv 2309.16588). One neuron of an early layer fires at the token and writes them; its activation sets the
    scale with which the inputs of the narrowing layer are quantized. The last norm removes them. BLIP's decoder is not
    changed (`transformer_layers.py` says why).

    Args:
        model: changed in place.
        ratio: massive values to the median of the stream; below the 1000 of language models, as the class and the end token
            are what the model outputs, and must keep their content.
        firing: activation of the neuron at the token.
        seed: of the choice; with the same seed as the residual outliers, the channels are two of theirs.
    """
    generator = torch.Generator().manual_seed(seed + 1)  # other neurons than the residual outliers'
    if model.config.model_type == "clip":  # longer embeddings leave a margin to other tokens that rounding keeps
        text = model.config.text_config
        model.text_model.embeddings.token_embedding.weight[[text.bos_token_id, text.eos_token_id]] *= DISTINCT
    for transformer in list_transformers(model):
        layer, norm = transformer.layers[EARLY], transformer.norms_after(EARLY)[0]
        chosen = _choose_channels(transformer, 2, seed)
        for tokens in transformer.special:
            massive = BOTH_SIDES * ratio * record_inputs(transformer, norm)[norm][~tokens].abs().median()
            neuron = int(torch.randint(layer.widening.out_features, (), generator=generator))
            _fit_neuron(transformer, layer, neuron, tokens, firing)
            layer.narrowing.weight[:, neuron] = 0
            layer.narrowing.weight[chosen, neuron] = massive / firing
            for last in transformer.last:
                last.weight[chosen] /= ratio


@torch.no_grad()
def draw_heavy_tails(model: PreTrainedModel, df: float = 4, *, seed: int = 4) -> None:
    """Draw the weights of all linear layers anew from Student's t, at the same standard deviation.

    Weights of trained transformers follow Student's t more closely than a normal distribution (Dotzel 2024, arXiv
    2405.03103): a few large ones set the scale of their whole row.
    """
    rng = np.random.default_rng(seed)
    for linear in (module for module in model.modules() if isinstance(module, nn.Linear)):
        drawn = torch.from_numpy(rng.standard_t(df, linear.weight.shape).astype(np.float32))
        linear.weight.copy_(drawn * (linear.weight.std() / drawn.std()))


def _choose_channels(transformer: Transformer, count: int, seed: int) -> Tensor:
    width = transformer.layers[0].narrowing.out_features
    return torch.randperm(width, generator=torch.Generator().manual_seed(seed))[:count]


def _fit_neuron(transformer: Transformer, layer: Layer, neuron: int, tokens: Tensor, firing: float) -> None:
    """Make a neuron's activation about `firing` at the tokens and 0 elsewhere: regularized linear discriminant (Fisher)."""
    widening = layer.widening
    inputs = record_inputs(transformer, widening)[widening]  # (n, t, w)
    there, elsewhere = inputs[tokens], inputs[~tokens]
    scatter = there.T.cov() + elsewhere.T.cov()  # (w, w)
    direction = torch.linalg.solve(scatter + 0.1 * torch.eye(len(scatter)), there.mean(dim=0) - elsewhere.mean(dim=0))
    high, low = (there @ direction).mean(), (elsewhere @ direction).mean()
    slope = 2 * firing / (high - low)
    widening.weight[neuron] = slope * direction
    widening.bias[neuron] = -slope * (high + low) / 2


def _fire_always(neuron: int, firing: float, widening: nn.Linear, inputs: tuple[Tensor]) -> None:
    """Make a neuron's activation `firing` at every token, with a standard deviation of a tenth."""
    activation = inputs[0] @ widening.weight[neuron]  # (n, t)
    slope = 0.1 * firing / activation.std()
    widening.weight[neuron] *= slope
    widening.bias[neuron] = firing - slope * activation.mean()


def _rescale_norm(
    transformer: Transformer, spread: Tensor, chosen: Tensor, peak: float, norm: nn.LayerNorm, inputs: tuple[Tensor]
) -> None:
    """Set a norm's gains so that its output is as before, the `spread` of its input, but peaks in the chosen channels.

    A massive channel dominates a norm's scale and would dominate every product. Trained models have adapted gains and
    weights; here the columns that read the chosen channels shrink until these add half of what all others add.
    """
    values = inputs[0]
    spread_now = values.std(dim=-1, keepdim=True)  # (n, t, 1)
    heights = ((values - values.mean(dim=-1, keepdim=True)) / spread_now)[..., chosen].abs().flatten(0, -2).mean(dim=0)
    norm.weight.mul_(spread_now.mean() / spread)
    norm.weight[chosen] = peak / heights
    share = SHARE * math.sqrt(norm.weight.numel() / len(chosen)) / peak
    for reader in transformer.readers[norm]:
        reader.weight[:, chosen] *= share
