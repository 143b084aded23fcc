package mototest

import (
	"net/http"
	"strings"
	"testing"
)

// Parameter puts an encrypted parameter into Parameter Store, in the place of
// one that is there.
func (a *Account) Parameter(t testing.TB, name, text string) {
	t.Helper()
	a.json(t, "ssm", "/", "AmazonSSM.PutParameter", map[string]any{"Name": name, "Value": text, "Type": "SecureString", "Overwrite": true}, nil)
}

// Rewrite puts another text into an object that Object has made.
func (a *Account) Rewrite(t testing.TB, url, text string) {
	t.Helper()
	a.server.send(t, http.MethodPut, a.server.URL+"/"+strings.TrimPrefix(url, "s3://"), a.header("s3"), []byte(text))
}
