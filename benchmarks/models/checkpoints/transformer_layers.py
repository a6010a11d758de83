"""One interface to the transformers inside CLIP and BLIP: their layers' parts, and a run on fixed inputs (the probe).

Owns the names that the transformers library gives these parts. Changes no weights; `outliers.py` does.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from transformers import PreTrainedModel

Hooks = dict[nn.Module, Callable[..., object]]
PROBES, PROBE_TOKENS, PROBE_GRID = 8, 24, 7


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer. `readers` maps each norm to the linear layers that read it; post-norm, the residual stream reads it too."""

    readers: dict[nn.LayerNorm, list[nn.Linear]]
    widening: nn.Linear
    narrowing: nn.Linear


@dataclass(frozen=True, slots=True)
class Transformer:
    """A stack of layers. `special` marks the tokens of the probe at which trained models have massive values: (n, t) bool.

    `last` are the norms after the last layer. In `pre_norm` transformers no norm lies on the residual stream.
    """

    name: str
    module: nn.Module
    probe: dict[str, Tensor]
    layers: list[Layer]
    last: dict[nn.LayerNorm, list[nn.Linear]]
    special: tuple[Tensor, ...]
    pre_norm: bool = True

    @torch.inference_mode()
    def run(self) -> None:
        """Run the probe, so that the hooks that are set are called."""
        self.module(**self.probe)

    @property
    def readers(self) -> dict[nn.LayerNorm, list[nn.Linear]]:
        """Each norm with the linear layers that read it, in the order in which the norms run."""
        return {
            norm: linears
            for part in (*(layer.readers for layer in self.layers), self.last)
            for norm, linears in part.items()
        }

    def norms_after(self, layer: int) -> list[nn.LayerNorm]:
        """Return the norms whose input includes what a layer's narrowing adds, in the order in which they run."""
        own = [] if self.pre_norm else list(self.layers[layer].readers)[-1:]
        later = [norm for after in self.layers[layer + 1 :] for norm in after.readers]
        return [*own, *later, *self.last]


def list_transformers(model: PreTrainedModel) -> list[Transformer]:
    """Return CLIP's or SigLIP's text and vision transformer, BLIP's vision transformer and its decoder, or a DistilBERT."""
    if model.config.model_type == "clip":
        return [_clip_text(model), _vision(model, [model.visual_projection])]
    if model.config.model_type == "siglip":
        return [_siglip_text(model), _siglip_vision(model)]
    if model.config.model_type == "distilbert":
        return [_distilbert(model)]
    readers = [reader.crossattention.self for reader in model.text_decoder.bert.encoder.layer]
    return [_vision(model, [linear for reader in readers for linear in (reader.key, reader.value)]), _decoder(model)]


def record_inputs(transformer: Transformer, *modules: nn.Module) -> dict[nn.Module, Tensor]:
    """Return each module's input while the probe runs: (n, t, width)."""
    inputs_of: dict[nn.Module, Tensor] = {}
    with with_hooks(dict.fromkeys(modules, lambda module, inputs: inputs_of.update({module: inputs[0].clone()}))):
        transformer.run()
    return inputs_of


@contextmanager
def with_hooks(hooks: Hooks) -> Iterator[None]:
    """Call each module's hook before its first run, in the order in which they run.

    BLIP's vision transformer runs its last norm once more, for an output that the captioner ignores.
    """
    left = dict(hooks)

    def call(module: nn.Module, inputs: tuple[Tensor]) -> None:
        if hook := left.pop(module, None):
            hook(module, inputs)

    handles = [module.register_forward_pre_hook(call) for module in hooks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _clip_text(model: PreTrainedModel) -> Transformer:
    """The text transformer; the probe's texts differ in length and are padded with the end token."""
    config, text = model.config.text_config, model.text_model
    token_ids = _draw_ids(config.bos_token_id, below=config.bos_token_id)
    ends = torch.arange(PROBE_TOKENS) >= torch.linspace(4, PROBE_TOKENS - 1, PROBES).long()[:, None]
    token_ids[ends] = config.eos_token_id
    last = {text.final_layer_norm: [model.text_projection]}
    return Transformer("text", text, {"input_ids": token_ids}, list(_pre_norm(text)), last, (_first(token_ids), ends))


def _siglip_text(model: PreTrainedModel) -> Transformer:
    """The text transformer. No token is special: all attend to all, padding too."""
    text, config = model.text_model, model.config.text_config
    shape = (PROBES, config.max_position_embeddings)
    token_ids = torch.randint(config.vocab_size, shape, generator=torch.Generator().manual_seed(0))
    last = {text.final_layer_norm: [text.head]}
    return Transformer("text", text, {"input_ids": token_ids}, list(_pre_norm(text)), last, ())


def _siglip_vision(model: PreTrainedModel) -> Transformer:
    """The vision transformer. Its last norm is left as it is: one weight of the head reads it for query, key and value."""
    head = model.vision_model.head
    return replace(_vision(model, []), last={head.layernorm: [head.mlp.fc1]}, special=())


def _vision(model: PreTrainedModel, readers: list[nn.Linear]) -> Transformer:
    vision, side = model.vision_model, model.config.vision_config.image_size
    blocks = torch.randn(PROBES, 3, PROBE_GRID, PROBE_GRID, generator=torch.Generator().manual_seed(0))
    patches = torch.empty(PROBES, (side // model.config.vision_config.patch_size) ** 2 + 1)
    probe = {"pixel_values": interpolate(blocks, (side, side))}
    return Transformer(
        "vision", vision, probe, list(_pre_norm(vision)), {vision.post_layernorm: readers}, (_first(patches),)
    )


def _decoder(model: PreTrainedModel) -> Transformer:
    """BLIP's decoder. No token is special: from the second step on it reads a single token."""
    config, bert = model.config.text_config, model.text_decoder.bert
    image_states = torch.randn(PROBES, 5, config.encoder_hidden_size, generator=torch.Generator().manual_seed(0))
    probe = {"input_ids": _draw_ids(config.bos_token_id, below=config.bos_token_id), "encoder_hidden_states": image_states}
    attentions = [layer.attention.self for layer in bert.encoder.layer]
    nexts = [[attention.query, attention.key, attention.value] for attention in attentions[1:]]
    layers = [
        Layer(
            {
                layer.attention.output.LayerNorm: [layer.crossattention.self.query],
                layer.crossattention.output.LayerNorm: [layer.intermediate.dense],
                layer.output.LayerNorm: following,
            },
            layer.intermediate.dense,
            layer.output.dense,
        )
        for layer, following in zip(
            bert.encoder.layer, [*nexts, [model.text_decoder.cls.predictions.transform.dense]], strict=True
        )
    ]
    return Transformer("decoder", bert, probe, layers, {}, (), pre_norm=False)


def _distilbert(model: PreTrainedModel) -> Transformer:
    """A text transformer that is post-norm, as BLIP's decoder is. No token is special."""
    shape, layers = (PROBES, PROBE_TOKENS), list(model.transformer.layer)
    token_ids = torch.randint(model.config.vocab_size, shape, generator=torch.Generator().manual_seed(0))
    nexts = [[layer.attention.q_lin, layer.attention.k_lin, layer.attention.v_lin] for layer in layers[1:]]
    parts = [
        Layer({layer.sa_layer_norm: [layer.ffn.lin1], layer.output_layer_norm: following}, layer.ffn.lin1, layer.ffn.lin2)
        for layer, following in zip(layers, [*nexts, []], strict=True)
    ]
    return Transformer("text", model, {"input_ids": token_ids}, parts, {}, (), pre_norm=False)


def _pre_norm(transformer: PreTrainedModel) -> Iterator[Layer]:
    for layer in transformer.encoder.layers:
        attention = layer.self_attn
        whole = hasattr(attention, "qkv")  # BLIP's vision transformer: one layer for query, key and value
        first = [attention.qkv] if whole else [attention.q_proj, attention.k_proj, attention.v_proj]
        readers = {layer.layer_norm1: first, layer.layer_norm2: [layer.mlp.fc1]}
        yield Layer(readers, layer.mlp.fc1, layer.mlp.fc2)


def _draw_ids(first: int, *, below: int) -> Tensor:
    token_ids = torch.randint(below, (PROBES, PROBE_TOKENS), generator=torch.Generator().manual_seed(0))
    token_ids[:, 0] = first
    return token_ids


def _first(tokens: Tensor) -> Tensor:
    """Return a mask of the first token of each row."""
    mask = torch.zeros(tokens.shape, dtype=torch.bool)
    mask[:, 0] = True
    return mask
