package examples_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
)

// trail answers CloudTrail's LookupEvents, which moto does not have: one launch
// by each person, of the instance that they launched.
func trail(t *testing.T, account, region string, by map[string]string) {
	t.Helper()
	var events []string
	at := time.Now().UTC().Truncate(time.Second)
	for id, person := range by {
		record, err := json.Marshal(fmt.Sprintf(`{"eventVersion":"1.11","eventTime":%q,"eventSource":"ec2.amazonaws.com","eventName":"RunInstances","awsRegion":%q,`+
			`"recipientAccountId":%q,"userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::%s:user/%s","accountId":%q,"userName":%q},`+
			`"responseElements":{"instancesSet":{"items":[{"instanceId":%q}]}},"eventID":%q}`,
			at.Format(time.RFC3339), region, account, account, person, account, person, id, "e-"+id))
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, fmt.Sprintf(`{"EventId":"e-%s","EventName":"RunInstances","EventTime":%d,"CloudTrailEvent":%s}`, id, at.Unix(), record))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// An answer in no time at all races with the client's reuse of connections.
		<-time.NewTimer(time.Millisecond).C
		var in struct {
			LookupAttributes []struct{ AttributeValue string }
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, `{"__type":"SerializationException"}`, http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		found := ""
		if len(in.LookupAttributes) == 1 && in.LookupAttributes[0].AttributeValue == "RunInstances" {
			found = strings.Join(events, ",")
		}
		fmt.Fprintf(w, `{"Events":[%s]}`, found)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", server.URL)
}

func TestS2SaysWhoLaunchedAnInstance(t *testing.T) {
	for _, example := range []string{"s2-tagging-policy.yaml", "s2-dynamodb.yaml"} {
		t.Run(example, func(t *testing.T) {
			aws := mototest.Shared(t).Account(t, "us-west-2")
			aws.Setenv(t)
			topic := aws.Topic(t, "s2-creators-"+strings.TrimSuffix(example, ".yaml"))
			acmeTable(t, aws, "acme_cloud_policy_tagging_def")
			vpc, subnet := aws.VPC(t, map[string]string{"Name": "acme"})
			launch := func(tags map[string]string) string { return aws.Launch(t, 1, tags, "SubnetId", subnet)[0] }
			adas, bens, nobodys, kept := launch(nil), launch(map[string]string{"CreatedBy": ""}), launch(nil), launch(map[string]string{"CreatedBy": "eve"})
			trail(t, aws.ID, aws.Region, map[string]string{adas: "ada", bens: "ben", kept: "somebody-else"})
			u := newUser(t, example, map[string]string{"SNS_TOPIC_ARN": topic.ARN, "VPC_ID": vpc})

			report := func() string {
				t.Helper()
				d := u.json(0, "apply", "--yes")
				same(t, "unread", 0, len(d.Unread))
				reports := topic.Received(t)
				if len(reports) != 1 {
					t.Fatalf("%d reports", len(reports))
				}
				return reports[0].Message
			}
			tagged := func(by string) map[string]string {
				day := time.Now().Add(u.ahead).UTC().Format(time.DateOnly)
				return map[string]string{"CreatedBy": by, "ProjectCode": "Proj007", "Expires": day}
			}
			first := report()
			for id, by := range map[string]string{adas: "ada", bens: "ben", kept: "eve"} {
				same(t, "the tags of "+id, tagged(by), tags(t, aws, id))
				if !strings.Contains(first, id) {
					t.Errorf("the report does not name %s:\n%s", id, first)
				}
			}
			for _, says := range []string{"CreatedBy=ada", "CreatedBy=ben"} {
				if !strings.Contains(first, says) {
					t.Errorf("the report does not say %s:\n%s", says, first)
				}
			}

			// Nobody is found: that is sure once CloudTrail has had its time. What is
			// certain does not wait for it, and is told.
			certain := tagged("")
			delete(certain, "CreatedBy")
			same(t, "the tags of "+nobodys, certain, tags(t, aws, nobodys))
			if !strings.Contains(first, nobodys) {
				t.Errorf("the report does not name %s:\n%s", nobodys, first)
			}
			want := tagged("Undefined")
			u.ahead = time.Hour
			second := report()
			want["Expires"] = certain["Expires"]
			same(t, "the tags of "+nobodys, want, tags(t, aws, nobodys))
			if !strings.Contains(second, "CreatedBy=Undefined") || strings.Contains(second, adas) {
				t.Errorf("the second report says\n%s", second)
			}

			u.ahead = 2 * time.Hour
			d := u.json(0, "apply", "--yes")
			same(t, "tagged by the third run", []string(nil), d.with("tag", "done"))
			same(t, "reports of the third run", 0, len(topic.Received(t)))
		})
	}
}
