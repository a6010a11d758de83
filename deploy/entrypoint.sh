#!/bin/sh
# The image's entry point: on Lambda, which sets AWS_LAMBDA_RUNTIME_API, the function; elsewhere a command of
# `python -m runtime`. With `exec`, Python receives the signals.
set -eu
if [ -n "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
    exec python -m awslambdaric handler.handler
fi
if [ "${1:-serve}" = serve ]; then
    [ $# -eq 0 ] || shift
    set -- serve --host 0.0.0.0 --port "${PORT:-8000}" "$@" # if an option is given twice, the last one is used
fi
exec python -m runtime "$@"
