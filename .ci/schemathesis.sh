#!/usr/bin/env bash
# Sends what schemathesis makes up from the OpenAPI document to every operation, as an admin.
#
#   .ci/schemathesis.sh BOOKING VENV [ARGUMENT...]
#
# BOOKING is the program, VENV a Python environment in which schemathesis is installed. The arguments are added to
# those of "schemathesis run". A server error, and an answer that is not as documented, make it fail.
set -euo pipefail
BOOKING="$(realpath "$1")" venv="$(realpath "$2")"
shift 2
here="$(cd "$(dirname "$0")" && pwd)"
work="$(mktemp -d)"
RATE_LIMIT_ENABLED=false "$BOOKING" dev --ephemeral --addr 127.0.0.1:0 --hotels 20 >"$work/guide" 2>"$work/log" &
program=$!
trap 'kill -INT $program 2>/dev/null || true; wait $program || true; rm -rf "$work"' EXIT
until grep -q Ctrl-C "$work/guide"; do
	kill -0 $program 2>/dev/null || { cat "$work/log"; exit 1; }
	sleep 0.1
done
BOOKING_URL="$(sed -nE 's/^ *API +(http\S+).*/\1/p' "$work/guide")"
BOOKING_DATABASE="$(sed -nE "s/.*psql '([^']+)'.*/\1/p" "$work/guide")"
export BOOKING BOOKING_URL BOOKING_DATABASE

cp "$here/schemathesis.py" "$work/hooks.py"
# One worker: the order of the requests is the same each time, and compiling in threads is faulty in Python 3.11.
cd "$work"
failed=0
SCHEMATHESIS_HOOKS=hooks PYTHONPATH="$work" "$venv/bin/schemathesis" run "$BOOKING_URL/openapi.json" \
	--checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,negative_data_rejection,unsupported_method \
	--phases examples,coverage,fuzzing,stateful --max-examples 60 --generation-deterministic \
	--workers 1 --request-timeout 30 --warnings off --no-color "$@" || failed=$?
# What is unexpected is answered by a problem like any other, and told in the log.
! grep '"level":"ERROR"' "$work/log" || failed=1
exit $failed
