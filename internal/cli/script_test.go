package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"os"
	"strconv"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/trail"
)

var update = flag.Bool("update", false, "write the expected output of the scripts and the generated documentation anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tagwarden": func() { os.Exit(Main(context.Background(), OS(os.Args[1:], time.Now))) },
	})
}

// TestScripts runs the command line as its users do; each script says what it
// shows.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"forge": forge, "pack": pack, "bomb": bomb},
	})
}

// forge changes a saved plan as somebody would who can make digests: the
// account or the version.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: forge FILE account|version VALUE")
	}
	var p plan.Plan
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &p))
	switch args[1] {
	case "account":
		p.Account = args[2]
	case "version":
		v, err := strconv.Atoi(args[2])
		ts.Check(err)
		p.Version = v
	default:
		ts.Fatalf("forge cannot change %s", args[1])
	}
	ts.Check(p.Seal())
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(p.Encode(f))
	ts.Check(f.Close())
}

// pack writes a file packed by gzip.
func pack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pack FILE PACKED")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), packed(ts, []byte(ts.ReadFile(args[0]))), 0o600))
}

// bomb writes a small file that unpacks to more than replay reads: gzip takes
// packed files end to end for one.
func bomb(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: bomb PACKED")
	}
	const part = 8 << 20
	space := packed(ts, bytes.Repeat([]byte{' '}, part))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat(space, trail.MaxUnpacked/part+1), 0o600))
}

func packed(ts *testscript.TestScript, data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	ts.Check(err)
	ts.Check(w.Close())
	return b.Bytes()
}
