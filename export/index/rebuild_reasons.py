"""What a build makes again of an index, as other models made it, and why: said before the work begins."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from export.index.generations.history import find_manifest
from export.index.generations.last_generation import Generation
from export.index.pipeline import Models
from runtime.artefacts.fingerprint import PREPROCESSING, Fingerprint, Part, differing_entries, entries_of

TOWERS: dict[Part, str] = {"pictures": "image tower", "captions": "captioner", "texts": "text tower"}


def compare_models(last: Generation, models: Models, console: Console, *, reuse: Path | None = None) -> Models:
    """Say what these models make again of the last generation, and return them.

    Those without a captioner take on the fingerprint of the one that made its captions, or those of the index to `reuse`.
    Captions are the slowest to make, and stay right whatever else is exchanged.
    """
    if not models.open_captioner:
        found = find_manifest(reuse) if reuse else None
        manifests = (last.manifest, found.manifest if found else None)
        captioners = (entries_of("captions", manifest.models) for manifest in manifests if manifest)
        models = replace(models, fingerprint={**models.fingerprint, **next(filter(None, captioners), {})})
    for line in made_anew_lines(last, models.fingerprint):
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
    return models


def made_anew_lines(last: Generation, models: Fingerprint) -> Iterator[str]:
    """Yield a line for each part of the last generation that these models make again, then what of it stays."""
    rows = last.catalog.rows
    if last.manifest and rows:
        captions = sum(row.model_caption is not None for row in rows)
        yield from other_models_lines(last.manifest.models, models, pictures=len(rows), captions=captions)


def other_models_lines(made_by: Fingerprint, models: Fingerprint, *, pictures: int, captions: int | None) -> Iterator[str]:
    """Yield a line for each part that other models than those that made it make again, then what stays.

    `pictures` and `captions` are how many there are; None where that is not known.
    """
    count = "" if captions is None else f"{captions:,} "
    again: dict[Part, str] = {
        "pictures": f"{pictures:,} pictures are embedded again",
        "captions": f"{count}captions are made again",
        "texts": f"the vectors of {count}captions, and match probabilities, are made again",
    }
    stays: dict[Part, str] = {"pictures": "the pictures' vectors", "captions": "captions"}
    if captions == 0:
        del again["captions"], again["texts"], stays["captions"]
    others: list[Part] = []
    for part, work in again.items():
        if differing := differing_entries(part, made_by, models):
            others.append(part)
            is_rule = all(entry.endswith(PREPROCESSING) for entry in differing)
            what = f"preprocessing of the {TOWERS[part]}" if is_rule else TOWERS[part]
            yield f"Made with another {what} ({', '.join(differing)}): {work}."
    if others and (kept := [words for part, words in stays.items() if part not in others]):
        yield f"What stays: {', '.join(kept)}."
