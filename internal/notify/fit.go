package notify

import "slices"

// tables cuts rows into runs that have the same columns.
func tables(rows []row) [][]row {
	var out [][]row
	for i, r := range rows {
		if i == 0 || !slices.Equal(rows[i-1].titles(), r.titles()) {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], r)
	}
	return out
}

// allot shares n rows out over lists of these sizes: none gets more than it
// has, and none gets less than another unless it has less.
func allot(sizes []int, n int) []int {
	share := make([]int, len(sizes))
	order := make([]int, len(sizes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return sizes[a] - sizes[b] })
	for done, i := range order {
		left := len(order) - done
		share[i] = min(sizes[i], n/left)
		n -= share[i]
	}
	return share
}

// fit renders the page with as many rows as the format allows, limit at most.
// What fits nowhere is rendered from the brief page, which every format holds.
func fit[T any](w *writer, limit int, render func(*page) T, fits func(T) bool) T {
	low, high := 0, min(limit, w.rows())
	best := render(w.page(high))
	if fits(best) {
		return best
	}
	best = render(w.brief())
	for low < high {
		mid := (low + high) / 2
		if out := render(w.page(mid)); fits(out) {
			best, low = out, mid+1
		} else {
			high = mid
		}
	}
	return best
}
