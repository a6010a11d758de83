"""Removes versions of the function that nothing points to: each costs money for its snapshot as long as it is there.

`python -m deploy.old_versions --stack NAME`, after a deployment. Kept are those that an alias points to, the one before, and
the one that the stack itself made last, to which CloudFormation returns where its next deployment fails.
"""

import argparse
import sys
from collections.abc import Collection
from typing import Any

from export.publish.s3 import REMEDY, read_outputs
from runtime.artefacts.remote.aws import named_failures, open_client
from runtime.errors import LookwhyError

LATEST = "$LATEST"  # what is deployed, which is no version
VERSION_TYPE = "AWS::Lambda::Version"


def remove_old_versions(
    function: str,
    client: Any,  # noqa: ANN401 (made at run time, has no type)
    kept: Collection[str] = (),
) -> list[str]:
    """Return the numbers of the versions that were removed, oldest first; none where no alias points to any.

    Args:
        function: its name.
        client: boto3's of Lambda.
        kept: numbers of versions that stay, beside those that aliases point to, and the newest older than these.

    Raises:
        RemoteRefused: AWS refused; what was removed by then stays removed.
    """
    with named_failures(f"The function {function}", REMEDY):
        aliases = client.list_aliases(FunctionName=function)["Aliases"]
        pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
        numbers = sorted(int(one["Version"]) for page in pages for one in page["Versions"] if one["Version"] != LATEST)
        served = [int(alias["FunctionVersion"]) for alias in aliases if alias["FunctionVersion"] != LATEST]
        if not served:
            return []
        before = [number for number in numbers if number < min(served)][-1:]
        staying = {*served, *before, *map(int, kept)}
        old = [str(number) for number in numbers if number not in staying and number < max(served)]
        for version in old:
            client.delete_function(FunctionName=function, Qualifier=version)
    return old


def versions_of(stack: str) -> list[str]:
    """Return the numbers of the versions that a stack's last deployment made.

    Raises:
        RemoteRefused: there is no such stack, or AWS cannot be asked.
    """
    with named_failures(f"The stack {stack}", REMEDY):
        resources = open_client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    made = [one.get("PhysicalResourceId", "") for one in resources if one.get("ResourceType") == VERSION_TYPE]
    return [arn.rpartition(":")[2] for arn in made if arn]  # one that could not be made has no name


def main() -> None:
    """Remove old versions of the stack's function; exit code 1 with the reason where AWS refuses."""
    parser = argparse.ArgumentParser(prog="python -m deploy.old_versions", description="Remove what nothing points to.")
    parser.add_argument("--stack", default="lookwhy")
    given = parser.parse_args()
    try:
        function = read_outputs(given.stack)["FunctionName"]
        old = remove_old_versions(function, open_client("lambda"), versions_of(given.stack))
    except LookwhyError as error:
        sys.exit(f"error: {error}")
    print(f"Removed old versions of the function: {', '.join(old) or 'none'}.")


if __name__ == "__main__":
    main()
