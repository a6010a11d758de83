"""What a person sees while models are exported: steps as lines, and a bar while many layers are tried one by one."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")


class Display(Protocol):
    """Where the export step tells what it does."""

    def say(self, text: str) -> None:
        """Show one step."""

    def count(self, parts: Iterable[T], description: str) -> Iterable[T]:
        """Return `parts`, showing how many were taken."""


class Silence:
    """Tells nobody."""

    def say(self, text: str) -> None:
        """Say nothing."""

    def count(self, parts: Iterable[T], description: str) -> Iterable[T]:
        """Return `parts` as they are."""
        return parts


class Terminal:
    """Tells a person at a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, markup=False, highlight=False)

    def count(self, parts: Iterable[T], description: str) -> Iterator[T]:
        """Show a bar that goes when all parts are done."""
        yield from track(parts, description, console=self._console, transient=True)
