"""Writes the template of the zip that `make lambda-zip` built: template.yaml with another function in it.

`python -m deploy.zip_template FOLDER`, with the Python of AWS's tools (.venv/sam), prints it. The zip starts from a snapshot
(SnapStart) behind an alias, or from instances that are always ready (ProvisionedConcurrency). Models and index that are not
in the zip are fetched from the bucket, before the snapshot.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from deploy.new_version import ALIAS

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = "python3.13"
TMP_MAX_MB = 512  # a function with SnapStart has no more
OF_THE_IMAGE = ("ImageModels", "ImageIndex", "ImagePictures", "TmpSizeMb", "Architecture")
PROVISIONED = {
    "Type": "Number",
    "Default": 0,
    "MinValue": 0,
    "MaxValue": 1000,
    "Description": "Instances that are always ready, in place of the snapshot: each 1,769 MB are $19 a month, used or not",
}


def zip_template(template: dict[str, Any], *, architecture: str, has_models: bool, has_index: bool) -> dict[str, Any]:
    """Return the template of the zip that has, or has not, models and index in it; it lies beside the zip."""
    made: dict[str, Any] = json.loads(json.dumps(template))
    for name in OF_THE_IMAGE:
        del made["Parameters"][name]
    made["Parameters"]["ProvisionedConcurrency"] = PROVISIONED
    made["Description"] = str(template["Description"]).replace("an image function", "a zip function")
    made["Conditions"] |= {
        "HasRemoteModels": _always(not has_models),
        "HasRemoteIndex": _always(not has_index),
        "HasRemotePictures": _always(value=True),
        "HasProvisioned": {"Fn::Not": [{"Fn::Equals": [{"Ref": "ProvisionedConcurrency"}, 0]}]},
    }
    # What is in the zip is known when this is written, so three conditions always hold or never do.
    made["Metadata"] = {"cfn-lint": {"config": {"ignore_checks": ["W8003"]}}}
    function = made["Resources"]["Function"]
    del function["Metadata"]
    properties = function["Properties"]
    for name in ("PackageType", "EphemeralStorage"):
        del properties[name]
    none = {"Ref": "AWS::NoValue"}
    provisioned = {"ProvisionedConcurrentExecutions": {"Ref": "ProvisionedConcurrency"}}
    properties |= {
        "Runtime": RUNTIME,
        "Handler": "handler.handler",
        "CodeUri": f"{architecture}.zip",
        "Architectures": [architecture],
        "AutoPublishAlias": ALIAS,
        "AutoPublishAliasAllProperties": True,
        "SnapStart": {"ApplyOn": {"Fn::If": ["HasProvisioned", "None", "PublishedVersions"]}},
        "ProvisionedConcurrencyConfig": {"Fn::If": ["HasProvisioned", provisioned, none]},
    }
    for resource in made["Resources"].values():
        asked = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Permission" and asked["FunctionName"] == {"Ref": "Function"}:
            asked["FunctionName"] = {"Ref": "Function.Alias"}
    return made


def _always(value: bool) -> dict[str, Any]:
    return {"Fn::Equals": [str(value).lower(), "true"]}


def main() -> None:
    """Print the template for the zip beside FOLDER, which `deploy.lambda_zip` built."""
    parser = argparse.ArgumentParser(prog="python -m deploy.zip_template", description="Print the template of the zip.")
    parser.add_argument("folder", type=Path, help="the folder that the zip was made of, named for its architecture")
    given = parser.parse_args()
    from samtranslator.yaml_helper import yaml_parse

    artefacts = given.folder / "artifacts"
    made = zip_template(
        yaml_parse((ROOT / "template.yaml").read_text("utf-8")),
        architecture=given.folder.name,
        has_models=(artefacts / "models" / "manifest.json").is_file(),
        has_index=(artefacts / "index" / "manifest.json").is_file(),
    )
    print(json.dumps(made, indent=2))


if __name__ == "__main__":
    main()
