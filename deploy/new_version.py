"""Has a function that starts from a snapshot start from a new one: a new version, to which its alias then points.

`python -m deploy.new_version --stack NAME`, after something was published. A version's snapshot holds the index that was
there when it was made. Functions without a snapshot need none, and are left alone.
"""

import argparse
import sys
from datetime import UTC, datetime
from typing import Any

from export.publish.s3 import REMEDY, read_outputs
from runtime.artefacts.aws import named_failures, open_client
from runtime.errors import LookwhyError

ALIAS = "live"  # deploy/zip_template.py makes it


def publish_version(function: str, client: Any) -> str | None:  # noqa: ANN401 (made at run time, has no type)
    """Return the version that the alias points to now, None where the function has no alias. The old one serves until then.

    Raises:
        RemoteRefused: AWS refused, or the snapshot could not be made; the alias points where it did.
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
        client.update_alias(FunctionName=function, Name=ALIAS, FunctionVersion=version)
    return version


def main() -> None:
    """Publish a version of the stack's function; exit code 1 with the reason where AWS refuses."""
    parser = argparse.ArgumentParser(prog="python -m deploy.new_version", description="Publish a version of the function.")
    parser.add_argument("--stack", default="lookwhy")
    given = parser.parse_args()
    try:
        function = read_outputs(given.stack)["FunctionName"]
        version = publish_version(function, open_client("lambda"))
    except LookwhyError as error:
        sys.exit(f"error: {error}")
    print(f"The function starts from version {version}." if version else "The function has no snapshot to renew.")


if __name__ == "__main__":
    main()
