"""What the command line cannot use, refused in our words: options and commands that are not there, values, empty paths.

typer finds the faults. Owns no option and prints nothing: typer shows the message that is left here.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from runtime.settings.accepted_values import NAMES_NOTHING, refused_option

# The library under typer, which typer keeps to itself: its contexts, commands, parameters and errors have no public types.
UnderTyper = Any
_UsageError: UnderTyper = typer.BadParameter.__base__  # of all that cannot be used


class PlainlyRefusing(TyperGroup):
    """The command line's outermost group: whatever is refused below it passes through here."""

    def make_context(self, *args: UnderTyper, **extra: UnderTyper) -> UnderTyper:
        """Read the group's own options, as typer does."""
        return _in_our_words(super().make_context, *args, **extra)

    def invoke(self, ctx: UnderTyper) -> UnderTyper:
        """Run the command that was typed, as typer does."""
        return _in_our_words(super().invoke, ctx)


def with_named_paths(command: UnderTyper) -> UnderTyper:
    """Return a command that refuses an empty text, as all below it do, wherever it takes a path."""
    for below in getattr(command, "commands", {}).values():
        with_named_paths(below)
    for parameter in command.params:
        if Path in {parameter.type_descriptor.annotation, *get_args(parameter.type_descriptor.annotation)}:
            parameter.process_value = partial(_process_path, parameter.process_value)
    return command


def near_options(typed: str, known: Sequence[str]) -> list[str]:
    """Return the options that may be meant by one that is not there, the likeliest first; `-h` may be `--help`."""
    from difflib import get_close_matches

    if len(typed) == 2:
        return [option for option in known if option.startswith(f"--{typed[1].lower()}")]
    return get_close_matches(typed, [option for option in known if len(option) > 2], n=2, cutoff=0.7)


def options_of(context: UnderTyper) -> list[str]:
    """Return every option of a command, in the order of its help."""
    return [name for one in context.command.get_params(context) for name in one.opts if name.startswith("-")]


def _process_path(process: Callable[..., UnderTyper], context: UnderTyper, given: UnderTyper) -> UnderTyper:
    if any(isinstance(one, str) and not one.strip() for one in (given if isinstance(given, list | tuple) else [given])):
        raise typer.BadParameter(NAMES_NOTHING)
    return process(context, given)


def _in_our_words(run: Callable[..., UnderTyper], *args: UnderTyper, **extra: UnderTyper) -> UnderTyper:
    try:
        return run(*args, **extra)
    except typer.BadParameter as refused:
        if isinstance(refused.__cause__, ValidationError):
            refused.message = refused_option(refused.__cause__)
        raise
    except _UsageError as refused:
        _name_what_is_near(refused)
        raise


def _name_what_is_near(refused: UnderTyper) -> None:
    """Add to an error what may have been meant, where it is about an option or a command that is not there."""
    context = refused.ctx
    if context is None:
        return
    if hasattr(refused, "possibilities"):  # typer's NoSuchOption alone has them
        typed = refused.option_name
        near, refused.possibilities = near_options(typed, options_of(context)), None
        refused.message = f"No such option: {typed}.{_meant(near)}"
    elif command := re.match(r"No such command '(\w+)'\.", refused.message):
        option = f"--{command[1]}"  # `lookwhy version`
        if option in options_of(context):
            refused.message = f"{command[0]}{_meant([f'{context.command_path} {option}'])}"


def _meant(near: Sequence[str]) -> str:
    return f" Did you mean {' or '.join(near)}?" if near else ""
