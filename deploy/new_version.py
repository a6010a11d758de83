"""Has a function that starts from a snapshot start from a new one: a new version, to which its alias then points.

`python -m deploy.new_version --stack NAME`, after something was published. A version's snapshot holds the index that was
there when it was made. Functions without a snapshot need none, and are left alone. Versions that nothing needs any more are
removed (old_versions.py).
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import Any

from deploy.old_versions import remove_old_versions, versions_of
from export.publish.s3 import REMEDY, read_outputs
from runtime.artefacts.remote.aws import named_failures, open_client
from runtime.errors import LookwhyError, RemoteRefused

ALIAS = "live"  # deploy/zip_template.py makes it
READY, UNAUTHORIZED = 200, 401  # one that asks for a token answers nothing before it is ready
READYZ: dict[str, Any] = {  # as a function URL sends it
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/readyz",
    "rawQueryString": "",
    "headers": {"host": "localhost", "x-forwarded-proto": "https"},
    "requestContext": {"http": {"method": "GET", "path": "/readyz", "sourceIp": "127.0.0.1"}, "stage": "$default"},
    "isBase64Encoded": False,
}


def publish_version(function: str, client: Any) -> str | None:  # noqa: ANN401 (made at run time, has no type)
    """Return the version that the alias points to now, None where the function has no alias.

    Raises:
        RemoteRefused: AWS refused, the snapshot could not be made, or the version is not ready; the one before serves on.
    """
    with named_failures(f"The function {function}", REMEDY):
        aliases = [alias["Name"] for alias in client.list_aliases(FunctionName=function)["Aliases"]]
        if ALIAS not in aliases:
            return None
        # Lambda makes a version only of what differs from the last one, so the description says when.
        client.update_function_configuration(
            FunctionName=function, Description=f"Published {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
        )
        client.get_waiter("function_updated_v2").wait(FunctionName=function)
        version = str(client.publish_version(FunctionName=function)["Version"])
        client.get_waiter("published_version_active").wait(FunctionName=function, Qualifier=version)
        told = json.load(client.invoke(FunctionName=function, Qualifier=version, Payload=json.dumps(READYZ))["Payload"])
        if told.get("statusCode") not in {READY, UNAUTHORIZED}:
            raise RemoteRefused(
                f"Version {version} of {function}", f"it is not ready ({_reason(told)})", "Its log says more."
            )
        client.update_alias(FunctionName=function, Name=ALIAS, FunctionVersion=version)
    return version


def _reason(told: dict[str, Any]) -> str:
    return str(told.get("errorMessage") or told.get("statusCode", "it did not answer"))


def main() -> None:
    """Publish a version of the stack's function; exit code 1 with the reason where AWS refuses."""
    parser = argparse.ArgumentParser(prog="python -m deploy.new_version", description="Publish a version of the function.")
    parser.add_argument("--stack", default="lookwhy")
    given = parser.parse_args()
    try:
        function, client = read_outputs(given.stack)["FunctionName"], open_client("lambda")
        version = publish_version(function, client)
        if version:
            remove_old_versions(function, client, versions_of(given.stack))
    except LookwhyError as error:
        sys.exit(f"error: {error}")
    print(f"The function starts from version {version}." if version else "The function has no snapshot to renew.")


if __name__ == "__main__":
    main()
