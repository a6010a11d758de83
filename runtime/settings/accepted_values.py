"""What may stand in a setting or an option, in words: what to say where pydantic refuses one, and what it cannot check."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from runtime.errors import SettingInvalid

NUMBERS: dict[type, str] = {int: "a whole number", float: "a number"}
PARSED = {"int_parsing": int, "int_from_float": int, "int_parsing_size": int, "float_parsing": float}  # pydantic's names

# What an error says of settings whose pattern says nothing to a reader.
ADDRESS, ON_S3 = "an address, such as https://cdn.example.com/images or /images", "s3://BUCKET or s3://BUCKET/PREFIX"
HTTP_ADDRESS = "an address, such as http://127.0.0.1:11434"
STORE_ADDRESS = "milvus://HOST:19530/COLLECTION, milvus+tls:// likewise, or s3vectors://BUCKET/INDEX"
RATE, LEVELS = "a number up to 999999 per second, minute or hour, such as 60/minute", "DEBUG, INFO, WARNING or ERROR"
HOST_NAME = re.compile(r"\*|(\*\.)?[\w-]+(\.[\w-]+)*\.?")
ORIGIN = re.compile(r"\*|null|[a-z][a-z0-9+.-]*://[^/?#@\s]+/?", re.IGNORECASE)  # extensions of browsers have schemes, too


class SettingsInvalid(SettingInvalid):
    """Several settings have such values: `faults` are the errors of each, and the message has a line for each."""

    def __init__(self, faults: Sequence[SettingInvalid]) -> None:
        self.faults = tuple(faults)
        first = self.faults[0]
        super().__init__(first.variable, first.value, first.accepted)
        self.args = ("\n  ".join((f"{len(self.faults)} settings cannot be used.", *map(str, self.faults))),)


def invalid_settings(error: ValidationError, fields: Mapping[str, FieldInfo], secrets: set[str]) -> SettingInvalid:
    """Return one error for all settings that pydantic refused, in their order; the values of secrets are left out."""
    found: dict[str, SettingInvalid] = {}
    for fault in error.errors():
        name = str(fault["loc"][0])
        own = fault["type"] == "value_error"  # a validator of ours said it
        accepted = fault["msg"].removeprefix("Value error, ") if own else f"give {accepted_value(fields[name])}"
        found.setdefault(name, SettingInvalid(name.upper(), None if name in secrets else str(fault["input"]), accepted))
    faults = tuple(found.values())
    return faults[0] if len(faults) == 1 else SettingsInvalid(faults)


def refused_option(error: ValidationError) -> str:
    """Return what to say of the value of one option of the command line."""
    fault = error.errors()[0]
    bounds = fault.get("ctx", {})
    if fault["type"] == "value_error":
        return fault["msg"].removeprefix("Value error, ")
    if fault["type"] in PARSED:
        return f"{fault['input']!r} cannot be used: give {NUMBERS[PARSED[fault['type']]]}."
    if "ge" in bounds or "le" in bounds:
        allowed = f"{bounds['ge']} or more" if "ge" in bounds else f"{bounds['le']} at most"
        return f"{fault['input']!r} cannot be used: give {allowed}."
    return fault["msg"]


def accepted_value(field: FieldInfo) -> str:
    """Return in words what a setting takes: its description where it has one, else by its type and bounds."""
    types = set(get_args(field.annotation)) or {field.annotation}
    if field.description:
        return field.description
    if bool in types:
        return "true or false"
    number = next((words for kind, words in NUMBERS.items() if kind in types), None)
    return f"{number}{_within(field.metadata)}" if number else "a text"


def _within(metadata: list[Any]) -> str:
    """Return the bounds of a number as they stand in the field's metadata."""
    least, above, most = (next((getattr(m, key) for m in metadata if hasattr(m, key)), None) for key in ("ge", "gt", "le"))
    if least is not None:
        return f" of {least} or more" if most is None else f" from {least} to {most}"
    return f" above {above} and at most {most}" if above is not None else ""


def check_each(listed: str, is_one: Callable[[str], bool], advice: str) -> None:
    """Raise ValueError, with what is wrong and the advice, where one of several (commas between) is not what it must be."""
    for one in map(str.strip, listed.split(",")):
        if one and not is_one(one):
            raise ValueError(f"{one!r} {advice}")


def is_host_name(name: str) -> bool:
    """Return whether a browser can ask by this name, or by one that a * at its beginning stands for."""
    try:
        name.encode("idna")
    except UnicodeError:  # a label of more than 63 letters
        return False
    return HOST_NAME.fullmatch(name) is not None


def is_origin(text: str) -> bool:
    """Return whether a page can have this origin; a slash at its end is passed over, and * stands for all."""
    return ORIGIN.fullmatch(text) is not None
