"""The sibling's architecture, of the sample CLIP's widths, and its start: the vision tower of the sample BLIP.

The sample CLIP started from that tower, too, in fp32. Here its weights are read from the graph that is shipped, rounded to
int8. Heavy imports: torch and transformers.
"""

from pathlib import Path
from typing import cast

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn
from transformers import PreTrainedTokenizerFast, SiglipConfig, SiglipImageProcessor, SiglipModel
from transformers.models.siglip.modeling_siglip import SiglipEncoderLayer

from benchmarks.models.siglip_sample.tokenizer import CONTEXT
from export.storybook.models import VISION, VISION_WIDTH, clip_image_processor
from export.storybook.training_set import INPUT_SIDE_PX

TEXT_WIDTH = 128
NORM_EPSILON = 1e-5  # BLIP's
FIRST_LOGIT_SCALE = 3.0  # ln 20; the bias is SigLIP's own (Zhai et al. 2023, section 3.2): pairs begin as no match
FIRST_LOGIT_BIAS = -10.0

Arrays = dict[str, NDArray[np.float32]]


def new_siglip(tokenizer: PreTrainedTokenizerFast) -> SiglipModel:
    """Return an untrained SigLIP for the tokenizer; its vectors are as wide as its vision tower."""
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": TEXT_WIDTH,
        "intermediate_size": 4 * TEXT_WIDTH,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "max_position_embeddings": CONTEXT,
        "projection_size": VISION_WIDTH,
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "bos_token_id": tokenizer.bos_token_id,
    }
    vision = VISION | {"hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": NORM_EPSILON}  # SigLIP's activation
    model: SiglipModel = SiglipModel._from_config(
        SiglipConfig(text_config=text, vision_config=vision), attn_implementation="eager"
    )
    with torch.no_grad():
        model.logit_scale.fill_(FIRST_LOGIT_SCALE)
        model.logit_bias.fill_(FIRST_LOGIT_BIAS)
    return model


def siglip_image_processor() -> SiglipImageProcessor:
    """Return SigLIP's preprocessing, at the sample models' size and with their normalization."""
    side, clip = INPUT_SIDE_PX, clip_image_processor()
    return SiglipImageProcessor(size={"height": side, "width": side}, image_mean=clip.image_mean, image_std=clip.image_std)


@torch.no_grad()
def copy_blip_tower(graph: Path, model: SiglipModel) -> None:
    """Copy BLIP's vision tower into SigLIP's: the same pre-norm blocks, but for the class token, which SigLIP has none of.

    Args:
        graph: BLIP's exported vision graph, in fp32 or int8.
        model: changed in place; its pooling head keeps its random weights.
    """
    weights, vision = read_weights(graph), model.vision_model
    prefix = "vision_model.embeddings"
    _fill(vision.embeddings.patch_embedding.weight, _read_kernel(graph))
    _fill(vision.embeddings.patch_embedding.bias, weights[f"{prefix}.patch_embedding.bias"])
    _fill(vision.embeddings.position_embedding.weight, weights[f"{prefix}.position_embedding"][0, 1:])
    for number, layer in enumerate(vision.encoder.layers):
        _fill_block(layer, weights, f"vision_model.encoder.layers.{number}")
    _fill_part(vision.post_layernorm, weights, "vision_model.post_layernorm")


def _fill_block(layer: SiglipEncoderLayer, weights: Arrays, prefix: str) -> None:
    """Fill one transformer block; BLIP keeps query, key and value in one matrix."""
    attention = layer.self_attn
    matrices = np.split(weights[f"{prefix}.self_attn.qkv.weight"], 3, axis=1)  # (w, 3 w) -> three of (w, w)
    biases = np.split(weights[f"{prefix}.self_attn.qkv.bias"], 3)
    for linear, matrix, bias in zip((attention.q_proj, attention.k_proj, attention.v_proj), matrices, biases, strict=True):
        _fill(linear.weight, matrix.T)
        _fill(linear.bias, bias)
    _fill_part(attention.out_proj, weights, f"{prefix}.self_attn.projection")
    for part, name in ((layer.mlp.fc1, "mlp.fc1"), (layer.mlp.fc2, "mlp.fc2")):
        _fill_part(part, weights, f"{prefix}.{name}")
    for norm, name in ((layer.layer_norm1, "layer_norm1"), (layer.layer_norm2, "layer_norm2")):
        _fill_part(norm, weights, f"{prefix}.{name}")


def _fill_part(part: nn.Linear | nn.LayerNorm, weights: Arrays, name: str) -> None:
    _fill(part.weight, weights[f"{name}.weight"].T)  # a graph has (k, n), torch (n, k); a norm's has one axis
    _fill(part.bias, weights[f"{name}.bias"])


def _fill(parameter: torch.Tensor, values: NDArray[np.float32]) -> None:
    parameter.copy_(torch.from_numpy(values.copy()))


def read_weights(graph: Path) -> Arrays:
    """Return a graph's weights by their names in the checkpoint; int8 ones times their scales, one a column."""
    suffix, scales = "_int8", "_scales"
    tensors = {tensor.name: tensor for tensor in onnx.load(graph, load_external_data=False).graph.initializer}
    arrays = {name: numpy_helper.to_array(tensor, base_dir=str(graph.parent)) for name, tensor in tensors.items()}
    rounded = {
        name.removesuffix(suffix): array * arrays[name + scales] for name, array in arrays.items() if name.endswith(suffix)
    }
    return cast(Arrays, arrays | rounded)


def _read_kernel(graph: Path) -> NDArray[np.float32]:
    """Return the weight of the graph's one convolution, whose name does not outlast its optimization: (w, 3, p, p)."""
    proto = onnx.load(graph, load_external_data=False).graph
    [name] = [node.input[1] for node in proto.node if node.op_type == "Conv"]
    [kernel] = [tensor for tensor in proto.initializer if tensor.name == name]
    return cast("NDArray[np.float32]", numpy_helper.to_array(kernel, base_dir=str(graph.parent)))
