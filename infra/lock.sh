#!/bin/sh
# Resolve pyproject.toml into the two lock files: what runs, and the tools beside it.
# A local build tag (torch's +cpu) is dropped: which build is installed is the machine's choice.
set -eu
uv=$1
rm -f requirements.lock requirements-dev.lock
options="--quiet --no-header --no-annotate --python-version 3.11 --index-strategy unsafe-best-match"
[ -z "${PIP_FIND_LINKS:-}" ] || options="$options --find-links $PIP_FIND_LINKS"
$uv pip compile $options pyproject.toml -o requirements.lock
$uv pip compile $options --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock
sed -i 's/+cpu$//' requirements.lock requirements-dev.lock
