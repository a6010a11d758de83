"""What can go wrong past one machine, as branches of `export/errors.py`.

ExportError
├── ShardsUnusable     shards are not there, are not whole, or do not fit what is asked of them
│   └── LibraryOfAnother   an index or shards of another library would be replaced
├── ClusterUnusable    Ray cannot be reached, or its job failed
├── SourceUnusable     what is to be indexed cannot be listed
├── StoreUnknown       --store names no engine that shards are loaded into
└── OptionUnfit        an option was given where it means nothing
"""

from collections.abc import Sequence
from typing import ClassVar

from export.errors import ExportError


class ShardsUnusable(ExportError):
    """Shards cannot be read, or do not fit what is asked of them."""

    code: ClassVar[str] = "shards_unusable"

    def __init__(self, shards: str, reason: str) -> None:
        self.shards, self.reason = shards, reason
        super().__init__(f"{shards} cannot be used as shards: {reason}.")


class LibraryOfAnother(ShardsUnusable):
    """What is there holds another library, whose pictures would leave it."""

    code = "library_of_another"

    def __init__(self, shards: str, there: str, former: str, *, pictures: int, remedy: str) -> None:
        """Say whose pictures the index or the shards at `there` have; `remedy` says how to have both, or this one alone."""
        self.there, self.former, self.pictures = there, former, pictures
        many = "1 picture, which is" if pictures == 1 else f"{pictures:,} pictures, most of which are"
        super().__init__(
            shards,
            f"{there} holds the library of {former}, which has {many} not in this one and would be removed; nothing was "
            f"changed. {remedy}",
        )


class ClusterUnusable(ExportError):
    """Ray cannot do the work."""

    code = "cluster_unusable"

    def __init__(self, address: str, reason: str) -> None:
        self.address, self.reason = address, reason
        super().__init__(f"The Ray cluster {address!r} cannot be used: {reason}")


class SourceUnusable(ExportError):
    """There is nothing to index at an address, or it cannot be listed."""

    code = "source_unusable"

    def __init__(self, source: str, reason: str) -> None:
        self.source, self.reason = source, reason
        super().__init__(f"{source} cannot be indexed: {reason}.")


class StoreUnknown(ExportError):
    """Shards are to be loaded into what is no engine."""

    code = "store_unknown"

    def __init__(self, given: str, forms: Sequence[str]) -> None:
        self.given, self.forms = given, tuple(forms)
        super().__init__(f"--store {given!r} names no engine. Allowed: {', '.join(forms)}.")


class OptionUnfit(ExportError):
    """An option was given where it means nothing."""

    code = "option_unfit"

    def __init__(self, option: str, where: str) -> None:
        self.option, self.where = option, where
        super().__init__(f"{option} means nothing {where}. Leave it out.")
