# Who may do what: the MLflow server its own prefix, workers the shared store and, to read, `data/`;
# each of them only as the service account of the cluster that bears its name.
locals {
  roles = {
    mlflow = { prefix = "mlflow", listed = ["mlflow", "mlflow/*"] }
    worker = { prefix = "store", listed = ["store", "store/*", "data", "data/*"] }
  }
}

data "aws_iam_policy_document" "assume" {
  for_each = local.roles
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [var.oidc_provider_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${var.oidc_issuer}:sub"
      values   = ["system:serviceaccount:${var.namespace}:${each.key}"]
    }
    condition {
      test     = "StringEquals"
      variable = "${var.oidc_issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "objects" {
  for_each = local.roles
  statement {
    actions = [
      "s3:GetObject",
      "s3:PutObject",
      "s3:DeleteObject",
      "s3:AbortMultipartUpload",
      "s3:ListMultipartUploadParts",
    ]
    resources = ["${aws_s3_bucket.mintmark.arn}/${each.value.prefix}/*"]
  }
  statement {
    actions   = ["s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [aws_s3_bucket.mintmark.arn]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = each.value.listed
    }
  }
  dynamic "statement" {
    for_each = each.key == "worker" ? ["data"] : []
    content {
      actions   = ["s3:GetObject"]
      resources = ["${aws_s3_bucket.mintmark.arn}/data/*"]
    }
  }
}

resource "aws_iam_role" "of" {
  for_each           = local.roles
  name               = "mintmark-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.assume[each.key].json
}

resource "aws_iam_role_policy" "of" {
  for_each = local.roles
  name     = "objects"
  role     = aws_iam_role.of[each.key].id
  policy   = data.aws_iam_policy_document.objects[each.key].json
}
