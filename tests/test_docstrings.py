"""What docstrings and comments name in backticks exists: a file, a class, a function, a parameter, a field.

A name that was changed or removed in the code alone would send the reader looking for nothing.
"""

import ast
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

SIDES = ("runtime", "export")
FILES = sorted(file for side in SIDES for file in (ROOT / side).rglob("*.py"))
# Names of other projects that no code here mentions, and examples.
FOREIGN = {
    "0001.jpg": "a picture's file, for example",
    "cross_key_i": "one for each layer i",
    "cross_value_i": "one for each layer i",
    "CLIPTextTransformer": "transformers' class",
    "interpolate_pos_encoding": "transformers' parameter",
    "reduce_range": "onnxruntime's parameter",
}
IN_BACKTICKS = re.compile(r"`([^`\n]+)`")
IDENTIFIER = re.compile(r"[A-Za-z_][\w.]*(\(\))?")
FILE = re.compile(r"[\w./-]+\.(py|html|js|css|yaml|toml)")
OF_ARTEFACTS = re.compile(r"[\w./-]+\.(json|onnx|faiss|sqlite|weights|f16)")


def documented_texts(file: Path) -> Iterator[str]:
    """Yield the docstrings and comments of a file."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
    with file.open("rb") as content:
        yield from (token.string for token in tokenize.tokenize(content.readline) if token.type == tokenize.COMMENT)


@cache
def names_in_backticks(file: Path) -> frozenset[str]:
    return frozenset(name for text in documented_texts(file) for name in IN_BACKTICKS.findall(text))


def names_in(file: Path) -> Iterator[str]:
    """Yield every name that a file's code uses or defines, and every string, such as a key of JSON, that could be one."""
    tree = ast.parse(file.read_text("utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) | ast.Name(id=name):
                yield name
            case ast.arg(arg=name) | ast.keyword(arg=str(name)) | ast.Attribute(attr=name):
                yield name
            case ast.alias(name=name):
                yield from name.split(".")
            case ast.Constant(value=str(text)) if id(node) not in docstrings and " " not in text:
                yield from re.findall(r"\w+", text)


@cache
def known_names() -> set[str]:
    modules = {part for file in FILES for part in file.relative_to(ROOT).with_suffix("").parts}
    return modules | {name for file in FILES for name in names_in(file)}


@cache
def known_files() -> tuple[str, ...]:
    """Return the path of every file that could be named, with a slash before it, so that only whole names end it."""
    folders = (*SIDES, "benchmarks", "deploy", "frontend", "tests")
    found = [*ROOT.glob("*.*"), *(file for folder in folders for file in (ROOT / folder).rglob("*.*"))]
    return tuple(f"/{file.relative_to(ROOT).as_posix()}" for file in found)


def exists(name: str) -> bool:
    """Return whether a name leads somewhere; what is no name, such as an option or a route, passes."""
    if FILE.fullmatch(name):
        return any(file.endswith(f"/{name}") for file in known_files())
    if OF_ARTEFACTS.fullmatch(name):
        return set(re.findall(r"\w+", name)) <= known_names()
    return not IDENTIFIER.fullmatch(name) or all(
        part in known_names() for part in name.removesuffix("()").split(".") if part
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_name_in_backticks_exists(file: Path) -> None:
    assert [name for name in sorted(names_in_backticks(file) - set(FOREIGN)) if not exists(name)] == []


@pytest.mark.parametrize("name", FOREIGN)
def test_every_foreign_name_is_still_named(name: str) -> None:
    assert any(name in names_in_backticks(file) for file in FILES)


@pytest.mark.parametrize(
    "name", ["no_such_function()", "NoSuchClass", "no_such_file.py", "models/clap.py", "BlipRecord.no_such_field"]
)
def test_a_name_that_nothing_has_is_found_out(name: str) -> None:
    assert not exists(name)


@pytest.mark.parametrize("name", ["models/clip.py", "ClipEncoder", "embed_pixels()", "--help", "GET /readyz"])
def test_a_name_that_something_has_and_what_is_no_name_pass(name: str) -> None:
    assert exists(name)
