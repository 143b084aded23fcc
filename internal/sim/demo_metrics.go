package sim

import "slices"

// demoIdle are the demo's instances that do nothing, by name; the last is the
// one that has none.
var demoIdle = []string{"wiki", "notebook", "index-2", "legacy-ftp", "license-server", ""}

// The metrics of the demo's instances. Each is one day, an hour at a time.
var (
	idleCPU     = []float64{0.4, 0.3, 0.3, 0.3, 0.3, 1.1, 0.3, 0.3, 0.4, 0.5, 0.4, 0.4, 0.4, 0.5, 0.4, 0.4, 0.4, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3}
	busyCPU     = []float64{6, 5, 4, 4, 5, 9, 18, 31, 44, 52, 55, 51, 43, 49, 56, 58, 51, 42, 34, 27, 21, 15, 11, 8}
	idleTraffic = []float64{90e3}
	busyTraffic = []float64{40e6, 30e6, 30e6, 30e6, 40e6, 90e6, 200e6, 400e6, 600e6, 700e6, 700e6, 600e6}
)

// reportDemo sets what an instance of the demo reports.
func (a *Account) reportDemo(id, name string) {
	cpu, traffic := busyCPU, busyTraffic
	if slices.Contains(demoIdle, name) {
		cpu, traffic = idleCPU, idleTraffic
	}
	a.Report(id, "CPUUtilization", cpu...)
	a.Report(id, "NetworkIn", traffic...)
	a.Report(id, "NetworkOut", traffic...)
}
