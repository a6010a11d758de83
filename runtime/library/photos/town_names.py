"""What else the towns of a library are called: "münchen" is Munich.

Owns the form of the catalogue's table `town_names`, which a build fills from its table of places; an earlier version's
catalogue has none.
"""

from collections import defaultdict
from collections.abc import Mapping

from runtime.library.catalog_file import CatalogFile

TOWN_NAMES_SCHEMA = """
    CREATE TABLE town_names (
        town TEXT NOT NULL,  -- as photo_facts has it in place
        country TEXT NOT NULL,
        other TEXT NOT NULL  -- another name of it, as case_folding.py has its words, with blanks between
    );
"""
HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'town_names'"
SELECT = "SELECT town, other FROM town_names"


def read_town_names(catalog: CatalogFile) -> Mapping[tuple[str, ...], frozenset[str]]:
    """Return the towns that have another name, by its folded words.

    Raises:
        ArtefactCorrupt: a name is no text.
    """
    towns: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for town, other in catalog.fetch(SELECT) if catalog.fetch(HAS_TABLE) else ():
        if not (isinstance(town, str) and isinstance(other, str)):
            raise catalog.damage("a town's name is no text")
        towns[tuple(other.split(" "))].add(town)
    return {words: frozenset(names) for words, names in towns.items()}
