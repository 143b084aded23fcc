package aws

import (
	"context"
	"errors"
	"fmt"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/tagwarden/tagwarden/internal/fault"
)

// credentials marks the errors of a credential provider: the SDK's own have no
// type in common.
type credentials struct{ awssdk.CredentialsProvider }

// Retrieve returns the credentials.
func (c credentials) Retrieve(ctx context.Context) (awssdk.Credentials, error) {
	got, err := c.CredentialsProvider.Retrieve(ctx)
	if err != nil && ctx.Err() == nil {
		err = &credentialsError{err}
	}
	return got, err
}

type credentialsError struct{ err error }

func (e *credentialsError) Error() string { return e.err.Error() }
func (e *credentialsError) Unwrap() error { return e.err }

func isCredentials(err error) bool {
	_, ok := errors.AsType[*credentialsError](err)
	return ok
}

// configFault is the error of a configuration that cannot be read.
func configFault(o Options, err error) error {
	f := &fault.Error{Class: fault.Credentials, Call: "reading the AWS configuration", Err: err, Message: oneLine(err.Error())}
	if missing, ok := errors.AsType[config.SharedConfigProfileNotExistError](err); ok {
		f.Message = fmt.Sprintf("there is no profile %q", missing.Profile)
		f.Hint = "aws configure list-profiles shows those there are; aws configure --profile NAME makes one"
		return f
	}
	if broken, ok := errors.AsType[config.SharedConfigLoadError](err); ok {
		f.Message = fmt.Sprintf("%s cannot be read", broken.Filename)
		f.Hint = "correct the file, or name another in AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE"
		return f
	}
	if _, mfa := errors.AsType[config.AssumeRoleTokenProviderNotSetError](err); mfa {
		f.Hint = "tagwarden asks for no MFA code: take temporary credentials with one (aws sts assume-role --serial-number --token-code) and give it those"
		return f
	}
	f.Hint = "check the profile in the AWS configuration file"
	if o.Profile != "" {
		f.Hint = fmt.Sprintf("check profile %q in the AWS configuration file", o.Profile)
	}
	return f
}
