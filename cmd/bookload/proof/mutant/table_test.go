package mutant_test

import (
	"github.com/shumbooking/shumbooking/cmd/bookload/linear"
	"github.com/shumbooking/shumbooking/cmd/bookload/proof/site"
)

func mutants() []mutant {
	return []mutant{
		{
			name: "nothing in the database keeps a night from being oversold", profile: "hot", operations: 600,
			sql:   "ALTER TABLE room_nights DROP CONSTRAINT room_nights_booked_check",
			found: findings{sql: []string{"night_oversold", "schema_differs"}, api: []string{"night_oversold"}, linear: []string{linear.Booking}},
		},
		{
			name: "a request that is sent twice has its effect twice", profile: "hot", operations: 600,
			sql: `CREATE OR REPLACE FUNCTION claim_idempotency_key(of_caller text, of_key text) RETURNS void LANGUAGE sql AS '';
				ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_pkey`,
			found: findings{sql: []string{"acknowledged_twice", "key_twice", "schema_differs"}, api: []string{"acknowledged_twice"}},
		},
		{
			name: "a job is queued before there is what it is about", profile: "mixed", operations: 600,
			edits: []site.Edit{{
				File: "media/upload.go",
				Old:  "if _, err := s.jobs.InsertManyTx(ctx, tx, queued); err != nil {",
				New: `err = pgx.BeginFunc(ctx, s.db, func(other pgx.Tx) error {
					_, err := s.jobs.InsertManyTx(ctx, other, queued)
					return err
				})
				if err != nil {
					return nil, err
				}
				if _, err := tx.Exec(ctx, "SELECT pg_sleep(0.2)"); err != nil {`,
			}},
			found: findings{sql: []string{"image_stuck"}, api: []string{"image_stuck"}},
		},
		{
			name: "bookings are anybody's", profile: "mixed", operations: 600,
			edits: []site.Edit{{
				File: "booking/cancel.go",
				Old:  "WHERE b.id = $1::bigint AND (b.user_id = $2::bigint OR ` + asStaff + `)`",
				New:  "WHERE b.id = $1::bigint AND (true OR b.user_id = $2::bigint OR ` + asStaff + `)`",
			}},
			found: findings{sql: []string{"pried"}, api: []string{"pried"}},
		},
		{
			name: "what is cancelled is not given back", profile: "hot", operations: 600,
			edits: []site.Edit{{
				File: "booking/cancel.go", Old: "SET booked = n.booked - $4::integer", New: "SET booked = n.booked - 0 * $4::integer",
			}},
			found: findings{sql: []string{"counter_differs"}, api: []string{"counter_differs"}, linear: []string{linear.Refusal}},
		},
		{
			name: "what is cancelled is given back twice", profile: "hot", operations: 600,
			edits: []site.Edit{{
				File: "booking/cancel.go", Old: "SET booked = n.booked - $4::integer", New: "SET booked = greatest(0, n.booked - 2 * $4::integer)",
			}},
			found: findings{sql: []string{"counter_differs", "night_oversold"}, api: []string{"counter_differs"}, linear: []string{linear.Booking}},
		},
		{
			name: "the last room is never sold", profile: "hot", operations: 600,
			edits: []site.Edit{{
				File: "booking/create.go",
				Old:  "AND (n.closed OR n.booked + $3::integer > n.capacity) LIMIT 1) IS NULL`",
				New:  "AND (n.closed OR n.booked + $3::integer >= n.capacity) LIMIT 1) IS NULL`",
			}},
			found: findings{linear: []string{linear.Refusal}},
		},
		{
			name: "two rooms cost as much as one", profile: "book", operations: 600,
			edits: []site.Edit{{
				File: "booking/create.go",
				Old:  "coalesce(held.price, room.price) * $3::integer AS price",
				New:  "coalesce(held.price, room.price) AS price",
			}},
			found: findings{sql: []string{"told_wrong"}, api: []string{"told_wrong"}},
		},
		{
			name: "a reply is repeated otherwise than it was given", profile: "hot", operations: 600,
			edits: []site.Edit{{
				File: "platform/idempotency/idempotency.go",
				Old:  "return &Replay{Reply: stored.Reply}",
				New: `stored.Body = bytes.Replace(stored.Body, []byte("\"guests\":1"), []byte("\"guests\":2"), 1)
				return &Replay{Reply: stored.Reply}`,
			}, {
				File: "platform/idempotency/idempotency.go", Old: "import (\n", New: "import (\n\t\"bytes\"\n",
			}},
			found: findings{sql: []string{"told_wrong"}, api: []string{"told_wrong"}},
		},
		{
			name: "the calendar is one booking behind", profile: "hot", operations: 600,
			edits: []site.Edit{{
				File: "booking/nights.go", Old: "coalesce(n.booked, 0) AS booked", New: "greatest(coalesce(n.booked, 0) - 1, 0) AS booked",
			}},
			found: findings{api: []string{"counter_differs"}, linear: []string{linear.Counter}},
		},
		{
			name: "a refusal names the night after", profile: "hot", operations: 600,
			edits: []site.Edit{{File: "booking/refusal.go", Old: "SELECT n.night FROM room_nights n", New: "SELECT n.night + 1 FROM room_nights n"}},
			found: findings{linear: []string{linear.Refusal}},
		},
	}
}
