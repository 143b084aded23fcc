//go:build unix

package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/record/sqlite"
)

// childEnv makes this test program do something else: it names one of
// children, and its value's rest is the path of the ledger.
const childEnv = "TAGWARDEN_TEST_CHILD"

// children are what another process can do with a ledger. Each prints lines.
var children = map[string]func(ctx context.Context, path string) error{
	"hold a run": holdRun,
	"reserve":    reserveMany,
	"open":       openAsNobody,
}

func TestMain(m *testing.M) {
	if what, path, ok := strings.Cut(os.Getenv(childEnv), "="); ok {
		if err := children[what](context.Background(), path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// child makes the command that does one of children in another process.
func child(t *testing.T, program, what, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), childEnv+"="+what+"="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// holdRun begins a run, reserves, intends a part of it, and then waits to be
// killed.
func holdRun(ctx context.Context, path string) error {
	l, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	err = errors.Join(
		l.Begin(ctx, scope, record.RunInfo{ID: "killed", Started: noon}),
		l.Reserve(ctx, scope, "killed", []record.Reservation{{LimitKey: stops, N: 5, Limit: 5}}, noon),
		l.Intend(ctx, scope, "killed", []record.Intent{{Policy: stops.Policy, ARN: "arn:a", Action: stops.Action, Step: "stop"}}, noon),
	)
	if err != nil {
		return err
	}
	fmt.Println("holding")
	select {}
}

// reserveMany reserves one action at a time until the limit of 60 is reached,
// and prints how many it got.
func reserveMany(ctx context.Context, path string) error {
	l, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	got := 0
	for err == nil {
		err = l.Reserve(ctx, scope, strconv.Itoa(os.Getpid()), []record.Reservation{{LimitKey: stops, N: 1, Limit: 60}}, noon)
		if err == nil {
			got++
		}
	}
	if !errors.Is(err, record.ErrOverLimit) {
		return err
	}
	fmt.Println(got)
	return l.Close()
}

// openAsNobody opens a ledger as a user to whom permissions apply: tests may
// run as root, to whom they do not.
func openAsNobody(ctx context.Context, path string) error {
	const nobody = 65534
	if os.Geteuid() == 0 {
		if err := errors.Join(syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			return err
		}
	}
	l, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	return l.Close()
}

// TestAKilledRunLetsTheNextBegin kills a process with a run open in a way that
// it cannot notice.
func TestAKilledRunLetsTheNextBegin(t *testing.T) {
	path := t.TempDir() + "/tagwarden.db"
	cmd := child(t, os.Args[0], "hold a run", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	l := open(t, path)
	defer l.Close()
	busy := l.Begin(t.Context(), scope, record.RunInfo{ID: "early", Started: noon})
	killed := cmd.Process.Kill()
	_ = cmd.Wait() // it was killed, which is an error
	if line != "holding\n" || killed != nil {
		t.Fatalf("the other process said %q; killing it: %v", line, killed)
	}
	if !errors.Is(busy, record.ErrBusy) || !strings.Contains(busy.Error(), "run killed, started 2026-03-14T12:00:00Z") {
		t.Errorf("beginning beside another process: %v, want ErrBusy with its run", busy)
	}

	window := noon.Add(-time.Minute)
	assertUsed(t, l, window, 5) // the four that were reserved, until somebody knows that nobody will do them
	if err := l.Begin(t.Context(), scope, record.RunInfo{ID: "next", Started: noon.Add(time.Minute)}); err != nil {
		t.Fatalf("beginning after the other process was killed: %v", err)
	}
	assertUsed(t, l, window, 1)
	assertStates(t, path, map[string]string{"killed": "lost", "next": "open"})
	history, err := l.History(t.Context(), scope, "", "killed", 10)
	if err != nil || len(history) != 1 || history[0].State != "planned" || history[0].ARN != "arn:a" {
		t.Errorf("the intent nobody knows the outcome of: %+v, %v", history, err)
	}
	err = l.Begin(t.Context(), scope, record.RunInfo{ID: "third", Started: noon})
	if !errors.Is(err, record.ErrBusy) || !strings.Contains(err.Error(), "run next,") {
		t.Errorf("beginning a third: %v, want ErrBusy that names the second and not the killed", err)
	}
}

func assertUsed(t *testing.T, l *sqlite.Ledger, since time.Time, want int) {
	t.Helper()
	if used, err := l.Used(t.Context(), scope, since); err != nil || used[stops] != want {
		t.Errorf("used: %v, %v, want %d", used, err, want)
	}
}

// assertStates looks into the file, as nothing else tells how runs ended.
func assertStates(t *testing.T, path string, want map[string]string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, db)
	got := map[string]string{}
	for id := range want {
		var state string
		if err := db.QueryRow("SELECT state FROM runs WHERE id = ?", id).Scan(&state); err != nil {
			t.Fatal(err)
		}
		got[id] = state
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("how the runs ended (-want +got):\n%s", diff)
	}
}

// TestProcessesShareALimit lets several processes make one new ledger and use
// its limit up at the same time.
func TestProcessesShareALimit(t *testing.T) {
	path := t.TempDir() + "/tagwarden.db"
	outputs, failures := make([]string, 4), make([]error, 4)
	done := make(chan struct{})
	for i := range outputs {
		cmd := child(t, os.Args[0], "reserve", path)
		go func() {
			out, err := cmd.Output()
			outputs[i], failures[i] = string(out), err
			done <- struct{}{}
		}()
	}
	for range outputs {
		<-done
	}
	total := 0
	for i, out := range outputs {
		n, err := strconv.Atoi(strings.TrimSpace(out))
		if err != nil || failures[i] != nil {
			t.Fatalf("process %d: %v: %s", i, failures[i], out)
		}
		total += n
	}
	if total != 60 {
		t.Errorf("together they reserved %d of 60: %q", total, outputs)
	}
	l := open(t, path)
	defer l.Close()
	assertUsed(t, l, noon.Add(-time.Minute), 60)
}
