package check

import (
	"fmt"
	"maps"
	"slices"
	"sync"
)

// shownOfRule bounds the findings of one rule that are shown.
const shownOfRule = 20

// A report collects what a check finds. Its methods may be called by many goroutines at once.
type report struct {
	mu        sync.Mutex
	found     map[string]*foundOfRule
	counts    []Count
	undecided []string
}

type foundOfRule struct {
	shown []string
	total int64
}

func newReport() *report { return &report{found: make(map[string]*foundOfRule)} }

// find adds a finding.
func (r *report) find(rule, format string, args ...any) {
	r.findMany(rule, []string{fmt.Sprintf(format, args...)}, 1)
}

// findMany adds findings of one rule: the texts of the first, and how many there are.
func (r *report) findMany(rule string, texts []string, total int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.found[rule]
	if of == nil {
		of = new(foundOfRule)
		r.found[rule] = of
	}
	of.total += total
	of.shown = append(of.shown, texts[:min(len(texts), shownOfRule-min(len(of.shown), shownOfRule))]...)
}

// count says that n things were looked at.
func (r *report) count(n int64, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.counts {
		if r.counts[i].What == what {
			r.counts[i].N += n
			return
		}
	}
	r.counts = append(r.counts, Count{what, n})
}

// leave says what cannot be judged.
func (r *report) leave(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.undecided = append(r.undecided, fmt.Sprintf(format, args...))
}

func (r *report) result() *Result {
	out := &Result{Compared: r.counts, Undecided: r.undecided}
	for _, rule := range slices.Sorted(maps.Keys(r.found)) {
		of := r.found[rule]
		out.Total += of.total
		for _, text := range of.shown {
			out.Findings = append(out.Findings, Finding{rule, text})
		}
		if more := of.total - int64(len(of.shown)); more > 0 {
			out.Findings = append(out.Findings, Finding{rule, fmt.Sprintf("and %d more", more)})
		}
	}
	return out
}
