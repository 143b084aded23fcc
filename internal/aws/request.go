package aws

import (
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
)

// checkRegion refuses what is no region's name. A region becomes part of the
// host that signed requests are sent to.
func checkRegion(call need.Call, region string) error {
	f := invalid(call, region, "")
	if region == "" {
		f.Message = "no region is configured"
		f.Hint = "give one: --region, AWS_REGION, or region in the profile"
		return f
	}
	plain := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' }
	if strings.TrimFunc(region, plain) != "" || strings.Trim(region, "-") != region || len(region) > 63 {
		f.Region = ""
		f.Message = fmt.Sprintf("%q is not the name of a region", region)
		f.Hint = "a region's name is like eu-west-1; aws ec2 describe-regions lists them"
		return f
	}
	return nil
}

// invalid is the error of a request that is not sent because it is wrong.
func invalid(call need.Call, region, message string) *fault.Error {
	return &fault.Error{Class: fault.Invalid, Call: call.String(), Region: region, Message: message}
}
