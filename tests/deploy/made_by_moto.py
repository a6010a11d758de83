"""The part of a template that moto's CloudFormation makes, with addresses in place of what it does not.

moto makes the function with its version, its role and its log, buckets and topics. Its CloudFormation knows no budget, no
CloudFront, no function URL, no alias of a version (who refers to it gets the function), no bucket policy and no alarm of
CloudWatch: made_by_calls.py makes those.
"""

import json
from typing import Any

UNKNOWN_TO_MOTO = (
    "AWS::CloudFront::",
    "AWS::Lambda::Url",
    "AWS::Lambda::Alias",
    "AWS::S3::BucketPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::SNS::TopicPolicy",
)
ADDRESSES = {"Site": "d111111abcdef8.cloudfront.net", "FunctionUrl": "https://abc.lambda-url.eu-central-1.on.aws/"}
RETAINED = {"RetainExceptOnCreate": "Retain"}  # moto knows the second alone


def made_by_moto(template: dict[str, Any]) -> str:
    """Return that part of a template without conditions (resolved.py), as JSON."""
    made = {
        name: _known(resource)
        for name, resource in template["Resources"].items()
        if not resource["Type"].startswith(UNKNOWN_TO_MOTO)
    }
    aliases = {
        name: resource["Properties"]["FunctionName"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Alias"
    }
    return json.dumps(_with_addresses(template | {"Resources": made}, aliases))


def _known(resource: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in resource.items() if key not in {"DependsOn", "UpdateReplacePolicy"}}
    if "DeletionPolicy" in kept:
        kept["DeletionPolicy"] = RETAINED.get(kept["DeletionPolicy"], kept["DeletionPolicy"])
    return kept


def _with_addresses(part: Any, aliases: dict[str, Any]) -> Any:
    if isinstance(part, dict):
        if part.get("Ref") in aliases:
            return aliases[part["Ref"]]
        if "Fn::GetAtt" in part and part["Fn::GetAtt"][0] in ADDRESSES:
            return ADDRESSES[part["Fn::GetAtt"][0]]
        if "Fn::Sub" in part and isinstance(part["Fn::Sub"], str):
            text = part["Fn::Sub"].replace("${Site.DomainName}", ADDRESSES["Site"])
            return {"Fn::Sub": text.replace("${Site}", "E1ABCDEFGHIJKL")}
        return {key: _with_addresses(value, aliases) for key, value in part.items()}
    return [_with_addresses(one, aliases) for one in part] if isinstance(part, list) else part
