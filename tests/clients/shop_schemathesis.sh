#!/bin/sh
# Calls a running shop in every way that its published description allows, and in many that it does not; every answer must
# be one that the description promises. The seed is fixed, examples and time are bounded.
#
#   tests/clients/shop_schemathesis.sh http://127.0.0.1:8080
#
# `SCHEMATHESIS` names the program; `python -m pip install schemathesis` brings it.
set -eu
shop=${1:?the address of a running shop}
here=$(cd "$(dirname "$0")" && pwd)
# It leaves a cache where it runs.
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
"${SCHEMATHESIS:-schemathesis}" --config-file "$here/shop_schemathesis.toml" run "$shop/openapi.json" \
    --seed 20261123 --max-examples "${EXAMPLES:-15}" --workers 1 --max-time "${MAX_TIME_S:-120}" --request-timeout 10 \
    --no-color --continue-on-failure
