"""Names of pictures that were written down elsewhere, found among those that lie in a folder now.

macOS wrote letters with marks decomposed (NFD), and neither it nor Windows tells capital from small letters. So a name is
first taken as it is, then in Unicode's composed form (NFC), then without case; each time only where it means one picture.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

AS_IT_IS, COMPOSED, WITHOUT_CASE = "as it is", "in Unicode's composed form (NFC)", "without regard to case"


def composed(name: str) -> str:
    """Return a name in Unicode's composed form."""
    return unicodedata.normalize("NFC", name)


def without_case(name: str) -> str:
    """Return a name in composed form and small letters; composed again, as small letters may be decomposed."""
    return composed(composed(name).casefold())


FORMS: tuple[tuple[str, Callable[[str], str]], ...] = ((AS_IT_IS, str), (COMPOSED, composed), (WITHOUT_CASE, without_case))


class NameFinder:
    """Knows the paths in a folder, in all forms."""

    def __init__(self, paths: Iterable[str]) -> None:
        """Take the paths."""
        listed = list(paths)
        self._by_form: dict[str, dict[str, list[str]]] = {}
        for how, form in FORMS:
            known = self._by_form[how] = defaultdict(list)
            for path in listed:
                known[form(path)].append(path)

    def find(self, names: Sequence[str]) -> tuple[str, str] | None:
        """Return the path that the first of these names means, and how; None where none means one picture.

        A name in an earlier form goes before all names in a later one.
        """
        for how, form in FORMS:
            for name in names:
                found = self._by_form[how].get(form(name), [])
                if len(found) == 1:
                    return found[0], how
        return None

    def alike(self, names: Sequence[str]) -> list[str]:
        """Return the pictures that the first of these names may mean, without regard to case: several, or none."""
        known = self._by_form[WITHOUT_CASE]
        return next((known[without_case(name)] for name in names if without_case(name) in known), [])
