// Package creation reads records of CloudTrail: which resources a call made,
// where their ids stand in the record, and which tags it shows on them. What it
// knows of services is one table, events.txt; the code reads any row alike.
package creation

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/identity"
	"github.com/tagwarden/tagwarden/internal/loose"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// ErrNotRecord is wrapped by the errors of Parse for JSON that is no record of
// a call: no object, or one without eventSource or eventName.
var ErrNotRecord = errors.New("not a CloudTrail record")

// Key names an event: names alone are not unique, and six services have a
// CreateCluster.
type Key struct {
	// Source is the service's principal: "ec2.amazonaws.com".
	Source string
	// Name is the call, with its version where it has one:
	// "CreateFunction20150331". CloudTrail's LookupEvents takes it as EventName.
	Name string
}

// String is SERVICE:NAME, "ec2:RunInstances".
func (k Key) String() string { return strings.TrimSuffix(k.Source, amazonaws) + ":" + k.Name }

// amazonaws ends every event source.
const amazonaws = ".amazonaws.com"

// Record is one call as CloudTrail tells it. What it holds comes from outside
// and is to be escaped wherever it is shown.
type Record struct {
	Key
	EventID string
	// Time is when the call was made, zero where the record does not say.
	Time time.Time
	// Region is where it was made, "" where the record does not say. Global
	// services are in us-east-1.
	Region string
	// Account is whose resources it is about, "" where the record does not say.
	Account string
	// ErrorCode is set where the call failed, or was a dry run.
	ErrorCode string
	// ReadOnly says that CloudTrail calls it one that changes nothing.
	ReadOnly bool
	// UserIdentity is who made the call, for package identity; nil where the
	// record does not say. It shares the memory of the record.
	UserIdentity []byte

	agent                                 string
	passing                               bool // it tells of a call that passed an endpoint of a VPC
	request, response, resources, details loose.Value
}

// Parse reads one record: the object that CloudTrail delivers, that LookupEvents
// has as text in CloudTrailEvent, and that EventBridge has in "detail". It does
// not copy data, which must not change while the record is in use. The errors
// wrap ErrNotRecord, loose.ErrMalformed, loose.ErrTooLarge or loose.ErrTooDeep.
func Parse(data []byte) (*Record, error) {
	v, err := loose.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("reading a CloudTrail record: %w", err)
	}
	r := &Record{}
	var recipient loose.Value
	for name, field := range v.Fields() {
		switch name {
		case "eventID":
			r.EventID = field.Text()
		case "eventSource":
			r.Source = field.Text()
		case "eventName":
			r.Name = field.Text()
		case "eventTime":
			r.Time, _ = time.Parse(time.RFC3339, field.Text())
		case "awsRegion":
			r.Region = regionOf(field)
		case "recipientAccountId":
			recipient = field
		case "errorCode":
			r.ErrorCode = errorCode(field)
		case "readOnly":
			r.ReadOnly = field.Is("true")
		case "userIdentity":
			if field.Exists() {
				r.UserIdentity = field.Raw()
			}
		case "eventCategory":
			r.passing = field.Is("NetworkActivity")
		case "userAgent":
			r.agent = field.Text()
		default:
			if part := r.part(name); part != nil {
				*part = field
			}
		}
	}
	if r.Source == "" || r.Name == "" {
		return nil, fmt.Errorf("reading a CloudTrail record: %w", ErrNotRecord)
	}
	r.Account = accountOf(recipient, v.Field("userIdentity"))
	return r, nil
}

// part is where a field goes whose inside the table knows, nil for any other.
func (r *Record) part(name string) *loose.Value {
	switch name {
	case "requestParameters":
		return &r.request
	case "responseElements":
		return &r.response
	case "resources":
		return &r.resources
	case "serviceEventDetails":
		return &r.details
	}
	return nil
}

// regionOf is a region as it can stand in an ARN, "" for anything else.
func regionOf(v loose.Value) string {
	if s := v.Text(); len(s) <= 64 && !strings.ContainsFunc(s, separates) {
		return s
	}
	return ""
}

// errorCode is the code of a failed call. One that is there but is no text
// still means that the call failed.
func errorCode(v loose.Value) string {
	if v.Exists() && !v.IsText() {
		return "unknown"
	}
	return v.Text()
}

// accountOf returns the account that the record was delivered to, which is the
// one that owns what was made; the caller's where it does not say. Only text is
// taken: as a number an account has lost its leading zeros.
func accountOf(recipient, caller loose.Value) string {
	arn := strings.SplitN(caller.Field("arn").Text(), ":", 6)
	candidates := []string{recipient.Text(), caller.Field("accountId").Text(), ""}
	if len(arn) == 6 {
		candidates[2] = arn[4]
	}
	for _, c := range candidates {
		if c != "" && len(c) <= 64 && !strings.ContainsFunc(c, separates) {
			return c
		}
	}
	return ""
}

// separates says whether a character would break the ARN that an account or an
// id is put into.
func separates(r rune) bool { return r == ':' || r == '/' || r <= ' ' || r == 0x7f }

// Place is where calls for what was made go.
func (r *Record) Place() resource.Place {
	return resource.Place{Account: r.Account, Region: r.Region}
}

// CreatedBy returns who made the call.
func (r *Record) CreatedBy() identity.Identity { return identity.ReadFrom(r.UserIdentity, r.agent) }
