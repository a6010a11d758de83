"""One event of a function URL through `handler.handler` of the folder this runs in; prints the status, the body, the memory.

Runs on Lambda's own Python, from an unpacked zip, with nothing else at hand.
"""

import json
import resource
import sys
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from mangum.types import LambdaContext

sys.path.insert(0, ".")
from handler import handler

answer = handler(json.loads(sys.argv[1]), cast("LambdaContext", None))  # nothing reads the context
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"status": answer["statusCode"], "body": json.loads(answer["body"]), "peak_mb": round(peak_mb, 1)}))
