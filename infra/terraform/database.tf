# PostgreSQL, reached by the cluster's nodes alone; the master password is made and kept by AWS
resource "aws_db_subnet_group" "mintmark" {
  name       = "mintmark"
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "database" {
  name        = "mintmark-database"
  description = "PostgreSQL from the nodes of the cluster"
  vpc_id      = var.vpc_id
  ingress {
    description     = "PostgreSQL"
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    security_groups = [var.cluster_security_group_id]
  }
}

resource "aws_db_parameter_group" "mintmark" {
  name   = "mintmark"
  family = "postgres15"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_instance" "mintmark" {
  identifier                  = "mintmark"
  engine                      = "postgres"
  engine_version              = "15"
  instance_class              = var.database_class
  allocated_storage           = 50
  max_allocated_storage       = 500
  storage_encrypted           = true
  username                    = "postgres"
  manage_master_user_password = true
  db_subnet_group_name        = aws_db_subnet_group.mintmark.name
  parameter_group_name        = aws_db_parameter_group.mintmark.name
  vpc_security_group_ids      = [aws_security_group.database.id]
  publicly_accessible         = false
  multi_az                    = true
  backup_retention_period     = 14
  deletion_protection         = true
  skip_final_snapshot         = false
  final_snapshot_identifier   = "mintmark-last"
}
