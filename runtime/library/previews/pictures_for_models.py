"""Pictures of a library as models see them: the larger preview in place of a large picture, else the picture itself."""

from collections.abc import Iterator
from contextlib import contextmanager

from runtime.images import OpenedImage
from runtime.library.catalog import Library
from runtime.library.image_rows import ImageRow


@contextmanager
def opened_for_models(library: Library, row: ImageRow) -> Iterator[OpenedImage]:
    """Hold a picture for a model, decoded by the library's rule: RGB, upright. It is not to be kept beyond the block.

    By the rule "scaled" it is the larger preview, where there is one that is good enough: it takes 12 ms to decode, and a
    photo of 12 megapixels 42. Pixels of BLIP at 384 are then .6 grey levels off in the mean (`benchmarks/photos/decode.py`).

    Raises:
        ImageNotFound, ImageUnreadable, ImageTooLarge: as `Library.opened_picture`.
    """
    is_scaled = library.decode_rule == "scaled"
    preview = library.previews.read(row.sha256, row.width, row.height) if is_scaled else None
    if preview:
        yield preview
        return
    with library.opened_picture(row) as opened:
        yield opened
