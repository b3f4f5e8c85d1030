package booking

import (
	"context"
	"slices"

	"github.com/shumbooking/shumbooking/platform/page"
)

// A pricePosition is a place in the order by total price, and where the walk that finds the rest begins.
type pricePosition struct {
	Last point `json:"l"`
	From point `json:"f"`
}

// searchByPrice walks the rooms by the bound of their price. Where nightly prices differ from the rooms' own, total
// prices come in another order than bounds, and rooms beyond the end of the walk may still be better than some
// walked. Then the walk goes on, for as many rooms as are in doubt, until none beyond its end can be better.
func (s *Service) searchByPrice(ctx context.Context, q *search, p *SearchParams) (*page.List[hit], error) {
	d := ascending()
	if q.Sort == sortPriceFalling {
		d = descending()
	}
	part := stretch{limit: p.Limit + 1}
	if p.Cursor != "" {
		var at pricePosition
		if err := s.cursors.Decode(p.Cursor, searchName, p, &at); err != nil {
			return nil, err
		}
		part.after, part.from = &at.Last, &at.From
	}
	walked, err := s.walk(ctx, q, d, part)
	if err != nil {
		return nil, err
	}
	best := d.sorted(walked)
	for more := walked; len(more) == part.limit; {
		end := more[len(more)-1].atBound()
		doubtful := best[d.countUntil(best, point{end.Amount * q.stay.units(), end.ID}):]
		if len(doubtful) == 0 {
			break
		}
		worst := best[len(best)-1].atTotal()
		limit := len(doubtful)
		if part.past != nil {
			limit = max(limit, 2*part.limit) // Where all nights have prices of their own, so that it ends soon.
		}
		part = stretch{after: part.after, past: &end, before: &worst, limit: limit}
		if more, err = s.walk(ctx, q, d, part); err != nil {
			return nil, err
		}
		best = onePerHotel(d.sorted(slices.Concat(best, more)))
		best = best[:min(p.Limit+1, len(best))]
	}
	return page.Cut(best, p.Limit, func(last hit) (string, error) {
		at := pricePosition{Last: last.atTotal(), From: firstLeft(walked, best[:p.Limit])}
		return s.cursors.Encode(searchName, p, at)
	})
}

// onePerHotel keeps the first room of each hotel. There are two where one was sold between two statements.
func onePerHotel(hits []hit) []hit {
	seen := make(map[int64]bool, len(hits))
	return slices.DeleteFunc(hits, func(h hit) bool {
		again := seen[h.HotelID]
		seen[h.HotelID] = true
		return again
	})
}

func (s *Service) walk(ctx context.Context, q *search, d direction, part stretch) ([]hit, error) {
	return s.collect(ctx, q.walkRooms(d, part), part.limit)
}

// countUntil returns how many of the hits, which are in order of total price, come no later than the point.
func (d direction) countUntil(hits []hit, end point) int {
	n := slices.IndexFunc(hits, func(h hit) bool { return d.precedes(end, h.atTotal()) })
	if n < 0 {
		return len(hits)
	}
	return n
}

// firstLeft returns the place of the first walked room that is not on the page. There is one, because more rooms
// are walked than a page has.
func firstLeft(walked, onPage []hit) point {
	i := slices.IndexFunc(walked, func(h hit) bool {
		return !slices.ContainsFunc(onPage, func(o hit) bool { return o.ID == h.ID })
	})
	return walked[i].atBound()
}

func (h *hit) atBound() point { return point{h.Bound, h.ID} }

func (h *hit) atTotal() point { return point{h.Total, h.ID} }

// precedes reports whether a comes before b in the direction.
func (d direction) precedes(a, b point) bool { return d.compare(a, b) < 0 }

// sorted returns hits in the direction's order of total prices.
func (d direction) sorted(hits []hit) []hit {
	inOrder := slices.Clone(hits)
	slices.SortFunc(inOrder, func(a, b hit) int { return d.compare(a.atTotal(), b.atTotal()) })
	return inOrder
}
