"""Opens a checkpoint, from a hub id or a local folder, checks that it is of the right family, and reads its torch model.

Owns the order of the checks, the preprocessing and the weights; `checkpoint_family.py`, `checkpoint_tokenizer.py` and
`pointer_files.py` own the others. Converts nothing.
"""

import math
import pickle
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from export.errors import CheckpointUnusable
from export.models.checkpoint_family import REMEDY, read_family, refuse_foreign_parts, refuse_large_towers
from export.models.checkpoint_tokenizer import read_tokenizer
from export.models.families import MODEL_CLASSES, PROCESSOR_CLASSES, Family
from export.models.hub import WEIGHTS, fetch_snapshot
from export.models.onnx_graph import quiet
from export.models.pointer_files import patterns_read, refuse_stand_ins
from runtime.artefacts.model_records import Preprocessing

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

RESAMPLINGS: dict[int, Literal["lanczos", "bilinear", "bicubic"]] = {1: "lanczos", 2: "bilinear", 3: "bicubic"}  # Pillow's


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose small files were read and checked; its weights have not been read from `folder` yet.

    `name` is the hub id or the folder's name; `revision` is the hub's commit, None for a local folder.
    """

    family: Family
    name: str
    revision: str | None
    folder: Path
    tokenizer: "PreTrainedTokenizerFast"
    preprocessing: Preprocessing

    def with_image_size(self, size_px: int) -> "Checkpoint":
        """Return this checkpoint with another input size for its pictures."""
        return replace(self, preprocessing=self.preprocessing.model_copy(update={"size": size_px}))


def open_checkpoint(given: str, *families: Family) -> Checkpoint:
    """Return the checkpoint at a local folder or a hub id (`owner/name` or `owner/name@revision`), fetched if not cached.

    Args:
        given: the folder or the hub id.
        families: those that are taken; config.json says which of them it is of.

    Raises:
        CheckpointUnusable: it cannot be fetched, is of another family or too large, or lacks its tokenizer or preprocessing.
    """

    def check(folder: Path) -> None:
        refuse_large_towers(given, folder, read_family(given, folder, families))

    if Path(given).expanduser().is_dir():
        folder, revision = Path(given).expanduser().resolve(), None
        name = folder.name
        refuse_stand_ins(given, folder, ["config.json"])  # the rest later: of another family it need not be fetched
        check(folder)
        refuse_stand_ins(given, folder, patterns_read(folder, WEIGHTS))
    else:
        name = given.partition("@")[0]
        folder = fetch_snapshot(given, check=check)
        revision = folder.name
    family = read_family(given, folder, families)
    return Checkpoint(
        family=family,
        name=name,
        revision=revision,
        folder=folder,
        tokenizer=read_tokenizer(given, folder, family),
        preprocessing=_read_preprocessing(given, folder, family),
    )


def read_model(checkpoint: Checkpoint) -> "PreTrainedModel":
    """Return the model of the family's class (`MODEL_CLASSES`), float32, for evaluation, with plain attention.

    Raises:
        CheckpointUnusable: the weights are absent, cut short, of other shapes, or not all there; or its scale is infinite.
    """
    from safetensors import SafetensorError

    broken = (SafetensorError, OSError, RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError)
    try:
        with quiet():
            model, loading = _read_weights(checkpoint)
    except broken as cause:
        raise CheckpointUnusable(checkpoint.name, f"its weights cannot be read ({_first_line(cause)})", REMEDY) from cause
    missing, mismatched = sorted(loading["missing_keys"]), sorted(loading["mismatched_keys"])
    if mismatched:  # transformers would fill both with random numbers and go on
        wanted = tuple(model.state_dict()[mismatched[0]].shape)
        reason = f"its weight {mismatched[0]} has another shape than its config.json says, {wanted}"
        raise CheckpointUnusable(checkpoint.name, reason, REMEDY)
    if missing:
        reason = f"{len(missing)} of its weights are missing, {missing[0]} among them"
        raise CheckpointUnusable(checkpoint.name, reason, REMEDY)
    refuse_foreign_parts(checkpoint.name, checkpoint.family, loading["unexpected_keys"])
    _refuse_infinite_scale(checkpoint, model)
    return model.eval()


def _refuse_infinite_scale(checkpoint: Checkpoint, model: "PreTrainedModel") -> None:
    """Refuse an encoder whose scale or bias of cosines is no finite number: every score would be 0 or 1, or none."""
    for name in ("logit_scale", "logit_bias"):
        trained = getattr(model, name, None)
        if trained is not None:
            number = (trained.exp() if name == "logit_scale" else trained).item()
            if not math.isfinite(number):
                formula = f"exp({trained.item():g})" if name == "logit_scale" else "it"
                reason = f"its {name} is unusable ({formula} is {number:g})"
                raise CheckpointUnusable(checkpoint.name, reason, REMEDY)


def _read_weights(checkpoint: Checkpoint) -> "tuple[PreTrainedModel, dict[str, list[str]]]":
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()  # it counts shards, and would interrupt the list of our own steps
    model_class = getattr(transformers, MODEL_CLASSES[checkpoint.family])
    loaded: tuple[PreTrainedModel, dict[str, list[str]]] = model_class.from_pretrained(
        checkpoint.folder,
        dtype=torch.float32,
        attn_implementation="eager",
        local_files_only=True,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # they are refused above, by name; transformers' own error names none
    )
    return loaded


def _read_preprocessing(given: str, folder: Path, family: Family) -> Preprocessing:
    import transformers

    processor_class = getattr(transformers, PROCESSOR_CLASSES[family])
    try:
        with quiet():
            processor = processor_class.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, TypeError) as cause:
        raise CheckpointUnusable(given, "its preprocessor_config.json is missing or broken", REMEDY) from cause
    crops = bool(getattr(processor, "do_center_crop", False))  # SigLIP's and BLIP's have no such step
    if crops:
        sizes = {processor.size.get("shortest_edge"), *processor.crop_size.values()}
    else:
        sizes = {processor.size.get("height"), processor.size.get("width")}
    whole = processor.do_resize and processor.do_rescale and processor.do_normalize
    if len(sizes) != 1 or None in sizes or not whole or processor.resample not in RESAMPLINGS:
        reason = "its preprocessor_config.json asks for another preparation than its family's"
        raise CheckpointUnusable(given, reason, REMEDY)
    return Preprocessing(
        size=sizes.pop(),
        fit="crop" if crops else "stretch",
        resample=RESAMPLINGS[processor.resample],
        mean=processor.image_mean,
        std=processor.image_std,
    )


def _first_line(cause: Exception) -> str:
    return str(cause).strip().splitlines()[0].rstrip(".") if str(cause).strip() else type(cause).__name__
