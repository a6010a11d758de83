"""What AWS makes of template.yaml: SAM's own translation, as JSON. Run in the environment of AWS's tools."""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

template = yaml_parse(Path(sys.argv[1]).read_text("utf-8"))
function = template["Resources"]["Function"]["Properties"]
if function.get("PackageType") == "Image":
    function.setdefault("ImageUri", "123456789012.dkr.ecr.eu-central-1.amazonaws.com/lookwhy:1")
print(json.dumps(Translator({}, Parser()).translate(sam_template=template, parameter_values={})))
