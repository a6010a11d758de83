"""The small folder of pictures of the tests of the index."""

from tests.export.index.conftest import folder, out

__all__ = ["folder", "out"]
