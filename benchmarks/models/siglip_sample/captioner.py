"""Adds the sample's captioner to exported models: python -m benchmarks.models.siglip_sample.captioner MODELS [SAMPLE]

The sample BLIP's graphs are shipped, its checkpoint is not. So the graphs are copied beside the sibling's own, for the
benchmarks that need captions.
"""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from runtime.artefacts.manifest import MANIFEST_NAME, read_models_manifest
from runtime.terminal import told_errors


def main(
    models: Annotated[Path, typer.Argument(help="A folder that `python -m export models` wrote with --blip ''.")],
    sample: Annotated[Path, typer.Argument(help="Where the captioner is.")] = Path("sample/models"),
) -> None:
    """Copy the captioner's files, and name them in the manifest."""
    with told_errors():
        add_captioner(models, sample)


def add_captioner(models: Path, sample: Path) -> None:
    """Copy the captioner of the models in `sample` into those in `models`.

    Raises:
        ArtefactMissing, ArtefactCorrupt: one of the folders holds no whole models.
    """
    captioner = read_models_manifest(sample).blip
    if captioner is None:
        raise typer.BadParameter(f"{sample} holds no captioner")
    for file in captioner.files():
        (models / file.path).parent.mkdir(exist_ok=True)
        shutil.copy(sample / file.path, models / file.path)
    manifest = read_models_manifest(models).model_copy(update={"blip": captioner})
    (models / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    typer.run(main)
