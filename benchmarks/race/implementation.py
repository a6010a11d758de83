"""What a contender can do, and the three of them by name. Each lives in a file of its own, imported when it runs."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Literal, Protocol, cast, get_args

Name = Literal["seed", "plain", "ours"]
NAMES: tuple[Name, ...] = get_args(Name)
MODULES: dict[Name, str] = {"seed": "seed_project", "plain": "plain_onnx", "ours": "lookwhy"}
TITLES: dict[Name, str] = {"seed": "seed (torch)", "plain": "plain ONNX", "ours": "Lookwhy"}

TokenIds = list[list[int]]
Work = Callable[[], object]
Ask = Callable[[str], Work]  # makes ready for a query, and returns what is timed
Caption = Callable[[Sequence[Path]], TokenIds]


class Contender(Protocol):
    """One way to do the work."""

    def search(self, query: str) -> list[str]:
        """Return the file names of the five best pictures, best first; nothing is captioned."""
        ...

    def asks(self) -> Mapping[str, Ask]:
        """Return what is timed warm, by the name of its figure; "search" is one of them."""
        ...

    def captions(self) -> Mapping[str, Caption]:
        """Return the ways to caption pictures, by the name of the figure; the first is with the seed's beams."""
        ...

    def index(self, folder: Path, out: Path, *, captions: bool) -> None:
        """Embed, and perhaps caption, every picture of a folder, and write the index."""
        ...


def opener(name: Name) -> Callable[..., Contender]:
    """Return what opens a contender: `(course, captions=...)`; the import of its packages is done by then."""
    return cast(Callable[..., Contender], import_module(f"benchmarks.race.{MODULES[name]}").open_contender)
