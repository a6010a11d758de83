"""What botocore's own model of S3 Vectors says: what a request may be, what an answer has, which status an error has."""

import json
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.model import Shape
from botocore.validate import ParamValidator

from tests.cluster.s3vectors.index import Refused

BODY_MAX_BYTES = 20 << 20
MODEL = botocore.session.get_session().get_service_model("s3vectors")
STATUSES = {"InternalServerException": 500, "ValidationException": 400}  # which the model leaves out


def read_request(operation: str, body: bytes) -> dict[str, Any]:
    """Return what a request asks for, if it fits the model.

    Raises:
        Refused: there is no such operation, or the body is too large or does not fit.
    """
    if operation not in MODEL.operation_names:
        raise Refused("ValidationException", f"there is no operation {operation}")
    if len(body) > BODY_MAX_BYTES:
        raise Refused("ValidationException", f"the request has more than {BODY_MAX_BYTES} bytes")
    asked: dict[str, Any] = json.loads(body or b"{}")
    shape = MODEL.operation_model(operation).input_shape
    report = ParamValidator().validate(asked, shape)
    faults = [report.generate_report()] if report.has_errors() else list(_beyond(asked, shape, ""))
    if unknown := set(asked) - set(shape.members):
        faults.append(f"unknown members {unknown}")
    if faults:
        raise Refused("ValidationException", "; ".join(faults))
    return asked


def shown(shape: Shape, value: Any) -> Any:
    """Return a value as JSON has it, held against the shape that the model gives it."""
    if getattr(shape, "is_document_type", False):
        return value
    match shape.type_name:
        case "structure":
            assert set(value) <= set(shape.members), (shape.name, set(value))
            assert set(shape.required_members) <= set(value), (shape.name, set(value))
            return {name: shown(shape.members[name], one) for name, one in value.items()}
        case "list":
            return [shown(shape.member, one) for one in value]
        case "timestamp" | "float" | "double":
            return float(value)
        case _:
            return value


def _beyond(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """Yield where a value is longer, larger or of another pattern than the model allows; botocore does not look."""
    if getattr(shape, "is_document_type", False):
        return
    match shape.type_name:
        case "structure":
            for name, one in value.items():
                if name in shape.members:
                    yield from _beyond(one, shape.members[name], f"{path}/{name}")
            return
        case "list" if shape.member.type_name != "float":
            for at, one in enumerate(value):
                yield from _beyond(one, shape.member, f"{path}/{at}")
    most, pattern = shape.metadata.get("max"), shape.metadata.get("pattern")
    size = value if shape.type_name == "integer" else len(value) if isinstance(value, str | list) else 0
    if most is not None and size > most:
        yield f"{path} is {size}, at most {most} allowed"
    if pattern and not re.fullmatch(pattern, value):
        yield f"{path} does not fit {pattern}"
    if shape.type_name == "string" and (allowed := getattr(shape, "enum", ())) and value not in allowed:
        yield f"{path} is none of {allowed}"


def status_of(code: str) -> int:
    shape = MODEL.shape_for(code)
    return int(STATUSES.get(code) or shape.metadata["error"]["httpStatusCode"])
