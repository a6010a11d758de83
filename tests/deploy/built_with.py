"""What `sam build` would build of template.yaml with these parameters, by SAM's own reading. For the Python of .venv/sam."""

import json
import sys

from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

template, *overrides = sys.argv[1:]
parameters = dict(override.split("=", 1) for override in overrides)
stacks, _ = SamLocalStackProvider.get_stacks(template, parameter_overrides=parameters)
[function] = [one for one in SamFunctionProvider(stacks).get_all() if one.name == "Function"]
print(json.dumps({"architecture": function.architecture, "args": (function.metadata or {})["DockerBuildArgs"]}))
