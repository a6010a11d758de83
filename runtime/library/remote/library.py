"""RemoteLibrary: a library whose rows an engine holds. Its small tables, which do not grow with the pictures, are a file.

What a catalogue in files has beside rows and small tables, this has not: no full text, no copies. A search then finds
nothing by words alone, and no picture is a copy of another. What cannot be answered at all is refused (StoreLacks).
"""

import threading
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Self

from cachetools import LRUCache

from runtime.artefacts.folder import Folder
from runtime.artefacts.manifest import IndexManifest
from runtime.errors import ImageNotFound
from runtime.library.catalog import Library
from runtime.library.catalog_file import CatalogFile
from runtime.library.image_rows import ID_MAX, ImageRow
from runtime.library.photos.filters import FILTERS_REMEMBERED, NO_TEXTS, Filters, IsLeft
from runtime.library.photos.folder_counts import FolderCounts
from runtime.library.photos.photo_counts import PhotoCounts
from runtime.library.photos.photo_facts import NO_FACTS, PhotoFacts, PhotoFactsTable
from runtime.library.photos.picture_pages import PageOrder, PicturePages
from runtime.library.photos.where import FilterInvalid, Where
from runtime.library.picture_text import PictureTexts, PictureWord
from runtime.library.remote.faults import StoreLacks
from runtime.library.remote.filter_condition import Condition, Selected
from runtime.library.remote.naming import condition_of
from runtime.library.remote.rows import PictureRows, StoredPicture

# A picture whose caption has the query's words is often among so many nearest ones, and their captions then put it first.
JUDGED_LEAST = 60
REMEMBERED_MAX = 10_000  # pictures: one search asks for the same ones several times; about 10 MB


class RememberedPictures:
    """The pictures of an engine, each asked for once while it is remembered. Any thread may ask."""

    def __init__(self, rows: PictureRows) -> None:
        """Keep the engine."""
        self._rows = rows
        self._known: LRUCache[int, StoredPicture] = LRUCache(REMEMBERED_MAX)
        self._lock = threading.Lock()  # held for microseconds; the cache itself is not made for threads

    def of(self, ids: Sequence[int]) -> dict[int, StoredPicture]:
        """Return pictures by id, without those that the engine lacks."""
        with self._lock:
            found = {one: self._known[one] for one in ids if one in self._known}
        unknown = [one for one in dict.fromkeys(ids) if one not in found and 0 <= one <= ID_MAX]
        if unknown:
            read = self._rows.pictures_of(unknown)
            with self._lock:
                self._known.update(read)
            found |= read
        return found


class RemoteLibrary(Library):
    """A library over an engine's rows. Any thread may call any method."""

    judged_least = JUDGED_LEAST

    def __init__(self, tables: Path, images: Path | Folder, image_base_url: str | None = None, *, rows: PictureRows) -> None:
        """Open the small tables; `rows` has everything of a picture. The others are as `Library` has them."""
        super().__init__(tables, images, image_base_url)
        self._rows, self._count = rows, 0
        pictures = self._pictures = RememberedPictures(rows)
        self.facts = RemoteFacts(self._catalog, pictures)
        self.filters = RemoteFilters(self._catalog, rows, pictures)
        self.texts = RemoteTexts(self._catalog, pictures)
        self.pages, self.folders = RemotePages(self._catalog, self.filters), FolderCounts(self.filters)

    @classmethod
    def open_over(
        cls,
        rows: PictureRows,
        index_dir: Path,
        manifest: IndexManifest,
        *,
        images: Path | Folder | None = None,
        image_base_url: str | None = None,
    ) -> Self:
        """Return the library that a manifest names, over an engine's rows; the others are as `Library.open` has them."""
        library = cls(index_dir / manifest.catalog.path, images or Path(manifest.images_dir), image_base_url, rows=rows)
        library.decode_rule, library._count = manifest.decode, manifest.count
        return library

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return self._count

    def rows(self, ids: Sequence[int]) -> list[ImageRow]:
        """Return the rows of `ids`, in their order; an id may occur twice.

        Raises:
            ImageNotFound: an id is unknown.
            StoreUnavailable: the engine is away, as of every method here.
        """
        found = self._pictures.of(ids)
        if unknown := [image_id for image_id in ids if image_id not in found]:
            raise ImageNotFound(f"id {unknown[0]}")
        return [found[image_id].row for image_id in ids]

    def some_ids(self, count: int) -> list[int]:
        """Return about `count` ids from all over the library; all of them where there are fewer."""
        return self._rows.sample(count)

    def row_by_path(self, image_path: str) -> ImageRow:
        """Return the row of the picture at exactly this path; raises ImageNotFound where there is none."""
        found = self._rows.pictures_with("path", image_path) if _is_text(image_path) else []
        if not found:
            raise ImageNotFound(image_path)
        return found[0].row

    def rows_of_content(self, sha256: str) -> list[ImageRow]:
        """Return the rows of the pictures whose files have this content."""
        return [picture.row for picture in self._rows.pictures_with("sha256", sha256)] if _is_text(sha256) else []

    def check(self) -> None:
        """Return if the engine answers; raises StoreUnavailable where it does not."""
        self._rows.check()

    def close(self) -> None:
        """Let go of the file, and of the engine."""
        super().close()
        self._rows.close()


class RemoteFacts(PhotoFactsTable):
    """The facts of an engine's photos."""

    def __init__(self, catalog: CatalogFile, pictures: RememberedPictures) -> None:
        """Keep the collaborators."""
        super().__init__(catalog)
        self._pictures = pictures

    def of(self, ids: Sequence[int]) -> list[PhotoFacts]:
        """Return what is known of pictures, in the order of their ids."""
        found = self._pictures.of(ids)
        return [found[one].facts if one in found else NO_FACTS for one in ids]


class RemoteTexts(PictureTexts):
    """The texts in an engine's pictures."""

    def __init__(self, catalog: CatalogFile, pictures: RememberedPictures) -> None:
        """Keep the collaborators."""
        super().__init__(catalog)
        self._pictures, self.are_known = pictures, True

    def of_pictures(self, ids: Sequence[int]) -> dict[int, tuple[PictureWord, ...]]:
        """Return the words of those of these pictures that have any, by id, each picture's in reading order."""
        return {one: picture.words for one, picture in self._pictures.of(ids).items() if picture.words}


class RemoteFilters(Filters):
    """The filters of an engine's rows: what a filter means is looked up in the counts, and the engine finds the pictures."""

    def __init__(self, catalog: CatalogFile, rows: PictureRows, pictures: RememberedPictures) -> None:
        """Keep the collaborators."""
        super().__init__(catalog)
        self._rows, self._pictures = rows, pictures
        # no methods: they would be circles
        self.is_left = _is_left
        self.ids = lru_cache(FILTERS_REMEMBERED)(partial(_selected, self.counts, rows))
        """From a `Where` to what it selects, with how many pictures that are."""

    def among(self, ids: Sequence[int], allowed: Selected) -> list[int]:
        """Return those of some ids, in their order, that a filter leaves."""
        left = self._rows.which_meet(ids, allowed.condition)
        return [one for one in ids if one in left]

    def taken_of(self, ids: Sequence[int]) -> dict[int, str]:
        """Return when pictures were taken, as far as it is known: ISO 8601, local time."""
        return {one: found.facts.taken for one, found in self._pictures.of(ids).items() if found.facts.taken}


class RemotePages(PicturePages):
    """The timeline, from the counts; an engine has no order to turn pages in."""

    def page(self, order: PageOrder, limit: int, *, offset: int = 0, where: Where | None = None) -> list[int]:
        """Refuse: raises StoreLacks."""
        raise StoreLacks("Pages of all pictures")


def _selected(counts: PhotoCounts, rows: PictureRows, where: Where) -> Selected:
    condition = condition_of(counts, where)
    if where.has_text is not None and not any(rows.count_of(Condition(has_text=one)) for one in (True, False)):
        raise FilterInvalid("has_text", where.has_text, NO_TEXTS)
    return Selected(condition, 0 if condition.is_empty else rows.count_of(condition))


def _is_left(where: Where) -> IsLeft:
    raise StoreLacks("Counts of months and folders by a filter")


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # half a surrogate pair, from a badly escaped URL
        return False
    return "\0" not in value
