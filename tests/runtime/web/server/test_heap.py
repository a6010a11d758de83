"""One heap for all threads of the server, and no search for garbage in a start."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from runtime.errors import LookwhyError
from runtime.web.server.heap import collect_garbage_later

# What malloc_info tells of how many heaps there are, after threads have taken some memory at the same time.
PROGRAM = """
import ctypes, os, sys, threading
from runtime.web.server.heap import share_heap
if sys.argv[1] == "shared":
    share_heap()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
barrier = threading.Barrier(4)
def take():
    barrier.wait()
    for _ in range(100):
        libc.malloc(1000)
    barrier.wait()
threads = [threading.Thread(target=take) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.fdopen.restype = ctypes.c_void_p
out = libc.fdopen(1, b"w")
libc.malloc_info(0, ctypes.c_void_p(out))
libc.fflush(ctypes.c_void_p(out))
"""


def heaps(kind: str) -> int:
    done = subprocess.run([sys.executable, "-c", PROGRAM, kind], capture_output=True, text=True, check=True)
    return done.stdout.count("<heap nr=")


def test_threads_share_one_heap() -> None:
    if heaps("each its own") < 2:
        pytest.skip("this C library gives threads no heaps of their own")
    assert heaps("shared") == 1


@pytest.fixture
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def fail_to_start() -> None:
    with collect_garbage_later():
        assert not gc.isenabled()
        raise LookwhyError


@pytest.mark.usefixtures("thawed")
def test_garbage_is_looked_for_again_after_a_start_that_failed() -> None:
    with pytest.raises(LookwhyError):
        fail_to_start()
    assert gc.isenabled()


@pytest.mark.usefixtures("thawed")
def test_a_program_that_looks_for_no_garbage_stays_so() -> None:
    gc.disable()
    try:
        with collect_garbage_later():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
