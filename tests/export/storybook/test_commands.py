import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from export.storybook.commands import app
from export.storybook.folder import read_folder


def draw(folder: Path, *options: str) -> dict[str, str]:
    result = CliRunner().invoke(app, ["draw", str(folder), "--count", "12", "--size", "64", *options])
    assert result.exit_code == 0, result.output
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_drawing_again_leaves_identical_files_whatever_the_workers(tmp_path: Path) -> None:
    first = draw(tmp_path / "album", "--seed", "5")
    assert len(first) == 13
    assert draw(tmp_path / "album", "--seed", "5", "--workers", "1") == first
    assert draw(tmp_path / "other", "--seed", "6") != first


def test_a_line_names_its_file_captions_boxes_and_scene(tmp_path: Path) -> None:
    draw(tmp_path)
    for line in (tmp_path / "captions.jsonl").read_text().splitlines():
        entry = json.loads(line)
        assert set(entry) == {"file", "captions", "boxes", "scene"}
        assert (tmp_path / entry["file"]).is_file()
        assert len(entry["captions"]) == len(set(entry["captions"])) >= 2
        assert {"object", "colour", "x0", "y0", "x1", "y1"} == set(entry["boxes"][0])


@pytest.mark.parametrize(("option", "expected"), [("never", {False}), ("only", {True})])
def test_held_out_combinations_are_drawn_only_when_asked_for(tmp_path: Path, option: str, expected: set[bool]) -> None:
    draw(tmp_path, "--held-out", option)
    assert {entry.scene.has_held_out() for entry in read_folder(tmp_path)} == expected


def test_the_command_line_opens_without_torch_and_without_pillow() -> None:
    code = "import sys, export.storybook.commands; print([m for m in ('torch', 'transformers', 'PIL') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
