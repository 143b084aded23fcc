# Made by tagwarden deploy terraform; made anew, it is written over.
# docs/terraform.md of tagwarden says how it is applied and what is in it.
# Values are for terraform.tfvars, or whatever else Terraform reads them from.

variable "region" {
  type        = string
  description = "The region of the function."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "A region looks like eu-west-1."
  }
}

variable "tags" {
  type        = map(string)
  description = "Tags of everything that is made."
  nullable    = false
  default     = {}
}

variable "package_bucket" {
  type        = string
  description = "The bucket that the package of the function is in. Empty: it is function.zip beside these files."
  nullable    = false
  default     = ""
}

variable "package_key" {
  type        = string
  description = "The key of the package in the bucket."
  nullable    = false
  default     = "tagwarden-all-of-it/8661341f0ce2.zip"
}

variable "architecture" {
  type        = string
  description = "What the program in the package was built for."
  nullable    = false
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "It is arm64 or x86_64."
  }
}

variable "alias_version" {
  type        = string
  description = "The version of the function that is called. Empty: the newest. To go back, the number of an earlier one."
  nullable    = false
  default     = ""

  validation {
    condition     = can(regex("^[0-9]*$", var.alias_version))
    error_message = "A version is a number."
  }
}

variable "exception" {
  type        = string
  description = "EXCEPTION of the policy files."
  nullable    = false
  default     = "keep"
}

variable "hook_secret" {
  type        = string
  description = "The name or the ARN of the secret in Secrets Manager that holds HOOK_SECRET of the policy files, as text."
  nullable    = false

  validation {
    condition     = length(var.hook_secret) > 0
    error_message = "It names a secret, and is not the secret itself."
  }
}

variable "ledger" {
  type        = string
  description = "LEDGER of the policy files."
  nullable    = false
  default     = "cases"
}

variable "ops" {
  type        = string
  description = "OPS of the policy files, the ARN of a topic. Empty: one is made."
  nullable    = false
  default     = ""
}

variable "ops_email" {
  type        = string
  description = "Who gets what is told through the topic, where it is made. Empty: nobody."
  nullable    = false
  default     = ""
}

variable "pay_webhook_secret" {
  type        = string
  description = "The name or the ARN of the secret in Secrets Manager that holds PAY_WEBHOOK of the policy files, as text."
  nullable    = false

  validation {
    condition     = length(var.pay_webhook_secret) > 0
    error_message = "It names a secret, and is not the secret itself."
  }
}

variable "ses_from" {
  type        = string
  description = "SES_FROM of the policy files."
  nullable    = false
  default     = "gov@example.com"
}

variable "ses_to" {
  type        = string
  description = "SES_TO of the policy files."
  nullable    = false
}

variable "token_secret" {
  type        = string
  description = "The name or the ARN of the secret in Secrets Manager that holds TOKEN of the policy files, as text."
  nullable    = false

  validation {
    condition     = length(var.token_secret) > 0
    error_message = "It names a secret, and is not the secret itself."
  }
}

variable "channel_made_email" {
  type        = string
  description = "Who gets what is told through the channel made, whose topic is made. Empty: nobody."
  nullable    = false
  default     = ""
}

variable "trail_is_logging" {
  type        = bool
  description = "true, if a trail of CloudTrail is logging management events in every region that the policies are about: without one, no event tells of a call. With false, one is made."
  nullable    = false
}

variable "make_ledger" {
  type        = bool
  description = "false, if the table of the ledger is there already: after tagwarden ledger init, or of an earlier time."
  nullable    = false
  default     = true
}

variable "log_days" {
  type        = number
  description = "For how many days the log of the function is kept."
  nullable    = false
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "CloudWatch Logs keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653 days."
  }
}

variable "alarm_topic_arn" {
  type        = string
  description = "The topic that is told of alarms. Empty: one is made."
  nullable    = false
  default     = ""
}

variable "alarm_email" {
  type        = string
  description = "Who gets mail of alarms, where the topic is made. Empty: nobody."
  nullable    = false
  default     = ""
}
