package booking_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestFullRoomIsLookedAtFirst refuses who wants a room that was full a moment ago without waiting for its lock, and
// nobody whom a booking would not refuse.
func TestFullRoomIsLookedAtFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(w.hotel(), 100, 1, 2)
	guest, guestID := w.guest()
	stranger, _ := w.guest()
	made := bookWith(guest, "key", stay(room, soon(), 2)).Want(201)
	bookWith(stranger, "hers", stay(room, soon(), 1)).WantProblem(409, "room_not_available")

	holding(t, w, "SELECT pg_advisory_xact_lock($1)", []any{room}, func() {
		for _, key := range []string{"hers", "another"} {
			bookWith(stranger, key, stay(room, soon(), 1)).WantProblem(409, "room_not_available")
		}
		stranger.Do("POST", "/bookings", stay(room, soon(), 1)).WantProblem(409, "room_not_available")
		if again := bookWith(guest, "key", stay(room, soon(), 2)).Want(201); string(again.Body) != string(made.Body) {
			t.Errorf("replay of what filled the room: got %s, want %s", again.Body, made.Body)
		}
		bookWith(guest, "key", stay(room, soon(), 1)).WantProblem(422, "idempotency_key_reused")
	})
	// Whoever works on the request may yet find the room free.
	claim := "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
	holding(t, w, claim, []any{fmt.Sprint(guestID, " second")}, func() {
		bookWith(guest, "second", stay(room, soon(), 1)).WantProblem(409, "request_in_progress")
	})
	bookWith(stranger, "later", stay(room, soon().AddDays(2), 1)).Want(201)
	guest.Do("DELETE", made.Header.Get("Location"), nil).Want(200)
	bookWith(stranger, "hers", stay(room, soon(), 1)).Want(201)
	w.wantNoDrift()
}

// TestNoRoomIsSaidToBeFullThatIsNot refuses a booking for a night that is free each time somebody looks, as when others give it
// back and take it again.
func TestNoRoomIsSaidToBeFullThatIsNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(w.hotel(), 100, 1, 2)
	guest, _ := w.guest()
	w.exec(`
CREATE FUNCTION taken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	RAISE check_violation USING CONSTRAINT = 'room_nights_booked_check';
END $$`)
	w.exec("CREATE TRIGGER taken BEFORE INSERT ON bookings FOR EACH ROW EXECUTE FUNCTION taken()")
	refused := guest.Do("POST", "/bookings", stay(room, soon(), 1))
	refused.WantProblem(503, "service_unavailable")
	if refused.Header.Get("Retry-After") == "" {
		t.Error("it is not said when to try again")
	}
	w.exec("DROP TRIGGER taken ON bookings")
	guest.Do("POST", "/bookings", stay(room, soon(), 1)).Want(201)
}

// holding runs fn while a transaction has what the statement takes.
func holding(t *testing.T, w *world, sql string, args []any, fn func()) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), w.db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), sql, args...); err != nil {
			return err
		}
		fn()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
