"""The metadata filters of S3 Vectors, as its user guide has them: which vectors a filter leaves, and what it refuses."""

import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

CONSTRAINTS_MAX = 100  # of one filter, in an index of the enhanced mode
NUMBERS = {"$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le}


class FilterRefused(Exception):
    """The service would answer 400."""


def check_filter(given: Any, not_filterable: Collection[str]) -> None:
    """Refuse a filter with an unknown operator, an operand of another kind, or a key that cannot be filtered by."""
    if not isinstance(given, dict) or not given:
        raise FilterRefused("Invalid query filter: it must be an object that is not empty")
    if _check(given, not_filterable) > CONSTRAINTS_MAX:
        raise FilterRefused(f"Invalid query filter: more than {CONSTRAINTS_MAX} constraints")


def is_left(metadata: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """Return whether a vector with this metadata passes a checked filter."""
    for key, condition in given.items():
        if key == "$and":
            passes = all(is_left(metadata, one) for one in condition)
        elif key == "$or":
            passes = any(is_left(metadata, one) for one in condition)
        else:
            conditions = condition if isinstance(condition, dict) else {"$eq": condition}
            passes = all(_holds(metadata.get(key), name, operand) for name, operand in conditions.items())
        if not passes:
            return False
    return True


def _check(given: Any, not_filterable: Collection[str]) -> int:
    """Return how many constraints a filter has."""
    count = 0
    for key, condition in given.items():
        if key in {"$and", "$or"}:
            if (
                not isinstance(condition, list)
                or not condition
                or not all(isinstance(one, dict) and one for one in condition)
            ):
                raise FilterRefused(f"Invalid query filter: {key} takes a list of filters that is not empty")
            count += sum(_check(one, not_filterable) for one in condition)
        elif key.startswith("$"):
            raise FilterRefused(f"Invalid query filter: unknown operator {key}")
        elif key in not_filterable:
            raise FilterRefused(f"Invalid use of non-filterable metadata in filter: {key}")
        else:
            conditions = condition if isinstance(condition, dict) else {"$eq": condition}
            if not conditions:
                raise FilterRefused(f"Invalid query filter: {key} has no condition")
            for name, operand in conditions.items():
                _check_operand(name, operand)
            count += len(conditions)
    return count


def _check_operand(name: str, operand: Any) -> None:
    is_number = isinstance(operand, int | float) and not isinstance(operand, bool)
    is_primitive = isinstance(operand, str | bool | int | float)
    fits: dict[str, Callable[[], bool]] = {
        "$eq": lambda: is_primitive,
        "$ne": lambda: is_primitive,
        **dict.fromkeys(NUMBERS, lambda: is_number),
        "$in": lambda: isinstance(operand, list) and bool(operand),
        "$nin": lambda: isinstance(operand, list) and bool(operand),
        "$exists": lambda: isinstance(operand, bool),
        "$startsWith": lambda: isinstance(operand, str),
    }
    if name not in fits:
        raise FilterRefused(f"Invalid query filter: unknown operator {name}")
    if not fits[name]():
        raise FilterRefused(f"Invalid query filter: {name} does not take {operand!r}")


def _holds(value: Any, name: str, operand: Any) -> bool:
    values = value if isinstance(value, list) else [] if value is None else [value]
    numbers = [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    others = operand if isinstance(operand, list) else [operand]
    is_one_of = any(_same(one, other) for one in values for other in others)
    if name in NUMBERS:
        return any(NUMBERS[name](one, operand) for one in numbers)
    if name == "$exists":
        return bool((value is not None) == operand)
    if name == "$startsWith":
        return any(isinstance(one, str) and one.startswith(operand) for one in values)
    return is_one_of if name in {"$eq", "$in"} else not is_one_of


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and one == other
