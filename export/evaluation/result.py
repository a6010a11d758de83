"""The figures of one evaluation, and the JSON file that holds them. Prints nothing."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from export.errors import unwritable_refused
from export.evaluation.agreement import Agreement
from export.evaluation.caption_scores import CaptionScores
from export.evaluation.recall import Recall, differs_from_chance
from export.index.captions.file import SkippedLine
from runtime.artefacts.manifest import ModelsManifest
from runtime.artefacts.model_records import BlipRecord, EncoderRecord
from runtime.artefacts.whole_file import whole_file

FORMAT = "lookwhy-evaluation/1"
DEFINITIONS = {
    "R@k": "recall at k after Karpathy & Fei-Fei (2015), as CLIP's authors report it. text_to_image: the share of captions "
    "whose picture is among the first k. image_to_text: the share of pictures of which one caption or more is among the "
    "first k of all captions. A tie counts as a miss.",
    "chance": "the mean of rankings drawn at random",
    "above_chance": "whether some R@k of text_to_image is above chance: exact one-sided binomial test, a picture a trial",
    "overlap_at_10": "mean over captions of the share of the first ten pictures that exact and quantized models both have",
    "tokens_equal": "share of places in which both captions have the same token; the longer caption counts",
}
PACKAGES = ("onnxruntime", "numpy", "pillow", "tokenizers", "sacrebleu")
FEWEST_PICTURES = 5  # with fewer, not even perfect recall differs from chance


@dataclass(frozen=True)
class ModelFigures:
    """One folder's figures. `captions` is None where it has no captioner."""

    manifest: ModelsManifest
    recall: dict[str, Recall]
    above_chance: bool
    captions: CaptionScores | None


@dataclass(frozen=True)
class Evaluation:
    """All figures of one run: exact models first, if there are any; `agreement` is None if only one folder was measured."""

    pictures: int
    texts: int
    models: Sequence[ModelFigures]
    chance: dict[str, Recall]
    agreement: Agreement | None
    skipped: Sequence[SkippedLine]

    def remarks(self) -> list[str]:
        """Return sentences that a reader must know to understand the figures."""
        remarks = [_about_chance(self.models, self.pictures)]
        for model in self.models:
            if model.captions is None:
                remarks.append(f"The models {model.manifest.precision} have no captioner: only retrieval was measured.")
        if len(self.models) == 1:
            remarks.append("These models are the exact ones; there is nothing quantized to compare them with.")
        return list(filter(None, remarks))

    def to_json(self) -> dict[str, Any]:
        """Return values that JSON can hold, without a path or the name of a picture."""
        return {
            "format": FORMAT,
            "definitions": DEFINITIONS,
            "machine": _machine(),
            "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
            "counts": {"pictures": self.pictures, "captions": self.texts, "skipped": len(self.skipped)},
            "skipped": [asdict(skipped) for skipped in self.skipped],
            "chance": self.chance,
            "models": [_model(model) for model in self.models],
            "agreement": asdict(self.agreement) if self.agreement else None,
            "remarks": self.remarks(),
        }


def is_above_chance(recall: dict[str, Recall], pictures: int) -> bool:
    """Return whether texts find pictures better than a random ranking does."""
    return differs_from_chance(recall["text_to_image"], pictures)


def check_writable(out: Path) -> None:
    """Check that the file can be written, before the long work starts.

    Raises:
        OutputUnwritable: the file cannot be written.
    """
    with unwritable_refused(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.is_dir():
            raise IsADirectoryError(None, "it is a folder; name a file in it")
        with TemporaryFile(dir=out.parent):
            pass


def write_result(evaluation: Evaluation, out: Path) -> None:
    """Write the JSON file completely, or leave the old one.

    Raises:
        OutputUnwritable: the disk is full, or the file cannot be written.
    """
    text = json.dumps(evaluation.to_json(), indent=2, ensure_ascii=False) + "\n"
    with unwritable_refused(out), whole_file(out) as file:
        file.write(text.encode())


def _about_chance(models: Sequence[ModelFigures], pictures: int) -> str:
    if pictures < FEWEST_PICTURES:
        return f"With {pictures} pictures no figure can be told from chance: give {FEWEST_PICTURES} at least, better 100."
    blind = [model.manifest.precision for model in models if not model.above_chance]
    if not blind:
        return ""
    return (
        f"The recall of {' and '.join(blind)} is what chance gives: these models know nothing of these pictures "
        "(random weights, or pictures from another world than the models were trained on)."
    )


def _model(model: ModelFigures) -> dict[str, Any]:
    manifest = model.manifest
    return {
        "precision": manifest.precision,
        "clip": _named(manifest.clip),
        "blip": _named(manifest.blip) if manifest.blip else None,
        "files": manifest.fingerprint(),
        "recall": model.recall,
        "above_chance": model.above_chance,
        "captions": asdict(model.captions) if model.captions else None,
    }


def _named(record: EncoderRecord | BlipRecord) -> dict[str, str | None]:
    return {"name": record.name, "revision": record.revision}


def _machine() -> dict[str, str | int | None]:
    return {"system": platform.system(), "architecture": platform.machine(), "cpu": _cpu(), "cores": os.cpu_count()}


def _cpu() -> str | None:
    """Return the processor's name, or None where Linux does not name it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)
