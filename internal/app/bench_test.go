package app_test

import (
	"context"
	"testing"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/sim"
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
