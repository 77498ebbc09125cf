#!/bin/sh
# Prefect with login on a database: `prefect.sh migrate` once, before the servers of a new version
# start, then `prefect.sh serve`. Everything comes from the environment; no secret has a default.
set -eu
: "${PREFECT_SERVER_DATABASE_CONNECTION_URL:?the database: postgresql+asyncpg://...}"
: "${PYTHON:=python}"
export DO_NOT_TRACK=1 PREFECT_SERVER_ANALYTICS_ENABLED=false
case "${1:-}" in
migrate)
    exec "$PYTHON" -m prefect server database upgrade --yes
    ;;
serve)
    : "${PREFECT_SERVER_API_AUTH_STRING:?the login that clients must give: USER:PASSWORD}"
    export PREFECT_SERVER_DATABASE_MIGRATE_ON_START=false
    # slots that a run holds outlive a restart of the server
    export PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE=prefect.server.concurrency.lease_storage.filesystem
    exec "$PYTHON" -m prefect server start --host "${PREFECT_HOST:-127.0.0.1}" --port "${PREFECT_PORT:-4200}"
    ;;
*)
    echo "usage: prefect.sh migrate|serve" >&2
    exit 2
    ;;
esac
