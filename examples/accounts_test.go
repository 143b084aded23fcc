package examples_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
)

// distrust puts an STS in moto's place that lets nobody take on a role of an
// account; all else is moto's answer.
func distrust(t *testing.T, account string) {
	t.Helper()
	to, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL"))
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(to) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		form, err := url.ParseQuery(string(body))
		if err == nil && form.Get("Action") == "AssumeRole" && strings.Contains(form.Get("RoleArn"), account) {
			<-time.After(time.Millisecond) // an answer in no time makes connections race
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code>`+
				`<Message>User: arn:aws:iam::111122223333:user/ada is not authorized to perform: sts:AssumeRole on resource: `+form.Get("RoleArn")+`</Message></Error></ErrorResponse>`)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", server.URL)
}

func TestSeveralAccountsOnMoto(t *testing.T) {
	server := mototest.Shared(t)
	central, payments, sandbox := server.Account(t, "us-east-1"), server.Account(t, "us-east-1"), server.Account(t, "us-east-1")
	stranger := server.Account(t, "us-east-1")
	central.Setenv(t)
	const sender = "accounts@example.com"
	central.VerifyIdentity(t, sender)
	u := newUser(t, "accounts.yaml", map[string]string{"SES_FROM": sender, "CENTRAL_ACCOUNT": central.ID, "PAYMENTS_ACCOUNT": payments.ID, "SANDBOX_ACCOUNT": sandbox.ID})
	u.governed = true
	ids := map[string]string{} // by account
	for name, a := range map[string]*mototest.Account{"central": central, "payments": payments, "sandbox": sandbox, "stranger": stranger} {
		ids[name] = a.Launch(t, 1, map[string]string{"Name": name})[0]
	}
	all := sorted(ids["central"], ids["payments"], ids["sandbox"])

	d := u.json(0, "plan")
	same(t, "violations", all, d.violating())
	d = u.json(0, "apply", "--yes")
	same(t, "repaired", all, d.with("tag", "done"))
	same(t, "mails", 1, len(server.SentMail(t, sender)))

	d = u.json(0, "apply", "--yes", "--at", "+2d")
	same(t, "stopped after two days", []string{ids["sandbox"]}, d.with("stop", "done"))

	// An account that cannot be entered is unread, and the others are acted in.
	distrust(t, payments.ID)
	d = u.json(3, "apply", "--yes", "--at", "+20d")
	same(t, "stopped after twenty days", []string{ids["central"]}, d.with("stop", "done"))
	if len(d.Unread) != 1 || d.Unread[0].Call != "sts:AssumeRole" || d.Unread[0].Account != payments.ID {
		t.Errorf("unread: %+v", d.Unread)
	}
	_, text, _ := u.run("plan", "--at", "+20d")
	for _, want := range []string{"Accounts " + strings.Join(sorted(central.ID, payments.ID, sandbox.ID), ", "), payments.ID + ": sts:AssumeRole", "trust policy"} {
		if !strings.Contains(text, want) {
			t.Errorf("the plan does not say %q:\n%s", want, text)
		}
	}
	t.Setenv("AWS_ENDPOINT_URL_STS", "")

	d = u.json(0, "apply", "--yes", "--at", "+20d")
	same(t, "stopped once it can be entered again", []string{ids["payments"]}, d.with("stop", "done"))
	for name, a := range map[string]*mototest.Account{"central": central, "payments": payments, "sandbox": sandbox, "stranger": stranger} {
		want := "stopped"
		if name == "stranger" { // it is not in the file
			want = "running"
		}
		same(t, "the instance of "+name, map[string]string{ids[name]: want}, states(t, a))
	}
}

func TestTheAccountsOfAnOrganizationOnMoto(t *testing.T) {
	server := mototest.Shared(t)
	central := server.Account(t, "us-east-1")
	central.Setenv(t)
	const sender = "organization@example.com"
	central.VerifyIdentity(t, sender)
	org := central.Organization(t)
	unit := org.Unit(t, org.Root, "workloads")
	inner, left := org.Unit(t, unit, "production"), org.Unit(t, unit, "legacy")
	payments, old, closed, outside := org.Member(t, inner, "payments"), org.Member(t, left, "old"), org.Member(t, unit, "closed"), org.Member(t, org.Root, "outside")
	org.Close(t, closed)
	u := newUser(t, "accounts.yaml", map[string]string{"SES_FROM": sender})
	u.governed = true
	u.rewrite(func(text string) string {
		from, to := strings.Index(text, "    - {id: \"${CENTRAL"), strings.Index(text, "channels:")
		return text[:from] + "    organization: {role: ops/tagwarden, include: [" + unit + "], exclude: [" + left + "]}\n\n" + text[to:]
	})
	var bad string
	for _, a := range []*mototest.Account{central, payments, old, closed, outside} {
		id := a.Launch(t, 1, nil)[0]
		if a == payments {
			bad = id
		}
	}
	t.Setenv("AWS_MAX_ATTEMPTS", "1") // moto fails at some of doctor's dry runs
	d := u.json(0, "apply", "--yes")
	same(t, "violations", []string{bad}, d.violating())
	same(t, "named by its account", []string{bad}, d.with("tag", "done"))
	same(t, "the checks of doctor", map[string]string{"credentials": "ok", "clock": "ok", "region": "ok", "account " + payments.ID + " payments": "ok", "mail infra": "missing", "mail SES": "unknown"}, u.checks(1))
}

// rewrite changes the user's policy file.
func (u *user) rewrite(edit func(string) string) {
	u.t.Helper()
	b, err := os.ReadFile(u.file)
	if err == nil {
		err = os.WriteFile(u.file, []byte(edit(string(b))), 0o600)
	}
	if err != nil {
		u.t.Fatal(err)
	}
}

func sorted(ids ...string) []string { return slices.Sorted(slices.Values(ids)) }
