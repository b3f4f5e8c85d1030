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

// AssignManager makes a user, who must have the role of a manager, one of the
// first five hotels in Paris, which has a hotel whatever number was loaded. To do
// it again changes nothing.
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
WITH chosen AS (
	SELECT c.name AS city, h.id
	FROM hotels h JOIN cities c ON c.id = h.city_id JOIN countries o ON o.id = c.country_id
	WHERE o.iso_code = 'FR' AND c.name = 'Paris' AND h.archived_at IS NULL
	ORDER BY h.id LIMIT $2
), assigned AS (
	INSERT INTO hotel_managers (hotel_id, user_id) SELECT id, $1 FROM chosen ON CONFLICT DO NOTHING
)
SELECT city, id FROM chosen ORDER BY id`
