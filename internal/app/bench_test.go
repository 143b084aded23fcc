package app_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// BenchmarkPlan plans the long-running policy over an account of which one
// instance in a hundred violates it, from listing to sealed plan.
func BenchmarkPlan(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"1000", 1000}, {"10000", 10_000}} {
		b.Run(size.name, func(b *testing.B) {
			aws := sim.Large(size.n, "us-east-1", "ap-south-1")
			set, problems := policy.Load([]policy.Source{{Name: "p.yaml", Data: []byte("version: 1\n" + longRunning)}}, func(string) (string, bool) { return "", false })
			if err := problems.Err(); err != nil {
				b.Fatal(err)
			}
			a := app.New(app.Options{Set: set, Source: aws, Actor: aws, Ledger: record.NewMemory(), Notifier: &post{}})
			b.ReportAllocs()
			for b.Loop() {
				p, err := a.Plan(context.Background(), app.Request{Run: "r", Now: aws.Clock().Now(), Regions: []string{"us-east-1", "ap-south-1"}})
				if err != nil {
					b.Fatal(err)
				}
				if p.Summary.Examined != size.n || p.Summary.Violating == 0 {
					b.Fatalf("summary %+v", p.Summary)
				}
			}
		})
	}
}

// BenchmarkLaunch takes the event of a launch from its bytes to the sealed plan
// that stamps the instances, their volumes and their interfaces.
func BenchmarkLaunch(b *testing.B) {
	for _, n := range []int{1, 3, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			aws := sim.New(account, start)
			aws.AddRegion(region)
			var ids []string
			for i := range n {
				ids = append(ids, aws.Launch(sim.Instance{ID: fmt.Sprintf("i-0%016x", i+1), Region: region}))
			}
			payload := []byte(launched(ids...))
			set, problems := policy.Load([]policy.Source{{Name: "p.yaml", Data: []byte("version: 1\n" + stamp)}}, func(string) (string, bool) { return "", false })
			if err := problems.Err(); err != nil {
				b.Fatal(err)
			}
			a := app.New(app.Options{Set: set, Source: aws, Actor: aws, Trail: aws, Ledger: record.NewMemory(), Notifier: &post{}, Region: region})
			b.ReportAllocs()
			for b.Loop() {
				batch, err := trigger.Read(payload)
				if err != nil {
					b.Fatal(err)
				}
				h, err := a.Judge(context.Background(), app.Event{Run: "r", Now: aws.Clock().Now(), Request: batch.Messages[0].Request})
				if err != nil {
					b.Fatal(err)
				}
				if len(h.Plan.Findings) != 3*n { // it, its volume, its interface
					b.Fatalf("%d findings", len(h.Plan.Findings))
				}
			}
		})
	}
}
