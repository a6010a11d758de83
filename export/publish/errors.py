"""What can go wrong with releases, as branches of the export step's errors.

ExportError
├── ReleaseOvertaken  another publisher put a release into force meanwhile
└── ReleaseAbsent     there is no such release to go back to
"""

from collections.abc import Sequence

from export.errors import ExportError


class ReleaseOvertaken(ExportError):
    """Two have published at once; the other's release is in force, and nothing of this one is."""

    code = "release_overtaken"

    def __init__(self, url: str, number: int) -> None:
        self.url, self.number = url, number
        super().__init__(
            f"Release {number} was not put into force: somebody else has published to {url} meanwhile, and that is served. "
            "Look at it (lookwhy publish list); to replace it with yours, run this again."
        )


class ReleaseAbsent(ExportError):
    """There is no such release whose files are still there."""

    code = "release_absent"

    def __init__(self, url: str, wanted: int | None, kept: Sequence[int]) -> None:
        self.url, self.wanted, self.kept = url, wanted, tuple(kept)
        there = f"there are {', '.join(map(str, kept))}" if kept else "nothing was published before the one in force"
        what = "no release" if wanted is None else f"no release {wanted}"
        super().__init__(f"{url} has {what} to go back to: {there}.")
