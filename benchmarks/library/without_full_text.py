"""What a library without full text loses, as in S3 Vectors: python -m benchmarks.library.without_full_text [MODELS]

Counts the single hits of the benchmark of evidence over the same albums three times: with full text (BM25), as in files;
without it; and without it where more of the nearest pictures are judged, as `RemoteLibrary` does. Prints Markdown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.evidence.hits import hit_figures
from benchmarks.evidence.scene_library import SEED, SceneLibrary, make_named_library
from runtime.library.remote.library import JUDGED_LEAST, RemoteLibrary
from runtime.terminal import told_errors

SCENES = 400  # of an album, as in the benchmark of evidence
FIGURES = ("first right", "precision@5", "true hits called a match", "false hits called a match", "nothing there: told")


@dataclass(frozen=True)
class Searched:
    """How a library is searched: by full text or not, and how many of the nearest pictures are judged at least."""

    name: str
    full_text: bool
    judged_least: int


WAYS = (
    Searched("full text (BM25), and 10 nearest", full_text=True, judged_least=0),
    Searched("10 nearest", full_text=False, judged_least=0),
    Searched(f"{JUDGED_LEAST} nearest", full_text=False, judged_least=RemoteLibrary.judged_least),
)


class NoText:
    """A full-text index that finds nothing, as an engine has none."""

    def find(self, *_words: object, **_more: object) -> list[int]:
        """Return nothing."""
        return []


def compare(albums: Sequence[SceneLibrary]) -> Iterator[str]:
    """Yield the lines of a table: of all questions together, a row for each way to search the same albums."""
    yield f"| judged | {' | '.join(FIGURES)} |"
    yield f"|{'---|' * (len(FIGURES) + 1)}"
    own = [album.engine.library.text for album in albums]
    for way in WAYS:
        for album, text in zip(albums, own, strict=True):
            library = album.engine.library
            library.text, library.judged_least = text if way.full_text else NoText(), way.judged_least  # type: ignore[assignment]  # a search asks it to find alone
        figures = hit_figures(albums, str(SEED))["all"]
        yield f"| {way.name} | {' | '.join(f'{figures[name]:.3f}' for name in FIGURES)} |"


def main(
    models: Annotated[Path, typer.Argument(help="A folder that `lookwhy models` wrote.")] = Path("sample/models"),
    albums: Annotated[int, typer.Option(min=1, help="How many albums of 400 scenes.")] = 10,
) -> None:
    """Print the table."""
    console = Console(highlight=False)
    with told_errors(), TemporaryDirectory() as scratch:
        names = [f"album:{number}" for number in range(albums)]
        made = [make_named_library(Path(scratch) / name, models, name, SCENES) for name in names]
        for line in compare(made):
            console.print(line, soft_wrap=True, markup=False)


if __name__ == "__main__":
    typer.run(main)
