package expr

import (
	"testing"
)

const typical = `resource.state == "running" && resource.running_for > days(7) && tag("Project") == ""`

func BenchmarkBool(b *testing.B) {
	p, in := condition(b, typical), on(instance())
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := p.Bool(in); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkBoolOutOfScope(b *testing.B) {
	i := instance()
	i.State = "stopped"
	p, in := condition(b, typical), on(i)
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := p.Bool(in); err != nil || ok {
			b.Fatal(ok, err)
		}
	}
}
