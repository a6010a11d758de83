"""A template as CloudFormation would go through it with these parameters: conditions decided, what is not made left out."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

NO_VALUE = {"Ref": "AWS::NoValue"}
OF_AWS = re.compile(r"AWS::\w+")


def resolve(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the template without conditions.

    Raises:
        AssertionError: a rule of the template does not hold; it says what CloudFormation would say.
    """
    defaults = {name: str(parameter["Default"]) for name, parameter in template["Parameters"].items()}
    given = defaults | dict(parameters)
    for rule in template.get("Rules", {}).values():
        for assertion in rule["Assertions"]:
            assert _holds(assertion["Assert"], given, template), assertion["AssertDescription"]
    kept = {
        name: resource
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or _holds({"Condition": resource["Condition"]}, given, template)
    }
    parts = {"Resources": kept, "Outputs": template["Outputs"]}
    made = _without_conditions(parts, given, template)
    for resource in made["Resources"].values():
        resource.pop("Condition", None)
    return {"AWSTemplateFormatVersion": "2010-09-09", "Parameters": template["Parameters"], **made}


def named_in(part: Any) -> Iterator[str]:
    """Yield the resources and parameters that a part of a template refers to."""
    if isinstance(part, list):
        for one in part:
            yield from named_in(one)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key == "Ref":
                yield value
            elif key == "Fn::GetAtt":
                yield value.partition(".")[0] if isinstance(value, str) else value[0]
            elif key == "Fn::Sub":
                yield from (name.partition(".")[0] for name in re.findall(r"\$\{([\w:.]+)\}", value))
            else:
                yield from named_in(value)


def _holds(condition: Any, given: Mapping[str, str], template: Mapping[str, Any]) -> bool:
    [(kind, value)] = condition.items()
    if kind == "Condition":
        return _holds(template["Conditions"][value], given, template)
    if kind == "Fn::Equals":
        left, right = (given[side["Ref"]] if isinstance(side, dict) else side for side in value)
        return str(left) == str(right)
    holding = [_holds(one, given, template) for one in value]
    return {"Fn::And": all(holding), "Fn::Or": any(holding), "Fn::Not": not holding[0]}[kind]


def _without_conditions(part: Any, given: Mapping[str, str], template: Mapping[str, Any]) -> Any:
    if isinstance(part, dict) and set(part) == {"Fn::If"}:
        condition, then, otherwise = part["Fn::If"]
        chosen = then if _holds({"Condition": condition}, given, template) else otherwise
        return _without_conditions(chosen, given, template)
    if isinstance(part, dict):
        made = {key: _without_conditions(value, given, template) for key, value in part.items()}
        return {key: value for key, value in made.items() if value != NO_VALUE}
    if isinstance(part, list):
        return [one for one in (_without_conditions(one, given, template) for one in part) if one != NO_VALUE]
    return part
