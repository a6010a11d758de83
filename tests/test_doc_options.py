"""Commands and options: those that the documents name are there, and each one that is there stands in them."""

import re
import shlex
from itertools import takewhile
from typing import Any

import pytest
from typer.main import get_command

import export.__main__
import export.publish.__main__
import runtime.__main__
from tests.documents import (
    all_code,
    all_commands,
)

# Of the tools that the documents name beside ours.
FOREIGN_OPTIONS = {"--format", "--user", "--read-only", "--tmpfs", "--env-file", "--follow-tags", "--soak", "--cpus"}
FOREIGN_OPTIONS |= {"--minutes", "--places"}  # of trials in tests/fuzz
FOREIGN_OPTIONS |= {"--rm", "--profile"}  # of docker compose
FOREIGN_OPTIONS |= {
    "--function-name",
    "--reserved-concurrent-executions",
    "--stack-name",
    "--parameter-overrides",
    "--vector-bucket-name",
}  # of AWS's tools
FOREIGN_OPTIONS |= {"--no-deps", "--detach"}  # of pip, of docker
FOREIGN_OPTIONS |= {"--record"}  # of a benchmark
COMPLETION = {"--install-completion", "--show-completion"}  # typer adds them to every program


def commands_below(command: Any, name: str = "") -> dict[str, Any]:  # typer keeps the types of its commands to itself
    """Return a command and those below it, by the words that call them."""
    found = {name: command}
    for word, child in getattr(command, "commands", {}).items():
        found |= commands_below(child, f"{name} {word}".strip())
    return found


def lookwhy_commands() -> dict[str, Any]:
    apps: list[tuple[Any, str]] = [
        (runtime.__main__.app, ""),
        (export.__main__.app, ""),
        (export.publish.__main__.app, "publish"),
    ]
    found: dict[str, Any] = {}
    for app, name in apps:
        found |= commands_below(get_command(app), name)
    return {name: command for name, command in found.items() if name}


COMMANDS = lookwhy_commands()


OPTIONS = {
    name: {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for name, command in COMMANDS.items()
}


@pytest.mark.parametrize(("page", "code"), [pair for pair in all_code() if re.match(r"lookwhy(?![\w.])", pair[1])])
def test_every_command_of_lookwhy_that_a_page_names_is_there_with_its_options(page: str, code: str) -> None:
    words = list(takewhile(lambda word: word not in {"|", "--"}, shlex.split(code)[1:]))
    if words[:1] in ([], ["--version"]):
        return
    name = next((" ".join(words[:length]) for length in (2, 1) if " ".join(words[:length]) in COMMANDS), None)
    assert name, f"{page}: lookwhy {words[0]}"
    given = {word.partition("=")[0] for word in words if word.startswith("-")}
    assert given <= OPTIONS[name], page


def test_every_option_that_a_page_names_belongs_to_a_command() -> None:
    known = {"--version"} | FOREIGN_OPTIONS | {option for options in OPTIONS.values() for option in options}
    named = {(page, option) for page, code in all_code() for option in re.findall(r"(?<!\S)--[a-z][a-z0-9-]+", code)}
    assert len(named) > 30
    assert sorted((page, option) for page, option in named if option not in known) == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_of_a_command_stands_in_the_documents(name: str) -> None:
    text = " ".join(code for _page, code in all_code())
    options = [option for option in OPTIONS[name] - COMPLETION if option.startswith("--")]
    assert [option for option in options if not re.search(rf"(?<!\S){option}(?![\w-])", text)] == []


def test_every_command_that_a_page_names_in_passing_stands_in_a_block() -> None:
    blocks = [command.text for command in all_commands()]
    passing = {
        part for _page, code in all_code() for part in code.split(" && ") if re.match(r"(lookwhy|make|docker|pip) ", part)
    }
    assert sorted(part for part in passing if not any(text.startswith(part) for text in blocks)) == []
