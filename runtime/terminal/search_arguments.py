"""How `search` reads what was typed: words to leave out, options on the wrong side of `--`, a picture's file as words.

Owns no option itself; `__main__.py` does.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from typer.core import TyperCommand

from runtime.terminal import escape_controls, tell
from runtime.terminal.refusals import UnderTyper

USAGE_WRONG = 2  # as typer's own exit code


class SearchCommand(TyperCommand):
    """A command whose query may leave words out: `-word` is no option, and is met with how to write it."""

    def parse_args(self, ctx: UnderTyper, args: list[str]) -> list[str]:
        """Return the arguments that are left, as typer does.

        Ends the command at the first `-word` before `--`, and at options behind it, where all are words of the query.
        """
        at = args.index("--") if "--" in args else len(args)
        given, behind = args[:at], args[at + 1 :]
        # one letter is taken for an option, which typer refuses: `-h`
        word = next((arg for arg in given if re.match(r"-[^\W\d].", arg) and not re.fullmatch(r"-k\d+", arg)), None)
        if word:
            tell(
                f"error: {word} reads as an option. To leave a word out, put the query behind "
                f'"--": {ctx.command_path} -- a boat {word}'
            )
            ctx.exit(USAGE_WRONG)
        options, words = _options_among(behind, self.get_params(ctx))
        if options:
            meant = escape_controls(shlex.join([*given, *options, "--", *words]))
            tell(
                f'error: {escape_controls(shlex.join(options))} stands behind "--", where all are words of the query. '
                f"Put options before it: {ctx.command_path} {meant}"
            )
            ctx.exit(USAGE_WRONG)
        left = super().parse_args(ctx, args)
        if not (ctx.params["query"] or ctx.params["image"] or ctx.resilient_parsing):
            ctx.fail("Missing argument 'QUERY...': say what the picture should show, or give --image FILE.")
        return left


def tell_of_file(query: Sequence[str]) -> None:
    """Tell where a query is the name of a picture's file that is here, as it may be the picture in it that was meant."""
    if len(query) != 1:
        return
    from runtime.images import FORMAT_BY_SUFFIX
    from runtime.images.file_types import HEIF_SUFFIXES, RAW_SUFFIXES

    file = Path(query[0])
    try:
        is_picture = file.suffix.lower() in {*FORMAT_BY_SUFFIX, *HEIF_SUFFIXES, *RAW_SUFFIXES} and file.is_file()
    except (OSError, ValueError):  # too long to be a name
        return
    if is_picture:
        name = escape_controls(shlex.quote(query[0]))
        tell(f"{name} was searched for as words. To find pictures like the one in that file: --image {name}")


def _options_among(words: Sequence[str], parameters: Sequence[UnderTyper]) -> tuple[list[str], list[str]]:
    """Return what of the words is an option that is whole, with its value, and the others."""
    takes_value = {
        name: not getattr(one, "is_flag", False) for one in parameters for name in (*one.opts, *one.secondary_opts)
    }
    options, others, at = list[str](), list[str](), 0
    while at < len(words):
        length = _option_length(words[at : at + 2], takes_value)
        (options if length else others).extend(words[at : at + (length or 1)])
        at += length or 1
    return options, others


def _option_length(words: Sequence[str], takes_value: Mapping[str, bool]) -> int:
    """Return how many of these words, at most two, are the whole option that they begin with; 0 where they begin with none.

    `-0` is one at the end alone, as "-0 degrees" are words.
    """
    word, following = words[0], words[1:]
    name, equals, _ = word.partition("=")
    if word == "-k":
        return 2 if following and following[0].isdecimal() else 0
    if re.fullmatch(r"-k\d+", word) or (word == "-0" and not following):
        return 1
    if not name.startswith("--") or name not in takes_value:
        return 0
    if takes_value[name] and not equals:
        return 2 if following else 0
    return 1 if takes_value[name] or not equals else 0
