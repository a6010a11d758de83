#!/bin/sh
# The image's one entry. On Lambda, which says where its runtime interface is, the function; elsewhere a command of
# `python -m runtime`. `exec` makes Python the process that gets the signals.
set -eu
if [ -n "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
    exec python -m awslambdaric handler.handler
fi
if [ "${1:-serve}" = serve ]; then
    [ $# -eq 0 ] || shift
    set -- serve --host 0.0.0.0 --port "${PORT:-8000}" "$@" # of an option given twice, the last counts
fi
exec python -m runtime "$@"
