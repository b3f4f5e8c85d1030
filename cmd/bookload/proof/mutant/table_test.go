package mutant_test

import (
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/cmd/bookload/linear"
	"github.com/shumbooking/shumbooking/cmd/bookload/proof/site"
)

// mutants are faults that leave traces.
func mutants() []mutant {
	return []mutant{
		{
			name: "nothing in the database keeps a night from being oversold", profile: "hot",
			sql:   "ALTER TABLE room_nights DROP CONSTRAINT room_nights_booked_check",
			trace: "SELECT EXISTS (SELECT FROM room_nights WHERE booked > capacity)",
			found: findings{sql: []string{"night_oversold", "schema_differs"}, api: []string{"told_wrong"}, linear: []string{linear.Booking}},
		},
		{
			// Not a room that everyone wants: it is full when it is wanted twice.
			name: "a request that is sent twice has its effect twice", profile: "book",
			sql: `CREATE OR REPLACE FUNCTION claim_idempotency_key(of_caller text, of_key text) RETURNS void LANGUAGE sql AS '';
				ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_pkey`,
			trace: "SELECT EXISTS (SELECT FROM idempotency_keys GROUP BY caller, key HAVING count(DISTINCT body) > 1)",
			found: findings{sql: []string{"acknowledged_twice", "key_twice", "schema_differs"}, api: []string{"acknowledged_twice"}},
		},
		{
			name: "what is committed is not on the disk", profile: "hot",
			postgres: map[string]string{"synchronous_commit": "off", "wal_buffers": "64MB"},
			accident: losePower,
			found: findings{
				sql: []string{"booking_missing"}, api: []string{"booking_missing"},
				linear: []string{linear.Booking, linear.Cancel, linear.Refusal, linear.Counter},
			},
		},
		{
			name: "a job is queued after the commit", profile: "mixed",
			edits: []site.Edit{{
				File: "media/upload.go",
				Old:  "if _, err := s.jobs.InsertManyTx(ctx, tx, queued); err != nil {\n\t\t\treturn nil, err\n\t\t}",
				New: `time.AfterFunc(time.Minute, func() {
					_ = pgx.BeginFunc(context.WithoutCancel(ctx), s.db, func(late pgx.Tx) error {
						_, err := s.jobs.InsertManyTx(context.WithoutCancel(ctx), late, queued)
						return err
					})
				})`,
			}},
			accident: killAPIs,
			found:    findings{sql: []string{"image_stuck"}},
		},
		{
			name: "bookings are anybody's", profile: "mixed",
			edits: []site.Edit{{
				File: "booking/cancel.go",
				Old:  "WHERE b.id = $1::bigint AND (b.user_id = $2::bigint OR ` + asStaff + `)`",
				New:  "WHERE b.id = $1::bigint AND (true OR b.user_id = $2::bigint OR ` + asStaff + `)`",
			}},
			found: findings{sql: []string{"pried"}, api: []string{"pried"}},
		},
		{
			name: "what is cancelled is not given back", profile: "hot",
			edits: []site.Edit{{
				File: "booking/cancel.go", Old: "SET booked = n.booked - $4::integer", New: "SET booked = n.booked - 0 * $4::integer",
			}},
			found: findings{sql: []string{"counter_differs"}, api: []string{"counter_differs"}, linear: []string{linear.Refusal}},
		},
		{
			name: "what is cancelled is given back twice", profile: "hot",
			edits: []site.Edit{{
				File: "booking/cancel.go", Old: "SET booked = n.booked - $4::integer", New: "SET booked = greatest(0, n.booked - 2 * $4::integer)",
			}},
			found: findings{sql: []string{"counter_differs", "night_oversold"}, api: []string{"counter_differs"}, linear: []string{linear.Booking}},
		},
		{
			name: "two rooms cost as much as one", profile: "book",
			edits: []site.Edit{{
				File: "booking/create.go",
				Old:  "coalesce(held.price, room.price) * $3::integer AS price",
				New:  "coalesce(held.price, room.price) AS price",
			}},
			found: findings{sql: []string{"told_wrong"}, api: []string{"told_wrong"}},
		},
		{
			name: "a reply is repeated otherwise than it was given", profile: "book",
			edits: []site.Edit{{
				File: "platform/idempotency/recall.go",
				Old:  "return &Replay{Reply: stored.Reply}",
				New: `stored.Body = bytes.Replace(stored.Body, []byte("\"guests\":1"), []byte("\"guests\":2"), 1)
				return &Replay{Reply: stored.Reply}`,
			}, {
				File: "platform/idempotency/recall.go", Old: "import (\n", New: "import (\n\t\"bytes\"\n",
			}},
			found: findings{sql: []string{"told_wrong"}, api: []string{"told_wrong"}},
		},
		{
			name: "the calendar is one booking behind", profile: "hot",
			edits: []site.Edit{{
				File: "booking/nights.go", Old: "coalesce(n.booked, 0) AS booked", New: "greatest(coalesce(n.booked, 0) - 1, 0) AS booked",
			}},
			found: findings{api: []string{"counter_differs"}, linear: []string{linear.Counter}},
		},
	}
}

// subtleMutants are faults that sell too little, and leave everything in order.
func subtleMutants() []mutant {
	return []mutant{
		{
			name: "the last room is never sold", profile: "hot",
			edits: []site.Edit{{
				File: "booking/create.go",
				Old:  "AND (n.closed OR n.booked + $3::integer > n.capacity) LIMIT 1) IS NULL`",
				New:  "AND (n.closed OR n.booked + $3::integer >= n.capacity) LIMIT 1) IS NULL`",
			}, {
				File: "booking/refusal.go",
				Old:  "AND (n.closed OR n.booked + $3::integer > n.capacity) ORDER BY n.night",
				New:  "AND (n.closed OR n.booked + $3::integer >= n.capacity) ORDER BY n.night",
			}},
			found: findings{linear: []string{linear.Refusal}},
		},
		{
			name: "a refusal names the night after", profile: "hot",
			edits: []site.Edit{{File: "booking/refusal.go", Old: "SELECT n.night FROM room_nights n", New: "SELECT n.night + 1 FROM room_nights n"}},
			found: findings{linear: []string{linear.Refusal}},
		},
	}
}

// losePower ends PostgreSQL after clients were told of what it had no reason to write in the background. Little happens
// afterwards, so that not every id is given again.
func losePower(t *testing.T, s *site.Site, r *site.Run) {
	t.Helper()
	exec(t, s, "CHECKPOINT")
	var writer int
	query(t, s, func(c *pgx.Conn) error {
		return c.QueryRow(t.Context(), "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'").Scan(&writer)
	})
	if err := syscall.Kill(writer, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	until(t, r, r.Outcomes()+250)
	s.Postgres.Kill()
	s.Postgres.Start()
	until(t, r, r.Outcomes()+60)
}

// killAPIs ends what the APIs have not done yet. No photograph is being uploaded a minute later.
func killAPIs(t *testing.T, s *site.Site, _ *site.Run) {
	t.Helper()
	for _, a := range s.APIs {
		a.Kill()
		a.Start()
		a.WantReady()
	}
	exec(t, s, "UPDATE images SET created_at = created_at - interval '1 minute'")
}
