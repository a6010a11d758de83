"""What may stand in a setting, an option or a field of a request, in words; said where pydantic refuses one."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from runtime.errors import SettingInvalid

NUMBERS: dict[type, str] = {int: "a whole number", float: "a number"}
OTHERS: dict[type, str] = {bool: "true or false", dict: "an object", str: "a text"}
NAMES_NOTHING = 'it is empty; name a file or a folder ("." is the current one)'
OR_NULL = ", or null"
FAULTS_MAX = 8  # that one answer names
SHOWN_MAX_CHARS = 60  # of a value that was refused
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
    return field.description or allowed_form(field).removesuffix(OR_NULL)


def allowed_form(field: FieldInfo) -> str:
    """Return in words what a field takes, by its type and bounds; those that it only describes count, too."""
    is_one = get_origin(field.annotation) in {None, dict, list, Literal}
    kinds = (field.annotation,) if is_one else get_args(field.annotation)
    form = _form_of(next(kind for kind in kinds if kind is not NoneType), _bounds_of(field))
    return f"{form}{OR_NULL}" if NoneType in kinds else form


def shown_value(given: object) -> str:
    """Return a value that was refused as one line of an error's message: cut where it is long, a text in quotation marks."""
    try:
        shown = repr(given) if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return f"a {type(given).__name__}"
    shown = f"{shown[:SHOWN_MAX_CHARS]}..." if len(shown) > SHOWN_MAX_CHARS else shown
    return shown.encode("utf-8", "backslashreplace").decode()


def first_faults(said: Sequence[str]) -> str:
    """Return the first sentences, each of one fault, and how many more there are."""
    more = len(said) - FAULTS_MAX
    return " ".join([*said[:FAULTS_MAX], *([f"And {more} more."] if more > 0 else [])])


def _bounds_of(field: FieldInfo) -> dict[str, Any]:
    """Return the bounds of a field, from what it checks and what it describes: ge, gt, le, min_length, max_length, keys."""
    described = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    names = {
        "ge": "minimum",
        "le": "maximum",
        "min_length": "minItems",
        "max_length": "maxItems",
        "gt": "",
        "keys": "properties",
    }
    found = {key: described.get(name) for key, name in names.items()}
    found |= {key: getattr(part, key) for part in field.metadata for key in names if hasattr(part, key)}
    return {key: bound for key, bound in found.items() if bound is not None}


def _form_of(kind: Any, bounds: Mapping[str, Any]) -> str:  # noqa: ANN401 (an annotation)
    if get_origin(kind) is Literal:
        *others, last = map(repr, get_args(kind))
        return f"{', '.join(others)} or {last}" if others else last
    if get_origin(kind) is list:
        least, most = bounds.get("min_length"), bounds.get("max_length")
        several = f"{_form_of(get_args(kind)[0], {}).split(' ', 1)[1]}s"
        return f"a list of {several}" if most is None else f"a list of {least or 0} to {most} {several}"
    if bounds.get("keys"):
        return f"an object with some of {', '.join(bounds['keys'])}"
    kind = get_origin(kind) or kind
    return f"{NUMBERS[kind]}{_within(bounds)}" if kind in NUMBERS else OTHERS.get(kind, "a text")


def _within(bounds: Mapping[str, Any]) -> str:
    least, above, most = (bounds.get(key) for key in ("ge", "gt", "le"))
    if least is not None:
        return f" of {least} or more" if most is None else f" from {least} to {most}"
    return f" above {above} and at most {most}" if above is not None else ""


def named_place(given: str) -> str:
    """Return the path or address that an option names; raises ValueError for an empty one: Python takes that for "."."""
    if not given.strip():
        raise ValueError(NAMES_NOTHING)
    return given


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
