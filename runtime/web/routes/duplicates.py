"""The JSON of `lookwhy duplicates`: groups of copies and of bursts, and how much disk could be had. Knows no HTTP."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import Field

from runtime.library.copies import Copies, GroupedPicture, Kind
from runtime.web.schemas import AnswerPart

KINDS: tuple[Kind, Kind] = ("copies", "bursts")


class GroupedPictureBody(AnswerPart):
    """One picture of a group: `bytes` of its file, `width` and `height` in pixels; `taken` is null where it is not known.

    `same_file` says that it is the file of one before it in the group, by a link: no copy, and no bytes more.
    """

    id: int
    image_path: str
    bytes: int
    width: int
    height: int
    taken: str | None = None
    same_file: bool = False


class GroupBody(AnswerPart):
    """One group. Searches show the first of copies, the largest; a burst begins with the earliest.

    `spare_bytes` are those of the others that are files of their own.
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
    def of(cls, found: Copies, pictures: Path) -> Self:
        """Return the groups of a library whose pictures lie in a folder; where they do not, no links are known."""
        copies, bursts = (_bodies(found.groups(kind), pictures) for kind in KINDS)
        return cls(
            copies=copies,
            bursts=bursts,
            copies_spare_bytes=sum(group.spare_bytes for group in copies),
            copies_spare_pictures=sum(not one.same_file for group in copies for one in group.pictures[1:]),
        )


def _bodies(groups: Sequence[Sequence[GroupedPicture]], pictures: Path) -> list[GroupBody]:
    bodies = []
    for group in groups:
        parts, files = [], set[tuple[int, int]]()
        for picture in group:
            file = _file_of(pictures / picture.image_path)
            parts.append(GroupedPictureBody.model_validate(picture).model_copy(update={"same_file": file in files}))
            if file is not None:
                files.add(file)
        spare = sum(part.bytes for part in parts[1:] if not part.same_file)
        bodies.append(GroupBody(pictures=parts, spare_bytes=spare))
    return sorted(bodies, key=lambda body: -body.spare_bytes)


def _file_of(path: Path) -> tuple[int, int] | None:
    """Return which file a path leads to, by device and inode; None where none lies there now."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
