package identity

import "regexp"

// machines are the session names that programs choose when nobody gives them
// one, and those that services use when they take a role they were given. They
// name no person, so the role is the owner. A pattern is here only if its
// source below documents it or real records show it, and if no person's name
// fits it: to take a person for a machine loses a name, and to take a machine
// for a person invents one.
var machines = []struct{ pattern, whose string }{
	{`aws-go-sdk-[0-9]+`, "AWS SDK for Go, v1 and v2 (stscreds)"},
	{`botocore-session-[0-9]+`, "AWS CLI and boto3 (botocore.credentials)"},
	{`aws-sdk-js-(session-)?[0-9]+`, "AWS SDK for JavaScript (credential-provider-ini, -web-identity)"},
	{`aws-sdk-(java|php|cpp|kotlin|swift)-[0-9A-Za-z-]+`, "further AWS SDKs"},
	{`aws-dotnet-sdk-session-[0-9]+`, "AWS SDK for .NET and PowerShell (AWSCredentialsFactory)"},
	{`(assume-role-from-profile|assume-role-provider|web-identity-token)-[0-9]+`, "AWS SDK for Rust (aws-config)"},
	{`default_session`, "AWS SDK for Ruby (shared config)"},
	{`[0-9]{10,}`, "a time: CodePipeline, older SDKs, in real records"},
	{`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, "a UUID: CloudFormation StackSets, in real records"},
	{`[0-9a-f]{32}`, "the id of an ECS task, in real records"},
	{`eks-.+-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, "EKS Pod Identity (EKS Auth API, assumeRoleId)"},
	{`EKS`, "EKS with a cluster's role, in real records"},
	{`AutoScaling`, "EC2 Auto Scaling, in real records"},
	{`AWSCloudFormation`, "CloudFormation with a service role, in real records"},
	{`AWSCodeBuild(-.+)?|CodeBuild`, "CodeBuild with a project's role, in real records"},
	{`AWSBackup-.+`, "AWS Backup, in real records"},
	{`aws-batch`, "AWS Batch, in real records"},
	{`AthenaExecutor-[0-9a-f-]{36}`, "Athena for Apache Spark, in records of its user guide"},
	{`AWS-Crawler`, "crawlers of AWS Glue, in what they created in real data catalogues"},
	{`elasticbeanstalk`, "Elastic Beanstalk with its service role, in AWS's real error messages"},
	{`[A-Za-z]{32}`, "Step Functions with a state machine's role, in AWS's real error messages: 32 letters at random"},
	{`BackplaneAssumeRoleSession`, "API Gateway with the role of an integration, in real records"},
	{`[A-Za-z0-9]+DescribeHandlerSession`, "AWS Config where it reads a type through CloudFormation, in real records"},
	{`dbi-id-db-[0-9A-Z]+`, "Enhanced Monitoring of RDS, after the id of the instance, in real records"},
	{`vm_import_image-[0-9]{12}`, "VM Import, after the account, in real records"},
	{`GlueJobRunnerSession`, "AWS Glue, in records of Lake Formation's user guide"},
	{`SageMaker|AmazonSageMaker`, "SageMaker with an execution role, in real records"},
	{`ConfigResourceCompositionSession|AWSConfig-.+`, "AWS Config, in real records"},
	{`TrustedAdvisor_.+`, "Trusted Advisor, in real records"},
	{`regionalDeliverySession`, "delivery of logs to S3, in real records"},
	{`GitHubActions`, "aws-actions/configure-aws-credentials"},
	{`GitLabRunner-[0-9]+-[0-9]+`, "GitLab's documentation of OpenID Connect"},
}

// machine matches every pattern as a whole.
var machine = func() *regexp.Regexp {
	all := ""
	for _, m := range machines {
		all += "|" + m.pattern
	}
	return regexp.MustCompile(`^(?:` + all[1:] + `)$`)
}()

// byMachine says whether a program named the session.
func byMachine(session string) bool { return machine.MatchString(session) }
