"""What a build makes again of an index, as other models made it, and why: said before the work begins."""

from collections.abc import Iterator
from dataclasses import replace

from rich.console import Console

from export.index.last_generation import Generation
from export.index.pipeline import Models
from runtime.artefacts.fingerprint import PREPROCESSING, Fingerprint, Part, differing_entries, entries_of

TOWERS: dict[Part, str] = {"pictures": "image tower", "captions": "captioner", "texts": "text tower"}


def compare_models(last: Generation, models: Models, console: Console) -> Models:
    """Say what these models make again of the last generation, and return them.

    Those without a captioner take on the fingerprint of the one that made its captions. Captions are the slowest to make,
    and stay right whatever else is exchanged.
    """
    if last.manifest and not models.open_captioner:
        of_captioner = entries_of("captions", last.manifest.models)
        models = replace(models, fingerprint={**models.fingerprint, **of_captioner})
    for line in made_anew_lines(last, models.fingerprint):
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
    return models


def made_anew_lines(last: Generation, models: Fingerprint) -> Iterator[str]:
    """Yield a line for each part of the last generation that these models make again, then what of it stays."""
    if last.manifest is None or not last.catalog.rows:
        return
    rows = last.catalog.rows
    captions = sum(row.model_caption is not None for row in rows)
    again: dict[Part, str] = {
        "pictures": f"{len(rows):,} pictures are embedded again",
        "captions": f"{captions:,} captions are made again",
        "texts": f"the vectors of captions, and match probabilities, are made again ({captions:,} captions)",
    }
    stays: dict[Part, str] = {"pictures": "the pictures' vectors", "captions": "captions"}
    others: list[Part] = []
    for part, work in again.items():
        if differing := differing_entries(part, last.manifest.models, models):
            others.append(part)
            is_rule = all(entry.endswith(PREPROCESSING) for entry in differing)
            what = f"preprocessing of the {TOWERS[part]}" if is_rule else TOWERS[part]
            yield f"The index was made with another {what} ({', '.join(differing)}): {work}."
    if others and (kept := [words for part, words in stays.items() if part not in others]):
        yield f"What stays: {', '.join(kept)}."
