"""Whether a text tower gives the vectors of a CLIP's own: else it would find pictures by chance, and no file says so.

Compares both on a few English texts, by their weights, before anything is traced.
"""

import numpy as np
from numpy.typing import NDArray

from export.errors import CheckpointUnusable
from export.models.checkpoints import Checkpoint, read_model
from export.models.text_checkpoint import TextCheckpoint, read_projection

# Chosen, not measured: a tower that was taught to give a CLIP's vectors is near 1, one that knows nothing of them near 0.
COSINE_MIN = 0.5
TEXTS = (
    "a red boat at sunset",
    "two dogs playing on a beach",
    "a plate of food on a table",
    "a city street at night in the rain",
    "a portrait of an old woman with a hat",
    "snow on the mountains behind a lake",
    "a cat sleeping on a sofa",
    "people watching a football match",
)

Vectors = NDArray[np.float32]


def require_shared_space(text: TextCheckpoint, clip: Checkpoint) -> None:
    """Refuse a text tower whose vectors are not those of a CLIP's own tower.

    Raises:
        CheckpointUnusable: they differ, or weights cannot be read.
    """
    cosine = float((_vectors_of_tower(text) * _vectors_of_clip(clip)).sum(axis=1).mean())
    if not cosine >= COSINE_MIN:  # true of NaN, too
        reason = (
            f"its vectors are not those of {clip.name}: on {len(TEXTS)} English texts, their mean cosine is {cosine:.2f}, "
            f"where {COSINE_MIN} is the least"
        )
        raise CheckpointUnusable(text.name, reason, "Give the CLIP that it was taught to fit as --clip.")


def _vectors_of_tower(text: TextCheckpoint) -> Vectors:
    from transformers import DistilBertModel

    from export.models.mean_pooled_text import embed_with_torch

    model = read_model(text)
    if not isinstance(model, DistilBertModel):
        raise TypeError(type(model))
    return embed_with_torch(model, read_projection(text), _tokenize(text, text.context_length), text.tokenizer.pad_token_id)


def _vectors_of_clip(clip: Checkpoint) -> Vectors:
    import torch
    from torch.nn.functional import normalize

    model = read_model(clip)
    rows = _tokenize(clip, model.config.text_config.max_position_embeddings)
    with torch.inference_mode():
        vectors: Vectors = normalize(
            torch.cat([model.get_text_features(torch.from_numpy(row)) for row in rows]), dim=-1
        ).numpy()
    return vectors


def _tokenize(checkpoint: Checkpoint, limit: int) -> list[NDArray[np.int64]]:
    """Return the token ids of each text, (1, t)."""
    rows = [checkpoint.tokenizer(text, truncation=True, max_length=limit)["input_ids"] for text in TEXTS]
    return [np.array([row], dtype=np.int64) for row in rows]
