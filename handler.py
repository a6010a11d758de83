"""AWS Lambda's entry: settings -> engine -> app -> Mangum; nothing else. The one file that does work at import."""

from mangum import Mangum

from runtime.api import create_app
from runtime.opening import open_engine
from runtime.settings import Settings

settings = Settings.read()
# Loaded here, in Lambda's init. The lifespan is off: Mangum would run it on every invocation.
handler = Mangum(create_app(open_engine(settings), settings), lifespan="off")
