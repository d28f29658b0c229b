#!/bin/sh
# Puts DuckDB beside the build, for `cargo bench --bench judging`.
set -eu
cd "$(dirname "$0")/../.."
python3 -m venv target/duckdb
target/duckdb/bin/pip install --quiet 'duckdb==1.5.6'
