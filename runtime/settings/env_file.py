"""The file `.env`: what keeps it, or a setting in it, from being read as it was written. It is read by pydantic-settings."""

import io
import re
from collections.abc import Collection
from pathlib import Path

from runtime.errors import SettingInvalid

# What a line that sets something begins with, whatever stands around the name.
SETS = re.compile(r"\s*(?:export\s+)?[^\w#]*(\w+)[^\w=]*=")
WORD_PROCESSORS_QUOTES = ("“", "”", "„", "‘", "’", "«", "»")


def check_env_file(path: Path, names: Collection[str]) -> None:
    """Refuse a `.env` that pydantic-settings would fail on, read as other text than was written, or read without a setting.

    A folder of that name is passed over, as it often is somebody's virtual environment. So are lines of other programs.

    Args:
        path: the file, which need not be there.
        names: of the settings, in small letters.

    Raises:
        SettingInvalid: it cannot be read, is no text in UTF-8, or a line that names a setting cannot be used.
    """
    if not path.is_file():
        return
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as cause:
        raise SettingInvalid(str(path), None, f"{cause.strerror}. Let this user read it") from cause
    except UnicodeDecodeError as cause:
        raise SettingInvalid(str(path), None, "it is not UTF-8. Save it as UTF-8") from cause
    if "\0" in text:  # UTF-16 and UTF-32 without their mark are bytes that UTF-8 allows
        raise SettingInvalid(str(path), None, "it is not UTF-8. Save it as UTF-8")
    _check_lines(text, path, names)


def _check_lines(text: str, path: Path, names: Collection[str]) -> None:
    from dotenv.parser import parse_stream  # most starts have no such file

    for one in parse_stream(io.StringIO(text)):
        named = SETS.match(one.original.string)
        if named is None or named[1].lower() not in names:
            continue
        line = f"line {one.original.line} ({named[1]})"
        if one.error or one.key != named[1]:  # dotenv would go on without it: without an access token, say
            reason = f"{line} cannot be read. Write {named[1]}=value, with both quotes or none"
            raise SettingInvalid(str(path), None, reason)
        if (one.value or "").startswith(WORD_PROCESSORS_QUOTES):
            raise SettingInvalid(str(path), None, f"{line} has a word processor's quotes. Write plain ones, or none")
