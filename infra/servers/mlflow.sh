#!/bin/sh
# MLflow with login on a database: `mlflow.sh migrate` once, before the servers of a new version
# start, then `mlflow.sh serve`. Everything comes from the environment; no secret has a default,
# and none is an argument that other processes could read.
set -eu
: "${MLFLOW_BACKEND_STORE_URI:?the database of runs and versions: postgresql://...}"
: "${MLFLOW_AUTH_DATABASE_URI:?the database of users: postgresql://...}"
: "${PYTHON:=python}"
case "${1:-}" in
migrate)
    "$PYTHON" -c 'import os; from mlflow.cli import cli
cli(["db", "upgrade", os.environ["MLFLOW_BACKEND_STORE_URI"]])'
    # the users' tables are made by the server, under a lock of the database
    ;;
serve)
    : "${MINTMARK_ARTIFACTS:?where artifacts are kept: s3://BUCKET/PREFIX}"
    : "${MLFLOW_AUTH_ADMIN_PASSWORD:?the first password of the administrator}"
    : "${MLFLOW_FLASK_SERVER_SECRET_KEY:?a long random text, the same for all servers}"
    umask 077
    export MLFLOW_AUTH_CONFIG_PATH="${MLFLOW_AUTH_CONFIG_PATH:-${TMPDIR:-/tmp}/mlflow-auth.ini}"
    # A user may read everything, and change what is their own. A password is not worked through for
    # each request again: a version has some 20 files. One that is changed by another server's
    # interface holds for up to a minute more.
    cat >"$MLFLOW_AUTH_CONFIG_PATH" <<SETTINGS
[mlflow]
default_permission = ${MLFLOW_DEFAULT_PERMISSION:-READ}
database_uri = $(printf %s "$MLFLOW_AUTH_DATABASE_URI" | sed 's/%/%%/g')
admin_username = ${MLFLOW_AUTH_ADMIN_USERNAME:-admin}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = ${MLFLOW_AUTH_CACHE_SECONDS:-60}
SETTINGS
    export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
    export MLFLOW_DISABLE_TELEMETRY=true
    exec "$PYTHON" -m mlflow server --app-name basic-auth --artifacts-destination "$MINTMARK_ARTIFACTS" \
        --host "${MLFLOW_HOST:-127.0.0.1}" --port "${MLFLOW_PORT:-5000}" --workers "${MLFLOW_WORKERS:-1}" \
        --allowed-hosts "${MLFLOW_ALLOWED_HOSTS:-localhost:*,127.0.0.1:*}"
    ;;
*)
    echo "usage: mlflow.sh migrate|serve" >&2
    exit 2
    ;;
esac
