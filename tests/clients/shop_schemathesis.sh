#!/bin/sh
# Calls a running shop in every way that its published description allows, and in many that it does not; every answer must
# be one that the description promises. The seed is fixed, examples are counted.
#
#   tests/clients/shop_schemathesis.sh http://127.0.0.1:8080
#
# Everything is in it by default and takes minutes; with `PHASES=examples,coverage` it is what the description enumerates.
# `SCHEMATHESIS` names the program; `python -m pip install schemathesis` brings it, and `.ci/clients` the one that is pinned.
set -eu
shop=${1:?the address of a running shop}
here=$(cd "$(dirname "$0")" && pwd)
# It leaves a cache where it runs.
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
"${SCHEMATHESIS:-schemathesis}" --config-file "$here/shop_schemathesis.toml" run "$shop/openapi.json" \
    --phases "${PHASES:-examples,coverage,fuzzing,stateful}" --generation-deterministic \
    --seed 20261123 --max-examples "${EXAMPLES:-15}" --workers 1 --request-timeout 10 \
    --no-color --continue-on-failure
