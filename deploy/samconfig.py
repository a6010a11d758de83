"""Runs a command for the stack that samconfig.toml names: in its region, with its profile.

`python -m deploy.samconfig [--stack NAME] COMMAND ...`: `sam` reads samconfig.toml itself, boto3 does not. In the command's
arguments, `{stack}` stands for the stack's name.
"""

import argparse
import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CONFIG = Path("samconfig.toml")
DEFAULT_STACK = "lookwhy"
REGION, PROFILE = ("AWS_REGION", "AWS_DEFAULT_REGION"), ("AWS_PROFILE",)


class ConfigUnusable(Exception):
    """samconfig.toml cannot be read; the message says why."""


def read_parameters(config: Path) -> dict[str, Any]:
    """Return what `sam deploy` would take from a samconfig.toml; nothing where there is none.

    Raises:
        ConfigUnusable: it is no TOML.
    """
    if not config.is_file():
        return {}
    try:
        commands = tomllib.loads(config.read_text("utf-8")).get("default", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise ConfigUnusable(f"{config} cannot be read: {cause}. samconfig.toml.example shows its form.") from cause
    given: dict[str, Any] = {}
    for command in ("global", "deploy"):  # what is said of one command goes before what is said of all
        given |= commands.get(command, {}).get("parameters", {})
    return given


def aws_environment(parameters: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which boto3 asks the account and the region of these parameters.

    Without a region there, the one that the environment names counts for boto3, too, which reads AWS_DEFAULT_REGION alone.
    """
    found = dict(environment)
    region = parameters.get("region") or next((found[name] for name in REGION if found.get(name)), None)
    profile = parameters.get("profile")
    found |= dict.fromkeys(REGION, str(region)) if region else {}
    found |= dict.fromkeys(PROFILE, str(profile)) if profile else {}
    return found


def main() -> None:
    """Become the command; exit code 1 where samconfig.toml cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m deploy.samconfig", description="Run a command for a stack.")
    parser.add_argument("--stack", help=f"default: the one that {CONFIG} names, else {DEFAULT_STACK}")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    if not given.command:
        parser.error("name a command")
    try:
        parameters = read_parameters(CONFIG)
    except ConfigUnusable as error:
        sys.exit(f"error: {error}")
    stack = given.stack or str(parameters.get("stack_name", DEFAULT_STACK))
    command = [argument.replace("{stack}", stack) for argument in given.command]
    os.execvpe(command[0], command, aws_environment(parameters, os.environ))


if __name__ == "__main__":
    main()
