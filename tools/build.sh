#!/bin/sh
# build.sh [ARCHITECTURE]: builds what is deployed into .aws-sam/build, for arm64 unless said otherwise.
set -eu
cd "$(dirname "$0")/.."
architecture=${1:-arm64} folder=.aws-sam/build
export SAM_CLI_TELEMETRY=0 PATH="$PWD/.tools/python3.13/bin:$PATH"
# What sam prints when it is done is advice on what to type next, and not ours.
.tools/sam/bin/sam build --cached --build-dir "$folder" --parameter-overrides "Architecture=$architecture" >/dev/null
python3.13 tools/finish_build.py "$folder"
