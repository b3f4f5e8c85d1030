// Package check compares what clients of a booking service were told, which a ledger has, with what the service
// remembers: through its API, and in SQL over the whole database.
//
// It shares no code with the service, so that it does not share its faults: every rule is written anew, and none of them
// takes for granted that a constraint, a key or an index is there.
package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/linear"
)

// Config says what is compared with what.
type Config struct {
	Ledger *ledger.Ledger
	// Client asks the API; optional if there is a DatabaseURL.
	Client *client.Client
	// DatabaseURL is of the form postgres://user:password@host:port/name; optional. The role needs to read all tables.
	DatabaseURL string
	// AdminEmail and AdminPassword let the API show the counters of rooms and photographs; optional.
	AdminEmail, AdminPassword string
	// Wait is how long photographs may take until they are processed.
	Wait time.Duration
}

// A Finding is something that is wrong.
type Finding struct {
	Rule string // one of Rules
	Text string // what is wrong, with ids
}

// A Count says how many things were looked at.
type Count struct {
	What string
	N    int64
}

// A Result is what a check has found.
type Result struct {
	// Findings are ordered by rule. There are at most 20 of a rule, and then one that says how many more there are.
	Findings []Finding
	// Total is how many things are wrong.
	Total    int64
	Compared []Count
	// Undecided are what cannot be judged, a sentence each.
	Undecided []string
}

// errNothing is for a Config that has only a ledger, which would be compared with nothing.
var errNothing = errors.New("neither an API nor a database to compare the ledger with")

// Check compares the ledger of c with the API and with the database. What is wrong with the service is in the Result;
// the error says what kept it from being looked for.
func Check(ctx context.Context, c Config) (*Result, error) {
	if c.Client == nil && c.DatabaseURL == "" {
		return nil, fmt.Errorf("check: %w", errNothing)
	}
	r := newReport()
	p := promisesOf(c.Ledger, r)
	explain(c.Ledger, r)
	if c.Client != nil {
		if err := checkAPI(ctx, c, p, r); err != nil {
			return nil, fmt.Errorf("check API: %w", err)
		}
	}
	if c.DatabaseURL != "" {
		if err := checkDatabase(ctx, c, p, r); err != nil {
			return nil, fmt.Errorf("check database: %w", err)
		}
	}
	return r.result(), nil
}

// explainTime bounds the search for an order of what was told, which can take exponential time.
const explainTime = time.Minute

// explain looks for an order of all operations in which what was told makes sense.
func explain(l *ledger.Ledger, r *report) {
	found := linear.Check(l, explainTime)
	for _, f := range found.Findings {
		r.find(f.Rule, "room %d on %v: %s", f.RoomID, f.Nights, f.Text)
	}
	for _, text := range found.Undecided {
		r.leave("%s", text)
	}
	r.count(int64(found.Operations), "operations on rooms of the run put in an order")
	r.count(int64(found.Nights), "nights of them")
}

// WriteTo writes each finding on a line of its own, and then what was compared and how many findings there are.
func (r *Result) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s: %s\n", f.Rule, f.Text)
	}
	for _, text := range r.Undecided {
		fmt.Fprintf(&b, "undecided: %s\n", text)
	}
	compared := make([]string, len(r.Compared))
	for i, c := range r.Compared {
		compared[i] = fmt.Sprintf("%d %s", c.N, c.What)
	}
	fmt.Fprintf(&b, "compared %s\n", strings.Join(compared, ", "))
	switch r.Total {
	case 0:
		b.WriteString("no findings\n")
	case 1:
		b.WriteString("1 finding\n")
	default:
		fmt.Fprintf(&b, "%d findings\n", r.Total)
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}
