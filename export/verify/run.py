"""`lookwhy verify`: what is damaged of models and index, and what to do about it."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from export.console import progress_bar
from export.errors import ArtefactDamaged
from export.index.chosen_models import MODELS_REMEDY
from export.index.generations.history import bytes_of, find_manifest, is_whole, name_of, whole_generations
from export.verify.index_files import INDEX_REMEDY, find_index_faults
from runtime.artefacts.file_record import why_damaged
from runtime.artefacts.manifest import (
    IndexManifest,
    ModelsManifest,
    check_models_match,
    read_models_manifest,
)
from runtime.errors import ArtefactError, ModelsDiffer


def verify(models_dir: Path, index_dir: Path, *, console: Console | None = None) -> None:
    """Check models and index to the last byte, and that they fit each other, and print what was found.

    Args:
        models_dir: the folder of models.
        index_dir: the folder of the index.
        console: where it is printed; the default is standard error.

    Raises:
        ArtefactDamaged: something is wrong; the message names each fault.
        ArtefactMissing: there is no index.
    """
    console = console or Console(stderr=True)
    models, model_faults = find_model_faults(models_dir, console)
    index, index_faults = find_index_faults(index_dir, console)
    now = find_manifest(index_dir)
    if index_faults and index and now and now.manifest.generation != index.generation:  # a build has ended meanwhile
        index, index_faults = find_index_faults(index_dir, console)
    if models and index:
        try:
            check_models_match(index_dir, index, models_dir, models)
        except ModelsDiffer as error:
            index_faults.append(str(error))
    _tell(models_dir, "models", model_faults, console)
    _tell(index_dir, _what(index), index_faults, console)
    if index:
        _tell_others(index_dir, index, console)
    if model_faults or index_faults:
        remedies = [MODELS_REMEDY] * bool(model_faults) + [INDEX_REMEDY] * bool(index_faults)
        folder = models_dir if model_faults else index_dir
        raise ArtefactDamaged(folder, [*model_faults, *index_faults], " ".join(remedies))


def refuse_damaged_index(index_dir: Path) -> None:
    """Refuse an index with a fault, before it goes elsewhere.

    Raises:
        ArtefactDamaged: there is one; the message names each.
    """
    _, faults = find_index_faults(index_dir, Console(stderr=True))
    if faults:
        raise ArtefactDamaged(index_dir, faults, INDEX_REMEDY)


def refuse_damaged_models(models_dir: Path) -> None:
    """Refuse models with a fault, before they go elsewhere.

    Raises:
        ArtefactDamaged: there is one; the message names each.
    """
    _, faults = find_model_faults(models_dir, Console(stderr=True))
    if faults:
        raise ArtefactDamaged(models_dir, faults, MODELS_REMEDY)


def find_model_faults(models_dir: Path, console: Console) -> tuple[ModelsManifest | None, list[str]]:
    """Return the models' manifest, None where it cannot be read, and what is wrong with their files."""
    try:
        manifest = read_models_manifest(models_dir)
    except ArtefactError as error:
        return None, [str(error)]
    faults = []
    with progress_bar(console, "Checking the models", len(manifest.files()), transient=True) as advance:
        for record in manifest.files():
            if reason := why_damaged(models_dir, record):
                faults.append(f"{record.path}: {reason}")
            advance(1)
    return manifest, faults


def _what(index: IndexManifest | None) -> str:
    if index is None:
        return "index"
    awaited = f", {index.awaited:,} more to be embedded by a build that goes on" if index.awaited else ""
    return f"index {index.generation}, {index.count:,} pictures{awaited}"


def _tell(folder: Path, what: str, faults: Sequence[str], console: Console) -> None:
    state = f"{len(faults):,} fault{'s' if len(faults) > 1 else ''}" if faults else "sound"
    console.print(Text(f"{folder} ({what}): {state}", style="yellow" if faults else ""), soft_wrap=True)


def _tell_others(index_dir: Path, index: IndexManifest, console: Console) -> None:
    own = index_dir / index.generation
    if not is_whole(own):
        console.print("It has no copy of its manifest, from which damage could be seen; the next index run writes one.")
    for number in whole_generations(index_dir):
        if name_of(number) != index.generation:
            megabytes = bytes_of(index_dir / name_of(number)) / 1e6
            console.print(f"  to go back to: {name_of(number)}, {megabytes:,.1f} MB", highlight=False)
