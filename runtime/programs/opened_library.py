"""OpenedLibrary: what `lookwhy.open` returns, the engine's verbs for a notebook or a program. docs/python.md shows it.

A request is checked as the routes check it, and answered with the records of their JSON, so that each name is the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import index as whole_number
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.bootstrap import EngineSource
from runtime.errors import ArtefactCorrupt, ImageUnreadable, RequestMalformed, SettingInvalid
from runtime.images import PREVIEW_EDGE, PREVIEW_EDGES, opened_file
from runtime.library.opened_file import OpenedFile
from runtime.library.photos.picture_pages import PageOrder
from runtime.library.photos.where import check_where
from runtime.library.previews.made_previews import preview_of
from runtime.search.query import PICTURE_WEIGHT, HitOrder
from runtime.settings import Settings
from runtime.web.live_engine import FixedEngine, LiveEngine
from runtime.web.routes.paged_pictures import PagedPicture, paged_pictures
from runtime.web.schemas import ExplainBody, SearchBody

Vectors = NDArray[np.float32]
Filter = Mapping[str, object]  # such as {"from": "2019-06", "place": "Lisbon"}; `library/photos/where.py` has the keys
READ_AT_ONCE = 10_000  # rows; SQLite takes 32,766 values in one query
TOP_K = 5


def open_library(
    index: str | PathLike[str] | None, models: str | PathLike[str] | None, settings: Mapping[str, object]
) -> "OpenedLibrary":
    """Return the library of an index, as `lookwhy.open` does, which says what is given and what is raised."""
    if unknown := sorted(settings.keys() - Settings.model_fields.keys()):
        accepted = "there is no such setting; docs/settings.md has them all, here in small letters"
        raise SettingInvalid(unknown[0], str(settings[unknown[0]]), accepted)
    folders = {"index_dir": index and Path(index).expanduser(), "models_dir": None if models is None else str(models)}
    read = Settings.read(**{**settings, **{name: folder for name, folder in folders.items() if folder is not None}})
    return OpenedLibrary(FixedEngine(EngineSource(read).open()))


class OpenedLibrary:
    """One library with its models. Any thread may call any method.

    An id that the library lacks raises ImageNotFound. What an engine on another machine cannot tell raises StoreLacks.
    """

    def __init__(self, live: FixedEngine | LiveEngine) -> None:
        """Keep the engine; each call takes the one that is current."""
        self._live = live

    def __len__(self) -> int:
        """How many pictures there are."""
        return self._live.current.count

    def search(  # noqa: PLR0913 (a parameter is a field of POST /search)
        self,
        query: str = "",
        top_k: int = TOP_K,
        *,
        where: Filter | None = None,
        like: int | None = None,
        picture: str | PathLike[str] | None = None,
        picture_weight: float = PICTURE_WEIGHT,
        order: HitOrder = "match",
        explain: bool = True,
    ) -> SearchBody:
        """Return the pictures that are nearest to a query, best first, and why each is among them.

        Args:
            query: what the pictures should show; `-word` leaves out. It may be empty beside `like` or `picture`.
            top_k: how many results.
            where: only these pictures.
            like: the id of a picture; more like this one.
            picture: a file; pictures like the one in it.
            picture_weight: how much the picture counts beside words: 0 for the words alone, 1 for the picture alone.
            order: the best first, or the newest of the best.
            explain: whether each result gets its words' weights and its sentence.

        Raises:
            RequestError: the request is outside its limits, or `where` cannot be filtered by.
            ImageUnreadable, ImageTooLarge: `picture` cannot be read.
        """
        engine = self._live.current
        if picture is None:
            request = engine.limits.check_search(
                query,
                top_k,
                explain=explain,
                like=None if like is None else whole_number(like),
                picture_weight=picture_weight,
                where=where,
            )
            return SearchBody.model_validate(engine.search(replace(request, order=order)))
        request = engine.limits.check_image_search(query, top_k, explain=explain, picture_weight=picture_weight, where=where)
        path = Path(picture)
        if not path.is_file():
            raise ImageUnreadable(str(path), "there is no such file")
        with opened_file(path, rule=engine.library.decode_rule) as opened:
            pixels = engine.encoder.prepare(opened.image, opened.scaled_from)
        return SearchBody.model_validate(engine.search_by_image(replace(request, order=order), pixels))

    def explain(self, query: str, ids: Sequence[int], *, heatmap: bool = False) -> ExplainBody:
        """Return the evidence for a query in these pictures, in their order: verdict, words' weights and sentence.

        Args:
            query: the words that the pictures were found by.
            ids: the pictures; each counts once.
            heatmap: whether each gets what its patches contribute, and the check of it. Then 10 may be asked for.

        Raises:
            RequestError: the request is outside its limits.
        """
        engine = self._live.current
        request = engine.limits.check_explain(query, _whole(ids), heatmap=heatmap)
        return ExplainBody.model_validate(engine.explain(request))

    def ids(self, *, where: Filter | None = None, order: PageOrder = "date") -> list[int]:
        """Return the ids of all pictures, or of those that a filter leaves: the newest first, or by path.

        Raises:
            RequestError: `where` cannot be filtered by.
        """
        engine = self._live.current
        return engine.library.pages.page(order, max(1, engine.count), where=check_where(where))

    def rows(self, ids: Sequence[int]) -> list[PagedPicture]:
        """Return what is known of pictures, in the order of their ids: path, size, caption, date, place, camera."""
        library, wanted = self._live.current.library, _whole(ids)
        parts = (wanted[at : at + READ_AT_ONCE] for at in range(0, len(wanted), READ_AT_ONCE))
        return [picture for part in parts for picture in paged_pictures(library, library.rows(part))]

    def vectors(self, ids: Sequence[int]) -> Vectors:
        """Return the pictures' vectors, (n, d) float32, in the order of their ids.

        Each row has L2 norm 1, so that `vectors(ids) @ embed([query])[0]` are the cosines that a search scores by.
        """
        engine, wanted = self._live.current, _whole(ids)
        if not wanted:
            return np.empty((0, engine.ranker.dimension), np.float32)
        try:
            return engine.ranker.vectors_of(wanted)
        except ArtefactCorrupt:
            self.rows(wanted)  # names an id that was made up; else the index is damaged indeed
            raise

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the texts' vectors, (n, d) float32 of L2 norm 1, in the space of the pictures'.

        Each text has a run of its own, as a query has: rounded models give a text another vector beside others. A text that
        is longer than the model reads counts as far as it is read.
        """
        encoder, dimension = self._live.current.encoder, self._live.current.ranker.dimension
        runs = [encoder.embed_tokens(encoder.tokenize([text])) for text in texts]
        return np.concatenate([np.empty((0, dimension), np.float32), *runs])

    def file(self, picture_id: int) -> Path:
        """Return where a picture's file lies; raises ImageNotFound where it is gone, too."""
        library = self._live.current.library
        [row] = library.rows(_whole([picture_id]))
        return library.image_file(row.image_path)

    def preview(self, picture_id: int, edge: int = PREVIEW_EDGE) -> bytes:
        """Return a picture's preview as the page shows it, made if there is none yet: a JPEG, upright, without metadata.

        Args:
            picture_id: the picture.
            edge: pixels of the longest edge: 320, 512 or 1600.

        Raises:
            RequestMalformed: there are no such previews.
            ImageUnreadable, ImageTooLarge: it cannot be decoded.
        """
        if edge not in PREVIEW_EDGES:
            raise RequestMalformed(f"edge is {edge}; it must be one of {', '.join(map(str, PREVIEW_EDGES))}.")
        library = self._live.current.library
        [row] = library.rows(_whole([picture_id]))
        found = preview_of(library, row.sha256, edge)
        if not isinstance(found, OpenedFile):
            return found
        with found:
            return found.content.read()


def _whole(ids: Sequence[Any]) -> list[int]:
    """Return ids as Python's own integers, numpy's among them; raises TypeError for what is none."""
    return [whole_number(one) for one in ids]
