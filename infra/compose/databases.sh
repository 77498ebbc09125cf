#!/bin/sh
# Run once by PostgreSQL's image: a role for each server, which owns its databases and nothing else.
set -eu
psql -v ON_ERROR_STOP=1 --username postgres \
    -v prefect="$PREFECT_DATABASE_PASSWORD" -v mlflow="$MLFLOW_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE prefect LOGIN PASSWORD :'prefect';
CREATE ROLE mlflow LOGIN PASSWORD :'mlflow';
CREATE DATABASE prefect OWNER prefect;
CREATE DATABASE mlflow OWNER mlflow;
CREATE DATABASE users OWNER mlflow;
REVOKE CONNECT ON DATABASE prefect, mlflow, users FROM PUBLIC;
SQL
