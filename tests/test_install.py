"""`pip install .` outside the checkout: what travels along, and that a stranger's first commands work without torch.

The packages that Lookwhy needs are lent by the environment of the tests, as installing them anew takes minutes; that the
installed package asks for the same ones is compared with the pinned files.
"""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import lookwhy
from runtime import __version__
from runtime.artefacts.manifest import read_models_manifest
from runtime.artefacts.package_data import SAMPLE_TOKENIZERS, are_sample_models, sample_models_dir
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NOT_INSTALLED = ("torch", "transformers", "optimum", "onnx", "matplotlib", "sacrebleu", "boto3", "botocore", "mcp")
COMMANDS = (
    "search",
    "serve",
    "index",
    "fetch",
    "models",
    "evaluate",
    "import-index",
    "storybook",
    "publish",
    "watch",
    "mcp",
)
REGISTRY_AWAY = re.compile(r"No matching distribution found for hatchling|Could not fetch URL|ConnectionError|NewConnection")


@dataclass(frozen=True)
class Installed:
    """A virtual environment with Lookwhy in it, and an empty folder far from the checkout."""

    environment: Path
    folder: Path

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        programs = self.environment / "bin"
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        kept["PATH"] = f"{programs}{os.pathsep}{kept['PATH']}"  # as in an activated environment
        command = [str(programs / "lookwhy"), *arguments]
        return subprocess.run(command, cwd=self.folder, env=kept, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Lookwhy, installed by pip from the checkout into a fresh environment."""
    environment = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    done = subprocess.run([*pip, "install", "--no-deps", str(ROOT)], capture_output=True, text=True, check=False)
    if done.returncode and REGISTRY_AWAY.search(done.stderr):
        pytest.skip("the package registry cannot be reached, and the build needs hatchling from it")
    assert done.returncode == 0, done.stderr
    [packages] = environment.glob("lib/python*/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib"))
    for name in NOT_INSTALLED:
        (packages / f"{name}.py").write_text(f"raise ModuleNotFoundError('absent', name='{name}')")
    return Installed(environment, tmp_path_factory.mktemp("far"))


def test_the_first_commands_of_a_stranger_work_far_from_the_checkout(installed: Installed) -> None:
    assert installed.run("--version").stdout == f"lookwhy {__version__}\n"
    assert installed.run("storybook", "draw", "pics", "--count", "60").returncode == 0
    indexed = installed.run("index", "pics", "--models", "sample")
    assert indexed.returncode == 0, indexed.stderr
    assert indexed.stderr.startswith("Models: the sample models. Index: artifacts/index.\n")
    assert "60 pictures in pics: 60 JPEG\n" in indexed.stderr
    assert indexed.stderr.endswith('Search it:  lookwhy search "a red boat"\nServe it:   lookwhy serve\n')
    found = installed.run("search", "a red boat", "--json")
    assert len(json.loads(found.stdout)["results"]) == 5
    paths = installed.run("search", "a red boat", "-k", "1", "--paths").stdout.splitlines()
    assert [(installed.folder / path).is_file() for path in paths] == [True]


def test_one_command_has_them_all(installed: Installed) -> None:
    told = installed.run("--help").stdout
    assert [command for command in COMMANDS if f" {command} " not in told] == []
    assert " pictures " in installed.run("publish", "--help").stdout


def test_the_page_travels_along(installed: Installed) -> None:
    script = "from runtime.settings import Settings; print(Settings().frontend_dir)"
    python = installed.environment / "bin" / "python"
    printed = subprocess.run([python, "-c", script], cwd=installed.folder, capture_output=True, text=True, check=True)
    page = Path(printed.stdout.strip())
    assert page.is_relative_to(installed.environment)
    assert {file.name for file in page.iterdir()} == {file.name for file in (ROOT / "frontend").iterdir()}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("models",), "error: The package "),
        (("storybook", "train"), "error: The package "),
        (("mcp",), "error: lookwhy mcp cannot run: the package mcp is not installed. "),
        (("publish", "page"), "error: AWS cloudformation cannot be used: the package boto3 is not installed. "),
    ],
)
def test_what_an_extra_lacks_is_one_line_with_the_command_that_brings_it(
    installed: Installed, arguments: tuple[str, ...], said: str
) -> None:
    ended = installed.run(*arguments)
    assert ended.returncode == 1
    assert ended.stderr.startswith(said)
    assert re.search(r"pip install ['\"]lookwhy\[(export|aws|mcp)\]['\"]", ended.stderr)
    assert len(ended.stderr.splitlines()) == 1


def test_the_sample_models_are_not_taken_for_somebody_s_own_pictures_unless_named(installed: Installed) -> None:
    ended = installed.run("index", "pics", "--out", "elsewhere")
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: Only the sample models are here; they were trained on drawn scenes")
    assert "lookwhy models" in ended.stderr
    assert "--models sample" in ended.stderr
    assert not (installed.folder / "elsewhere").exists()


def test_the_sample_models_are_recognised_by_their_tokenizers() -> None:
    sample = read_models_manifest(sample_models_dir())
    assert sample.blip
    assert {sample.clip.tokenizer.sha256, sample.blip.tokenizer.sha256} < SAMPLE_TOKENIZERS  # and CLIP's as it was before
    trained_anew = sample.clip.text.model_copy(update={"sha256": "0" * 64})
    assert are_sample_models(sample.model_copy(update={"clip": sample.clip.model_copy(update={"text": trained_anew})}))
    assert are_sample_models(sample.model_copy(update={"blip": None}))
    others = {"clip": sample.clip.model_copy(update={"tokenizer": sample.clip.text}), "blip": None}
    assert not are_sample_models(sample.model_copy(update=others))


@pytest.mark.parametrize(
    ("asked", "file"),
    [
        (PROJECT["dependencies"], "requirements.txt"),
        (PROJECT["optional-dependencies"]["export"], "deploy/requirements-export.txt"),
        (PROJECT["optional-dependencies"]["aws"], "deploy/requirements-lambda.txt"),
        (PROJECT["optional-dependencies"]["mcp"], "deploy/requirements-mcp.txt"),
        (PROJECT["optional-dependencies"]["places"], "export/index/photos/requirements.txt"),
        (PROJECT["optional-dependencies"]["text"], "deploy/requirements-text.txt"),
    ],
    ids=["runtime", "export", "aws", "mcp", "places", "text"],
)
def test_what_is_installed_begins_at_the_versions_that_are_tested(asked: list[str], file: str) -> None:
    pins = dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / file).read_text("utf-8"), re.MULTILINE))
    pins.pop("awslambdaric", None)  # Lambda's interface, which the image alone has
    ranges = {known.name: known.specifier for known in map(Requirement, asked)}
    assert ranges.keys() == pins.keys()
    for name, version in pins.items():
        [limit] = ranges[name]
        assert limit.operator == "~="
        assert f"{version}.".startswith(f"{limit.version}."), f"{name}: {version} is tested, {limit} is asked for"


def test_the_extra_for_clusters_begins_at_the_versions_that_are_tested() -> None:
    text = (ROOT / "deploy" / "requirements-cluster.txt").read_text("utf-8")
    pins = {
        pinned.name: pinned
        for pinned in map(Requirement, re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==[\w.]+", text, re.MULTILINE))
    }
    for asked in map(Requirement, PROJECT["optional-dependencies"]["cluster"]):
        [pin] = pins[asked.name].specifier
        assert asked.specifier.contains(pin.version)
        assert asked.extras == pins[asked.name].extras


def test_the_extra_for_photos_asks_for_what_is_tested_or_newer() -> None:
    pins = dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements-photos.txt").read_text("utf-8"), re.MULTILINE))
    assert PROJECT["optional-dependencies"]["photos"] == [f"{name}>={version}" for name, version in pins.items()]


def test_the_command_opens_without_torch_and_without_what_its_commands_open() -> None:
    heavy = (
        "torch",
        "transformers",
        "optimum",
        "onnx",
        "onnxruntime",
        "faiss",
        "PIL",
        "fastapi",
        "uvicorn",
        "boto3",
        "groq",
    )
    script = f"import sys, lookwhy; lookwhy.command_line(); print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_ctrl_c_while_the_commands_are_imported_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lookwhy, "command_line", interrupted)
    with pytest.raises(SystemExit) as ended:
        lookwhy.main()
    assert ended.value.code == 130
