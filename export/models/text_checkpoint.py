"""Opens the checkpoint of a text tower that was taught to give a CLIP's vectors, in the layout of sentence-transformers.

`modules.json` lists what a text goes through: a DistilBERT, the mean of its tokens, a projection. Owns which such lists are
taken, and over which pictures; the weights of the DistilBERT are `checkpoints.py`'s. Converts nothing.
"""

import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.errors import CheckpointUnusable
from export.models.checkpoint_family import read_family, refuse_large_towers
from export.models.checkpoint_tokenizer import lower_case_first, read_tokenizer
from export.models.checkpoints import Checkpoint
from export.models.families import TEXT_TOWERS
from export.models.hub import WEIGHTS, fetch_snapshot
from export.models.pointer_files import patterns_read, refuse_stand_ins

if TYPE_CHECKING:
    from torch import nn

MODULES = ("Transformer", "Pooling", "Dense")  # the last parts of their types; a "Normalize" may follow
# Which pictures a published tower was taught to fit, as its authors say.
PICTURES_OF = {"sentence-transformers/clip-ViT-B-32-multilingual-v1": "openai/clip-vit-base-patch32"}
REMEDY = (
    "--text takes a DistilBERT with a mean over its tokens and one projection, in the layout of sentence-transformers, "
    "such as sentence-transformers/clip-ViT-B-32-multilingual-v1."
)
PROJECTIONS = ["*_Dense/model*.safetensors", "*_Dense/pytorch_model*.bin"]


@dataclass(frozen=True)
class TextCheckpoint(Checkpoint):
    """A text tower's checkpoint; `preprocessing` is that of the pictures which it is opened for.

    `context_length` counts tokens, start and end included. `projection` is the folder of the projection's weights, and
    `dimension` the length of the vectors that it gives.
    """

    context_length: int
    projection: Path
    dimension: int


def refuse_other_pictures(text: str, clip: str) -> None:
    """Refuse a published text tower beside a published CLIP that it was not taught to fit. Nothing is fetched for it.

    Raises:
        CheckpointUnusable: it fits another CLIP.
    """
    name, given = (one.partition("@")[0] for one in (text, clip))
    wanted = PICTURES_OF.get(name)
    if wanted and given != wanted and not Path(clip).expanduser().is_dir():
        raise CheckpointUnusable(
            name, f"it was taught to fit the pictures of {wanted}, not of {given}", f"Give --clip {wanted} beside it."
        )


def open_text_checkpoint(given: str, clip: Checkpoint) -> TextCheckpoint:
    """Return the text tower at a local folder or a hub id, for the pictures of `clip`.

    Raises:
        CheckpointUnusable: it cannot be fetched, is no such tower, or its vectors have another length than the pictures'.
    """
    if clip.family != "clip":
        reason = f"it would stand beside the pictures of {clip.name}, which is a {clip.family} model"
        raise CheckpointUnusable(
            given, reason, "--text takes the place of a CLIP's text tower alone. Give a CLIP as --clip."
        )

    def check(folder: Path) -> None:
        refuse_large_towers(given, folder, read_family(given, folder, TEXT_TOWERS))

    if Path(given).expanduser().is_dir():
        folder, revision = Path(given).expanduser().resolve(), None
        name = folder.name
        refuse_stand_ins(given, folder, ["config.json"])
        check(folder)
        refuse_stand_ins(given, folder, [*patterns_read(folder, WEIGHTS), *PROJECTIONS])
    else:
        name = given.partition("@")[0]
        folder = fetch_snapshot(given, check=check, beside=PROJECTIONS)
        revision = folder.name
    _, pooling, dense = _read_modules(given, folder)
    dimension = _read_projection(given, folder / dense)
    _refuse_pooling(given, _read_json(given, folder / pooling / "config.json"))
    _refuse_other_length(given, dimension, clip)
    config = _read_json(given, folder / "sentence_bert_config.json")
    tokenizer = read_tokenizer(given, folder, TEXT_TOWERS[0])
    if config.get("do_lower_case"):
        lower_case_first(tokenizer.backend_tokenizer)
    positions = _read_json(given, folder / "config.json").get("max_position_embeddings", 512)
    return TextCheckpoint(
        family=TEXT_TOWERS[0],
        name=name,
        revision=revision,
        folder=folder,
        tokenizer=tokenizer,
        preprocessing=clip.preprocessing,
        context_length=min(int(config.get("max_seq_length") or positions), positions),
        projection=folder / dense,
        dimension=dimension,
    )


def read_projection(checkpoint: TextCheckpoint) -> "nn.Linear":
    """Return the projection behind the mean, in float32.

    Raises:
        CheckpointUnusable: its weights are absent, cut short or of another shape.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = next((found for pattern in WEIGHTS for found in sorted(checkpoint.projection.glob(pattern[0]))), None)
    if path is None:
        raise CheckpointUnusable(checkpoint.name, f"it has no weights in {checkpoint.projection.name}", REMEDY)
    try:
        weights = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
        weight = weights["linear.weight"].to(torch.float32)
        dense = torch.nn.Linear(weight.shape[1], checkpoint.dimension, bias="linear.bias" in weights)
        dense.load_state_dict({name.removeprefix("linear."): one.to(torch.float32) for name, one in weights.items()})
    except (SafetensorError, OSError, RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as cause:
        raise CheckpointUnusable(checkpoint.name, f"{path.name} of its projection cannot be read", REMEDY) from cause
    return dense.eval()


def _read_modules(given: str, folder: Path) -> list[str]:
    """Return the folders of the modules, in their order, below the checkpoint's own."""
    modules = _read_json(given, folder / "modules.json")
    try:
        named = [(str(module["type"]).rpartition(".")[2], str(module["path"])) for module in modules]
    except (TypeError, KeyError) as cause:
        raise CheckpointUnusable(given, "its modules.json lists no modules", REMEDY) from cause
    kinds = tuple(kind for kind, _ in named)
    if kinds not in (MODULES, (*MODULES, "Normalize")) or named[0][1]:
        raise CheckpointUnusable(given, f"its modules are {', '.join(kinds)}, not {', '.join(MODULES)}", REMEDY)
    return [path for _, path in named[: len(MODULES)]]


def _refuse_pooling(given: str, config: dict[str, Any]) -> None:
    used = [name for name, is_used in config.items() if name.startswith("pooling_mode_") and is_used]
    if used != ["pooling_mode_mean_tokens"]:
        raise CheckpointUnusable(given, f"it pools by {', '.join(used) or 'nothing'}, not by the mean of its tokens", REMEDY)


def _read_projection(given: str, folder: Path) -> int:
    """Return the length of the vectors that a projection gives."""
    config = _read_json(given, folder / "config.json")
    activation = str(config.get("activation_function", "Identity")).rpartition(".")[2]
    if activation != "Identity":
        raise CheckpointUnusable(given, f"its projection ends in {activation}, which is no linear one", REMEDY)
    if not isinstance(config.get("out_features"), int):
        raise CheckpointUnusable(given, "its projection does not say how long its vectors are", REMEDY)
    return int(config["out_features"])


def _refuse_other_length(given: str, dimension: int, clip: Checkpoint) -> None:
    config = _read_json(clip.name, clip.folder / "config.json")
    wanted = config.get("projection_dim", 512)  # CLIPConfig's default, which is not always written
    if dimension != wanted:
        reason = f"its vectors have {dimension} numbers, those of the pictures of {clip.name} {wanted}"
        raise CheckpointUnusable(given, reason, "Give the CLIP that it was taught to fit as --clip.")


def _read_json(given: str, path: Path) -> Any:  # noqa: ANN401 (what a file holds)
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as cause:
        raise CheckpointUnusable(given, f"its {path.name} is missing or no JSON", REMEDY) from cause
