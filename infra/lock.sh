#!/bin/sh
# Resolve pyproject.toml into the lock files: what runs, what servers on PostgreSQL with login need
# beside it, and the tools.
# A local build tag (torch's +cpu) is dropped: which build is installed is the machine's choice.
set -eu
uv=$1
rm -f requirements.lock requirements-servers.lock requirements-dev.lock
options="--quiet --no-header --no-annotate --python-version 3.11 --index-strategy unsafe-best-match"
[ -z "${PIP_FIND_LINKS:-}" ] || options="$options --find-links $PIP_FIND_LINKS"
$uv pip compile $options pyproject.toml -o requirements.lock
$uv pip compile $options --extra servers pyproject.toml -c requirements.lock -o servers.tmp
grep -vxF -f requirements.lock servers.tmp >requirements-servers.lock  # only what is beside it
rm servers.tmp
$uv pip compile $options --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock
sed -i 's/+cpu$//' requirements.lock requirements-dev.lock
