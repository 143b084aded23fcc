package mototest

import (
	"encoding/json"
	"net/http"
	"testing"
)

// IAM makes any IAM call; the answer's XML is decoded into out unless that is
// nil. Parameters are name and value in turn.
func (a *Account) IAM(t testing.TB, out any, action string, params ...string) {
	t.Helper()
	a.query(t, "iam", "2010-05-08", out, action, params...)
}

// SNS makes any SNS call, as IAM does.
func (a *Account) SNS(t testing.TB, out any, action string, params ...string) {
	t.Helper()
	a.query(t, "sns", "2010-03-31", out, action, params...)
}

// Call makes a call of a service that speaks JSON, such as events, dynamodb, logs
// or secretsmanager. A target is the protocol's name of the service and the
// action: AWSEvents.ListRules.
func (a *Account) Call(t testing.TB, service, target string, in, out any) {
	t.Helper()
	a.json(t, service, "/", target, in, out)
}

// Get reads what a service that speaks REST has under a path, as lambda and
// scheduler do.
func (a *Account) Get(t testing.TB, service, path string, out any) {
	t.Helper()
	answer := a.server.send(t, http.MethodGet, a.server.URL+path, a.header(service), nil)
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("reading moto's answer to %s: %v\n%s", path, err, answer)
	}
}
