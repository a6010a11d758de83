"""An empty text names no file and no folder, although Python takes it for the current one: every command refuses it."""

import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.main import get_command

from lookwhy import command_line
from runtime.terminal import run_command_line
from tests.test_doc_options import commands_below

# Options that are texts, as they may be addresses, too.
PLACES = {"index folder", "index out", "load shards", "shards out", "models clip", "models text"}


def path_arguments() -> list[tuple[str, ...]]:
    """Return each command with an empty text for each of its paths."""
    found = []
    for name, command in commands_below(get_command(command_line())).items():
        for parameter in command.params:
            if takes_a_path(parameter) or f"{name} {parameter.name}" in PLACES:
                option = next((one for one in parameter.opts if one.startswith("--")), None)
                found.append((*name.split(), option, "") if option else (*name.split(), *_before(command, parameter), ""))
    return found


def takes_a_path(parameter: Any) -> bool:
    annotation = parameter.type_descriptor.annotation
    return Path in {annotation, *get_args(annotation)} or parameter.name == "models"


def _before(command: Any, parameter: Any) -> list[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    return ["x"] * arguments.index(parameter)


ARGUMENTS = path_arguments()


def test_there_are_commands_of_every_kind() -> None:
    assert {arguments[0] for arguments in ARGUMENTS} > {"index", "watch", "search", "serve", "publish", "storybook", "load"}
    assert len(ARGUMENTS) > 40


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=" ".join)
def test_an_empty_path_is_refused_by_every_command(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lookwhy", *arguments])
    with pytest.raises(SystemExit) as ended:
        run_command_line(command_line(), "lookwhy")
    assert ended.value.code == 2
    assert "it is empty; name a file" in " ".join(capsys.readouterr().err.split())
