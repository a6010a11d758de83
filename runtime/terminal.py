"""One answer as a table on the terminal. Text from captions and file names is shown as text, never as markup."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from runtime.wire import SearchBody


def print_answer(body: SearchBody) -> None:
    """Print the hits, best first, and how long the search took."""
    table = Table(title=Text(f"“{body.query}”"), title_justify="left")
    table.add_column("score", justify="right")
    table.add_column("picture", overflow="fold")
    table.add_column("caption")
    table.add_column("why")
    for result in body.results:
        cells = (f"{result.score:.3f}", result.image_path, result.caption, result.explanation)
        table.add_row(*map(Text, cells))
    console = Console()
    console.print(table)
    console.print(f"{len(body.results)} pictures in {sum(body.timings_ms.values()):.1f} ms", highlight=False)
