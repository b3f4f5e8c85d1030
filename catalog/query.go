package catalog

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// newQuery returns a statement that begins with fragment.
func newQuery(fragment string, args ...any) *pg.Statement {
	q := pg.NewStatement()
	q.Add(fragment, args...)
	return q
}

// containing returns the pattern of LIKE for the strings that hold part, whose own wildcards mean themselves.
func containing(part string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(norm.NFC.String(part)) + "%"
}

// A position is the place of a row in a list: what the list may be sorted by.
type position struct {
	Text  string `json:"t,omitempty"`
	Group int64  `json:"g,omitempty"`
	ID    int64  `json:"i"`
}

// A listing is a request for a page of a list.
type listing struct {
	// name and filters, the parameters of the endpoint, are what a cursor is good for.
	name    string
	filters any
	page    page.Params
	// sort is one of the keys of sorts, after a "-" if it descends. A sort is the columns of a position, the
	// last of them the id.
	sort  string
	sorts map[string][]string
}

// seek makes q return the page, and one row more.
func (s *Service) seek(q *pg.Statement, l listing) error {
	key, descending := strings.CutPrefix(l.sort, "-")
	columns := l.sorts[key]
	direction, compare := "", ">"
	if descending {
		direction, compare = " DESC", "<"
	}
	if l.page.Cursor != "" {
		var last position
		if err := s.cursors.Decode(l.page.Cursor, l.name, l.filters, &last); err != nil {
			return err
		}
		if len(columns) == 3 {
			// No index holds all three, but one holds the first two.
			q.Add("AND ("+columns[0]+", "+columns[1]+") "+compare+"= (?, ?)", last.Text, last.Group)
		}
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ")
		q.Add("AND ("+strings.Join(columns, ", ")+") "+compare+" ("+marks+")", last.values(len(columns))...)
	}
	q.Add("ORDER BY "+strings.Join(columns, direction+", ")+direction+" LIMIT ?", l.page.Limit+1)
	return nil
}

// values returns what is compared with so many columns of a sort.
func (p position) values(columns int) []any {
	return [][]any{{p.ID}, {p.Text, p.ID}, {p.Text, p.Group, p.ID}}[columns-1]
}

// cut makes a page of rows, whose places in the list are told by at.
func cut[T any](s *Service, l listing, rows []T, at func(T) position) (*page.List[T], error) {
	return page.Cut(rows, l.page.Limit, func(last T) (string, error) {
		return s.cursors.Encode(l.name, l.filters, at(last))
	})
}

// hydrate makes a page of what load finds by the ids of rows. What went meanwhile is left out.
func hydrate[T any](
	ctx context.Context, s *Service, l listing, rows []position,
	load func(context.Context, querier, []int64) ([]T, error),
) (*page.List[T], error) {
	places, err := cut(s, l, rows, func(p position) position { return p })
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(places.Items))
	for i, place := range places.Items {
		ids[i] = place.ID
	}
	items, err := load(ctx, s.db, ids)
	if err != nil {
		return nil, err
	}
	if items == nil {
		items = []T{}
	}
	return &page.List[T]{Items: items, NextCursor: places.NextCursor}, nil
}

// absent turns the lack of a row into errs.NotFound.
func absent(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return errs.NotFound.New("")
	}
	return err
}
