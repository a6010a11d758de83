"""A filter as an engine is asked with it: exact names and ranges of dates, which no engine needs to interpret.

What a name means (case, accents, other names of towns, folders within folders) is decided before, by the library's counts.
"""

from dataclasses import dataclass

Place = tuple[str | None, str | None]  # town and country, as the rows have them


@dataclass(frozen=True, slots=True)
class TakenRange:
    """Dates as texts: not before `first`, before `before`, or exactly one of `also`; a row without a date is in none.

    `first` and `before` are None where that side is open. `also` are beginnings of the first date, such as 2019 of 2019-06:
    a picture of which no more is known may be of it.
    """

    first: str | None = None
    before: str | None = None
    also: tuple[str, ...] = ()

    def holds(self, taken: str | None) -> bool:
        """Return whether a row's date is in it."""
        if taken is None:
            return False
        is_between = (self.first is None or taken >= self.first) and (self.before is None or taken < self.before)
        return is_between or taken in self.also


@dataclass(frozen=True, slots=True)
class Condition:
    """What a row must meet: all that is not None. A tuple has the values of which one must be the row's; it may be empty.

    `folders` are whole, with a slash at the end ("2019/holiday/"; "" is the outermost). `has_text`: text was read in the
    picture, or none was; what was not looked at is neither.
    """

    taken: TakenRange | None = None
    places: tuple[Place, ...] | None = None
    cameras: tuple[str, ...] | None = None
    folders: tuple[str, ...] | None = None
    has_text: bool | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no row can meet it."""
        return () in (self.places, self.cameras, self.folders)


@dataclass(frozen=True, slots=True)
class Selected:
    """The pictures that a filter leaves of such a library: what they meet, and how many they are.

    It stands where a library in files has the ids themselves (`Ids` in `filters.py`), which may be many millions.
    """

    condition: Condition
    size: int


def folder_of(image_path: str) -> str:
    """Return a picture's folder as `Condition.folders` has it."""
    return image_path[: image_path.rfind("/") + 1]
