"""What a person sees while the export step works: steps as lines, and a bar with a count, the rate and the time left.

The export step's only file that imports rich.progress. Whoever may run unseen, or under a test, takes a `ProgressDisplay`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

T = TypeVar("T")


class ProgressDisplay(Protocol):
    """Shows the steps of a long run."""

    def say(self, text: str) -> None:
        """Show one step."""

    def count(self, parts: Collection[T], description: str) -> Iterable[T]:
        """Return `parts`, showing how many of them were taken."""


class SilentDisplay:
    """Shows nothing."""

    def say(self, text: str) -> None:
        """Show nothing."""

    def count(self, parts: Collection[T], description: str) -> Iterable[T]:
        """Return `parts` as they are."""
        return parts


class TerminalDisplay:
    """Prints steps on a console, and counts with a bar that is removed when all parts are done."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, markup=False, highlight=False)

    def count(self, parts: Collection[T], description: str) -> Iterator[T]:
        """Yield `parts` behind a bar."""
        with progress_bar(self._console, description, len(parts), transient=True) as advance:
            for part in parts:
                yield part
                advance(1)


@contextmanager
def progress_bar(
    console: Console, description: str, total: int, *, transient: bool = False
) -> Iterator[Callable[[int], None]]:
    """Show a bar while the block runs; none where there is nothing to do.

    Args:
        console: where the bar goes; where that is no terminal, only its last state is printed.
        description: what is being done.
        total: how many things there are to do.
        transient: the bar is removed at the end.

    Yields:
        What to call with the number of things just done.
    """
    with ProgressBar(console, transient=transient, disable=total == 0) as bar:
        bar.begin(description, total)
        yield bar.advance


class ProgressBar:
    """One bar on a console, for one task after the other."""

    def __init__(self, console: Console, *, transient: bool = False, disable: bool = False) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), _Rate(), TextColumn("{task.fields[figures]}"), TimeRemainingColumn())
        text = TextColumn("{task.description}")
        self._progress = Progress(text, *columns, console=console, transient=transient, disable=disable)
        self._task = self._progress.add_task("", total=None, figures="", visible=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, description: str, total: int) -> None:
        """Begin a task of `total` things; the bar is empty again."""
        self._progress.reset(self._task, total=total, description=description, visible=True, figures="")

    def advance(self, done: int) -> None:
        """Count `done` more things."""
        self._progress.advance(self._task, done)

    def show(self, done: int, figures: str) -> None:
        """Set how many things are done in all, and show some figures beside the bar."""
        self._progress.update(self._task, completed=done, figures=figures)


class _Rate(ProgressColumn):
    """How many a second, over the last half minute."""

    def render(self, task: Task) -> Text:
        """Return the rate, or nothing while there is none yet."""
        rate = task.finished_speed or task.speed
        return Text(f"{rate:.1f}/s" if rate else "", style="progress.data.speed")
