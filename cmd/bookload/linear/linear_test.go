package linear_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/linear"
	"github.com/shumbooking/shumbooking/platform/date"
)

func TestExplained(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		quantity int
		ops      []op
	}{
		{"nothing", 1, nil},
		{"one after the other", 1, []op{booked(1, 0, 1, 0, 2), refused(2, 3, 0, 1, 0), cancelled(1, 4, 5), booked(2, 6, 7, 0, 1), shown(8, 9, 0, 1, 0)}},
		{"back to back", 1, []op{booked(1, 0, 1, 0, 2), booked(2, 2, 3, 2, 4), shown(4, 5, 0, 1, 1, 1, 1)}},
		{"refused beside the booking that took it", 1, []op{booked(1, 0, 9, 0, 1), refused(1, 2, 0, 1, 0)}},
		{"refused before a cancellation is over", 1, []op{booked(1, 0, 1, 0, 1), cancelled(1, 2, 9), refused(3, 4, 0, 1, 0), booked(2, 5, 6, 0, 1)}},
		{"shown in the middle", 3, []op{booked(1, 0, 9, 0, 1), booked(2, 0, 9, 0, 1), shown(1, 2, 0, 1), shown(3, 4, 0, 2)}},
		{"refused for one of two nights, which one nobody said", 1, []op{booked(1, 0, 1, 1, 2), refused(2, 3, 0, 2)}},
		{"refused for more than there is", 1, []op{refused(0, 1, 0, 1, 0).units(2)}},
		{"lost and made", 1, []op{lost(0, 0, 1), refused(5, 6, 0, 1, 0), shown(7, 8, 0, 1)}},
		{"lost and not made", 1, []op{lost(0, 0, 1), booked(1, 5, 6, 0, 1), shown(7, 8, 0, 1)}},
		{"lost and made late", 1, []op{lost(0, 0, 1), shown(1, 2, 0, 0), shown(3, 4, 0, 1)}},
		{"two lost, one made", 3, []op{lost(0, 0, 1), lost(1, 0, 1), shown(2, 3, 0, 1), shown(4, 5, 0, 1)}},
		{"answered twice by one key", 1, []op{booked(1, 0, 4, 0, 1).keyed(), booked(1, 1, 5, 0, 1).keyed(), shown(6, 7, 0, 1)}},
		{"lost, and told by another request of the key", 2, []op{lost(0, 0, 1).keyed(), booked(1, 5, 6, 0, 1).keyed(), shown(7, 8, 0, 1)}},
		{"made by the first request of a key", 1, []op{lost(0, 0, 1).keyed(), refused(1, 2, 0, 1, 0), booked(1, 5, 6, 0, 1).keyed()}},
		{"made by a request of a key that was written down late", 1, []op{booked(1, 5, 6, 0, 1).keyed(), lost(0, 0, 1).keyed(), shown(1, 2, 0, 1)}},
		{"cancelled twice, given back once", 2, []op{booked(1, 0, 1, 0, 1), booked(2, 0, 1, 0, 1), cancelled(1, 2, 4), cancelled(1, 3, 5), shown(6, 7, 0, 1)}},
		{"no other refusal says anything", 1, []op{begun(ledger.Book, 0, 0, 1, 1).ended(1, ledger.Outcome{Result: ledger.Refused, Code: "too_many_bookings"}), shown(2, 3, 0, 0)}},
		{"end and begin in one moment", 1, []op{booked(1, 0, 5, 0, 1), shown(5, 6, 0, 0)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wantExplained(t, ofRoom(test.quantity, test.ops...))
		})
	}
}

func TestUnexplained(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		quantity int
		ops      []op
		rule     string
		op       int64
		nights   []int
	}{
		{"sold twice", 1, []op{booked(1, 0, 1, 0, 1), booked(2, 2, 3, 0, 1)}, linear.Booking, 2, []int{0}},
		{"sold twice at once", 1, []op{booked(1, 0, 5, 0, 1), booked(2, 1, 6, 0, 1)}, linear.Booking, 2, []int{0}},
		{"sold twice in the middle of stays", 1, []op{booked(1, 0, 1, 0, 3), booked(2, 2, 3, 2, 5)}, linear.Booking, 2, []int{2}},
		{"sold before it was given back", 1, []op{booked(1, 0, 1, 0, 1), booked(2, 2, 3, 0, 1), cancelled(1, 4, 5)}, linear.Booking, 2, []int{0}},
		{"more than there are", 2, []op{booked(1, 0, 1, 0, 1).units(3)}, linear.Booking, 1, []int{0}},
		{"refused though free", 1, []op{refused(0, 1, 0, 1, 0)}, linear.Refusal, 1, []int{0}},
		{"refused though all are free", 1, []op{refused(0, 1, 0, 2)}, linear.Refusal, 1, []int{0, 1}},
		{"refused before it was sold", 1, []op{refused(0, 1, 0, 1, 0), booked(1, 2, 3, 0, 1)}, linear.Refusal, 1, []int{0}},
		{"refused after it was given back", 1, []op{booked(1, 0, 1, 0, 1), cancelled(1, 2, 3), refused(4, 5, 0, 1, 0)}, linear.Refusal, 3, []int{0}},
		{"the wrong night named", 1, []op{booked(1, 0, 1, 0, 1), refused(2, 3, 0, 2, 1)}, linear.Refusal, 2, []int{1}},
		{"one night too many named", 1, []op{booked(1, 0, 1, 0, 1), refused(2, 3, 0, 2, 0, 1)}, linear.Refusal, 2, []int{1}},
		{"forgotten", 1, []op{booked(1, 0, 1, 0, 1), shown(2, 3, 0, 0)}, linear.Counter, 2, []int{0}},
		{"forgotten, and sold again", 1, []op{booked(1, 0, 1, 0, 1), booked(2, 2, 3, 0, 1)}, linear.Booking, 2, []int{0}},
		{"given back twice", 3, []op{booked(1, 0, 1, 0, 1), booked(2, 0, 1, 0, 1), cancelled(1, 2, 3), cancelled(1, 4, 5), shown(6, 7, 0, 0)}, linear.Counter, 5, []int{0}},
		{"not given back", 3, []op{booked(1, 0, 1, 0, 2), cancelled(1, 2, 3), shown(4, 5, 0, 0, 1)}, linear.Counter, 3, []int{1}},
		{"an old counter", 3, []op{booked(1, 0, 1, 0, 1), booked(2, 2, 3, 0, 1), shown(4, 5, 0, 1)}, linear.Counter, 3, []int{0}},
		{"counters going back", 3, []op{booked(1, 0, 9, 0, 1), shown(1, 2, 0, 1), shown(3, 4, 0, 0)}, linear.Counter, 3, []int{0}},
		{"half of a stay", 3, []op{booked(1, 0, 9, 0, 2), shown(1, 2, 0, 1, 0)}, linear.Counter, 2, []int{0, 1}},
		{"both sold at once, and refused between", 1, []op{booked(1, 0, 9, 0, 1), shown(1, 2, 0, 0), refused(1, 2, 0, 1, 0), shown(3, 4, 0, 0)}, linear.Counter, 4, []int{0}},
		{"given back by nobody", 3, []op{cancelled(9, 0, 1).showing(9, 0, 1)}, linear.Cancel, 1, []int{0}},
		{"lost, and there twice", 3, []op{lost(0, 0, 1), shown(1, 2, 0, 2)}, linear.Counter, 2, []int{0}},
		{"lost, there and gone", 3, []op{lost(0, 0, 1), shown(1, 2, 0, 1), shown(3, 4, 0, 0)}, linear.Counter, 3, []int{0}},
		{"lost, there as its cancellation proves, and gone with another", 3, []op{booked(1, 0, 1, 0, 1), lost(0, 0, 1), cancelled(9, 2, 3).showing(9, 0, 1), shown(4, 5, 0, 0)}, linear.Counter, 4, []int{0}},
		{"lost, and there before it was asked for", 3, []op{shown(0, 1, 0, 1), lost(2, 0, 1)}, linear.Counter, 1, []int{0}},
		{"two bookings of one key", 1, []op{booked(1, 0, 1, 0, 1).keyed(), booked(2, 2, 3, 0, 1).keyed()}, linear.Booking, 2, []int{0}},
		{"taken by a thief", 3, []op{booked(1, 0, 1, 0, 1), stolen(1, 2, 3), shown(4, 5, 0, 1)}, linear.Counter, 3, []int{0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := linear.Check(ofRoom(test.quantity, test.ops...), seconds)
			if len(r.Findings) != 1 {
				t.Fatalf("findings = %+v, want one", r.Findings)
			}
			f := r.Findings[0]
			var nights []date.Date
			for _, i := range test.nights {
				nights = append(nights, night(i))
			}
			if f.Rule != test.rule || f.Ops[0] != test.op || !slices.Equal(f.Nights, nights) || f.RoomID != roomID {
				t.Errorf("finding = %+v, want %s of operation %d on %v", f, test.rule, test.op, nights)
			}
		})
	}
}

func TestFindingTellsWhatHappened(t *testing.T) {
	t.Parallel()
	r := linear.Check(ofRoom(2,
		booked(1, 0, 10, 0, 1),
		booked(2, 20, 50, 0, 2),
		refused(30, 40, 0, 2, 1),
		cancelled(1, 35, 60),
		lost(45, 0, 1),
	), seconds)
	if len(r.Findings) != 1 {
		t.Fatalf("findings = %+v, want one", r.Findings)
	}
	want := "room 7 of 2 units, 2030-03-02: operation 3 (client 0, 30ns to 40ns) asked for 1 from 2030-03-01 to 2030-03-03 and was told " +
		"that 2030-03-02 are full, which nothing explains; on 2030-03-02 0 to 1 were booked then; beside it operation 2 (client 0, " +
		"20ns to 50ns) booked 1 from 2030-03-01 to 2030-03-03"
	if got := r.Findings[0].Text; got != want {
		t.Errorf("text = %q\nwant   %q", got, want)
	}
	if got := r.Findings[0].Ops; !slices.Equal(got, []int64{3, 2}) {
		t.Errorf("operations = %v, want 3 and what was beside it on that night", got)
	}
}

// TestOneFindingForANight says that what follows from a fault is not told again, and that other nights are judged.
func TestOneFindingForANight(t *testing.T) {
	t.Parallel()
	r := linear.Check(ofRoom(1,
		booked(1, 0, 1, 0, 1), booked(2, 2, 3, 0, 1), shown(4, 5, 0, 5), refused(6, 7, 3, 4, 3), refused(8, 9, 3, 4, 3),
	), seconds)
	var ops []int64
	for _, f := range r.Findings {
		ops = append(ops, f.Ops[0])
	}
	if !slices.Equal(ops, []int64{2, 4}) {
		t.Errorf("findings are about operations %v, want 2 and 4", ops)
	}
}

func TestOnlyOwnRooms(t *testing.T) {
	t.Parallel()
	l := ofRoom(1, booked(1, 0, 1, 0, 1), booked(2, 2, 3, 0, 1), cancelled(2, 4, 5).showing(2, 0, 1), refused(6, 7, 0, 1))
	l.Rooms[0].Own = false
	r := linear.Check(l, seconds)
	if len(r.Findings) != 0 || r.Operations != 0 || len(r.Undecided) != 1 || !strings.HasPrefix(r.Undecided[0], "4 operations") {
		t.Errorf("Check() = %+v, want 4 operations not judged", r)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	r := wantExplained(t, ofRoom(2,
		booked(1, 0, 1, 0, 2), booked(2, 2, 3, 0, 1), refused(2, 3, 0, 1).told("too_many_bookings"), cancelled(1, 4, 5), cancelled(1, 5, 6), shown(7, 8, 0, 1, 0, 0),
	))
	if r.Operations != 6 || r.Nights != 3 || r.Histories == 0 {
		t.Errorf("Check() = %+v, want 6 operations on 3 nights", r)
	}
}

func TestNoTime(t *testing.T) {
	t.Parallel()
	r := linear.Check(ofRoom(1, booked(1, 0, 9, 0, 2), shown(1, 2, 0, 1, 0)), 0)
	if len(r.Findings) != 0 || len(r.Undecided) == 0 || !strings.Contains(r.Undecided[0], "2030-03-01 to 2030-03-02") {
		t.Errorf("Check() = %+v, want undecided nights", r)
	}
	// What needs no search needs no time.
	if r := linear.Check(ofRoom(1, refused(0, 1, 0, 1, 0)), 0); len(r.Findings) != 1 {
		t.Errorf("Check() = %+v, want a refusal found", r)
	}
}

// TestTooLarge says that a search that is given up finds nothing wrong.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	s := simulation{random: rand.New(rand.NewPCG(1, 2)), quantity: 20, nights: 7, stays: 3, clients: 40}
	r := linear.Check(s.run(3000), seconds)
	if len(r.Findings) != 0 || len(r.Undecided) == 0 {
		t.Errorf("Check() = %+v, want something undecided and nothing found", r)
	}
}
