package resource

import "strings"

// arnTypes are the types whose ARNs do not name them as we do: by service and
// the first part of what follows the account ("" where only a name follows).
var arnTypes = map[[2]string]string{
	{"s3", ""}:                              "bucket",
	{"sns", ""}:                             "topic",
	{"sqs", ""}:                             "queue",
	{"autoscaling", "autoScalingGroup"}:     "group",
	{"elasticloadbalancing", "targetgroup"}: "target-group",
}

// FromARN names the resource that an ARN is of: its type is the service and
// the word before its name ("ec2:instance"), and its id what follows that
// word. It is false for what is no ARN, and for one without a name. Where the
// ARN has no account or region, as those of buckets and of IAM, the Ref has
// none either.
func FromARN(arn string) (Ref, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[2] == "" || parts[5] == "" {
		return Ref{}, false
	}
	service, rest := parts[2], parts[5]
	word, id, found := cutAny(strings.TrimPrefix(rest, "/"), "/:")
	if !found {
		word, id = "", rest
	}
	if t, ok := arnTypes[[2]string{service, word}]; ok {
		word = t
	} else if word == "" {
		return Ref{}, false
	}
	if service == "autoscaling" && word == "group" {
		// arn:…:autoScalingGroup:UUID:autoScalingGroupName/NAME
		_, id, _ = strings.Cut(id, "/")
	}
	if id == "" {
		return Ref{}, false
	}
	if service == "rds" && word == "cluster-snapshot" {
		word, id = "snapshot", ClusterSnapshotID(id)
	}
	return Ref{ID: id, ARN: arn, Type: Type(service + ":" + word), Account: parts[4], Region: parts[3]}, true
}

// cutAny cuts s around the first of the separators.
func cutAny(s, separators string) (before, after string, found bool) {
	if i := strings.IndexAny(s, separators); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}
