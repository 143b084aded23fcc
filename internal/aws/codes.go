package aws

import "github.com/tagwarden/tagwarden/internal/fault"

// Verdicts that several codes share.
var (
	denied      = verdict{fault.Denied, "allow {permission} to the caller, and check permission boundaries and the organisation's service control policies"}
	wrongKeys   = verdict{fault.Credentials, "the access key or its secret is wrong; give others: " + waysToCredentials}
	expired     = verdict{fault.Credentials, "the session has expired: aws sso login, or take new temporary credentials"}
	clock       = verdict{fault.Credentials, "set this machine's clock: AWS takes no request whose time is off by more than a few minutes"}
	throttled   = verdict{fault.Throttled, "the account's request rate is used up; try again later"}
	passing     = verdict{fault.Passing, "the service failed for a moment; try again"}
	gone        = verdict{fault.NotFound, "it was deleted, or is in another region or account"}
	noInstance  = verdict{fault.NotFound, "it was terminated, or is in another region or account"}
	malformed   = verdict{fault.Invalid, "the request names something that is no id"}
	badRequest  = verdict{class: fault.Invalid}
	wrongState  = verdict{fault.WrongState, "look again when its state has settled"}
	inUse       = verdict{fault.WrongState, "something uses it; look for what does, and free it first"}
	tagPolicy   = verdict{fault.TagPolicy, "a tag policy of the organisation forbids this value or spelling: aws organizations describe-effective-policy --policy-type TAG_POLICY shows it"}
	optIn       = verdict{fault.Denied, "the region is not enabled for this account, or the account is not signed up for the service"}
	unconfirmed = verdict{fault.Unverified, "either the sender is not verified in {region} (aws sesv2 create-email-identity --email-identity ADDRESS), " +
		"or the account is in the SES sandbox there and a recipient is not verified: request production access"}
	elsewhere = verdict{fault.NotFound, "the bucket is not in {region}: write region: with it"}
	noQueue   = verdict{fault.NotFound, "there is no such queue in {region}: aws sqs list-queues shows which there are"}
	handedOn  = verdict{fault.WrongState, "the message was shown to others meanwhile, or deleted"}
	paused    = verdict{fault.Denied, "SES has stopped sending for this account or configuration set: see the SES console in {region}"}
)

// noTagSet is how S3 says that a bucket has no tags.
const noTagSet = "NoSuchTagSet"

// codes is every error code that means something to tagwarden, from "Error
// codes for the Amazon EC2 API", the "Errors" of SES v2's SendEmail and SNS's
// Publish, and "Common error types". What is not here is fault.Other, or
// judged by its HTTP status.
var codes = map[string]verdict{
	// Permissions.
	"UnauthorizedOperation":             denied,
	"AccessDenied":                      denied,
	"AccessDeniedException":             denied,
	"AuthorizationError":                denied,
	"AuthorizationErrorException":       denied,
	"NotAuthorized":                     denied,
	"Blocked":                           {fault.Denied, "AWS has blocked the account: see the AWS Health dashboard"},
	"AWSOrganizationsNotInUseException": {fault.Unsupported, "the caller's account is in no organization: list the accounts in the settings"},
	"OptInRequired":                     optIn,
	"SubscriptionRequired":              optIn,
	"KMSAccessDenied":                   {fault.Denied, "allow kms:GenerateDataKey and kms:Decrypt on the key of the topic"},
	"KMSAccessDeniedException":          {fault.Denied, "allow kms:GenerateDataKey and kms:Decrypt on the key of the topic"},

	// Credentials. EC2 says AuthFailure also in a region that is not enabled.
	"AuthFailure":                 {fault.Credentials, "the credentials are wrong, or {region} is not enabled for this account"},
	"ExpiredToken":                expired,
	"ExpiredTokenException":       expired,
	"TokenRefreshRequired":        expired,
	"InvalidClientTokenId":        wrongKeys,
	"InvalidAccessKeyId":          wrongKeys,
	"UnrecognizedClientException": wrongKeys,
	"SignatureDoesNotMatch":       wrongKeys,
	"InvalidSignatureException":   wrongKeys,
	"IncompleteSignature":         wrongKeys,
	"MissingAuthenticationToken":  wrongKeys,
	"RequestExpired":              clock,
	"RequestTimeTooSkewed":        clock,

	// Rates and passing failures.
	"RequestLimitExceeded":          throttled,
	"Throttling":                    throttled,
	"ThrottlingException":           throttled,
	"ThrottledException":            throttled,
	"Throttled":                     throttled,
	"RequestThrottled":              throttled,
	"RequestThrottledException":     throttled,
	"EC2ThrottledException":         throttled,
	"KMSThrottling":                 throttled,
	"KMSThrottlingException":        throttled,
	"TooManyRequestsException":      {fault.Throttled, "the sending rate or the day's quota in {region} is used up: aws sesv2 get-account shows both"},
	"ConcurrentTagAccess":           {fault.Passing, "somebody else changed the same tags at that moment; try again"},
	"InternalError":                 passing,
	"InternalErrorException":        passing,
	"InternalFailure":               passing,
	"InternalServiceErrorException": passing,
	"ServiceUnavailable":            passing,
	"ServiceUnavailableException":   passing,
	"Unavailable":                   passing,
	"RequestTimeout":                passing,
	"RequestTimeoutException":       passing,

	// Instances.
	"InvalidInstanceID.NotFound":            noInstance,
	"InvalidInstanceID":                     noInstance,
	"InvalidID":                             noInstance,
	"InvalidSpotInstanceRequestID.NotFound": {class: fault.NotFound},
	"InvalidVpcID.NotFound":                 gone,
	"InvalidInstanceID.Malformed":           malformed,
	"InvalidParameterValue":                 badRequest,
	"InvalidParameterCombination":           badRequest,
	"InvalidParameter":                      badRequest,
	"InvalidParameterException":             badRequest,
	"MissingParameter":                      badRequest,
	"ValidationError":                       badRequest,
	"ValidationException":                   badRequest,
	"OperationNotPermitted":                 {fault.Protected, "stop or termination protection is on: aws ec2 modify-instance-attribute takes it off"},
	"UnsupportedOperation":                  {fault.Unsupported, "instances of one-time spot requests and those with an instance-store root cannot be stopped"},
	"IncorrectInstanceState":                wrongState,
	"IncorrectState":                        wrongState,
	"InvalidState":                          wrongState,
	"InsufficientInstanceCapacity":          {fault.Quota, "AWS has no room for this instance type in its availability zone at the moment"},
	"InstanceLimitExceeded":                 {fault.Quota, "raise the account's quota of running instances"},
	"VcpuLimitExceeded":                     {fault.Quota, "raise the account's quota of running vCPUs"},
	"MaxSpotInstanceCountExceeded":          {fault.Quota, "raise the account's quota of spot instances"},

	// The other resources of EC2.
	"InvalidVolume.NotFound":              gone,
	"InvalidVolumeID.Malformed":           malformed,
	"InvalidSnapshot.NotFound":            gone,
	"InvalidSnapshotID.Malformed":         malformed,
	"InvalidAMIID.NotFound":               gone,
	"InvalidAMIID.Unavailable":            gone,
	"InvalidAMIID.Malformed":              malformed,
	"InvalidNetworkInterfaceID.NotFound":  gone,
	"InvalidNetworkInterfaceID.Malformed": malformed,
	"InvalidNetworkInterfaceId.Malformed": malformed,
	"InvalidGroup.NotFound":               gone,
	"InvalidSecurityGroupID.NotFound":     gone,
	"InvalidSecurityGroupId.Malformed":    malformed,
	"InvalidGroupId.Malformed":            malformed,
	"InvalidNetworkAclID.NotFound":        gone,
	"InvalidNetworkAclId.Malformed":       malformed,
	"InvalidAllocationID.NotFound":        gone,
	"InvalidSubnetID.NotFound":            gone,

	// Rules and isolation.
	"InvalidSecurityGroupRuleId.NotFound": {fault.WrongState, "the rule is gone already, or was made anew"},
	"InvalidPermission.NotFound":          {fault.WrongState, "the rule is gone already, or was made anew"},
	"InvalidNetworkAclEntry.NotFound":     {fault.WrongState, "the rule is gone already"},
	"InvalidPermission.Duplicate":         {fault.WrongState, "the rule is there again already"},
	"NetworkAclEntryAlreadyExists":        {fault.WrongState, "another rule has this number now"},
	"RulesPerSecurityGroupLimitExceeded":  {fault.Quota, "take other rules out of the security group first"},
	"NetworkAclEntryLimitExceeded":        {fault.Quota, "take other rules out of the network ACL first"},
	"InvalidNetworkInterface.NotFound":    gone,

	// Backups.
	"ConcurrentSnapshotLimitExceeded":       {fault.Quota, "wait until other snapshots of the volume are complete; the next run tries again"},
	"PendingSnapshotLimitExceeded":          {fault.Quota, "wait until other snapshots are complete; the next run tries again"},
	"SnapshotLimitExceeded":                 {fault.Quota, "delete snapshots that nobody needs, or have the quota raised"},
	"SnapshotCreationPerVolumeRateExceeded": {fault.Throttled, "wait for a minute between two snapshots of a volume"},

	// Commands and functions.
	"InvalidInstanceId":              {fault.WrongState, "an instance is not managed by Systems Manager, or is not running"},
	"InvalidDocument":                {fault.Invalid, "there is no such document in {region}, or it is not shared with this account"},
	"InvalidDocumentVersion":         badRequest,
	"InvalidParameters":              {fault.Invalid, "the document takes other parameters: aws ssm describe-document --name NAME"},
	"UnsupportedPlatformType":        {fault.Unsupported, "the document is not for the operating system of the instance"},
	"DuplicateInstanceId":            badRequest,
	"MaxDocumentSizeExceeded":        badRequest,
	"InvalidNotificationConfig":      badRequest,
	"InvalidFilterKey":               badRequest,
	"ResourceNotFoundException":      gone,
	"RequestTooLargeException":       {fault.Invalid, "an event may have 1 MB"},
	"ResourceConflictException":      {fault.WrongState, "the function is being changed; try again"},
	"ResourceNotReadyException":      {fault.WrongState, "the function is not ready; try again"},
	"InvalidParameterValueException": badRequest,
	"InvalidRequestContentException": badRequest,

	// Parameters.
	"ParameterNotFound":        {fault.NotFound, "there is no such parameter in {region}"},
	"ParameterVersionNotFound": {fault.NotFound, "the parameter has no such version"},
	"InvalidKeyId":             {fault.Denied, "the key that encrypts the parameter cannot be used: kms:Decrypt on it"},

	// RDS and Auto Scaling.
	"DBInstanceNotFound":                 gone,
	"DBClusterNotFoundFault":             gone,
	"DBSnapshotNotFound":                 gone,
	"DBSnapshotNotFoundFault":            gone,
	"DBClusterSnapshotNotFoundFault":     gone,
	"InvalidDBInstanceState":             wrongState,
	"InvalidDBClusterStateFault":         wrongState,
	"InvalidDBSnapshotState":             wrongState,
	"InvalidDBClusterSnapshotStateFault": wrongState,
	"InsufficientDBInstanceCapacity":     {fault.Quota, "AWS has no room for this class of database in its availability zone at the moment"},
	"InsufficientDBClusterCapacityFault": {fault.Quota, "AWS has no room for the databases of this cluster at the moment"},
	"KMSKeyNotAccessibleFault":           {fault.WrongState, "the key that encrypts the database is disabled, or not the caller's to use"},
	"StorageQuotaExceeded":               {fault.Quota, "raise the account's quota of database storage"},
	"ResourceContention":                 {fault.Passing, "another change of the Auto Scaling group is under way; try again"},
	"ScalingActivityInProgress":          wrongState,
	"LimitExceeded":                      {fault.TagLimit, "an Auto Scaling group holds at most 50 tags; remove some"},
	// Deletions.
	"VolumeInUse":                   inUse,
	"InvalidSnapshot.InUse":         inUse,
	"InvalidNetworkInterface.InUse": inUse,
	"InvalidIPAddress.InUse":        inUse,
	"InvalidGroup.InUse":            inUse,
	"DependencyViolation":           inUse,
	"CannotDelete":                  {fault.Protected, "a VPC keeps its default security group"},

	// Tags.
	"TagLimitExceeded":   {fault.TagLimit, "a resource holds at most 50 tags; remove some"},
	"TagPolicyViolation": tagPolicy,
	"TagPolicy":          tagPolicy,
	"TagPolicyException": tagPolicy,

	// Buckets, functions, tables, and the Resource Groups Tagging API.
	noTagSet:                               {fault.NotFound, "the bucket has no tags"},
	"NoSuchBucket":                         gone,
	"InvalidBucketName":                    malformed,
	"InvalidTag":                           badRequest,
	"MalformedXML":                         badRequest,
	"BadRequest":                           badRequest,
	"OperationAborted":                     {fault.Passing, "somebody else changed the bucket at that moment; try again"},
	"SlowDown":                             throttled,
	"ResourceInUseException":               {fault.WrongState, "it is being made or deleted at this moment; try again"},
	"TooManyTagsException":                 {fault.TagLimit, "a resource holds at most 50 tags; remove some"},
	"InternalServiceException":             passing,
	"InternalServerError":                  passing,
	"ServiceException":                     passing,
	"PaginationTokenExpiredException":      {fault.Passing, "the listing took too long; try again"},
	"ConcurrentModificationException":      {fault.Passing, "somebody else changed the same tags at that moment; try again"},
	"ConstraintViolationException":         tagPolicy,
	"NoAvailableConfigurationRecorder":     {class: fault.NotFound},
	"NoSuchConfigurationRecorderException": {class: fault.NotFound},
	"InvalidExpressionException":           badRequest,

	// Mail. MessageRejected is also what SES says of content that it refuses,
	// but an unverified address is by far the commonest reason, and the code
	// alone does not tell which.
	"MessageRejected":                    unconfirmed,
	"MailFromDomainNotVerifiedException": {fault.Unverified, "the custom MAIL FROM domain of the sender is not verified in {region}: add its MX and SPF records"},
	"AccountSuspendedException":          paused,
	"SendingPausedException":             paused,
	"LimitExceededException":             {fault.Quota, "a quota of SES in {region} is used up: aws sesv2 get-account shows the day's"},
	"NotFoundException":                  {fault.NotFound, "the configuration set named in the channel does not exist in {region}"},
	"BadRequestException":                badRequest,

	// IAM: "Errors" of TagRole and the like.
	"NoSuchEntity":                  gone,
	"InvalidInput":                  badRequest,
	"ConcurrentModification":        {fault.Passing, "somebody else changed it at that moment; try again"},
	"EntityTemporarilyUnmodifiable": {fault.Passing, "it is being made or deleted at this moment; try again"},
	"ServiceFailure":                passing,
	"UnmodifiableEntity":            {fault.Unsupported, "the role belongs to a service of AWS, which alone may change it"},

	// Metrics: "Errors" of CloudWatch's GetMetricData.
	"InternalServiceError":                 passing,
	"InternalServiceFault":                 passing,
	"InvalidNextToken":                     badRequest,
	"InvalidParameterCombinationException": badRequest,
	"MissingRequiredParameterException":    badRequest,

	// Answers to rules.
	"InvalidResultTokenException": {fault.Invalid, "the token is another rule's, or too old"},
	"NoSuchConfigRuleException":   gone,

	// Event history. The token of a listing ends with time; what was read stands.
	"InvalidNextTokenException": passing,
	"InvalidTimeRangeException": badRequest,

	// Tables and objects.
	"ConditionalCheckFailedException":        {fault.WrongState, "somebody else changed it meanwhile: look again"},
	"ProvisionedThroughputExceededException": throttled,
	"NoSuchKey":                              gone,
	"PermanentRedirect":                      elsewhere,
	"AuthorizationHeaderMalformed":           elsewhere,

	// The ledger.
	"TransactionConflictException":             passing,
	"TransactionInProgressException":           passing,
	"ContinuousBackupsUnavailableException":    passing, // for a moment after the table was made
	"ItemCollectionSizeLimitExceededException": {class: fault.Quota},

	// Queues and schedules. SQS has two names for some: its own, and that of its
	// older protocol.
	"QueueDoesNotExist":                         noQueue,
	"AWS.SimpleQueueService.NonExistentQueue":   noQueue,
	"InvalidAddress":                            noQueue,
	"ReceiptHandleIsInvalid":                    handedOn,
	"MessageNotInflight":                        handedOn,
	"AWS.SimpleQueueService.MessageNotInflight": handedOn,
	"InvalidMessageContents":                    badRequest,
	"OverLimit":                                 {fault.Quota, "too many messages of the queue are being worked at"},
	"KmsAccessDenied":                           {fault.Denied, "allow kms:GenerateDataKey and kms:Decrypt on the key of the queue"},
	"KmsThrottled":                              throttled,
	"KmsDisabled":                               {fault.WrongState, "the key that encrypts the queue is disabled"},
	"KmsNotFound":                               {fault.NotFound, "the key that encrypts the queue does not exist"},
	"KmsInvalidState":                           {fault.WrongState, "the key that encrypts the queue is about to be deleted or disabled"},
	codeConflict:                                {fault.WrongState, "there is one of that name already"},
	"InternalServerException":                   passing,
	"ServiceQuotaExceededException":             {fault.Quota, "raise the quota of schedules in {region}"},

	// Checkups.
	"TrailNotFoundException": gone,

	// Publications.
	"NotFound":         {fault.NotFound, "the topic does not exist in {region}"},
	"EndpointDisabled": {class: fault.WrongState},
	"InvalidSecurity":  {fault.Credentials, "an encrypted topic takes signed requests over HTTPS only"},
	"KMSDisabled":      {fault.WrongState, "the key that encrypts the topic is disabled"},
	"KMSNotFound":      {fault.NotFound, "the key that encrypts the topic does not exist"},
	"KMSOptInRequired": optIn,
	"KMSInvalidState":  {fault.WrongState, "the key that encrypts the topic is about to be deleted or disabled"},
}
