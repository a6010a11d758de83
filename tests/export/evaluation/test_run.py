"""The step `evaluate` from end to end: sample models on scenes they know, on captions that are not theirs, on bad input."""

import io
import json
import platform
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from export.errors import CaptionsUnusable, OutputUnwritable
from export.evaluation.run import Consoles, Sources, evaluate_models
from export.storybook.folder import DrawingOptions, draw_folder
from runtime.terminal import INTERRUPTED
from tests.export.index.small_library import draw
from tests.sample_library import MODELS, run_module

SCENES = 12
KNOWS_NOTHING = "these models know nothing of these pictures"


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    draw_folder(folder, DrawingOptions(SCENES, seed=77, side_px=160))
    return folder / "captions.jsonl"


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample models under the name of exact ones: they agree wholly with themselves."""
    return named(tmp_path_factory.mktemp("exact") / "models", precision="fp32")


def named(folder: Path, **changes: Any) -> Path:
    shutil.copytree(MODELS, folder)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | changes), "utf-8")
    return folder


def run(sources: Sources, out: Path) -> tuple[dict[str, Any], str]:
    """Evaluate, and return the JSON file and what the terminal showed."""
    shown = io.StringIO()
    console = Console(file=shown, width=200)
    evaluate_models(sources, out, consoles=Consoles(console, console))
    return json.loads(out.read_text("utf-8")), shown.getvalue()


def write_lines(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def test_sample_models_know_scenes_and_agree_with_themselves(scenes: Path, exact: Path, tmp_path: Path) -> None:
    figures, shown = run(Sources(scenes, None, MODELS, exact), tmp_path / "made" / "figures.json")
    assert figures["counts"]["pictures"] == SCENES
    assert figures["models"][0]["precision"] == "fp32"
    for model in figures["models"]:
        assert model["recall"]["text_to_image"]["R@1"] >= 0.9
        assert model["recall"]["image_to_text"]["R@5"] == 1
        assert model["captions"]["bleu4"] > 80
        assert model["above_chance"]
    agreement = figures["agreement"]
    assert (
        agreement["overlap_at_10"] == agreement["captions"]["captions_equal"] == agreement["captions"]["tokens_equal"] == 1
    )
    assert agreement["text_cosine_worst"] == pytest.approx(1)
    assert KNOWS_NOTHING not in shown
    assert not figures["remarks"]


def test_the_file_says_how_and_on_what_it_was_measured_and_nothing_of_its_owner(
    scenes: Path, exact: Path, tmp_path: Path
) -> None:
    figures, shown = run(Sources(scenes, None, MODELS, exact), tmp_path / "figures.json")
    assert figures["versions"]["python"] == platform.python_version()
    assert figures["machine"]["architecture"] == platform.machine()
    assert "Karpathy" in figures["definitions"]["R@k"]
    assert "case:lc" in figures["models"][0]["captions"]["bleu4_signature"]
    told = json.dumps(figures)
    assert not [part for part in (str(tmp_path), str(scenes.parent), str(exact), "scene-0") if part in told]
    assert "words find the picture, R@10" in shown


def test_captions_of_other_pictures_are_told_as_chance(scenes: Path, exact: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in scenes.read_text("utf-8").splitlines()]
    files = [line["file"] for line in lines]
    moved = [line | {"file": file} for line, file in zip(lines, files[5:] + files[:5], strict=True)]
    path = write_lines(tmp_path / "moved.jsonl", moved)
    figures, shown = run(Sources(path, scenes.parent, MODELS, exact), tmp_path / "figures.json")
    assert KNOWS_NOTHING in shown
    assert KNOWS_NOTHING in figures["remarks"][0]
    assert not any(model["above_chance"] for model in figures["models"])


@pytest.mark.shared
def test_sample_models_know_nothing_of_photos(shared_photos: Path, exact: Path, tmp_path: Path) -> None:
    lines = (shared_photos / "captions.jsonl").read_text("utf-8").splitlines()[:15]
    path = write_lines(tmp_path / "photos.jsonl", [json.loads(line) for line in lines])
    figures, shown = run(Sources(path, shared_photos, MODELS, exact), tmp_path / "figures.json")
    assert figures["counts"] == {"pictures": 15, "captions": 75, "skipped": 0}
    assert KNOWS_NOTHING in shown


def test_models_without_a_captioner_are_measured_in_retrieval_alone(scenes: Path, tmp_path: Path) -> None:
    models = named(tmp_path / "models", blip=None)
    figures, shown = run(Sources(scenes, None, models, named(tmp_path / "exact", precision="fp32")), tmp_path / "f.json")
    assert "have no captioner: only retrieval was measured" in shown
    assert [model["captions"] is None for model in figures["models"]] == [False, True]
    assert figures["agreement"]["captions"] is None


def test_exact_models_alone_have_nothing_to_agree_with(scenes: Path, exact: Path, tmp_path: Path) -> None:
    figures, shown = run(Sources(scenes, None, exact), tmp_path / "figures.json")
    assert len(figures["models"]) == 1
    assert figures["agreement"] is None
    assert "nothing quantized" in shown


def test_unreadable_pictures_and_bad_lines_are_named_and_left_out(exact: Path, tmp_path: Path) -> None:
    for seed in range(3):
        draw(tmp_path / f"{seed}.png", seed)
    (tmp_path / "1.png").write_bytes(b"no picture")
    lines = [{"file": f"{number}.png", "captions": ["[red] boat"]} for number in (0, 1, 2, 2, 9)]
    figures, shown = run(Sources(write_lines(tmp_path / "c.jsonl", lines), None, MODELS, exact), tmp_path / "f.json")
    assert figures["counts"] == {"pictures": 2, "captions": 2, "skipped": 3}
    assert figures["skipped"] == [
        {"line": 2, "reason": "its picture cannot be read: it is of no picture format that is known"},
        {"line": 4, "reason": "its picture was described on line 3 already"},
        {"line": 5, "reason": "its picture is not there"},
    ]
    assert all(f"line {skipped['line']}: {skipped['reason']}" in shown for skipped in figures["skipped"])
    assert "With 2 pictures no figure can be told from chance" in shown


@pytest.mark.parametrize("content", [b"", b"{", b'{"file": "broken.png", "captions": ["x"]}'])
def test_nothing_usable_is_one_error_and_leaves_the_last_figures(exact: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    (tmp_path / "c.jsonl").write_bytes(content)
    (tmp_path / "figures.json").write_text('"older"')
    with pytest.raises(CaptionsUnusable, match="no line of it can be used"):
        run(Sources(tmp_path / "c.jsonl", None, MODELS, exact), tmp_path / "figures.json")
    assert (tmp_path / "figures.json").read_text() == '"older"'


def test_figures_that_cannot_be_written_are_refused_before_the_work(tmp_path: Path) -> None:
    nothing = Sources(tmp_path / "none.jsonl", None, tmp_path / "none")
    with pytest.raises(OutputUnwritable, match="it is a folder"):
        evaluate_models(nothing, tmp_path)


def test_the_command_prints_the_table_and_each_fault_is_one_line(scenes: Path, exact: Path, tmp_path: Path) -> None:
    flags = ("--models", str(MODELS), "--exact", str(exact), "--out", str(tmp_path / "figures.json"))
    done = run_module("export", "evaluate", str(scenes), *flags)
    assert done.returncode == 0, done.stderr
    assert "Quantized against exact" in done.stdout
    assert (tmp_path / "figures.json").is_file()
    failed = run_module("export", "evaluate", str(tmp_path / "none.jsonl"), *flags)
    assert failed.returncode == 1
    assert failed.stderr.startswith("error: ")
    assert len(failed.stderr.splitlines()) == 1


def test_ctrl_c_ends_it_without_a_traceback(scenes: Path, exact: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "figures.json"
    command = [sys.executable, "-m", "export", "evaluate", str(scenes), "--models", str(MODELS), "--exact", str(exact)]
    process = subprocess.Popen([*command, "--out", str(out)], stderr=subprocess.PIPE, text=True)
    while not out.parent.exists():  # it is made before models are opened and pictures read
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == INTERRUPTED
    assert "Traceback" not in errors
    assert not out.exists()
