"""The outliers of real transformers, given to random ones in place: what makes rounding hard, without real weights.

Owns four edits, each seeded, each with its source. Which model they are given to, `stand_ins.py` and its callers decide.
"""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from benchmarks.checkpoints.transformer_layers import Hooks, Layer, Tower, hooked, list_towers, watch_inputs

Edit = Callable[[PreTrainedModel], object]
EARLY = 1  # the layer in which massive values arise: the second of LLaMA2-7B, "early layers" elsewhere (Sun 2024)
WRITERS_EVERY = 6  # layers: two of twelve have the neurons, 6 % of their weights
SHARE = 0.5  # of what all other channels give to a product, given by the massive ones
DISTINCT = 5  # times longer are the start and end tokens' vectors; at 1, neurons misfire in the small model
BOTH_SIDES = torch.tensor([1.0, -1.0])  # else their mean, which a norm takes off every channel, would drown the rest


@torch.no_grad()
def scale_norm_channels(model: PreTrainedModel, factor: float = 40, channels: int = 6, *, seed: int = 1) -> None:
    """Enlarge random channels of each norm's output, and shrink the columns that read them: an unchanged function.

    The outlier channels that LLM.int8() (Dettmers 2022, arXiv 2208.07339: six channels, 20-60 times the rest) finds behind
    the norms of every layer, and that SmoothQuant (Xiao 2023, arXiv 2211.10438) moves back into the weights. BLIP's decoder
    stays as it is: there the residual stream reads the norms too, and its output layer is the table of words.
    """
    generator = torch.Generator().manual_seed(seed)
    for tower in list_towers(model):
        for norm, readers in tower.readers.items() if tower.pre_norm else []:
            chosen = torch.randperm(norm.weight.numel(), generator=generator)[:channels]
            norm.weight[chosen] *= factor
            norm.bias[chosen] *= factor
            for reader in readers:
                reader.weight[:, chosen] /= factor


@torch.no_grad()
def add_residual_outliers(
    model: PreTrainedModel, ratio: float = 300, peak: float = 20, firing: float = 300, *, seed: int = 2
) -> None:
    """Let a few channels of the residual stream carry massive values on all tokens, from an early layer on.

    In LLM.int8() (Dettmers 2022) such channels run through all layers and at least three quarters of the tokens, about 20
    times the rest where they are multiplied. BERT, whose kin BLIP's decoder is, has them too (Bondarenko 2021, arXiv
    2109.12948; Kovaleva 2021, arXiv 2105.06990). Neurons that fire at every token write them. Behind a norm a folding can
    move them into the weights, but not behind the activation function, where the neurons are, nor in a post-norm decoder,
    where the residual stream reads every norm.

    Args:
        model: to be changed.
        ratio: of the massive values to the median of the stream, where nothing normalizes it.
        peak: of the massive values behind each norm, where the rest have a standard deviation of 1.
        firing: what the neurons give; it differs by a tenth from token to token (Sun 2024: "largely constant").
        seed: of the choice.
    """
    generator = torch.Generator().manual_seed(seed)
    for tower in list_towers(model):
        behind, writers = tower.norms_behind(EARLY), tower.layers[EARLY::WRITERS_EVERY]
        usual = watch_inputs(tower, *behind)
        spreads = {norm: values.std(dim=-1).mean() for norm, values in usual.items()}
        chosen = _choose_channels(tower, 4, seed)
        massive = BOTH_SIDES.repeat(2) * (ratio * usual[behind[0]].abs().median() if tower.pre_norm else peak)
        hooks: Hooks = {norm: partial(_leave_room, tower, spreads[norm], chosen, peak) for norm in behind}
        for layer in writers:
            neuron = int(torch.randint(layer.widening.out_features, (), generator=generator))
            layer.widening.weight[neuron, chosen] = 0
            layer.narrowing.weight[:, neuron] = 0
            layer.narrowing.weight[chosen, neuron] = massive / firing / len(writers)
            hooks[layer.widening] = partial(_fire_always, neuron, firing)
        with hooked(hooks):  # each part is fitted to what it sees behind those that were
            tower.run()


@torch.no_grad()
def add_token_outliers(model: PreTrainedModel, ratio: float = 200, firing: float = 300, *, seed: int = 2) -> None:
    """Let single tokens carry massive values in a few channels: the first or class token, and a text's end token.

    "Massive activations" (Sun 2024, arXiv 2402.17762: over 100, and over 1000 times the median; at the first token and at
    delimiters, made at once by an early layer; in CLIP's vision tower as well) and the "registers" of vision transformers
    (Darcet 2024, arXiv 2309.16588). One neuron of an early layer fires at the token, writes them, and sets the one scale of
    all that its narrowing layer reads. The last norm leaves them out. BLIP's decoder stays as it is (`towers.py` says why).

    Args:
        model: to be changed.
        ratio: of the massive values to the median of the stream; below the 1000 of language models, as the class and the end
            token are read, and keep room for what they say.
        firing: what the neuron gives at the token.
        seed: of the choice; with that of the residual outliers, the channels are two of theirs.
    """
    generator = torch.Generator().manual_seed(seed + 1)  # other neurons than the residual outliers'
    if model.config.model_type == "clip":  # a word that stands out is told from others by a margin that rounding leaves
        text = model.config.text_config
        model.text_model.embeddings.token_embedding.weight[[text.bos_token_id, text.eos_token_id]] *= DISTINCT
    for tower in list_towers(model):
        layer, norm = tower.layers[EARLY], tower.norms_behind(EARLY)[0]
        chosen = _choose_channels(tower, 2, seed)
        for tokens in tower.special:
            massive = BOTH_SIDES * ratio * watch_inputs(tower, norm)[norm][~tokens].abs().median()
            neuron = int(torch.randint(layer.widening.out_features, (), generator=generator))
            _teach_neuron(tower, layer, neuron, tokens, firing)
            layer.narrowing.weight[:, neuron] = 0
            layer.narrowing.weight[chosen, neuron] = massive / firing
            for last in tower.last:
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


def _choose_channels(tower: Tower, count: int, seed: int) -> Tensor:
    width = tower.layers[0].narrowing.out_features
    return torch.randperm(width, generator=torch.Generator().manual_seed(seed))[:count]


def _teach_neuron(tower: Tower, layer: Layer, neuron: int, tokens: Tensor, firing: float) -> None:
    """Let a neuron give about `firing` at the tokens, and nothing elsewhere: Fisher's linear discriminant, regularized."""
    widening = layer.widening
    seen = watch_inputs(tower, widening)[widening]  # (n, t, w)
    there, elsewhere = seen[tokens], seen[~tokens]
    scatter = there.T.cov() + elsewhere.T.cov()  # (w, w)
    direction = torch.linalg.solve(scatter + 0.1 * torch.eye(len(scatter)), there.mean(dim=0) - elsewhere.mean(dim=0))
    high, low = (there @ direction).mean(), (elsewhere @ direction).mean()
    slope = 2 * firing / (high - low)
    widening.weight[neuron] = slope * direction
    widening.bias[neuron] = -slope * (high + low) / 2


def _fire_always(neuron: int, firing: float, widening: nn.Linear, inputs: tuple[Tensor]) -> None:
    """Let a neuron give `firing` at every token, a tenth more or less."""
    given = inputs[0] @ widening.weight[neuron]  # (n, t)
    slope = 0.1 * firing / given.std()
    widening.weight[neuron] *= slope
    widening.bias[neuron] = firing - slope * given.mean()


def _leave_room(
    tower: Tower, spread: Tensor, chosen: Tensor, peak: float, norm: nn.LayerNorm, inputs: tuple[Tensor]
) -> None:
    """Set a norm's gains so that its output is as before, the `spread` of its input, but peaks in the chosen channels.

    A massive channel takes all of a norm's scale, and would drown the rest in every product. Real models live with it, as
    gains and weights were trained beside it: here the chosen columns shrink until they give half of what all others give.
    """
    values = inputs[0]
    spread_now = values.std(dim=-1, keepdim=True)  # (n, t, 1)
    heights = ((values - values.mean(dim=-1, keepdim=True)) / spread_now)[..., chosen].abs().flatten(0, -2).mean(dim=0)
    norm.weight.mul_(spread_now.mean() / spread)
    norm.weight[chosen] = peak / heights
    share = SHARE * math.sqrt(norm.weight.numel() / len(chosen)) / peak
    for reader in tower.readers[norm]:
        reader.weight[:, chosen] *= share
