package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/fault"
)

// httpTimeout bounds one attempt to post.
const httpTimeout = 15 * time.Second

// guarded returns a client that follows no redirects: they would carry the
// message, and whatever secret is in it, to a host that nobody chose.
func guarded(c *http.Client) *http.Client {
	g := &http.Client{Timeout: httpTimeout}
	if c != nil {
		*g = *c
	}
	g.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return g
}

// post is one attempt to post JSON. Its errors hold neither the URL's path and
// query nor any of the secrets: an incoming webhook's URL is a password.
func (n *Notifier) post(ctx context.Context, call, target string, body []byte, head http.Header, secrets ...string) (time.Duration, error) {
	fail := func(c fault.Class, message, hint string) error {
		return &fault.Error{Class: c, Call: call, Message: redact(message, target, secrets), Hint: hint}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil || req.URL.Host == "" || req.URL.Scheme != "https" && req.URL.Scheme != "http" {
		return 0, fail(fault.Invalid, "the URL of the webhook is not one of http or https", "")
	}
	for name, values := range head {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "tagwarden")
	res, err := n.t.HTTP.Do(req)
	if err != nil {
		class, message := sortOut(ctx, err)
		return 0, fail(class, message, "")
	}
	defer func() { _ = res.Body.Close() }() // what matters of it was read
	const enough = 2048
	said, _ := io.ReadAll(io.LimitReader(res.Body, enough)) // only adds to the message
	class, hint := classOfStatus(res.StatusCode)
	if class == "" {
		return 0, nil
	}
	return retryAfter(res.Header), fail(class, fmt.Sprintf("HTTP %d: %s", res.StatusCode, said), hint)
}

// sortOut returns the class of an error of the HTTP client, and its text
// without the URL that net/http puts before it.
func sortOut(ctx context.Context, err error) (fault.Class, string) {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	var timeout net.Error
	var dns *net.DNSError
	var op *net.OpError
	var cert *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return fault.Cancelled, "the run was ended before it was sent"
	case errors.As(err, &cert):
		return fault.Other, "its certificate is not to be trusted: " + cert.Err.Error()
	case errors.As(err, &dns):
		return fault.Unreachable, "there is no host of its name"
	case errors.As(err, &op) && op.Op == "dial":
		return fault.Unreachable, err.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		return fault.TimedOut, "no answer in time; it may have been posted all the same"
	default:
		return fault.TimedOut, "the connection ended without an answer; it may have been posted all the same: " + err.Error()
	}
}

// classOfStatus returns the class of a status, "" for success, and what a
// person can do.
func classOfStatus(status int) (fault.Class, string) {
	switch {
	case status >= 200 && status < 300:
		return "", ""
	case status >= 300 && status < 400:
		return fault.Invalid, "redirects are not followed; write the URL they lead to in the policy file"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fault.Denied, "check that the webhook is still enabled"
	case status == http.StatusNotFound, status == http.StatusGone:
		return fault.NotFound, "the webhook was removed; make a new one"
	case status == http.StatusTooManyRequests:
		return fault.Throttled, ""
	case status == http.StatusRequestTimeout, status >= 500:
		return fault.Passing, ""
	default:
		return fault.Invalid, ""
	}
}

// retryAfter reads how long a server asks to wait: seconds, or a date, which
// is compared with the server's own clock.
func retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseUint(v, 10, 32); err == nil {
		return time.Duration(s) * time.Second
	}
	until, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return max(0, until.Sub(now))
}

// redact takes the URL, its parts and the secrets out of a text that a server
// may have written, and makes it one short line. Parts of a few characters
// are words rather than secrets.
func redact(s, target string, secrets []string) string {
	hide := append([]string{target}, secrets...)
	if u, err := url.Parse(target); err == nil {
		hide = append(hide, u.RequestURI(), u.EscapedPath(), u.Path, u.RawQuery, u.User.String())
		hide = append(hide, strings.Split(u.Path, "/")...)
		for _, values := range u.Query() {
			hide = append(hide, values...)
		}
		if password, ok := u.User.Password(); ok {
			hide = append(hide, password)
		}
	}
	const word = 4
	for _, secret := range hide {
		if len(secret) > word {
			s = strings.ReplaceAll(s, secret, "[hidden]")
		}
	}
	const enough = 300
	return clean(s, enough)
}
