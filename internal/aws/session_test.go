package aws

import (
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
)

func writeConfig(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", file)
}

func TestTheDefaultRegionIsTheFirstThatIsNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		env, profile string
		o            Options
		want         string
	}{
		"the option":              {"us-east-1", "us-west-1", Options{Region: "ap-south-1", FallbackRegion: "eu-west-3"}, "ap-south-1"},
		"the environment":         {"us-east-1", "us-west-1", Options{FallbackRegion: "eu-west-3"}, "us-east-1"},
		"the profile":             {"", "us-west-1", Options{FallbackRegion: "eu-west-3"}, "us-west-1"},
		"the fallback":            {"", "", Options{FallbackRegion: "eu-west-3"}, "eu-west-3"},
		"nobody":                  {"", "", Options{}, ""},
		"a profile that is named": {"", "us-west-1", Options{Profile: "other"}, "us-west-2"},
	} {
		t.Run(name, func(t *testing.T) {
			isolate(t)
			t.Setenv("AWS_REGION", tt.env)
			text := "[default]\n"
			if tt.profile != "" {
				text += "region = " + tt.profile + "\n"
			}
			writeConfig(t, text+"[profile other]\nregion = us-west-2\n")
			s, err := Open(t.Context(), tt.o)
			if err != nil || s.Region() != tt.want {
				t.Fatalf("region %q, %v", s.Region(), err)
			}
		})
	}
}

func TestWithoutADefaultRegionOnlyWhatNeedsOneFails(t *testing.T) {
	isolate(t)
	t.Setenv("AWS_REGION", "")
	s, _ := open(t, func(int, request) reply { return instancesPage(0, 1, "") })
	_, callerErr := s.Source().Caller(t.Context())
	_, regionsErr := s.Source().Regions(t.Context())
	_, mailErr := s.SendMail(t.Context(), aMail)
	for _, err := range []error{callerErr, regionsErr, mailErr} {
		if f := asFault(t, err); f.Class != fault.Invalid || !strings.Contains(f.Hint, "AWS_REGION") {
			t.Errorf("%v with the hint %q", f, f.Hint)
		}
	}
	if _, err := s.Source().Get(t.Context(), place, resource.EC2Instance, []string{"i-1"}); err != nil {
		t.Errorf("a call with a region of its own: %v", err)
	}
}

func TestAConfigurationThatCannotBeUsedIsExplained(t *testing.T) {
	for name, tt := range map[string]struct {
		config, env string
		o           Options
		want, hint  string
	}{
		"no such profile":                      {"[default]\n", "", Options{Profile: "nope"}, `no profile "nope"`, "list-profiles"},
		"no such profile in AWS_PROFILE":       {"[default]\n", "nope", Options{}, `no profile "nope"`, "list-profiles"},
		"a role whose source is not there":     {"[profile half]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = gone\n", "", Options{Profile: "half"}, `no profile "gone"`, "list-profiles"},
		"a role behind MFA":                    {"[profile mfa]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = default\nmfa_serial = arn:aws:iam::111122223333:mfa/me\n[default]\naws_access_key_id = a\naws_secret_access_key = b\n", "", Options{Profile: "mfa"}, "MFA", "aws sts assume-role"},
		"a source of credentials that is none": {"[profile odd]\nrole_arn = arn:aws:iam::111122223333:role/x\ncredential_source = Moon\n", "", Options{Profile: "odd"}, "credential_source", `profile "odd"`},
	} {
		t.Run(name, func(t *testing.T) {
			isolate(t)
			writeConfig(t, tt.config)
			t.Setenv("AWS_PROFILE", tt.env)
			t.Setenv("AWS_ACCESS_KEY_ID", "")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "")
			_, err := Open(t.Context(), tt.o)
			f := asFault(t, err)
			if f.Class != fault.Credentials || !strings.Contains(f.Error(), tt.want) || !strings.Contains(f.Hint, tt.hint) {
				t.Errorf("%v with the hint %q", f, f.Hint)
			}
		})
	}
}

func TestAConfigurationFileThatCannotBeReadIsNamed(t *testing.T) {
	isolate(t)
	dir := t.TempDir()
	t.Setenv("AWS_CONFIG_FILE", dir)
	_, err := Open(t.Context(), Options{})
	if f := asFault(t, err); f.Class != fault.Credentials || !strings.Contains(f.Message, dir) || !strings.Contains(f.Hint, "AWS_CONFIG_FILE") {
		t.Errorf("%v with the hint %q", f, f.Hint)
	}
}

func TestAnOverriddenEndpointIsKnown(t *testing.T) {
	const other = "http://127.0.0.1:9"
	for name, tt := range map[string]struct {
		env, config string
		want        bool
	}{
		"no":                        {"", "[default]\n", false},
		"for every service":         {"AWS_ENDPOINT_URL", "[default]\n", true},
		"for EC2":                   {"AWS_ENDPOINT_URL_EC2", "[default]\n", true},
		"for another service":       {"AWS_ENDPOINT_URL_S3", "[default]\n", false},
		"by the profile":            {"", "[default]\nendpoint_url = " + other + "\n", true},
		"by the profile's services": {"", "[default]\nservices = local\n[services local]\nec2 =\n  endpoint_url = " + other + "\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			isolate(t)
			writeConfig(t, tt.config)
			if tt.env != "" {
				t.Setenv(tt.env, other)
			}
			s, err := Open(t.Context(), Options{})
			if err != nil || s.EndpointOverridden() != tt.want {
				t.Errorf("overridden %v, %v", s.EndpointOverridden(), err)
			}
		})
	}
}

func TestASessionIsUsedBySeveralAtOnceAndOpensARegionOnce(t *testing.T) {
	isolate(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s, _ := open(t, func(int, request) reply { return instancesPage(0, 1, "") })
	var group sync.WaitGroup
	opened := make([]*ec2API, 16)
	for n := range opened {
		group.Go(func() {
			opened[n], _ = s.ec2(callInstances, []string{"eu-west-1", "us-east-1"}[n%2])
			if _, err := s.Source().Get(t.Context(), place, resource.EC2Instance, []string{"i-1"}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for n := range opened {
		if opened[n] != opened[n%2] {
			t.Errorf("region %d was opened more than once", n%2)
		}
	}
}

func TestRequestsNameTagwardenAndItsVersion(t *testing.T) {
	isolate(t)
	fake := &standIn{answer: func(int, request) reply { return instancesPage(0, 1, "") }}
	s, err := Open(t.Context(), Options{Version: "1.2.3", HTTP: &http.Client{Transport: fake}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Source().Get(t.Context(), place, resource.EC2Instance, []string{"i-1"}); err != nil {
		t.Fatal(err)
	}
	if agent := fake.requests[0].UserAgent(); !strings.Contains(agent, "tagwarden/1.2.3") {
		t.Errorf("user agent %q", agent)
	}
}

// The linker keeps every method of a type that can be reached through the
// fields of one that is turned into an interface. sdk.go says what that costs.
func TestNoTypeOfOursLeadsToAClientOfTheSDK(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(path string, typ reflect.Type)
	walk = func(path string, typ reflect.Type) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		if typ.Name() == "Client" && strings.Contains(typ.PkgPath(), "aws-sdk-go-v2/service/") {
			t.Errorf("%s leads to %s", path, typ)
			return
		}
		switch typ.Kind() {
		case reflect.Map:
			walk(path+"[key]", typ.Key())
			walk(path+"[]", typ.Elem())
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
			walk(path, typ.Elem())
		case reflect.Struct:
			for f := range typ.Fields() {
				walk(path+"."+f.Name, f.Type)
			}
		case reflect.Func:
			for p := range typ.Ins() {
				walk(path+"()", p)
			}
			for p := range typ.Outs() {
				walk(path+"()", p)
			}
		}
	}
	for _, v := range []any{&Source{}, &Actor{}, &Session{}} {
		walk(reflect.TypeOf(v).String(), reflect.TypeOf(v))
	}
	if !seen[reflect.TypeFor[ec2API]()] {
		t.Error("the walk did not reach EC2")
	}
}
