"""The JSON of `lookwhy duplicates`: groups of copies and of bursts, and how much disk could be had. Knows no HTTP."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field

from runtime.library.copies import Copies, GroupedPicture, Kind
from runtime.web.schemas import AnswerPart

KINDS: tuple[Kind, Kind] = ("copies", "bursts")


class GroupedPictureBody(AnswerPart):
    """One picture of a group: `bytes` of its file, `width` and `height` in pixels; `taken` is null where it is not known."""

    id: int
    image_path: str
    bytes: int
    width: int
    height: int
    taken: str | None = None


class GroupBody(AnswerPart):
    """One group. Searches show the first of copies, the largest; a burst begins with the earliest.

    `spare_bytes` are those of the others.
    """

    pictures: list[GroupedPictureBody]
    spare_bytes: int


class DuplicatesBody(AnswerPart):
    """All groups, those first whose other pictures take most. Of copies, all but the first of each could go."""

    copies: list[GroupBody] = Field(description="Copies of one picture")
    bursts: list[GroupBody] = Field(description="Pictures that were shot in one burst")
    copies_spare_bytes: int
    copies_spare_pictures: int

    @classmethod
    def of(cls, found: Copies) -> Self:
        """Return the groups of a library."""
        copies, bursts = (_bodies(found.groups(kind)) for kind in KINDS)
        return cls(
            copies=copies,
            bursts=bursts,
            copies_spare_bytes=sum(group.spare_bytes for group in copies),
            copies_spare_pictures=sum(len(group.pictures) - 1 for group in copies),
        )


def _bodies(groups: Sequence[Sequence[GroupedPicture]]) -> list[GroupBody]:
    bodies = [
        GroupBody(
            pictures=[GroupedPictureBody.model_validate(picture) for picture in group],
            spare_bytes=sum(picture.bytes for picture in group[1:]),
        )
        for group in groups
    ]
    return sorted(bodies, key=lambda body: -body.spare_bytes)
