"""Going back to an earlier generation of an index, or forward again: `manifest.json` is replaced by that one's own.

A server that takes up new generations takes up this one in the same way. No other file is written.
"""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from export.errors import ArtefactDamaged, GenerationAbsent, unwritable_refused
from export.index.generations.history import (
    bytes_of,
    find_manifest,
    is_partial,
    name_of,
    number_of,
    put_in_force,
    sole_writer,
    whole_generations,
)
from export.index.generations.last_generation import damaged_files
from runtime.artefacts.manifest import MANIFEST_NAME, IndexManifest, parse_index_manifest
from runtime.errors import ArtefactMissing


@dataclass(frozen=True)
class Rollback:
    """What is in force now, and what was before, None where that could not be read. `others` are all that are left."""

    now: IndexManifest
    before: IndexManifest | None
    others: tuple[str, ...]


def roll_back(out: Path, to: str | None = None, *, console: Console | None = None) -> Rollback:
    """Switch an index to another generation, whose files are first compared with their sha256.

    Args:
        out: the index folder.
        to: the generation's name; None for the newest that is older than the one in force and has all its pictures.
        console: where progress and the outcome go; the default is standard error.

    Raises:
        ArtefactMissing: there is no index.
        GenerationAbsent: there is no such generation.
        ArtefactDamaged: it is damaged; the index is as it was.
        OutputUnwritable: the folder cannot be written, or a build holds it; the index is as it was.
    """
    console = console or Console(stderr=True)
    if not out.is_dir():
        raise ArtefactMissing(out, "Build the index: lookwhy index FOLDER, or name its folder with --index.")
    with sole_writer(out):
        found = find_manifest(out)
        before = found.manifest if found and not found.fault else None
        number = number_of(before.generation) if before else 0
        folder = out / name_of(_chosen(out, number, to))
        now = parse_index_manifest(folder / MANIFEST_NAME)
        if damaged := damaged_files(out, now, console):
            faults = [f"{path}: {reason}" for path, reason in damaged.items()]
            raise ArtefactDamaged(folder, faults, "It was not put into force; the index is as it was.")
        with unwritable_refused(out):
            put_in_force(out, (folder / MANIFEST_NAME).read_bytes())
    others = tuple(name_of(one) for one in whole_generations(out) if name_of(one) != folder.name)
    outcome = Rollback(now, before, others)
    _tell(out, outcome, console)
    return outcome


def _chosen(out: Path, number: int, to: str | None) -> int:
    whole = [one for one in whole_generations(out) if one != number]
    older = (one for one in whole if one < number or not number)
    wanted = number_of(to) if to else next((one for one in older if not is_partial(out / name_of(one))), 0)
    if wanted not in whole:
        raise GenerationAbsent(out, to, [name_of(one) for one in whole])
    return wanted


def _tell(out: Path, outcome: Rollback, console: Console) -> None:
    now, before = outcome.now, outcome.before
    was = f"; it was {before.generation}, of {before.count:,}" if before else ""
    line = f"{out} is {now.generation} now, of {now.count:,} pictures{was}."
    console.print(line, style="bold", markup=False, highlight=False, soft_wrap=True)
    if before and before.models != now.models:
        warning = "It was made with other models: serve it with those."
        console.print(warning, style="yellow")
    for name in outcome.others:
        console.print(f"{name} stays, {bytes_of(out / name) / 1e6:,.1f} MB: lookwhy rollback --to {name}", highlight=False)
    hint = "The next lookwhy index goes on from here, and brings in what the folder of pictures holds then."
    console.print(hint, soft_wrap=True)
