"""What is wrong with a request that its route does not take, in words: each field, what was given, what it must be."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.datastructures import UploadFile

from runtime.settings.accepted_values import OR_NULL, allowed_form, first_faults, shown_value

# What is wrong with a body as a whole, by the validation library's name for it.
OF_THE_WHOLE = {"missing": "The body is empty.", "model_attributes_type": "The body is no JSON object."}
UNREAD = "The body cannot be read."  # other bytes than UTF-8, nested too deeply, a number too long, a form cut short
# What FastAPI and starlette say of a form that cannot be read, each by words of it, and what we do.
OF_FORMS = {
    "Missing boundary": "The form's content-type has no boundary; programs that send forms add it by themselves.",
    "Too many": "The form has too many fields or files.",
    "exceeded maximum size": "A field of the form has over a megabyte.",
    '"name" must be provided': "A field of the form has no name.",
}


def describe_faults(faults: Sequence[Mapping[str, Any]], takes: Iterable[tuple[str, FieldInfo]]) -> str:
    """Return one sentence for each field of a request at which its route found something wrong.

    Args:
        faults: what pydantic found, as its errors list it; of one field, the first is told.
        takes: each parameter of the route by its name; one that is a model of ours stands for the model's fields.
    """
    fields = _each_field(takes)
    said: dict[str, str] = {}
    for fault in faults:
        name = str(fault["loc"][1]) if len(fault["loc"]) > 1 else ""
        said.setdefault(name, _sentence(name, fault, fields))
    return first_faults([*said.values()])


def describe_body(detail: str) -> str:
    """Return in our words what FastAPI says of a body that cannot be parsed."""
    return next((said for words, said in OF_FORMS.items() if words in detail), UNREAD)


def _sentence(name: str, fault: Mapping[str, Any], fields: Mapping[str, FieldInfo]) -> str:
    kind, given = fault["type"], fault["input"]
    if kind == "json_invalid":
        return f"The body is not JSON: it cannot be read from character {fault['loc'][-1] + 1} on."
    if name not in fields:
        return f"{_cut(name)} is not known here." if name else OF_THE_WHOLE.get(kind, UNREAD)
    allowed = "a file" if _takes_a_file(fields[name]) else allowed_form(fields[name])
    if fault["loc"][0] == "query":  # a string has no null
        allowed = allowed.removesuffix(OR_NULL)
    if kind == "missing":
        return f"{name} is missing; it must be {allowed}."
    if len(fault["loc"]) > 2:  # where from, the field, and where in it
        return f"{name} has {shown_value(given)} in it; it must be {allowed}."
    return f"{name} is {'a file' if isinstance(given, UploadFile) else shown_value(given)}; it must be {allowed}."


def _cut(name: str) -> str:
    shown = shown_value(name)
    return name if shown == repr(name) and name.isprintable() else shown


def _takes_a_file(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, UploadFile)


def _each_field(takes: Iterable[tuple[str, FieldInfo]]) -> dict[str, FieldInfo]:
    found: dict[str, FieldInfo] = {}
    for name, field in takes:
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= {part.alias or its_name: part for its_name, part in kind.model_fields.items()}
        else:
            found[name] = field
    return found
