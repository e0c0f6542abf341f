#!/bin/sh
# Pins every requirement with the hashes of all its wheels. The tests' pins come first and bound the others, so that what is tested is what ships.
set -eu
cd "$(dirname "$0")/.."
lock() { # output, input, more arguments
    output=$1 input=$2
    shift 2
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade "$@" --output-file "$output" "$input"
}
lock requirements/test.txt requirements/test.in
lock requirements/run.txt requirements/run.in --constraint requirements/test.txt
lock shared/requirements.txt requirements/layer.in --constraint requirements/test.txt
lock functions/exports/requirements.txt requirements/exports.in --constraint requirements/test.txt
lock requirements/ministack.txt requirements/ministack.in
lock requirements/sam.txt requirements/sam.in
lock requirements/bench.txt requirements/bench.in
if grep -nE '://|--(extra-)?index-url|--find-links| @ |/(home|root|Users)/' requirements/*.txt shared/requirements.txt functions/exports/requirements.txt; then
    echo "The lines above name a place that only this machine may know." >&2
    exit 1
fi
