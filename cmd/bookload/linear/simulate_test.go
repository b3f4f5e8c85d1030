package linear_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/linear"
)

// A fault is what a simulated service does wrong, once.
type fault int

const (
	none      fault = iota
	forgets         // confirms a booking and does not count it
	keeps           // cancels and does not give back
	givesMore       // cancels and gives back twice
)

// A simulation is a service that does one thing after the other, in virtual time, and its clients.
type simulation struct {
	random   *rand.Rand
	quantity int
	nights   int
	stays    int // the longest, in nights
	clients  int
	lost     int // one of so many answers; 0 for none
	fault    fault

	counts []int
	held   [][]op // by client, what can be cancelled
	ops    []op
	wrong  bool // the fault has happened
}

// An event is when a client begins, or when the service does what one asks.
type event struct {
	at     int64
	client int
	doing  int // the index of the op; -1 to begin one
}

// run lets clients do so many operations and returns what they were told. Everything is looked at once all is quiet.
func (s *simulation) run(operations int) *ledger.Ledger {
	s.counts, s.held = make([]int, s.nights), make([][]op, s.clients)
	var queue []event
	for c := range s.clients {
		queue = append(queue, event{at: s.random.Int64N(1000), client: c, doing: -1})
	}
	for len(queue) > 0 {
		slices.SortFunc(queue, func(a, b event) int { return cmp.Compare(a.at, b.at) })
		e := queue[0]
		queue = queue[1:]
		switch {
		case e.doing >= 0:
			ended := e.at + s.random.Int64N(1000)
			s.do(e.doing, e.client, ended)
			queue = append(queue, event{at: ended + 1 + s.random.Int64N(100), client: e.client, doing: -1})
		case len(s.ops) < operations:
			s.ops = append(s.ops, s.draw(e.at, e.client))
			queue = append(queue, event{at: e.at + s.random.Int64N(1000), client: e.client, doing: len(s.ops) - 1})
		}
	}
	s.ops = append(s.ops, shown(1<<60, 1<<60, 0, s.counts...))
	return ofRoom(s.quantity, s.ops...)
}

// draw returns what a client asks for next.
func (s *simulation) draw(at int64, client int) op {
	first := s.random.IntN(s.nights)
	last := min(s.nights, first+1+s.random.IntN(s.stays))
	if held := s.held[client]; len(held) > 0 && s.random.IntN(3) == 0 {
		o := held[0]
		s.held[client] = held[1:]
		c := cancelled(o.BookingID, at, 0)
		c.DateFrom, c.DateTo, c.Outcome = o.DateFrom, o.DateTo, nil
		return c
	}
	if s.random.IntN(10) == 0 {
		return begun(ledger.Look, at, first, last, 0)
	}
	return begun(ledger.Book, at, first, last, 1)
}

// do does what op i asks for, and tells the client at the given time.
func (s *simulation) do(i, client int, ended int64) {
	o := &s.ops[i]
	first, last := o.DateFrom.Sub(night(0)), o.DateTo.Sub(night(0))
	var told op
	switch o.Kind {
	case ledger.Look:
		told = shown(0, ended, first, s.counts[first:last]...)
	case ledger.Cancel:
		told = cancelled(o.BookingID, 0, ended)
		s.add(first, last, -1+s.once(keeps)-s.once(givesMore))
	default:
		told = s.book(i, first, last, ended)
		if told.Result() == ledger.Done {
			o.BookingID = int64(i + 1)
			s.held[client] = append(s.held[client], *o)
			o.BookingID = 0
		}
	}
	if s.lost == 0 || o.Kind == ledger.Cancel || s.random.IntN(s.lost) > 0 {
		o.Outcome = told.Outcome
	} else if o.Kind == ledger.Book && told.Result() == ledger.Done {
		s.held[client] = s.held[client][:len(s.held[client])-1]
	}
}

func (s *simulation) book(i, first, last int, ended int64) op {
	var named []int
	for n := first; n < last; n++ {
		if s.counts[n] >= s.quantity {
			named = append(named, n)
		}
	}
	if len(named) > 0 {
		return refused(0, ended, first, last, named...)
	}
	s.add(first, last, 1-s.once(forgets))
	return booked(int64(i+1), 0, ended, first, last)
}

// once returns 1 the first time that the service is to do f, after a while, and then 0.
func (s *simulation) once(f fault) int {
	if s.fault != f || s.wrong || len(s.ops) < 10 {
		return 0
	}
	s.wrong = true
	return 1
}

func (s *simulation) add(first, last, rooms int) {
	for n := first; n < last; n++ {
		s.counts[n] += rooms
	}
}

func drawSimulation(t *rapid.T) *simulation {
	seed := rapid.Uint64().Draw(t, "seed")
	return &simulation{
		random:   rand.New(rand.NewPCG(seed, 0)),
		quantity: rapid.IntRange(1, 4).Draw(t, "quantity"),
		nights:   rapid.IntRange(1, 10).Draw(t, "nights"),
		stays:    rapid.IntRange(1, 3).Draw(t, "stays"),
		clients:  rapid.IntRange(1, 8).Draw(t, "clients"),
	}
}

func TestHonestServiceIsExplained(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSimulation(t)
		s.lost = rapid.SampledFrom([]int{0, 0, 40}).Draw(t, "lost")
		r := linear.Check(s.run(rapid.IntRange(1, 200).Draw(t, "operations")), seconds)
		if len(r.Findings)+len(r.Undecided) > 0 {
			t.Fatalf("Check() = %+v, want everything explained", r)
		}
	})
}

func TestDishonestServiceIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSimulation(t)
		s.fault = rapid.SampledFrom([]fault{forgets, keeps, givesMore}).Draw(t, "fault")
		r := linear.Check(s.run(200), seconds)
		if found := len(r.Findings) > 0; found != s.wrong {
			t.Fatalf("Check() = %+v, want findings: %v", r, s.wrong)
		}
	})
}

// BenchmarkCheck is of a room that 16 clients want, as the hot profile has it.
func BenchmarkCheck(b *testing.B) {
	for _, bench := range []struct {
		name  string
		fault fault
	}{{"honest", none}, {"forgets", forgets}} {
		b.Run(bench.name, func(b *testing.B) {
			s := simulation{random: rand.New(rand.NewPCG(1, 2)), quantity: 5, nights: 30, stays: 2, clients: 16, fault: bench.fault}
			l := s.run(2000)
			for b.Loop() {
				r := linear.Check(l, seconds)
				if len(r.Undecided) > 0 || (len(r.Findings) > 0) != s.wrong {
					b.Fatalf("Check() = %+v", r)
				}
			}
		})
	}
}
