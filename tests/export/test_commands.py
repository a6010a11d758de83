"""The export step's command line: one line for each fault, exit code 1, no traceback."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from typer.core import TyperGroup, TyperOption
from typer.main import get_command

from export.__main__ import app
from export.index.summary import tell_next_steps
from export.models.exporters import NUM_BEAMS
from export.precision.gates import Gates
from runtime.artefacts.package_data import sample_models_dir
from runtime.settings import OWN_INDEX
from tests.conftest import ROOT
from tests.export.index.small_library import draw, times_below
from tests.forked import run_forked
from tests.sample_library import MODELS, SampleLibrary, run_module

MODELS_FLAG = ("--models", str(MODELS))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("index", "/nowhere", *MODELS_FLAG), "/nowhere cannot be indexed: it is not there"),
        (("index", "/nowhere"), "/nowhere cannot be indexed: it is not there"),
        (("index", "/nowhere", "--models", "/nowhere"), "/nowhere cannot be indexed: it is not there"),
        (("index", f"/{'x' * 300}", *MODELS_FLAG), "cannot be indexed: it cannot be looked at (File name too long)"),
        (("index", "{empty}/loop", *MODELS_FLAG), "/loop cannot be indexed: it cannot be looked at ("),
        (("index", "{empty}", *MODELS_FLAG), "it holds no file"),
        (("index", "{empty}", "--models", "/nowhere"), "There are no models in /nowhere (manifest.json is not there)"),
        (
            ("index", "{empty}", "--device", "cuda", *MODELS_FLAG),
            "is planned for avx2, which onnxruntime cannot run on cuda",
        ),
        (("fetch", "/nowhere.csv", "{empty}"), "/nowhere.csv cannot be used as a list of addresses"),
        (("import-index", "/nowhere.faiss", "/nowhere.json", "--images", "{empty}", *MODELS_FLAG), "/nowhere.faiss is not"),
        (("import-index", "{empty}", "{empty}", "--images", "/nowhere"), "/nowhere cannot be indexed: it is not there"),
        (("import-index", "/nowhere.faiss", "/nowhere.json", "--images", "{empty}"), "/nowhere.faiss is not there"),
        (("watch", "/nowhere"), "/nowhere cannot be indexed: it is not there"),
        (("watch", "{empty}", "--exclude", ""), "--exclude '' cannot be used"),
        (("index", "{empty}", "--exclude", "[z-a]"), "--exclude '[z-a]' cannot be used"),
        (("index", "{empty}", "--places", "/nowhere"), "/nowhere cannot be used as"),
        (
            ("index", "{empty}", "--places", "{fifo}"),
            "/fifo cannot be used as the table of towns: it is no regular file",
        ),
        (("index", "{empty}", "--given-captions", "/nowhere"), "/nowhere cannot be used"),
        (
            ("index", "{empty}", "--given-captions", "/dev/zero"),
            "/dev/zero cannot be used as pictures with captions: it is no",
        ),
        (("index", "{empty}", "--calibration", "{fifo}"), "/fifo cannot be used as pictures with captions: it is no"),
        (("evaluate", "/nowhere"), "/nowhere cannot be used as pictures with captions"),
        (("evaluate", "{fifo}", "--models", "/nowhere"), "it is no regular file"),
        (("load", "/nowhere", "--store", "foo"), "--store 'foo' names no engine. Allowed: faiss:FOLDER, milvus://HOST:PORT"),
        (("load", "/nowhere", "--store", ""), "--store '' names no engine."),
        (("load", "/nowhere", "--store", "milvus://host"), "--store 'milvus://host' names no engine."),
        (("load", "/nowhere", "--store", "s3vectors://B/x"), "--store 's3vectors://B/x' names no engine."),
        (("storybook", "draw", "/proc/nowhere", "--count", "1"), "/proc/nowhere cannot be written"),
    ],
)
def test_a_fault_is_one_line_that_names_it(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    fifo = tmp_path_factory.mktemp("other") / "fifo"
    os.mkfifo(fifo)
    ended = run_forked("export", *(argument.format(empty=tmp_path, fifo=fifo) for argument in arguments))
    assert ended.returncode == 1, ended.stderr
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["index", "watch"])
def test_several_folders_are_refused_with_what_to_do(tmp_path: Path, command: str) -> None:
    ended = run_forked("export", command, str(tmp_path), "/other", "third", *MODELS_FLAG)
    assert (ended.returncode, ended.stderr) == (
        1,
        "error: 3 folders were given, and one index is of one folder; its subfolders count. Give the folder that all of "
        "them are in, or index each by itself, with another --out for each. A name with spaces needs quotes.\n",
    )
    files = [
        str(draw(tmp_path / "two words" / f"{number}.png", number)) for number in range(3)
    ]  # as a shell writes out *.png
    ended = run_forked("export", command, *files, *MODELS_FLAG)
    said = f"error: 3 files were given; give the folder that they lie in: lookwhy index '{tmp_path / 'two words'}'\n"
    assert (ended.returncode, ended.stderr) == (1, said)
    mistyped = run_forked("export", command, str(tmp_path), "--exlude", "x")
    assert (mistyped.returncode, "No such option" in mistyped.stderr) == (2, True)


@pytest.mark.parametrize("command", ["index", "watch"])
def test_an_index_of_another_folder_is_left_as_it_is(sample_library: SampleLibrary, tmp_path: Path, command: str) -> None:
    out = shutil.copytree(sample_library.index, tmp_path / "index")
    wedding = draw(tmp_path / "Wedding" / "a.png", 1).parent
    before = times_below(out)
    ended = run_forked("export", command, str(wedding), "--out", str(out), *MODELS_FLAG)
    assert ended.returncode == 1
    error = ended.stderr.splitlines()[-1]
    assert error.startswith(f"error: {wedding} cannot be indexed: {out} is the index of {sample_library.images}, ")
    assert f"lookwhy index {wedding} --out {tmp_path / 'wedding'}," in error
    assert times_below(out) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("index", "{pictures}"),
        ("import-index", "{pictures}/captions.jsonl", "{pictures}/captions.jsonl", "--images", "{pictures}"),
        ("evaluate", "{pictures}/captions.jsonl"),
    ],
)
def test_no_command_takes_the_sample_models_unasked(sample_library: SampleLibrary, arguments: tuple[str, ...]) -> None:
    typed = [argument.format(pictures=sample_library.images) for argument in arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MODELS_DIR": ""}
    folder = sample_library.images.parent  # no artifacts/models there
    ended = run_forked("export", *typed, environment=environment, folder=folder)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: Only the sample models are here; they were trained on drawn scenes")
    assert len(ended.stderr.splitlines()) == 1


def test_indexing_says_models_index_and_pictures_and_at_the_end_what_to_do_next(
    sample_library: SampleLibrary, tmp_path: Path
) -> None:
    copied = shutil.copytree(MODELS, tmp_path / "models of mine")
    out = shutil.copytree(sample_library.index, tmp_path / "index")
    pictures = str(sample_library.images)
    told = run_forked("export", "index", pictures, "--models", str(copied), "--out", str(out)).stderr.splitlines()
    assert told[0] == f"Models: {copied}. Index: {out}."
    assert told[1].startswith("Sample models: trained on drawn scenes only")
    assert told[2] == f"60 pictures in {pictures}: 60 JPEG"
    options = f"--index {out} --models '{copied}'"
    assert told[-2].startswith("Search it:  ")
    assert told[-2].endswith(f' search "a red boat" {options}')
    assert told[-1].endswith(f" serve {options}")


@pytest.mark.parametrize("installed", [True, False])
def test_the_next_steps_name_the_command_where_it_lies_beside_the_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], installed: bool
) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    if installed:
        (tmp_path / ".venv" / "bin" / "lookwhy").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    tell_next_steps("python -m export", sample_models_dir(), OWN_INDEX)
    program = ".venv/bin/lookwhy" if installed else ".venv/bin/python -m runtime"
    told = f'Search it:  {program} search "a red boat"\nServe it:   {program} serve\n'
    assert capsys.readouterr().err == told


def test_given_captions_are_shown_by_the_search_as_given_and_a_bad_line_stops_before_any_work(
    sample_library: SampleLibrary, tmp_path: Path
) -> None:
    pictures, out, given = tmp_path / "pictures", tmp_path / "index", tmp_path / "captions.jsonl"
    pictures.mkdir()
    for file in sorted(sample_library.images.glob("*.jpg"))[:3]:
        shutil.copy(file, pictures)
    name = min(file.name for file in pictures.iterdir())
    given.write_text(
        f'{{"file": "{name}", "captions": ["our first evening", "Anna"]}}\n{{"file": "no.jpg", "captions": ["x"]}}'
    )
    index = ("index", str(pictures), "--out", str(out), "--given-captions", str(given), *MODELS_FLAG)
    built = run_forked("export", *index)
    assert built.returncode == 0, built.stderr
    assert "Given captions of 1 file are left out, as no picture here has that name: no.jpg" in built.stderr
    found = run_forked("runtime", "search", "an evening", "--json", "--index", str(out), *MODELS_FLAG)
    sources = {hit["image_path"]: (hit["caption_source"], hit["caption"]) for hit in json.loads(found.stdout)["results"]}
    assert sources.pop(name) == ("given", "our first evening")
    assert {source for source, _ in sources.values()} == {"index"}

    given.write_text("\nno JSON\n")
    before = (out / "manifest.json").read_bytes()
    refused = run_forked("export", *index)
    assert refused.returncode == 1
    assert refused.stderr.startswith(
        f"error: {given} cannot be used as pictures with captions: line 2: it is not JSON. Each"
    )
    assert len(refused.stderr.splitlines()) == 1
    assert (out / "manifest.json").read_bytes() == before


def test_without_the_conversion_side_models_says_what_to_install(tmp_path: Path) -> None:
    for package in ("torch", "optimum", "transformers", "onnx"):
        (tmp_path / f"{package}.py").write_text(f"raise ModuleNotFoundError('absent', name='{package}')")
    ended = run_module("export", "models", environment={"PYTHONPATH": str(tmp_path), "PATH": ""})
    assert ended.returncode == 1
    assert "deploy/requirements-export.txt (torch is several gigabytes). To try Lookwhy without it" in ended.stderr
    assert "lookwhy index FOLDER --models sample" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.torch
def test_a_hub_that_cannot_be_reached_is_one_error_with_both_ways_out(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    environment = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path), "PATH": "", "HOME": str(tmp_path)}
    ended = run_module("export", "models", "--out", str(tmp_path / "models"), environment=environment)
    assert ended.returncode == 1
    assert "laion/CLIP-ViT-B-32-laion2B-s34B-b79K@1a25a446712ba5ee05982a381eed697ef9b435cf" in ended.stderr
    assert "folder" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "models").exists()


def parameters_of(command: str) -> list[TyperOption]:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return [parameter for parameter in group.commands[command].params if isinstance(parameter, TyperOption)]


def test_the_command_line_s_gates_are_the_gates_defaults() -> None:
    defaults = {parameter.name: parameter.default for parameter in parameters_of("models")}
    assert {name: defaults[name] for name in Gates.model_fields} == Gates().model_dump()


def test_the_command_line_s_beams_are_the_conversion_s() -> None:
    defaults = {parameter.name: parameter.default for parameter in parameters_of("models")}
    assert defaults["beams"] == NUM_BEAMS
