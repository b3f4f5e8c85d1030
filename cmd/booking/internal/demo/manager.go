package demo

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Managed are the hotels that AssignManager gave to a manager.
type Managed struct {
	City   string
	Hotels []int64 // ids, ascending
}

// managedHotels is at most how many hotels the demo manager has.
const managedHotels = 5

// AssignManager makes a user, who must have the role of a manager, one of up to
// five hotels in the city that has the most of them: Paris, as loaded. To do it
// again changes nothing, as long as that is so.
func AssignManager(ctx context.Context, db *pgxpool.Pool, userID int64) (Managed, error) {
	found, err := db.Query(ctx, assignManager, userID, managedHotels)
	if err != nil {
		return Managed{}, fmt.Errorf("assign demo manager: %w", err)
	}
	var m Managed
	var hotel int64
	_, err = pgx.ForEachRow(found, []any{&m.City, &hotel}, func() error {
		m.Hotels = append(m.Hotels, hotel)
		return nil
	})
	if err != nil {
		return Managed{}, fmt.Errorf("assign demo manager: %w", err)
	}
	return m, nil
}

const assignManager = `
WITH largest AS (
	SELECT city_id FROM hotels WHERE archived_at IS NULL
	GROUP BY city_id ORDER BY count(*) DESC, city_id LIMIT 1
), chosen AS (
	SELECT h.id, h.city_id FROM hotels h JOIN largest USING (city_id)
	WHERE h.archived_at IS NULL ORDER BY h.id LIMIT $2
), assigned AS (
	INSERT INTO hotel_managers (hotel_id, user_id) SELECT id, $1 FROM chosen ON CONFLICT DO NOTHING
)
SELECT c.name, chosen.id FROM chosen JOIN cities c ON c.id = chosen.city_id ORDER BY chosen.id`
