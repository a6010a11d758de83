"""The sample models' architectures: small configurations of the CLIP and BLIP classes of transformers.

Owns their configurations, their image preprocessors, and the copying of BLIP's trained tower into CLIP. About 2.7 and
2.9 million parameters. Heavy imports: torch and transformers.
"""

import torch
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessor,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    PreTrainedTokenizerFast,
)
from transformers.models.blip.modeling_blip import BlipEncoderLayer
from transformers.models.clip.modeling_clip import CLIPEncoderLayer

from export.storybook.tokenizers import MAX_TOKENS
from export.storybook.training_set import INPUT_SIDE_PX

PATCH_SIDE_PX = 16
VISION_WIDTH = 160
EMBEDDING_WIDTH = 96
MAX_CAPTION_TOKENS = 24
"""Where generation stops; the longest exact caption takes 19, its start and end tokens included."""

VISION = {
    "hidden_size": VISION_WIDTH,
    "intermediate_size": 4 * VISION_WIDTH,
    "num_hidden_layers": 6,
    "num_attention_heads": 5,
    "image_size": INPUT_SIDE_PX,
    "patch_size": PATCH_SIDE_PX,
    "hidden_act": "gelu",
}
_TEXT_WIDTH = 128
_TEXT = {
    "hidden_size": _TEXT_WIDTH,
    "intermediate_size": 4 * _TEXT_WIDTH,
    "num_hidden_layers": 3,
    "max_position_embeddings": MAX_TOKENS,
    "hidden_act": "gelu",
}
_FIRST_LOGIT_SCALE = 3.3
"""ln 27. From CLIP's own ln 14.3 the scale was still below 24 after 83,000 pictures (in a first trial)."""

# eager: at 50 tokens and 2 threads it trained 2.4 times as many pictures per CPU second as sdpa (in a first trial).
_ATTENTION = "eager"


def new_clip(tokenizer: PreTrainedTokenizerFast) -> CLIPModel:
    """Return an untrained CLIP for the tokenizer."""
    text = _TEXT | {
        "vocab_size": len(tokenizer),
        "num_attention_heads": 2,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "projection_dim": EMBEDDING_WIDTH,
    }
    vision = VISION | {"projection_dim": EMBEDDING_WIDTH}
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=EMBEDDING_WIDTH)
    config.logit_scale_init_value = _FIRST_LOGIT_SCALE
    model: CLIPModel = CLIPModel._from_config(config, attn_implementation=_ATTENTION)
    return model


def new_blip(tokenizer: PreTrainedTokenizerFast) -> BlipForConditionalGeneration:
    """Return an untrained BLIP captioner for the tokenizer."""
    text = _TEXT | {
        "vocab_size": len(tokenizer),
        "num_attention_heads": 4,
        "encoder_hidden_size": VISION_WIDTH,
        "projection_dim": _TEXT_WIDTH,
        "bos_token_id": tokenizer.bos_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "is_decoder": True,
    }
    # The default initializer_range, 1e-10, leaves a tower that does not learn from scratch.
    vision = VISION | {"projection_dim": _TEXT_WIDTH, "initializer_range": 0.02}
    config = BlipConfig(
        text_config=text, vision_config=vision, projection_dim=_TEXT_WIDTH, image_text_hidden_size=_TEXT_WIDTH
    )
    model: BlipForConditionalGeneration = BlipForConditionalGeneration._from_config(config, attn_implementation=_ATTENTION)
    model.generation_config.max_length = MAX_CAPTION_TOKENS
    return model


def clip_image_processor() -> CLIPImageProcessor:
    """Return CLIP's own preprocessing, at the sample models' size: shortest edge, centre crop, bicubic."""
    side = INPUT_SIDE_PX
    return CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})


def blip_image_processor() -> BlipImageProcessor:
    """Return BLIP's own preprocessing, at the sample models' size: both sides resized, bicubic."""
    return BlipImageProcessor(size={"height": INPUT_SIDE_PX, "width": INPUT_SIDE_PX})


@torch.no_grad()
def copy_tower(blip: BlipForConditionalGeneration, clip: CLIPModel, pictures: torch.Tensor) -> None:
    """Copy BLIP's trained vision tower into CLIP's: the same pre-norm blocks under other names.

    CLIP has one more LayerNorm in front of its blocks. Its gain and bias are set to the spread and mean of BLIP's
    embeddings over `pictures`, so that it undoes its own normalization on average.

    Args:
        blip: Trained.
        clip: Changed in place.
        pictures: (n, 3, h, w) float32 normalized pictures to measure the embeddings on.
    """
    source, target = blip.vision_model, clip.vision_model
    patches, places = source.embeddings, target.embeddings
    places.patch_embedding.weight.copy_(patches.patch_embedding.weight)
    places.class_embedding.copy_(patches.class_embedding.flatten())
    # CLIP's patch embedding has no bias: each patch position takes it, the class position does not.
    places.position_embedding.weight.copy_(patches.position_embedding[0])
    places.position_embedding.weight[1:] += patches.patch_embedding.bias
    for theirs, ours in zip(source.encoder.layers, target.encoder.layers, strict=True):
        _copy_block(theirs, ours)
    target.post_layernorm.load_state_dict(source.post_layernorm.state_dict())
    embeddings = patches(pictures)
    target.pre_layrnorm.weight.fill_(embeddings.std(-1, unbiased=False).mean().item())
    target.pre_layrnorm.bias.fill_(embeddings.mean().item())


def _copy_block(theirs: BlipEncoderLayer, ours: CLIPEncoderLayer) -> None:
    """Copy one transformer block; BLIP keeps query, key and value in one matrix, CLIP in three."""
    fused, split = theirs.self_attn, ours.self_attn
    parts = zip(fused.qkv.weight.chunk(3), fused.qkv.bias.chunk(3), strict=True)
    for part, (weight, bias) in zip((split.q_proj, split.k_proj, split.v_proj), parts, strict=True):
        part.weight.copy_(weight)
        part.bias.copy_(bias)
    split.out_proj.load_state_dict(fused.projection.state_dict())
    ours.mlp.load_state_dict(theirs.mlp.state_dict())
    ours.layer_norm1.load_state_dict(theirs.layer_norm1.state_dict())
    ours.layer_norm2.load_state_dict(theirs.layer_norm2.state_dict())
