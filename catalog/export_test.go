package catalog

import "github.com/shumbooking/shumbooking/platform/pg"

// After is a place in the middle of a list.
type After struct {
	Text  string
	Group int64
	ID    int64
}

// ListStatement returns the statement of the list that p, parameters of any list, asks for: its first page, or
// the page after a place in it.
func (s *Service) ListStatement(p any, after *After) (*pg.Statement, error) {
	var l listing
	var q *pg.Statement
	switch p := p.(type) {
	case *ListHotelsParams:
		l, q = p.listing(), hotelsQuery(p)
	case *ListCitiesParams:
		l, q = p.listing(), citiesQuery(p)
	case *ListRoomsParams:
		l, q = p.listing(), roomsQuery(p)
	}
	l.page.Limit = 20
	if after != nil {
		cursor, err := s.cursors.Encode(l.name, l.filters, position(*after))
		if err != nil {
			return nil, err
		}
		l.page.Cursor = cursor
	}
	err := s.seek(q, l)
	return q, err
}

// CreateRoomTx adds a room in a transaction that has not ended.
var CreateRoomTx = createRoom
