"""The process that decodes uploads to a graph's pixels; `upload_process.py` starts it."""

from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

from runtime.images.foreign.worker_pool import decode_here
from runtime.images.limits import PictureLimits
from runtime.images.uploads import LocalReader
from runtime.images.worker_loop import Answer, serve


def answer_to(header: dict[str, Any], content: bytes) -> Answer:
    """Return the shape of a graph's pixels of an upload, and those pixels."""
    reader = LocalReader(PictureLimits(**header["limits"]))
    form = cast(Any, SimpleNamespace(**header["preprocessing"]))
    pixels = reader.read(content, header["name"], form, header["rule"])
    return {"shape": list(pixels.shape)}, pixels.tobytes()


if __name__ == "__main__":
    with suppress(ImportError):
        from PIL import AvifImagePlugin, ImageCms, WebPImagePlugin  # noqa: F401 (their libraries, before the limit)
    decode_here()
    serve(answer_to)
