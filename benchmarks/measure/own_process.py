"""A step of a benchmark in a process of its own: its memory and its imports are its own, too."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

T = TypeVar("T")


def alone(step: Callable[..., T], *given: Any) -> T:  # noqa: ANN401 (whatever the step takes)
    """Return what a step gives in a fresh process."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(step, *given).result()
