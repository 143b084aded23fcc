# Made by tagwarden deploy terraform; made anew, it is written over.
# docs/terraform.md of tagwarden says how it is applied and what is in it.

output "function" {
  description = "What events and schedules call."
  value       = aws_lambda_alias.prod.arn
}

output "version" {
  description = "The version of the function that is called."
  value       = aws_lambda_alias.prod.function_version
}

output "ledger_table" {
  description = "The table of the ledger."
  value       = var.ledger
}

output "dead_letters_queue" {
  description = "The queue of what was given up."
  value       = aws_sqs_queue.dead_letters.url
}

output "sender_mail" {
  description = "SES must have verified this sender, or its domain, in the region."
  value       = "${var.ses_from} in eu-west-1"
}
