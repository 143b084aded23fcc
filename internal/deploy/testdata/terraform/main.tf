# Made by tagwarden deploy terraform; made anew, it is written over.
# docs/terraform.md of tagwarden says how it is applied and what is in it.

data "aws_caller_identity" "current" {
}

data "aws_partition" "current" {
}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
}

# HOOK_SECRET of the policy files. Its value is in the state of Terraform, and in no file.
data "aws_secretsmanager_secret_version" "hook_secret" {
  secret_id = var.hook_secret
}

# PAY_WEBHOOK of the policy files. Its value is in the state of Terraform, and in no file.
data "aws_secretsmanager_secret_version" "pay_webhook_secret" {
  secret_id = var.pay_webhook_secret
}

# TOKEN of the policy files. Its value is in the state of Terraform, and in no file.
data "aws_secretsmanager_secret_version" "token_secret" {
  secret_id = var.token_secret
}

# The function.
resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/tagwarden-all-of-it"
  retention_in_days = var.log_days
}

# The package: the file beside these, where no bucket is named.
locals {
  from_file      = var.package_bucket == ""
  package        = "${path.module}/function.zip"
  package_sha256 = fileexists(local.package) ? filebase64sha256(local.package) : ""
}

# What Lambda has tried three times goes into the queue, from which it is tried again.
resource "aws_lambda_function" "function" {
  function_name    = "tagwarden-all-of-it"
  description      = "Policies of all.of-it, release 8661341f0ce2"
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = local.from_file ? local.package : null
  s3_bucket        = local.from_file ? null : var.package_bucket
  s3_key           = local.from_file ? null : var.package_key
  source_code_hash = local.from_file ? local.package_sha256 : null
  role             = aws_iam_role.function.arn
  memory_size      = 512
  timeout          = 900

  # A change of anything here, of a variable or of a secret makes a new version.
  publish = true

  environment {
    variables = {
      EXCEPTION        = var.exception
      HOOK_SECRET      = data.aws_secretsmanager_secret_version.hook_secret.secret_string
      LEDGER           = var.ledger
      OPS              = local.ops_topic
      PAY_WEBHOOK      = data.aws_secretsmanager_secret_version.pay_webhook_secret.secret_string
      SES_FROM         = var.ses_from
      SES_TO           = var.ses_to
      TAGWARDEN_POLICY = "tagwarden.yaml"
      TAGWARDEN_TOPICS = "made=${local.channel_made_topic}"
      TOKEN            = data.aws_secretsmanager_secret_version.token_secret.secret_string
    }
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function.name
  }

  dead_letter_config {
    target_arn = aws_sqs_queue.retries.arn
  }

  lifecycle {
    precondition {
      condition     = !local.from_file || local.package_sha256 != ""
      error_message = "There is no function.zip beside these files: write it with --package, put it there, or name a bucket with package_bucket."
    }
  }

  depends_on = [aws_iam_role_policy.function]
}

# Everything calls this alias.
resource "aws_lambda_alias" "prod" {
  name             = "PROD"
  function_name    = aws_lambda_function.function.function_name
  function_version = var.alias_version == "" ? aws_lambda_function.function.version : var.alias_version
}

resource "aws_lambda_function_event_invoke_config" "prod" {
  function_name                = aws_lambda_function.function.function_name
  qualifier                    = aws_lambda_alias.prod.name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600
}

# The role of the function.
resource "aws_iam_role" "function" {
  name_prefix = "tagwarden-all-of-it-function-"
  description = "What the policies need, and no more."
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  name = "function"
  role = aws_iam_role.function.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.function.arn}:*"
      },
      {
        Sid      = "Retry"
        Effect   = "Allow"
        Action   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"]
        Resource = aws_sqs_queue.retries.arn
      },
    ]
  })
}

# As tagwarden iam computes them: tagwarden iam --explain says which policy needs which.
resource "aws_iam_policy" "permissions_1" {
  name_prefix = "tagwarden-all-of-it-permissions-1-"
  description = "Permissions of tagwarden."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Read"
        Effect = "Allow"
        Action = [
          "autoscaling:DescribeAutoScalingGroups",
          "cloudtrail:LookupEvents",
          "ec2:DescribeInstances",
          "ec2:DescribeSpotInstanceRequests",
          "ec2:DescribeVolumes",
          "tag:GetResources",
        ]
        Resource  = ["*"]
        Condition = { StringEquals = { "aws:RequestedRegion" = ["ap-south-1", "us-east-1"] } }
      },
      {
        Sid       = "ReadEC2"
        Effect    = "Allow"
        Action    = ["ec2:DescribeInstanceAttribute"]
        Resource  = ["arn:${local.partition}:ec2:*:${local.account}:instance/*"]
        Condition = { StringEquals = { "aws:RequestedRegion" = ["ap-south-1", "us-east-1"] } }
      },
      {
        Sid       = "ReadS3"
        Effect    = "Allow"
        Action    = ["s3:GetBucketTagging"]
        Resource  = ["arn:${local.partition}:s3:::*"]
        Condition = { StringEquals = { "aws:RequestedRegion" = ["ap-south-1", "us-east-1"] } }
      },
      {
        Sid      = "ReadS3No2"
        Effect   = "Allow"
        Action   = ["s3:ListAllMyBuckets"]
        Resource = ["*"]
      },
      {
        Sid      = "TagEC2"
        Effect   = "Allow"
        Action   = ["ec2:CreateTags"]
        Resource = ["arn:${local.partition}:ec2:*:${local.account}:instance/*", "arn:${local.partition}:ec2:*:${local.account}:volume/*"]
        Condition = {
          "ForAllValues:StringEquals" = { "aws:TagKeys" = ["Owner"] }
          Null                        = { "aws:TagKeys" = ["false"] }
          StringEquals                = { "aws:RequestedRegion" = ["ap-south-1", "us-east-1"] }
        }
      },
      {
        Sid      = "TagEC2No2"
        Effect   = "Allow"
        Action   = ["ec2:DeleteTags"]
        Resource = ["arn:${local.partition}:ec2:*:${local.account}:instance/*"]
        Condition = {
          "ForAllValues:StringEquals" = { "aws:TagKeys" = ["tagwarden"] }
          Null                        = { "aws:TagKeys" = ["false"] }
          StringEquals                = { "aws:RequestedRegion" = ["ap-south-1", "us-east-1"] }
        }
      },
      {
        Sid       = "TagS3"
        Effect    = "Allow"
        Action    = ["s3:PutBucketTagging"]
        Resource  = ["arn:${local.partition}:s3:::*"]
        Condition = { StringEquals = { "aws:RequestedRegion" = ["ap-south-1", "us-east-1"] } }
      },
      {
        Sid       = "ActEC2"
        Effect    = "Allow"
        Action    = ["ec2:StopInstances"]
        Resource  = ["arn:${local.partition}:ec2:*:${local.account}:instance/*"]
        Condition = { StringEquals = { "aws:RequestedRegion" = ["ap-south-1", "us-east-1"] } }
      },
      {
        Sid      = "TellConfig"
        Effect   = "Allow"
        Action   = ["config:PutEvaluations"]
        Resource = ["*"]
      },
      {
        Sid      = "TellEventBridge"
        Effect   = "Allow"
        Action   = ["events:PutEvents"]
        Resource = ["arn:${local.partition}:events:${var.region}:${local.account}:event-bus/default"]
        Condition = {
          "ForAllValues:StringEquals" = { "events:source" = ["tagwarden"] }
          StringEquals                = { "events:detail-type" = ["tagwarden Outcome"] }
        }
      },
      {
        Sid    = "TellSES"
        Effect = "Allow"
        Action = ["ses:SendEmail"]
        Resource = [
          "arn:${local.partition}:ses:eu-west-1:${local.account}:identity/example.com",
          "arn:${local.partition}:ses:eu-west-1:${local.account}:identity/${var.ses_from}",
        ]
        Condition = { StringEquals = { "ses:FromAddress" = [var.ses_from] } }
      },
      {
        Sid      = "TellSNS"
        Effect   = "Allow"
        Action   = ["sns:Publish"]
        Resource = [local.channel_made_topic, local.ops_topic]
      },
      {
        Sid    = "RememberDynamoDB"
        Effect = "Allow"
        Action = [
          "dynamodb:BatchGetItem",
          "dynamodb:BatchWriteItem",
          "dynamodb:ConditionCheckItem",
          "dynamodb:DeleteItem",
          "dynamodb:PutItem",
          "dynamodb:UpdateItem",
        ]
        Resource = ["arn:${local.partition}:dynamodb:${var.region}:${local.account}:table/${var.ledger}"]
      },
      {
        Sid    = "RememberDynamoDBNo2"
        Effect = "Allow"
        Action = ["dynamodb:Query"]
        Resource = [
          "arn:${local.partition}:dynamodb:${var.region}:${local.account}:table/${var.ledger}",
          "arn:${local.partition}:dynamodb:${var.region}:${local.account}:table/${var.ledger}/index/*",
        ]
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "permissions_1" {
  role       = aws_iam_role.function.name
  policy_arn = aws_iam_policy.permissions_1.arn
}

# What failed waits here, is tried five times more, and then goes to the dead letters.
# AWS wants the visibility timeout to be six times that of the function.
resource "aws_sqs_queue" "retries" {
  name                       = "tagwarden-all-of-it-retries"
  visibility_timeout_seconds = 5400
  message_retention_seconds  = 1209600
  sqs_managed_sse_enabled    = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = "tagwarden-all-of-it-dead-letters"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.dead_letters.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.dead_letters.arn
        Condition = {
          ArnEquals = {
            "aws:SourceArn" = [
              aws_cloudwatch_event_rule.calls.arn,
              aws_cloudwatch_event_rule.states.arn,
              aws_cloudwatch_event_rule.tag_changes.arn,
              aws_cloudwatch_event_rule.config_items.arn,
              aws_cloudwatch_event_rule.outcomes.arn,
            ]
          }
        }
      },
    ]
  })
}

resource "aws_lambda_event_source_mapping" "retries" {
  event_source_arn        = aws_sqs_queue.retries.arn
  function_name           = aws_lambda_alias.prod.arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 2
  }
}

# Calls of ec2, s3 that succeeded.
resource "aws_cloudwatch_event_rule" "calls" {
  name        = "tagwarden-all-of-it-calls"
  description = "Calls of ec2, s3 that succeeded."
  event_pattern = jsonencode({
    account       = [local.account]
    region        = ["ap-south-1", "us-east-1"]
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
  target_id = "function"
  arn       = aws_lambda_alias.prod.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }
}

resource "aws_lambda_permission" "calls" {
  statement_id  = "Calls"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  qualifier     = aws_lambda_alias.prod.name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.calls.arn
}

# Instances that come into a state.
resource "aws_cloudwatch_event_rule" "states" {
  name        = "tagwarden-all-of-it-states"
  description = "Instances that come into a state."
  event_pattern = jsonencode({
    account       = [local.account]
    region        = ["ap-south-1", "us-east-1"]
    source        = ["aws.ec2"]
    "detail-type" = ["EC2 Instance State-change Notification"]
    detail        = { state = ["running"] }
  })
}

resource "aws_cloudwatch_event_target" "states" {
  rule      = aws_cloudwatch_event_rule.states.name
  target_id = "function"
  arn       = aws_lambda_alias.prod.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }
}

resource "aws_lambda_permission" "states" {
  statement_id  = "States"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  qualifier     = aws_lambda_alias.prod.name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.states.arn
}

# Changes of tags.
resource "aws_cloudwatch_event_rule" "tag_changes" {
  name        = "tagwarden-all-of-it-tag-changes"
  description = "Changes of tags."
  event_pattern = jsonencode({
    account       = [local.account]
    region        = ["ap-south-1", "us-east-1"]
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
  target_id = "function"
  arn       = aws_lambda_alias.prod.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }
}

resource "aws_lambda_permission" "tag_changes" {
  statement_id  = "TagChanges"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  qualifier     = aws_lambda_alias.prod.name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.tag_changes.arn
}

# Changes that AWS Config saw.
resource "aws_cloudwatch_event_rule" "config_items" {
  name        = "tagwarden-all-of-it-config-items"
  description = "Changes that AWS Config saw."
  event_pattern = jsonencode({
    account       = [local.account]
    region        = ["ap-south-1", "us-east-1"]
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
  target_id = "function"
  arn       = aws_lambda_alias.prod.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }
}

resource "aws_lambda_permission" "config_items" {
  statement_id  = "ConfigItems"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  qualifier     = aws_lambda_alias.prod.name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.config_items.arn
}

# What other policies did.
resource "aws_cloudwatch_event_rule" "outcomes" {
  name        = "tagwarden-all-of-it-outcomes"
  description = "What other policies did."
  event_pattern = jsonencode({
    account       = [local.account]
    source        = ["tagwarden"]
    "detail-type" = ["tagwarden Outcome"]
    detail = {
      action = ["stop"]
      name   = ["all.of-it"]
      policy = ["stop-it"]
      state  = ["done"]
    }
  })
}

resource "aws_cloudwatch_event_target" "outcomes" {
  rule      = aws_cloudwatch_event_rule.outcomes.name
  target_id = "function"
  arn       = aws_lambda_alias.prod.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }
}

resource "aws_lambda_permission" "outcomes" {
  statement_id  = "Outcomes"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  qualifier     = aws_lambda_alias.prod.name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.outcomes.arn
}

# Schedules. One is for all policies that it is told for.
resource "aws_scheduler_schedule_group" "schedules" {
  name = "tagwarden-all-of-it"
}

resource "aws_iam_role" "schedules" {
  name_prefix = "tagwarden-all-of-it-schedules-"
  description = "Lets the schedules call the function."
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "scheduler.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = local.account
            "aws:SourceArn"     = "arn:${local.partition}:scheduler:${var.region}:${local.account}:schedule-group/tagwarden-all-of-it"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "schedules" {
  name = "call"
  role = aws_iam_role.schedules.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "lambda:InvokeFunction"
        Resource = aws_lambda_alias.prod.arn
      },
      {
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.dead_letters.arn
      },
    ]
  })
}

# stop-it, after-it
resource "aws_scheduler_schedule" "schedule_1" {
  name                         = "schedule-1"
  group_name                   = aws_scheduler_schedule_group.schedules.name
  schedule_expression          = "cron(0 6 * * ? *)"
  schedule_expression_timezone = "Europe/Berlin"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_alias.prod.arn
    role_arn = aws_iam_role.schedules.arn
    input    = "{\"tagwarden\":\"schedule\",\"id\":\"<aws.scheduler.execution-id>\",\"time\":\"<aws.scheduler.scheduled-time>\",\"policies\":[\"stop-it\",\"after-it\"]}"

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 5
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }
  }
}

# everything-made
resource "aws_scheduler_schedule" "schedule_2" {
  name                         = "schedule-2"
  group_name                   = aws_scheduler_schedule_group.schedules.name
  schedule_expression          = "rate(1 day)"
  schedule_expression_timezone = "Europe/Berlin"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_alias.prod.arn
    role_arn = aws_iam_role.schedules.arn
    input    = "{\"tagwarden\":\"schedule\",\"id\":\"<aws.scheduler.execution-id>\",\"time\":\"<aws.scheduler.scheduled-time>\",\"policies\":[\"everything-made\"]}"

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 5
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }
  }
}

# Cases and history. Without the table, every clock starts again: Terraform does not delete it.
resource "aws_dynamodb_table" "ledger" {
  count                       = var.make_ledger ? 1 : 0
  name                        = var.ledger
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = true

  attribute {
    name = "at"
    type = "S"
  }

  attribute {
    name = "history"
    type = "S"
  }

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "resource"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  global_secondary_index {
    name            = "by-resource"
    hash_key        = "resource"
    range_key       = "at"
    projection_type = "ALL"
  }

  global_secondary_index {
    name            = "by-time"
    hash_key        = "history"
    range_key       = "at"
    projection_type = "ALL"
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  lifecycle {
    prevent_destroy = true
  }
}

# The topic of made.
locals {
  channel_made_topic = aws_sns_topic.channel_made.arn
}

resource "aws_sns_topic" "channel_made" {
  name         = "tagwarden-all-of-it-channel-made"
  display_name = "tagwarden"
}

resource "aws_sns_topic_policy" "channel_made" {
  arn = aws_sns_topic.channel_made.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { AWS = aws_iam_role.function.arn }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.channel_made.arn
      },
      {
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.channel_made.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "channel_made" {
  count     = var.channel_made_email != "" ? 1 : 0
  topic_arn = aws_sns_topic.channel_made.arn
  protocol  = "email"
  endpoint  = var.channel_made_email
}

# The topic of ops, where OPS names none.
locals {
  ops_topic = var.ops == "" ? aws_sns_topic.ops[0].arn : var.ops
}

resource "aws_sns_topic" "ops" {
  count        = var.ops == "" ? 1 : 0
  name         = "tagwarden-all-of-it-ops"
  display_name = "tagwarden"
}

resource "aws_sns_topic_policy" "ops" {
  count = var.ops == "" ? 1 : 0
  arn   = aws_sns_topic.ops[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { AWS = aws_iam_role.function.arn }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.ops[0].arn
      },
      {
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.ops[0].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "ops" {
  count     = var.ops == "" && var.ops_email != "" ? 1 : 0
  topic_arn = aws_sns_topic.ops[0].arn
  protocol  = "email"
  endpoint  = var.ops_email
}

# Alarms.
locals {
  alarm_topic = var.alarm_topic_arn == "" ? aws_sns_topic.alarm[0].arn : var.alarm_topic_arn
}

resource "aws_sns_topic" "alarm" {
  count        = var.alarm_topic_arn == "" ? 1 : 0
  name         = "tagwarden-all-of-it-alarm"
  display_name = "tagwarden"
}

resource "aws_sns_topic_policy" "alarm" {
  count = var.alarm_topic_arn == "" ? 1 : 0
  arn   = aws_sns_topic.alarm[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alarm[0].arn
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
      {
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alarm[0].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "alarm" {
  count     = var.alarm_topic_arn == "" && var.alarm_email != "" ? 1 : 0
  topic_arn = aws_sns_topic.alarm[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "tagwarden-all-of-it-errors"
  alarm_description   = "The function of tagwarden fails again and again: its log says why."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.function.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.alarm_topic]
  ok_actions          = [local.alarm_topic]
}

resource "aws_cloudwatch_metric_alarm" "event_age" {
  alarm_name          = "tagwarden-all-of-it-event-age"
  alarm_description   = "Events wait for the function of tagwarden for more than 30 minutes."
  namespace           = "AWS/Lambda"
  metric_name         = "AsyncEventAge"
  dimensions          = { FunctionName = aws_lambda_function.function.function_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  threshold           = 1800000
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.alarm_topic]
  ok_actions          = [local.alarm_topic]
}

resource "aws_cloudwatch_metric_alarm" "retries" {
  alarm_name          = "tagwarden-all-of-it-retries"
  alarm_description   = "What failed has waited to be tried again for more than three hours."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.retries.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  datapoints_to_alarm = 1
  threshold           = 10800
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.alarm_topic]
  ok_actions          = [local.alarm_topic]
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "tagwarden-all-of-it-dead-letters"
  alarm_description   = "Events were given up: they are in the queue of dead letters."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  datapoints_to_alarm = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.alarm_topic]
  ok_actions          = [local.alarm_topic]
}

# A trail, where the account has none that is logging. Terraform does not delete its bucket.
resource "aws_s3_bucket" "trail" {
  count         = !var.trail_is_logging ? 1 : 0
  bucket_prefix = "tagwarden-trail-"

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "trail" {
  count  = !var.trail_is_logging ? 1 : 0
  bucket = aws_s3_bucket.trail[0].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "trail" {
  count  = !var.trail_is_logging ? 1 : 0
  bucket = aws_s3_bucket.trail[0].id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {
    }

    expiration {
      days = 400
    }
  }
}

resource "aws_s3_bucket_ownership_controls" "trail" {
  count  = !var.trail_is_logging ? 1 : 0
  bucket = aws_s3_bucket.trail[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "trail" {
  count                   = !var.trail_is_logging ? 1 : 0
  bucket                  = aws_s3_bucket.trail[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "trail" {
  count  = !var.trail_is_logging ? 1 : 0
  bucket = aws_s3_bucket.trail[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = aws_s3_bucket.trail[0].arn
        Condition = { StringEquals = { "aws:SourceArn" = "arn:${local.partition}:cloudtrail:${var.region}:${local.account}:trail/tagwarden-all-of-it" } }
      },
      {
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.trail[0].arn}/AWSLogs/${local.account}/*"
        Condition = {
          StringEquals = {
            "aws:SourceArn" = "arn:${local.partition}:cloudtrail:${var.region}:${local.account}:trail/tagwarden-all-of-it"
            "s3:x-amz-acl"  = "bucket-owner-full-control"
          }
        }
      },
      {
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.trail[0].arn, "${aws_s3_bucket.trail[0].arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_cloudtrail" "trail" {
  count                         = !var.trail_is_logging ? 1 : 0
  name                          = "tagwarden-all-of-it"
  s3_bucket_name                = aws_s3_bucket.trail[0].id
  enable_logging                = true
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  depends_on                    = [aws_s3_bucket_policy.trail]
}
