"""What a library asks of an engine that holds its rows. Knows no engine: `runtime/stores/` has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from runtime.library.image_rows import ImageRow
from runtime.library.photos.photo_facts import NO_FACTS, PhotoFacts
from runtime.library.picture_text import PictureWord
from runtime.library.remote.filter_condition import Condition

RowKey = Literal["path", "sha256"]


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """All that an engine holds of a picture beside its vectors. `words` is None where it was not looked at for text."""

    row: ImageRow
    facts: PhotoFacts = NO_FACTS
    words: tuple[PictureWord, ...] | None = None


class PictureRows(Protocol):
    """Pictures by id, by a key, and by a condition. Any thread may ask.

    Every method may raise StoreUnavailable (the engine is away), RemoteRefused (it refuses the call), and ArtefactCorrupt
    (it holds what this program did not write).
    """

    def pictures_of(self, ids: Sequence[int]) -> dict[int, StoredPicture]:
        """Return pictures by id; ids that the engine lacks are left out. Any whole numbers may be asked for."""
        ...

    def pictures_with(self, key: RowKey, value: str) -> list[StoredPicture]:
        """Return the pictures whose path, or whose file's sha256, is exactly this, by id; at most 100."""
        ...

    def which_meet(self, ids: Sequence[int], condition: Condition) -> set[int]:
        """Return which of some pictures meet a condition."""
        ...

    def count_of(self, condition: Condition) -> int:
        """Return how many pictures meet a condition; where the engine only estimates, at least 1 if there is one."""
        ...

    def sample(self, count: int) -> list[int]:
        """Return about `count` ids from all over the library, ascending, the same each time; all where there are fewer."""
        ...

    def check(self) -> None:
        """Return if the engine answers."""
        ...

    def close(self) -> None:
        """Let go of what belongs to this generation alone; nothing is asked after."""
        ...
