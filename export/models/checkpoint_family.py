"""Says which family a checkpoint is of, and refuses by name what is none, or too large, before its weights are read.

Owns what is read of `config.json`. The weights, the tokenizer and the preprocessing are `checkpoints.py`'s.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from export.errors import CheckpointUnusable
from export.models.families import MODEL_CLASSES, NAMES, OPTIONS, Family

REMEDY = "Give the folder or hub id of a whole checkpoint, as save_pretrained() writes it for model and processor."
OPEN_CLIP_CONFIG = "open_clip_config.json"
GRAPH_MAX_BYTES = 2**31 - 2**24  # a protobuf file ends at 2 GiB; the rest is for nodes and what the exporter adds
FP32_BYTES = 4
# Models that users bring, and that a sentence tells more of than their model_type does.
OTHERS = {
    "siglip2": "it is a SigLIP 2 of free resolution (NaFlex), whose pictures have any number of patches",
    "siglip_text_model": "it is only the text tower of a SigLIP",
    "siglip_vision_model": "it is only the vision tower of a SigLIP",
    "clip_text_model": "it is only the text tower of a CLIP",
    "clip_vision_model": "it is only the vision tower of a CLIP",
}
# Parts of a family's other classes whose states the decoder was trained to read; without them it says nothing of a picture.
FOREIGN_PARTS: dict[Family, dict[str, str]] = {"blip": {"text_encoder": "BlipForQuestionAnswering"}}


def read_family(given: str, folder: Path, families: tuple[Family, ...]) -> Family:
    """Return which of the families the checkpoint in a folder is of.

    Args:
        given: what the user called it.
        folder: has at least its small files.
        families: those that are taken here.

    Raises:
        CheckpointUnusable: it is of none of them, is another model of the same family, or has no usable config.json.
    """
    config = _read_config(given, folder)
    if not isinstance(config.get("model_type"), str):
        raise CheckpointUnusable(given, "its config.json names no model_type", REMEDY)
    model_type = config["model_type"]
    family = next((family for family in families if family == model_type), None)
    if family is None:
        wanted = " or ".join(families)
        raise CheckpointUnusable(
            given, OTHERS.get(model_type, f"it is a {model_type} model, not a {wanted} model"), _take(families)
        )
    named = config.get("architectures") or [MODEL_CLASSES[family]]
    if isinstance(named, str):
        named = [named]
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise CheckpointUnusable(given, "its config.json's architectures is no list of names", REMEDY)
    if MODEL_CLASSES[family] not in named:
        reason = f"it is a {named[0]}, not a {MODEL_CLASSES[family]}: the same family, trained for something else"
        raise CheckpointUnusable(given, reason, _take(families))
    return family


def refuse_foreign_parts(given: str, family: Family, unread: Iterable[str]) -> None:
    """Refuse weights of another model of the same family, whose config.json names no architecture, or the wrong one.

    Args:
        given: what the user called it.
        family: as which it was read.
        unread: the names of the weights that the family's class has no place for. Most are harmless: buffers that older
            versions stored.

    Raises:
        CheckpointUnusable: a part is among them whose states the family's own parts were trained to read.
    """
    for part, whose in FOREIGN_PARTS.get(family, {}).items():
        if any(name.startswith(f"{part}.") for name in unread):
            reason = f"it has a {part}, as a {whose} has: the same family, trained for something else"
            raise CheckpointUnusable(given, reason, _take((family,)))


def refuse_large_towers(given: str, folder: Path, family: Family) -> None:
    """Refuse a checkpoint one of whose towers is too large for a graph in fp32; no weight is read for it.

    Raises:
        CheckpointUnusable: a tower has more than `GRAPH_MAX_BYTES`, or config.json describes no model.
    """
    import torch
    import transformers
    from transformers.modeling_utils import no_init_weights

    from export.models.onnx_graph import quiet

    model_class = getattr(transformers, MODEL_CLASSES[family])
    try:
        with quiet(), torch.device("meta"), no_init_weights():
            model = model_class(model_class.config_class.from_pretrained(folder, local_files_only=True))
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, AttributeError, ArithmeticError) as cause:
        raise CheckpointUnusable(given, f"its config.json describes no {MODEL_CLASSES[family]}", REMEDY) from cause
    for name, part in model.named_children():
        size = FP32_BYTES * sum(weight.numel() for weight in part.parameters())
        if size > GRAPH_MAX_BYTES:
            reason = f"its {name} has {size / 1e9:.1f} GB in fp32, and a graph holds 2 GiB at most"
            remedy = "Take a smaller one of its family: those named base, or B/16 and B/32, fit."
            raise CheckpointUnusable(given, reason, remedy)


def refuse_open_clip(given: str, folder: Path) -> None:
    """Refuse a folder in open_clip's own layout.

    Raises:
        CheckpointUnusable: it has open_clip's configuration and not transformers'.
    """
    if (folder / OPEN_CLIP_CONFIG).is_file() and not (folder / "config.json").is_file():
        reason = f"it is in open_clip's own layout ({OPEN_CLIP_CONFIG}), not in transformers'"
        remedy = (
            "Many are published in both: look for the same weights with a config.json and model.safetensors beside them."
        )
        raise CheckpointUnusable(given, reason, remedy)


def _read_config(given: str, folder: Path) -> dict[str, Any]:
    refuse_open_clip(given, folder)
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except FileNotFoundError as cause:
        raise CheckpointUnusable(given, "it has no config.json", REMEDY) from cause
    except ValueError as cause:
        raise CheckpointUnusable(given, "its config.json is no JSON object", REMEDY) from cause
    if not isinstance(config, dict):
        raise CheckpointUnusable(given, "its config.json is no JSON object", REMEDY)
    return config


def _take(families: tuple[Family, ...]) -> str:
    option = next(option for taken, option in OPTIONS.items() if set(families) <= set(taken))
    names, classes = (" or ".join(words[family] for family in families) for words in (NAMES, MODEL_CLASSES))
    fixed = ", SigLIP 2 of fixed resolution among them" if "siglip" in families else ""
    return f"{option} takes a {names} checkpoint ({classes}){fixed}."
