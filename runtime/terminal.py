"""What the terminal shows: an answer as a table, an error as one line. Text of others is shown as text, never as markup."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from runtime.errors import LookwhyError

if TYPE_CHECKING:
    from runtime.web.schemas import SearchBody

FAILED, INTERRUPTED = 1, 130


@contextmanager
def told_errors() -> Iterator[None]:
    """Turn an error of ours into its message and exit code 1, and Ctrl-C into 130: never a traceback to the user."""
    try:
        yield
    except LookwhyError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        sys.exit(INTERRUPTED)


def print_answer(body: "SearchBody") -> None:
    """Print the hits, best first, and how long the search took."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"“{body.query}”"), title_justify="left")
    table.add_column("match", justify="right")
    table.add_column("score", justify="right")
    table.add_column("picture", overflow="fold")
    table.add_column("caption")
    table.add_column("why")
    for result in body.results:
        cells = (
            _percent(result.match_probability),
            f"{result.score:.3f}",
            result.image_path,
            result.caption,
            result.explanation,
        )
        table.add_row(*map(Text, cells))
    console = Console()
    console.print(table)
    if body.verdict == "none":
        console.print("Nothing here matches well; these come nearest.", style="yellow")
    noun = "picture" if len(body.results) == 1 else "pictures"
    console.print(f"{len(body.results)} {noun} in {sum(body.timings_ms.values()):.1f} ms", highlight=False)


def _percent(probability: float | None) -> str:
    """Return a probability as people write it; neither 0 nor 100, as nothing here is certain."""
    if probability is None:
        return ""
    percent = round(100 * probability)
    return "<1 %" if percent < 1 else ">99 %" if percent > 99 else f"{percent} %"
