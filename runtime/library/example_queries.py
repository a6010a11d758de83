"""ExampleQueries: queries that find something in this library, for who does not know what to ask.

Owns the form of the catalogue's table `example_queries`; `export/index/captions/example_queries.py` makes and fills it.
"""

from functools import cached_property

from runtime.library.catalog_file import CatalogFile
from runtime.library.photos.photo_counts import HAS_TABLE

EXAMPLES_SCHEMA = "CREATE TABLE example_queries (place INTEGER PRIMARY KEY, query TEXT NOT NULL);"
SELECT = "SELECT query FROM example_queries ORDER BY place"


class ExampleQueries:
    """The examples of one open catalogue; an older one has none. Any thread may ask."""

    def __init__(self, catalog: CatalogFile) -> None:
        """Keep the catalogue; nothing is read yet."""
        self._catalog = catalog

    @cached_property
    def all(self) -> tuple[str, ...]:
        """All of them. Raises ArtefactCorrupt where one is no text."""
        rows = self._catalog.fetch(SELECT) if self._catalog.fetch(HAS_TABLE, "example_queries") else []
        if not all(isinstance(query, str) for (query,) in rows):
            raise self._catalog.damage("an example is no text")
        return tuple(query for (query,) in rows)
