package aws

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/need"
)

var callAssume = need.Call{Service: "sts", Operation: "AssumeRole"}

const (
	// assumedFor is how long the credentials of a role serve: the most that there
	// is for a role that another role takes on ("IAM roles terms and concepts",
	// role chaining), and no less than every role allows.
	assumedFor = time.Hour
	// renewBefore is how long before their end they are renewed, so that no call
	// that waits its turn is late.
	renewBefore = 5 * time.Minute
)

// Realm takes on roles with a session's credentials, and asks for the
// organization of its account. It is an accounts.Realm.
type Realm struct {
	s *Session

	mu    sync.Mutex
	taken map[accounts.Role]*assumer
}

var _ accounts.Realm = (*Realm)(nil)

// Realm returns what leads to other accounts. The sessions that it opens live as
// long as it does.
func (s *Session) Realm() *Realm { return &Realm{s: s, taken: map[accounts.Role]*assumer{}} }

// Assume takes on a role. Each role has a session of its own: credentials, and
// request rates, which AWS counts for each account.
func (r *Realm) Assume(ctx context.Context, as accounts.Role) (accounts.Door, inventory.Caller, error) {
	r.mu.Lock()
	t := r.taken[as]
	if t == nil {
		t = &assumer{from: r.s, role: as}
		t.session = r.s.with(t)
		r.taken[as] = t
	}
	r.mu.Unlock()
	// Asking for the credentials takes a call only where there are none that last.
	if _, err := t.session.cfg.Credentials.Retrieve(ctx); err != nil {
		if f, ok := errors.AsType[*fault.Error](err); ok {
			return accounts.Door{}, inventory.Caller{}, f
		}
		return accounts.Door{}, inventory.Caller{}, newSite(r.s.Region(), "").failed(callAssume, err)
	}
	return accounts.Door{Source: t.session.Source(), Actor: t.session.Actor(), Trail: t.session.Trail()}, t.caller(), nil
}

// with is a session like this one, with other credentials and rates of its own.
func (s *Session) with(p awssdk.CredentialsProvider) *Session {
	cfg := s.cfg.Copy()
	cfg.Credentials = credentials{awssdk.NewCredentialsCache(p, func(o *awssdk.CredentialsCacheOptions) { o.ExpiryWindow = renewBefore })}
	return &Session{cfg: cfg, endpoint: s.endpoint, limits: newLimiter(), bound: s.bound, timeout: s.timeout}
}

// assumer gets the credentials of a role.
type assumer struct {
	from    *Session // whose credentials take it on
	role    accounts.Role
	session *Session // with the role's

	mu  sync.Mutex
	arn string
}

// caller is whose the role's credentials are.
func (t *assumer) caller() inventory.Caller {
	t.mu.Lock()
	defer t.mu.Unlock()
	return inventory.Caller{Account: t.role.Account, ARN: t.arn}
}

// Retrieve takes the role on. Credentials of another account than the one that
// is asked for are refused.
func (t *assumer) Retrieve(ctx context.Context) (awssdk.Credentials, error) {
	api, err := t.from.sts(t.from.Region())
	if err != nil {
		return awssdk.Credentials{}, err
	}
	out, err := api.assumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &t.role.ARN, RoleSessionName: &t.role.Session,
		ExternalId: given(t.role.ExternalID), DurationSeconds: awssdk.Int32(int32(assumedFor / time.Second))})
	if err != nil {
		return awssdk.Credentials{}, t.untrusted(err)
	}
	if out.Credentials == nil || out.AssumedRoleUser == nil {
		return awssdk.Credentials{}, &fault.Error{Class: fault.Other, Call: callAssume.String(), Region: t.from.Region(), Message: "the answer has no credentials in it"}
	}
	arn := awssdk.ToString(out.AssumedRoleUser.Arn)
	if parts := strings.SplitN(arn, ":", 6); len(parts) < 6 || parts[4] != t.role.Account {
		return awssdk.Credentials{}, &fault.Error{Class: fault.Other, Call: callAssume.String(), Region: t.from.Region(),
			Message: fmt.Sprintf("the credentials are of %s, not of account %s", arn, t.role.Account)}
	}
	t.mu.Lock()
	t.arn = arn
	t.mu.Unlock()
	c := out.Credentials
	return awssdk.Credentials{
		AccessKeyID: awssdk.ToString(c.AccessKeyId), SecretAccessKey: awssdk.ToString(c.SecretAccessKey), SessionToken: awssdk.ToString(c.SessionToken),
		Source: "AssumeRole", CanExpire: c.Expiration != nil, Expires: awssdk.ToTime(c.Expiration), AccountID: t.role.Account,
	}, nil
}

// untrusted says with a denial what a role needs to be taken on. STS does not
// tell a role that is not there from one that does not trust the caller.
func (t *assumer) untrusted(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Class == fault.Denied {
		f.Hint = "allow the caller sts:AssumeRole on " + t.role.ARN + ", and let the trust policy of that role name the caller, with the external ID where it asks for one"
	}
	return err
}
