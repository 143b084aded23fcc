# Made by tagwarden deploy terraform; made anew, it is written over.
# docs/terraform.md of tagwarden says how it is applied and what is in it.

locals {
  home_bus = "arn:${local.partition}:events:${var.region}:${local.account}:event-bus/default"
}

resource "aws_iam_role" "forwarding" {
  name_prefix = "tagwarden-all-of-it-forwarding-"
  description = "Lets rules send events on to another region."
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

resource "aws_iam_role_policy" "forwarding" {
  name = "send"
  role = aws_iam_role.forwarding.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = local.home_bus
    }]
  })
}

module "forwarding_ap_south_1" {
  count     = var.region == "ap-south-1" ? 0 : 1
  source    = "./forwarding"
  providers = { aws = aws.ap_south_1 }
  account   = local.account
  bus       = local.home_bus
  role      = aws_iam_role.forwarding.arn
}

module "forwarding_us_east_1" {
  count     = var.region == "us-east-1" ? 0 : 1
  source    = "./forwarding"
  providers = { aws = aws.us_east_1 }
  account   = local.account
  bus       = local.home_bus
  role      = aws_iam_role.forwarding.arn
}
