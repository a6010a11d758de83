"""What is written once: each way to do one thing stands in the files that own it, and a second one is seen."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.test_architecture import ALL_FILES, imported_modules, name_of

# What is written once: each of these calls or imports is found in these files alone.
ONLY_IN = {
    # Path.replace, Path.rename: a file is written beside its place, then renamed
    "rename": {
        "runtime/artefacts/whole_file.py",  # a file
        "export/atomic.py",  # a folder
        "export/models/optimize.py",  # onnxruntime reads the graph whose place its own output takes
    },
    "fsync": {"runtime/artefacts/whole_file.py", "export/atomic.py"},
    "flock": {"export/atomic.py"},
    "rich.progress": {"export/console.py"},
    "parsedate_to_datetime": {"runtime/explain/retry_after.py"},
    # boto3's managed transfers send large files in parts; this does not, but can compare before it writes
    "put_object": {"export/publish/s3.py"},
}


@pytest.mark.parametrize("name", ONLY_IN)
def test_what_is_written_once_is_not_written_again(name: str) -> None:
    assert {name_of(file) for file in ALL_FILES if name in used_names(file)} == ONLY_IN[name]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import os\nos.replace(a, b)", "rename"),
        ("from os import rename", "rename"),
        ("part.replace(path)", "rename"),
        ("part.rename(path)", "rename"),
        ("import shutil\nshutil.move(a, b)", "rename"),
        ("import fcntl\nfcntl.lockf(file, 1)", "flock"),
        ("from rich.progress import track", "rich.progress"),
        ("from email.utils import parsedate_to_datetime as read", "parsedate_to_datetime"),
        ("client.put_object(Bucket=name)", "put_object"),
    ],
)
def test_a_second_way_would_be_seen(code: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "second.py").write_text(code)
    assert name in used_names(tmp_path / "second.py")


def test_replacing_in_a_text_or_a_record_is_no_rename(tmp_path: Path) -> None:
    (tmp_path / "text.py").write_text("text.replace('a', 'b')\nwhen.replace(tzinfo=zone)\nreplace(record, field=1)")
    assert used_names(tmp_path / "text.py") == set()


@cache
def used_names(file: Path) -> set[str]:
    """Return which names of `ONLY_IN` a file uses, however it spells them."""
    used = {part for name in imported_modules(file) for part in (name, name.rpartition(".")[2])}
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(attr="replace"), args=[_], keywords=[]):  # a text's takes two, a date's none
                used.add("rename")
            case ast.Attribute(value=ast.Name(id=owner), attr=attribute):
                used |= {attribute, f"{owner}.{attribute}"}
            case ast.Attribute(attr=attribute):
                used.add(attribute)
    spellings = {"os.replace": "rename", "renames": "rename", "shutil.move": "rename", "fcntl": "flock"}
    return {spellings.get(name, name) for name in used} & set(ONLY_IN)
