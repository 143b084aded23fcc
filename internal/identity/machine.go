package identity

import "regexp"

// machines are the session names that programs choose when nobody gives them
// one, and those that services of AWS use when they take a role they were
// given. The role is then the owner: no person is in the name.
var machines = []struct {
	pattern *regexp.Regexp
	whose   string
}{
	{regexp.MustCompile(`^aws-(go|sdk-java|go-sdk|sdk-js|sdk-dotnet|sdk-ruby|sdk-php|sdk-kotlin|sdk-swift|sdk-rust|sdk-cpp|sdk)(-[0-9a-zA-Z.-]*)?$`), "the AWS SDKs' own choice"},
	{regexp.MustCompile(`^botocore-session-[0-9]+$`), "the AWS CLI and boto3"},
}

// byMachine says whether a program named the session.
func byMachine(session string) bool {
	for _, m := range machines {
		if m.pattern.MatchString(session) {
			return true
		}
	}
	return false
}
