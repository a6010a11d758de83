"""The runtime knows no family of models: what differs between them stands in the manifest, and no condition asks for a name.

Names of files, of classes and in docstrings may tell which family something was made for.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

FAMILY = re.compile(r"(?<![a-z])(clip|siglip|bert|gemma)(?![a-z])|CLIP|SigLip|SigLIP|Siglip|Bert|BERT|Gemma", re.ASCII)
FILES = sorted((ROOT / "runtime").rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_condition_asks_for_a_family(file: Path) -> None:
    assert families_asked_for(file.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "code",
    [
        "if family == 'clip':\n    pass",
        "size = 64 if record.name.startswith('google/siglip2') else 77",
        "if isinstance(record, SigLipRecord):\n    pass",
        "pads = [one for one in records if is_bert(one)]",
        "match kind:\n    case 'gemma':\n        pass",
        "while model.clip_family:\n    pass",
        "towers = {'clip': Causal, 'siglip': Pooled}[kind]",
        "is_new = kind == 'siglip'",
        "known = is_siglip and record",
    ],
)
def test_a_branch_on_a_family_would_be_seen(code: str) -> None:
    assert families_asked_for(code)


@pytest.mark.parametrize("code", ["encoder = manifest.clip", "path = 'clip/text.onnx'", "if clipped > 0:\n    pass"])
def test_a_name_alone_is_no_branch(code: str) -> None:
    assert families_asked_for(code) == []


def families_asked_for(code: str) -> list[str]:
    """Return every name and text in the conditions of some code that names a family."""
    return [word for condition in _conditions(ast.parse(code)) for word in _words(condition) if FAMILY.search(word)]


def _conditions(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.Assert(test=test):
                yield test
            case ast.comprehension(ifs=tests):
                yield from tests
            case ast.Match(subject=subject, cases=cases):
                yield from (subject, *(case.pattern for case in cases), *(case.guard for case in cases if case.guard))
            case ast.Compare() | ast.BoolOp():
                yield node
            case ast.Subscript(value=ast.Dict(keys=keys)):
                yield from filter(None, keys)


def _words(condition: ast.AST) -> Iterator[str]:
    for node in ast.walk(condition):
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.Constant(value=str(word)):
                yield word
