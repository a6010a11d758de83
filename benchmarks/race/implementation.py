"""The interface of the three implementations that are compared, and their names. Each is imported in its own run only."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Literal, Protocol, cast, get_args

Name = Literal["seed", "plain", "lookwhy"]
NAMES: tuple[Name, ...] = get_args(Name)
MODULES: dict[Name, str] = {"seed": "seed_project", "plain": "plain_onnx", "lookwhy": "lookwhy"}
TITLES: dict[Name, str] = {"seed": "seed (torch)", "plain": "plain ONNX", "lookwhy": "Lookwhy"}

TokenIds = list[list[int]]
Timed = Callable[[], object]
PrepareSearch = Callable[[str], Timed]  # does the untimed preparation of a query; returns the call to be timed
CaptionPictures = Callable[[Sequence[Path]], TokenIds]


class Implementation(Protocol):
    """One way to search, caption and index."""

    def search(self, query: str) -> list[str]:
        """Return the file names of the five best pictures, best first; nothing is captioned."""
        ...

    def search_variants(self) -> Mapping[str, PrepareSearch]:
        """Return the kinds of warm search by the name of their figure; "search_ms" is one of them."""
        ...

    def caption_variants(self) -> Mapping[str, CaptionPictures]:
        """Return the ways to caption pictures by the name of their figure; the first uses the seed project's beam count."""
        ...

    def index(self, folder: Path, out: Path, *, captions: bool) -> None:
        """Embed every picture of a folder, caption it if asked to, and write the index."""
        ...


def load_implementation(name: Name) -> Callable[..., Implementation]:
    """Import an implementation with its packages, and return its constructor: `(workload, captions=...)`."""
    return cast(Callable[..., Implementation], import_module(f"benchmarks.race.{MODULES[name]}").open_implementation)
