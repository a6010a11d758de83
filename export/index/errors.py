"""What can go wrong with an index as a whole, as branches of `export/errors.py`.

ExportError
├── FolderUnusable
│   └── IndexOfAnother   the index is of another folder, whose pictures the run would remove
└── SeveralFolders       more than one folder was given to be indexed
"""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from export.errors import ExportError, FolderUnusable


class IndexOfAnother(FolderUnusable):
    """A run on one folder would take the pictures of another out of its index."""

    code = "index_of_another"

    def __init__(self, folder: Path, out: Path, former: Path, *, pictures: int, other_out: Path) -> None:
        """Say of which folder the index in `out` is, and what can be done; `other_out` is a free name beside it."""
        self.out, self.former, self.pictures, self.other_out = out, former, pictures, other_out
        own, other = shlex.quote(str(folder)), shlex.quote(str(other_out))
        lacking = "some" if folder.is_relative_to(former) else "most"
        many = "1 picture, which is" if pictures == 1 else f"{pictures:,} pictures, {lacking} of which are"
        super().__init__(
            folder,
            f"{out} is the index of {former}, which has {many} not in {folder} and would be removed; nothing was changed. "
            f"For a second library: lookwhy index {own} --out {other}, then search and serve it with --index {other}. For "
            f"both in one: index the folder that both are in. To replace {former}: lookwhy index {own} --forget",
        )


class SeveralFolders(ExportError):
    """One index was to be made of several folders."""

    code = "several_folders"

    def __init__(self, folders: Sequence[str]) -> None:
        self.folders = tuple(folders)
        if all(Path(one).is_file() for one in folders):  # `photos/*.jpg`, as a shell writes it out
            around = shlex.quote(os.path.commonpath([Path(one).absolute().parent for one in folders]))
            super().__init__(f"{len(folders):,} files were given; give the folder that they lie in: lookwhy index {around}")
            return
        super().__init__(
            f"{len(folders):,} folders were given, and one index is of one folder; its subfolders count. Give the folder "
            "that all of them are in, or index each by itself, with another --out for each. A name with spaces needs quotes."
        )
