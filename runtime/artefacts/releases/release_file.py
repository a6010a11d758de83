"""The form of `release.json`: which models, index and pictures are in force on S3, and which were before.

To write this one object anew is what switches. The files that it names lie under keys that hold their sha256, and the number
of the release that brought them: what a publisher sends lies apart from what another one removes meanwhile. `export/publish`
writes it, `published_release.py` reads it.
"""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from runtime.artefacts.file_record import Document, FileRecord, Record
from runtime.artefacts.manifest import IndexManifest, ModelsManifest

RELEASE_NAME = "release.json"  # below the index's address
FILES_PREFIX = "files/"  # below the addresses of index and models


class ReleaseRecord(Record):
    """One release.

    `number` grows by one with each; one that was rolled back to has a new number, and `repeats` is its first one.
    `published` is when, in UTC (ISO 8601). `models` is absent where they come with the function. `brought_by` has, for the
    sha256 of each file, the number of the release that it was sent for. `pictures` is the list of the pictures' keys
    (`export/publish`). `originals` is whether the pictures themselves were published, under their sha256.
    """

    number: int = Field(ge=1)
    repeats: int | None = None
    published: str
    index: IndexManifest
    models: ModelsManifest | None = None
    pictures: FileRecord
    originals: bool
    brought_by: dict[str, int]

    @model_validator(mode="after")
    def _every_file_has_a_key(self) -> Self:
        if lacking := [file.path for file in self.files() if file.sha256 not in self.brought_by]:
            raise ValueError(f"brought_by lacks {lacking[0]}")
        return self

    def files(self) -> list[FileRecord]:
        """Return the records of all its files."""
        return [*self.index.files(), self.pictures, *(self.models.files() if self.models else [])]

    def key(self, record: FileRecord) -> str:
        """Return where a file of it lies, below the address of the index or of the models."""
        return file_key(self.brought_by[record.sha256], record.sha256)


class ReleaseFile(Document):
    """`release.json`: the release in force, and those before whose files are still there, the newest first.

    Those before are not looked into where a release is only read: that costs nothing, and they may be of an older form.
    """

    format: Literal["lookwhy-release/1"] = "lookwhy-release/1"
    current: ReleaseRecord
    before: list[dict[str, Any]] = Field(default_factory=list)


def file_key(number: int, sha256: str) -> str:
    """Return where a file lies that was sent for the release of this number."""
    return f"{FILES_PREFIX}{number:06d}/{sha256}"
