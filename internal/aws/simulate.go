package aws

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tagwarden/tagwarden/internal/doctor"
	"github.com/tagwarden/tagwarden/internal/fault"
)

// Simulate asks IAM's policy simulator. It knows neither the policies of a
// session nor, for roles, those of resources ("SimulatePrincipalPolicy" in the
// IAM API reference), and of alternatives, such as the identities that a mail can
// be sent from, it takes all to be needed.
func (c *Checkup) Simulate(ctx context.Context, caller string, qs []doctor.Question) ([]doctor.Answer, error) {
	if len(qs) == 0 {
		return nil, nil
	}
	api, err := c.simulator(cmp.Or(c.s.Region(), qs[0].Region))
	if err != nil {
		return nil, err
	}
	source, role := principal(caller)
	if source == "" {
		return nil, &fault.Error{Class: fault.Unsupported, Call: callSimulate.String(), Message: "IAM simulates users and roles, not " + caller}
	}
	in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &source, ResourceArns: qs[0].Resources, ContextEntries: entries(qs[0].Context)}
	for _, q := range qs {
		in.ActionNames = append(in.ActionNames, q.Permission)
	}
	results, err := api.results(ctx, in)
	if role != "" && fault.ClassOf(err) == fault.NotFound {
		// The ARN of a session lacks the path of its role.
		if in.PolicySourceArn, err = api.roleARN(ctx, role); err != nil {
			return nil, err
		}
		results, err = api.results(ctx, in)
	}
	if err != nil {
		return nil, err
	}
	answers := make([]doctor.Answer, len(qs))
	for i, q := range qs {
		answers[i] = answerFrom(q.Permission, results)
	}
	return answers, nil
}

// principal is the ARN of the user or role that a caller is, and of a role that
// may have a path its name. Both are empty for others.
func principal(caller string) (arn, role string) {
	parts := strings.SplitN(caller, ":", 6)
	if len(parts) != 6 {
		return "", ""
	}
	kind, rest, _ := strings.Cut(parts[5], "/")
	switch {
	case parts[2] == "iam" && kind == "user":
		return caller, ""
	case parts[2] == "sts" && kind == "assumed-role":
		role, _, _ = strings.Cut(rest, "/")
		return strings.Join([]string{parts[0], parts[1], "iam", "", parts[4], "role/" + role}, ":"), role
	default:
		return "", ""
	}
}

func (a *simulatorAPI) roleARN(ctx context.Context, name string) (*string, error) {
	out, err := a.role(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil || out.Role == nil {
		return nil, err
	}
	return out.Role.Arn, nil
}

// entries are the values that conditions are tried with. Keys that hold several
// are lists to IAM.
func entries(values map[string][]string) []types.ContextEntry {
	var out []types.ContextEntry
	for _, key := range slices.Sorted(maps.Keys(values)) {
		kind := types.ContextKeyTypeEnumString
		if key == "aws:TagKeys" {
			kind = types.ContextKeyTypeEnumStringList
		}
		out = append(out, types.ContextEntry{ContextKeyName: &key, ContextKeyType: kind, ContextKeyValues: values[key]})
	}
	return out
}

// results reads all pages.
func (a *simulatorAPI) results(ctx context.Context, in *iam.SimulatePrincipalPolicyInput) ([]types.EvaluationResult, error) {
	var all []types.EvaluationResult
	err := eachPage(callSimulate, a.at.region, func(token *string) (*string, error) {
		next := *in
		next.Marker = token
		out, err := a.simulate(ctx, &next)
		if err != nil {
			return nil, err
		}
		all = append(all, out.EvaluationResults...)
		if !out.IsTruncated {
			return nil, nil
		}
		return out.Marker, nil
	})
	return all, err
}

// answerFrom is the answer to one question: allowed where every resource is.
func answerFrom(permission string, results []types.EvaluationResult) doctor.Answer {
	a := doctor.Answer{Verdict: doctor.Open, Why: "IAM's simulator did not say"}
	for i := range results {
		r := &results[i]
		if awssdk.ToString(r.EvalActionName) != permission {
			continue
		}
		if r.EvalDecision != types.PolicyEvaluationDecisionTypeAllowed {
			return doctor.Answer{Verdict: doctor.Denied, Why: reasonOf(r)}
		}
		for _, of := range r.ResourceSpecificResults {
			if of.EvalResourceDecision != types.PolicyEvaluationDecisionTypeAllowed {
				return doctor.Answer{Verdict: doctor.Denied, Why: string(of.EvalResourceDecision) + " of " + awssdk.ToString(of.EvalResourceName)}
			}
		}
		a = doctor.Answer{Verdict: doctor.Allowed}
	}
	return a
}

// reasonOf says what denies.
func reasonOf(r *types.EvaluationResult) string {
	switch o, b := r.OrganizationsDecisionDetail, r.PermissionsBoundaryDecisionDetail; {
	case o != nil && !o.AllowedByOrganizations:
		return "a policy of the organisation does not allow it"
	case b != nil && !b.AllowedByPermissionsBoundary:
		return "the permissions boundary does not allow it"
	case r.EvalDecision == types.PolicyEvaluationDecisionTypeExplicitDeny:
		return "a policy denies it"
	default:
		return "no policy allows it"
	}
}
