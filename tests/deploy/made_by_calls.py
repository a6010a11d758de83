"""What moto's CloudFormation leaves out of a stack (made_by_moto.py), made as AWS would: by calls of the services.

boto3 checks each call against AWS's own description of the service: its names, its forms, what may not be absent. moto keeps
what it is told, but not what joins functions and access to a distribution. It knows no policy of response headers, and takes
any id for one. Of a new stack alone.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.deploy.cloud import REGION, Cloud

ACCOUNT = "123456789012"  # moto's
NAMED = re.compile(r"\$\{([\w:.]+)\}")
Properties = dict[str, Any]


class Resources:
    """Which values the resources of a stack have, as far as others refer to them."""

    def __init__(self, parameters: Mapping[str, str], stack: str) -> None:
        self.values = dict(parameters) | {
            "AWS::StackName": stack,
            "AWS::Region": REGION,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
        }

    def add(self, name: str, kind: str, identity: str) -> None:
        """Take what moto's CloudFormation has made."""
        self.values[name] = identity
        if kind == "AWS::S3::Bucket":
            self.values[f"{name}.Arn"] = f"arn:aws:s3:::{identity}"
            self.values[f"{name}.RegionalDomainName"] = f"{identity}.s3.{REGION}.amazonaws.com"

    def resolved(self, part: Any) -> Any:
        """Return a part of a template with values in place of what refers to them."""
        if isinstance(part, list):
            return [self.resolved(one) for one in part]
        if not isinstance(part, dict):
            return part
        match part:
            case {"Ref": name}:
                found = self.values[name]
            case {"Fn::GetAtt": [name, attribute]}:
                found = self.values[f"{name}.{attribute}"]
            case {"Fn::Sub": text}:
                found = NAMED.sub(lambda named: self.values[named[1]], text).replace("${!", "${")
            case {"Fn::Select": [number, of]}:
                found = self.resolved(of)[int(number)]
            case {"Fn::Split": [between, text]}:
                found = self.resolved(text).split(between)
            case _:
                return {key: self.resolved(value) for key, value in part.items()}
        return found


def make_the_rest(cloud: Cloud, template: Mapping[str, Any], parameters: Mapping[str, str], stack: str) -> None:
    """Make what `made_by_moto` has left out of a template without conditions, once moto has made the other resources."""
    defaults = {name: str(parameter["Default"]) for name, parameter in template["Parameters"].items()}
    made = Resources(defaults | dict(parameters), stack)
    for resource in cloud.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]:
        if "PhysicalResourceId" in resource:  # not of what moto passes over, a budget
            made.add(resource["LogicalResourceId"], resource["ResourceType"], resource["PhysicalResourceId"])
    for kind, make in MAKERS.items():
        for name, resource in template["Resources"].items():
            if resource["Type"] == kind:
                values = make(cloud, made.resolved(resource["Properties"]))
                made.values |= {f"{name}.{attribute}" if attribute else name: value for attribute, value in values.items()}


def _version(cloud: Cloud, asked: Properties) -> dict[str, str]:
    """Find the one that moto's CloudFormation has made, which it does not name."""
    [*_, newest] = cloud.client("lambda").list_versions_by_function(FunctionName=asked["FunctionName"])["Versions"]
    return {"": newest["FunctionArn"], "Version": newest["Version"]}


def _alias(cloud: Cloud, asked: Properties) -> dict[str, str]:
    return {"": cloud.client("lambda").create_alias(**asked)["AliasArn"]}


def _url(cloud: Cloud, asked: Properties) -> dict[str, str]:
    """Make the address of a function, though the stack asks for its alias's: moto knows none of an alias."""
    taken = {"FunctionName": asked.pop("TargetFunctionArn").partition(":live")[0], **asked}
    taken.pop("Qualifier", None)
    made = cloud.client("lambda").create_function_url_config(**taken)
    return {"FunctionUrl": f"{made['FunctionUrl']}/"}  # AWS's end so


def _edge_function(cloud: Cloud, asked: Properties) -> dict[str, str]:
    assert asked.pop("AutoPublish")
    code = asked.pop("FunctionCode").encode()
    made = cloud.client("cloudfront").create_function(**asked, FunctionCode=code)
    return {"FunctionARN": made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]}


def _access(cloud: Cloud, asked: Properties) -> dict[str, str]:
    return {"": cloud.client("cloudfront").create_origin_access_control(**asked)["OriginAccessControl"]["Id"]}


def _headers(_: Cloud, asked: Properties) -> dict[str, str]:
    return {"": asked["ResponseHeadersPolicyConfig"]["Name"]}


def _distribution(cloud: Cloud, asked: Properties) -> dict[str, str]:
    taken = {**_counted(asked["DistributionConfig"]), "CallerReference": "once"}
    made = cloud.client("cloudfront").create_distribution(DistributionConfig=taken)["Distribution"]
    return {"": made["Id"], "DomainName": made["DomainName"]}


def _counted(part: Any) -> Any:
    """Return a part of a distribution as CloudFront's own interface has it: lists are counted, ports are told."""
    if isinstance(part, list):
        return {"Quantity": len(part), "Items": [_counted(one) for one in part]}
    if not isinstance(part, dict):
        return part
    made = {name: _counted(value) for name, value in part.items()}
    if "OriginSSLProtocols" in made:
        made |= {"OriginSslProtocols": made.pop("OriginSSLProtocols"), "HTTPPort": 80, "HTTPSPort": 443}
    return made


def _bucket_policy(cloud: Cloud, asked: Properties) -> dict[str, str]:
    """Put what a policy allows alone: moto looks at no condition, and would refuse whatever is refused without TLS."""
    allowed = [statement for statement in asked["PolicyDocument"]["Statement"] if statement["Effect"] == "Allow"]
    policy = json.dumps(asked["PolicyDocument"] | {"Statement": allowed})
    cloud.client("s3").put_bucket_policy(Bucket=asked["Bucket"], Policy=policy)
    return {}


def _topic_policy(cloud: Cloud, asked: Properties) -> dict[str, str]:
    for topic in asked["Topics"]:
        policy = json.dumps(asked["PolicyDocument"])
        cloud.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    return {}


def _alarm(cloud: Cloud, asked: Properties) -> dict[str, str]:
    named = {"AlarmName": asked["MetricName"], "Threshold": float(asked.pop("Threshold"))}
    cloud.client("cloudwatch").put_metric_alarm(**named, **asked)
    return {}


def _budget(cloud: Cloud, asked: Properties) -> dict[str, str]:
    cloud.client("budgets").create_budget(AccountId=ACCOUNT, **asked)
    return {}


# In an order in which each is there before others refer to it.
MAKERS: dict[str, Callable[[Cloud, Properties], dict[str, str]]] = {
    "AWS::Lambda::Version": _version,
    "AWS::Lambda::Alias": _alias,
    "AWS::Lambda::Url": _url,
    "AWS::CloudFront::Function": _edge_function,
    "AWS::CloudFront::OriginAccessControl": _access,
    "AWS::CloudFront::ResponseHeadersPolicy": _headers,
    "AWS::CloudFront::Distribution": _distribution,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::Budgets::Budget": _budget,
}
