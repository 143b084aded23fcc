# Made by tagwarden deploy terraform; made anew, it is written over.
# docs/terraform.md of tagwarden says how it is applied and what is in it.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

variable "account" {
  type        = string
  description = "The account whose events are sent on."
  nullable    = false
}

variable "bus" {
  type        = string
  description = "The bus that gets them."
  nullable    = false
}

variable "role" {
  type        = string
  description = "The role that sends them."
  nullable    = false
}

locals {
  account = var.account
}

# Calls of ec2, s3 that succeeded.
resource "aws_cloudwatch_event_rule" "calls" {
  name        = "tagwarden-all-of-it-calls"
  description = "Calls of ec2, s3 that succeeded."
  event_pattern = jsonencode({
    account       = [local.account]
    source        = ["aws.ec2", "aws.s3"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      errorCode   = [{ exists = false }]
      eventName   = ["CopyVolumes", "CreateFleet", "CreateVolume", "ModifyInstanceAttribute", "RunInstances", "CreateBucket"]
      eventSource = ["ec2.amazonaws.com", "s3.amazonaws.com"]
    }
  })
}

resource "aws_cloudwatch_event_target" "calls" {
  rule      = aws_cloudwatch_event_rule.calls.name
  target_id = "home"
  arn       = var.bus
  role_arn  = var.role
}

# Instances that come into a state.
resource "aws_cloudwatch_event_rule" "states" {
  name        = "tagwarden-all-of-it-states"
  description = "Instances that come into a state."
  event_pattern = jsonencode({
    account       = [local.account]
    source        = ["aws.ec2"]
    "detail-type" = ["EC2 Instance State-change Notification"]
    detail        = { state = ["running"] }
  })
}

resource "aws_cloudwatch_event_target" "states" {
  rule      = aws_cloudwatch_event_rule.states.name
  target_id = "home"
  arn       = var.bus
  role_arn  = var.role
}

# Changes of tags.
resource "aws_cloudwatch_event_rule" "tag_changes" {
  name        = "tagwarden-all-of-it-tag-changes"
  description = "Changes of tags."
  event_pattern = jsonencode({
    account       = [local.account]
    source        = ["aws.tag"]
    "detail-type" = ["Tag Change on Resource"]
    detail = {
      "changed-tag-keys" = [{ "anything-but" = ["tagwarden"] }]
      service            = ["ec2", "s3"]
    }
  })
}

resource "aws_cloudwatch_event_target" "tag_changes" {
  rule      = aws_cloudwatch_event_rule.tag_changes.name
  target_id = "home"
  arn       = var.bus
  role_arn  = var.role
}

# Changes that AWS Config saw.
resource "aws_cloudwatch_event_rule" "config_items" {
  name        = "tagwarden-all-of-it-config-items"
  description = "Changes that AWS Config saw."
  event_pattern = jsonencode({
    account       = [local.account]
    source        = ["aws.config"]
    "detail-type" = ["Config Configuration Item Change"]
    detail = {
      "$or" = [
        { configurationItem = { resourceType = [{ prefix = "AWS::EC2::" }, { prefix = "AWS::S3::" }] } },
        { configurationItemSummary = { resourceType = [{ prefix = "AWS::EC2::" }, { prefix = "AWS::S3::" }] } },
      ]
      messageType = ["ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification"]
    }
  })
}

resource "aws_cloudwatch_event_target" "config_items" {
  rule      = aws_cloudwatch_event_rule.config_items.name
  target_id = "home"
  arn       = var.bus
  role_arn  = var.role
}
