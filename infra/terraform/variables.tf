variable "region" {
  description = "Where everything lies"
  type        = string
}

variable "bucket" {
  description = "The name of the bucket, unique in the world"
  type        = string
}

variable "vpc_id" {
  description = "The network of the Kubernetes cluster"
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets for the database, in two zones at least"
  type        = list(string)
}

variable "cluster_security_group_id" {
  description = "The security group of the cluster's nodes: they alone reach the database"
  type        = string
}

variable "oidc_provider_arn" {
  description = "The cluster's identity provider"
  type        = string
}

variable "oidc_issuer" {
  description = "Its address without https://"
  type        = string
}

variable "namespace" {
  description = "The namespace of infra/kubernetes"
  type        = string
  default     = "mintmark"
}

variable "database_class" {
  description = "How large the database is"
  type        = string
  default     = "db.t4g.medium"
}
