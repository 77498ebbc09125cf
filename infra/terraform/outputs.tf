output "database_address" {
  description = "For PREFECT_SERVER_DATABASE_CONNECTION_URL and MLFLOW_BACKEND_STORE_URI"
  value       = aws_db_instance.mintmark.address
}

output "roles" {
  description = "For the annotations in infra/kubernetes/base/accounts.yaml"
  value       = { for name, role in aws_iam_role.of : name => role.arn }
}

output "store" {
  description = "For MINTMARK_STORE and MINTMARK_ARTIFACTS"
  value = {
    store     = "s3://${aws_s3_bucket.mintmark.id}/store"
    artifacts = "s3://${aws_s3_bucket.mintmark.id}/mlflow"
  }
}
