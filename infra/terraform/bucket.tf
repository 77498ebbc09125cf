provider "aws" {
  region = var.region
}

# Content, checkpoints, artifacts and backups: encrypted, versioned, never public, TLS alone
resource "aws_s3_bucket" "mintmark" {
  bucket = var.bucket
}

resource "aws_s3_bucket_public_access_block" "mintmark" {
  bucket                  = aws_s3_bucket.mintmark.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "mintmark" {
  bucket = aws_s3_bucket.mintmark.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "mintmark" {
  bucket = aws_s3_bucket.mintmark.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "mintmark" {
  bucket = aws_s3_bucket.mintmark.id
  rule {
    id     = "what-was-never-ended"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
  rule {
    id     = "old-versions"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = 30
    }
  }
}

data "aws_iam_policy_document" "tls_alone" {
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.mintmark.arn, "${aws_s3_bucket.mintmark.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "mintmark" {
  bucket = aws_s3_bucket.mintmark.id
  policy = data.aws_iam_policy_document.tls_alone.json
}
