"""What can go wrong with releases, as branches of the export step's errors.

ExportError
├── ReleaseOvertaken  another publisher put a release into force meanwhile
├── ChangedMeanwhile  what is to be published is no longer what was indexed or checked
├── ReleaseAbsent     there is no such release to go back to
└── PublishedModelsDiffer  the index was made with other models than those that were published before
"""

from collections.abc import Sequence
from pathlib import Path

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


class ChangedMeanwhile(ExportError):
    """A file is no longer what the index or its manifest says; the release that was in force still is."""

    code = "changed_meanwhile"

    def __init__(self, path: Path | str, remedy: str) -> None:
        self.path, self.remedy = path, remedy
        super().__init__(f"{path} was changed or removed meanwhile, so nothing was put into force. {remedy}")


class ReleaseAbsent(ExportError):
    """There is no such release whose files are still there."""

    code = "release_absent"

    def __init__(self, url: str, wanted: int | None, kept: Sequence[int]) -> None:
        self.url, self.wanted, self.kept = url, wanted, tuple(kept)
        there = f"there are {', '.join(map(str, kept))}" if kept else "nothing was published before the one in force"
        what = "no release" if wanted is None else f"no release {wanted}"
        super().__init__(f"{url} has {what} to go back to: {there}.")


class PublishedModelsDiffer(ExportError):
    """Functions that take their models from the bucket could not search this index."""

    code = "published_models_differ"

    def __init__(self, index_dir: Path, url: str, differing: Sequence[str]) -> None:
        self.index_dir, self.url, self.differing = index_dir, url, tuple(differing)
        super().__init__(
            f"The index in {index_dir} was made with other models than those in {url} ({', '.join(differing)} differ). "
            "Publish its models with it: lookwhy publish release --models FOLDER."
        )
