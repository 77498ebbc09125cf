#!/bin/sh
# SeaweedFS with keys from the environment. Without the signing keys, its inner port would hand
# out every object to anyone on the network. A worker writes `store/` and reads `data/`.
set -eu
umask 077
cd "${TMPDIR:-/tmp}"
cat >s3.json <<KEYS
{"identities": [
  {"name": "mintmark",
   "credentials": [{"accessKey": "$S3_ACCESS_KEY", "secretKey": "$S3_SECRET_KEY"}],
   "actions": ["Admin", "Read", "List", "Tagging", "Write"]},
  {"name": "worker",
   "credentials": [{"accessKey": "$S3_WORKER_ACCESS_KEY", "secretKey": "$S3_WORKER_SECRET_KEY"}],
   "actions": ["Read:mintmark/store/*", "Write:mintmark/store/*", "List:mintmark/store/*",
               "Read:mintmark/data/*", "List:mintmark/data*"]}]}
KEYS
for section in jwt.signing jwt.signing.read jwt.filer_signing jwt.filer_signing.read; do
    printf '[%s]\nkey = "%s"\n' "$section" "$S3_SIGNING_KEY"
done >security.toml
exec weed server -dir=/data -ip=127.0.0.1 -ip.bind=0.0.0.0 -s3 -s3.port=8333 -s3.config=s3.json \
    -s3.port.iceberg=0 -s3.allowDeleteBucketNotEmpty=false -volume.max=0 \
    -master.volumeSizeLimitMB=1024 -volume.preStopSeconds=0 -master.telemetry=false
